import type { ChatEvent } from '../../../src/protocol/event.ts'
import { nothingTold, type Told, type ToldChoice } from './told.ts'

/** Something that the wire of a door has no place for. */
export interface Loss {
  doors: readonly string[]
  what: string
  why: string
  /** What is left of the answer. */
  without: (told: Told, events: readonly ChatEvent[]) => Told
}

const messages = '/v1/messages'
const responses = '/v1/responses'
const text = '/v1/completions'

/** Everything that an answer may lose at a door; whatever is not here must arrive. */
export const losses: readonly Loss[] = [
  {
    doors: [text],
    what: 'that a refusal is none of the text',
    why: 'it is said in the only place that there is',
    without: eachChoice((choice) => ({
      ...choice,
      text: choice.text + choice.refusal,
      refusal: '',
    })),
  },
  {
    doors: [text],
    what: 'everything but text',
    why: 'a choice has a text with its log probabilities and nothing else',
    without: eachChoice(({ text: said, tokens, finish }) => ({
      ...nothingTold(),
      text: said,
      tokens,
      finish,
    })),
  },
  {
    doors: [text],
    what: 'that it ended with calls',
    why: 'the only words are stop, length and content_filter',
    without: eachChoice(ending({ tool_calls: 'stop' })),
  },
  {
    doors: [messages],
    what: 'citations of what has no address',
    why: 'each kind of citation says where in a document, or at which address, the words stand',
    without: (told, events) => {
      const citations = events.flatMap((event) =>
        event.type === 'annotations' && event.choice === 0 ? event.annotations : [],
      )
      const kept = citations.filter(
        ({ dialect, url }) => dialect === 'anthropic-messages' || url !== undefined,
      )
      return eachChoice((choice) => ({ ...choice, citations: kept.length }))(told)
    },
  },
  {
    doors: [messages],
    what: 'that a tool takes any text',
    why: 'what a tool takes is an object there, in which the text has a name',
    without: (told, events) => {
      const isCustom = (index: number): boolean =>
        events.some(
          (event) =>
            event.type === 'tool-call-start' && event.kind === 'custom' && event.index === index,
        )
      return eachChoice((choice) => ({
        ...choice,
        calls: choice.calls.map((call, index) =>
          isCustom(index) ? { ...call, arguments: { input: call.arguments } } : call,
        ),
      }))(told)
    },
  },
  {
    doors: [messages],
    what: 'log probabilities',
    why: 'there is no member for them',
    without: eachChoice((choice) => ({ ...choice, tokens: 0 })),
  },
  {
    doors: [responses],
    what: 'that calls were why it ended',
    why: 'it is told by the calls alone',
    without: eachChoice((choice) =>
      choice.finish === 'stop' || choice.finish === 'tool_calls'
        ? { ...choice, finish: choice.calls.length > 0 ? 'tool_calls' : 'stop' }
        : choice,
    ),
  },
  {
    doors: [messages],
    what: 'the total of the tokens',
    why: 'there is no member for it',
    without: (told) => ({ ...told, usage: told.usage && { ...told.usage, total: undefined } }),
  },
  {
    doors: [messages],
    what: 'that the tokens are unknown',
    why: 'clients add the two counts up, which are never null there',
    without: ({ usage, ...told }) => ({
      ...told,
      usage: {
        prompt: usage?.prompt ?? 0,
        cached: usage?.cached,
        written: usage?.written,
        completion: usage?.completion ?? 0,
        reasoning: usage?.reasoning,
        total: usage?.total,
      },
    }),
  },
]

function eachChoice(change: (choice: ToldChoice) => ToldChoice): (told: Told) => Told {
  return (told) => ({ ...told, choices: told.choices.map(change) })
}

function ending(words: Record<string, string>): (choice: ToldChoice) => ToldChoice {
  return (choice) => ({ ...choice, finish: words[choice.finish] ?? choice.finish })
}
