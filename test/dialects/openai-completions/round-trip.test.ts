import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeTextRequest } from '../../../src/dialects/openai-completions/decode-request.ts'
import { encodeChatRequest } from '../../../src/dialects/openai-chat/encode-request.ts'
import type { ChatEvent } from '../../../src/protocol/event.ts'
import { doors, throughStream, throughWhole } from '../../support/every-door/doors.ts'

const door = doors.find(({ path }) => path === '/v1/completions')
const words = fc.string({ unit: 'grapheme', maxLength: 20 })
const reason = fc.constantFrom('stop', 'length', 'content_filter')

/** The choices of an answer in pieces, each piece a token. */
const answer = fc.array(
  fc.record({ pieces: fc.array(words, { minLength: 1, maxLength: 5 }), reason }),
  {
    minLength: 1,
    maxLength: 3,
  },
)

test('an answer is the same whole and as a stream', async () => {
  if (!door) throw new Error('there is no such door')
  await fc.assert(
    fc.asyncProperty(answer, async (choices) => {
      const events: ChatEvent[] = choices.flatMap(({ pieces, reason: unified }, choice) => [
        ...pieces.map((text): ChatEvent => {
          const token = { token: text, logprob: -1, bytes: null, topLogprobs: [] }
          return { type: 'text-delta', choice, text, logprobs: [token] }
        }),
        { type: 'finish', choice, reason: { unified } } satisfies ChatEvent,
      ])
      const whole = await throughWhole(door, events)
      expect(throughStream(door, events)).toEqual(whole)
      expect(whole.choices).toMatchObject(
        choices.map(({ pieces, reason: finish }) => ({
          text: pieces.join(''),
          tokens: pieces.length,
          finish,
        })),
      )
    }),
  )
})

const asked = fc.record(
  {
    max_tokens: fc.integer({ min: 1, max: 1000 }),
    temperature: fc.integer({ min: 0, max: 2 }),
    top_p: fc.integer({ min: 0, max: 1 }),
    n: fc.integer({ min: 1, max: 5 }),
    stop: fc.array(words, { minLength: 1, maxLength: 3 }),
    presence_penalty: fc.integer({ min: -2, max: 2 }),
    frequency_penalty: fc.integer({ min: -2, max: 2 }),
    seed: fc.nat(),
    user: words,
  },
  { requiredKeys: ['max_tokens'] },
)

test('what was asked for reaches an upstream that only chats', () => {
  fc.assert(
    fc.property(asked, fc.string({ minLength: 1 }), (members, prompt) => {
      const { requests } = decodeTextRequest({ model: 'm', prompt, ...members })
      const [request] = requests
      expect(requests).toHaveLength(1)
      const body = encodeChatRequest(request, { model: 'm', maxTokensField: 'max_tokens' })
      expect(body).toMatchObject({ ...members, model: 'm' })
      const said = JSON.stringify(body['messages'])
      expect(said).toContain(JSON.stringify(prompt))
    }),
  )
})

test('each of several prompts is a request of its own', () => {
  const prompts = fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(prompts, (list) => {
      const { requests } = decodeTextRequest({ model: 'm', prompt: list })
      const said = requests.map(({ messages }) => messages.at(-1)?.parts)
      expect(said).toEqual(list.map((text) => [{ type: 'text', text }]))
    }),
  )
})
