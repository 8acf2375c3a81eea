import type { ChatEvent } from '../../../src/protocol/event.ts'
import type { Told, ToldChoice } from './told.ts'

/** Something that the wire of a door has no place for. */
export interface Loss {
  doors: readonly string[]
  what: string
  why: string
  /** What is left of the answer. */
  without: (told: Told, events: readonly ChatEvent[]) => Told
}

const chat = '/v1/chat/completions'
const messages = '/v1/messages'
const responses = '/v1/responses'
const text = '/v1/completions'

/** Everything that an answer may lose at a door; whatever is not here must arrive. */
export const losses: readonly Loss[] = [
  {
    doors: [messages, responses],
    what: 'choices after the first',
    why: 'an answer is one message there, and several cannot be asked for',
    without: (told) => ({ ...told, choices: told.choices.slice(0, 1) }),
  },
  {
    doors: [text],
    what: 'everything but text',
    why: 'a choice has a text with its log probabilities and nothing else',
    without: eachChoice(({ text: said, tokens, finish }) => ({
      text: said,
      reasoning: '',
      refusal: '',
      calls: [],
      ids: [],
      citations: 0,
      natives: [],
      tokens,
      spoken: 0,
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
    what: 'that a refusal is none of the text',
    why: 'refusals are told in the details of its own stop reason, or in words',
    without: (told, events) => (refusesInDetails(events) ? told : eachChoice(saidAsText)(told)),
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
    what: 'log probabilities',
    why: 'there is no member for them',
    without: eachChoice((choice) => ({ ...choice, tokens: 0 })),
  },
  {
    doors: [messages, responses],
    what: 'spoken output',
    why: 'there is no member for it',
    without: eachChoice((choice) => ({ ...choice, spoken: 0 })),
  },
  {
    doors: [messages],
    what: 'which of its two sides stopped an answer',
    why: 'refusal is the one word for both',
    without: eachChoice(ending({ refusal: 'content_filter' })),
  },
  {
    doors: [chat, text, responses, messages],
    what: 'an end that has no word',
    why: 'readers know the words of their API alone',
    without: eachChoice(ending({ refusal: 'stop', other: 'stop', error: 'stop' })),
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

function saidAsText(choice: ToldChoice): ToldChoice {
  return { ...choice, text: choice.text + choice.refusal, refusal: '' }
}

function refusesInDetails(events: readonly ChatEvent[]): boolean {
  return events.some(
    (event) =>
      event.type === 'part-start' &&
      event.kind === 'refusal' &&
      event.extra?.dialect === 'anthropic-messages',
  )
}
