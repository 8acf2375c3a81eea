import * as fc from 'fast-check'
import type { ChatEvent, FinishReason, TokenLogprob } from '../../../src/protocol/event.ts'
import type { Usage } from '../../../src/protocol/usage.ts'
import { extra, text, toolCall, word } from './arbitraries.ts'

const dialect = 'openai-chat'

const token = fc.record({
  token: text,
  logprob: fc.integer({ min: -9999, max: 0 }).map((value) => value || 0),
  bytes: fc.option(fc.array(fc.nat(255), { maxLength: 4 })),
})

const logprobs: fc.Arbitrary<TokenLogprob[]> = fc.array(
  fc
    .record({ own: token, topLogprobs: fc.array(token, { maxLength: 2 }) })
    .map(({ own, topLogprobs }) => ({ ...own, topLogprobs })),
  { minLength: 1, maxLength: 2 },
)

const annotations = fc.array(
  extra.map((raw) => ({ dialect, raw })),
  { minLength: 1, maxLength: 2 },
)

const audio = fc.record(
  { id: word, data: word, transcript: word, expires_at: fc.nat() },
  { requiredKeys: ['data'], noNullPrototype: true },
)

/** What a choice says, in pieces that do not depend on each other. */
function pieces(choice: number): fc.Arbitrary<ChatEvent[]> {
  const piece: fc.Arbitrary<ChatEvent> = fc.oneof(
    word.map((written) => ({ type: 'text-delta' as const, choice, text: written })),
    fc
      .record({ text, logprobs })
      .map((written) => ({ type: 'text-delta' as const, choice, ...written })),
    word.map((written) => ({ type: 'reasoning-delta' as const, choice, text: written })),
    word.map((written) => ({ type: 'refusal-delta' as const, choice, text: written })),
    fc
      .record({ text, logprobs })
      .map((written) => ({ type: 'refusal-delta' as const, choice, ...written })),
    annotations.map((list) => ({ type: 'annotations' as const, choice, annotations: list })),
    audio.map((spoken) => ({ type: 'audio' as const, choice, audio: spoken })),
    fc
      .record({ place: fc.constantFrom('message' as const, 'choice' as const), members: extra })
      .map((members) => ({ type: 'extra' as const, dialect, choice, ...members })),
  )
  return fc.array(piece, { maxLength: 8 })
}

/** Calls one after another, each with its arguments cut anywhere. */
function calls(choice: number): fc.Arbitrary<ChatEvent[]> {
  const cut = fc.record({ call: toolCall, size: fc.integer({ min: 1, max: 5 }) })
  const several = fc.uniqueArray(cut, { maxLength: 3, selector: ({ call }) => call.id })
  return several.map((made) =>
    made.flatMap(({ call, size }, index): ChatEvent[] => {
      const { arguments: written, extra: known, ...opened } = call
      const members = known && { extra: { dialect, members: known } }
      // A call without arguments has an empty object on the way back.
      const parts =
        (written === '' && opened.kind === 'function' ? '{}' : written).match(
          new RegExp(`[^]{1,${size}}`, 'gu'),
        ) ?? []
      return [
        { type: 'tool-call-start', choice, index, ...opened, ...members },
        ...parts.map((argumentsDelta): ChatEvent => {
          return { type: 'tool-call-delta', choice, index, argumentsDelta }
        }),
        { type: 'tool-call-end', choice, index },
      ]
    }),
  )
}

/** OpenAI's deprecated single call. */
function functionCall(choice: number): fc.Arbitrary<ChatEvent[]> {
  return fc.record({ name: word, written: word }).map(({ name, written }) => [
    { type: 'tool-call-start', choice, index: 0, id: '', kind: 'function_call', name },
    { type: 'tool-call-delta', choice, index: 0, argumentsDelta: written },
    { type: 'tool-call-end', choice, index: 0 },
  ])
}

function finishReason(made: ChatEvent[]): fc.Arbitrary<FinishReason> {
  const [first] = made
  const deprecated = first?.type === 'tool-call-start' && first.kind === 'function_call'
  const called = deprecated ? 'function_call' : 'tool_calls'
  const regular: FinishReason = first
    ? { unified: 'tool_calls', raw: called }
    : { unified: 'stop', raw: 'stop' }
  return fc.constantFrom<FinishReason[]>(
    regular,
    { unified: 'length', raw: 'length' },
    { unified: 'content_filter', raw: 'content_filter' },
  )
}

function choiceEvents(choice: number): fc.Arbitrary<ChatEvent[]> {
  return fc
    .record({
      said: pieces(choice),
      made: fc.oneof(calls(choice), functionCall(choice)),
    })
    .chain(({ said, made }) =>
      finishReason(made).map((reason) => [
        ...said,
        ...made,
        { type: 'finish' as const, choice, reason },
      ]),
    )
}

const count = fc.nat(1000)

const usage: fc.Arbitrary<Usage> = fc
  .record(
    {
      inputTokens: count,
      outputTokens: count,
      cachedInputTokens: count,
      cacheWriteTokens: count,
      reasoningTokens: count,
    },
    { requiredKeys: ['inputTokens', 'outputTokens'], noNullPrototype: true },
  )
  .map((classes) => ({
    ...classes,
    totalTokens: Object.values(classes).reduce((sum, part) => sum + part, 0),
    estimated: false,
  }))

const answerMembers = fc.record(
  { x_tier: word, x_moderation: fc.record({ flagged: fc.boolean() }) },
  { requiredKeys: [], noNullPrototype: true },
)

/** A whole answer of an upstream of this dialect: choices that take turns, and the usage. */
export const answer: fc.Arbitrary<ChatEvent[]> = fc
  .record({
    choices: fc
      .integer({ min: 1, max: 3 })
      .chain((many) =>
        fc.tuple(...Array.from({ length: many }, (_, index) => choiceEvents(index))),
      ),
    turns: fc.infiniteStream(fc.nat(2)),
    members: answerMembers,
    usage,
  })
  .map(({ choices, turns, members, usage: counted }) => [
    { type: 'response-start', id: 'chatcmpl-1', model: 'provider/model' },
    ...(Object.keys(members).length > 0 ? [{ type: 'extra' as const, dialect, members }] : []),
    ...takeTurns(choices, turns),
    { type: 'usage', usage: counted },
  ])

function takeTurns(choices: ChatEvent[][], turns: Iterator<number>): ChatEvent[] {
  const queues = choices.map((events) => [...events])
  const merged: ChatEvent[] = []
  while (queues.some((queue) => queue.length > 0)) {
    const waiting = queues.filter((queue) => queue.length > 0)
    const next = waiting[Number(turns.next().value) % waiting.length]?.shift()
    if (next) merged.push(next)
  }
  return merged
}
