import { nativeBut } from '../../src/protocol/features.ts'
import { GatewayError } from '../../src/errors.ts'
import type { ChatEvent } from '../../src/protocol/event.ts'
import type { ChatRequest } from '../../src/protocol/request.ts'
import type { Provider } from '../../src/providers/provider.ts'

/** The scripted provider `test`, one model per behaviour, and what a test can see of its calls. */
export interface Scripts {
  providers: Provider[]
  /** Every request that reached a model. */
  requests: ChatRequest[]
  /** Resolves when the next call of `test/silent` has said its one word. */
  spoken: () => Promise<void>
  /** Resolves when the call of `test/silent` is aborted. */
  aborted: () => Promise<void>
  /** How many calls of `test/silent` have ended. */
  ended: () => number
}

const price = {
  currency: 'USD',
  perMillion: { inputTokens: '0.15', outputTokens: '0.6' },
  source: 'test',
}

export function createScripts(): Scripts {
  const requests: ChatRequest[] = []
  let spoken = Promise.withResolvers<void>()
  let aborted = Promise.withResolvers<void>()
  let ended = 0

  async function* silent(signal: AbortSignal): AsyncGenerator<ChatEvent> {
    try {
      yield { type: 'response-start' }
      yield { type: 'text-delta', choice: 0, text: 'Hm' }
      spoken.resolve()
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted.resolve()
          reject(signal.reason)
        })
      })
    } finally {
      ended += 1
    }
  }

  function generate(
    request: ChatRequest,
    model: string,
    signal: AbortSignal,
  ): AsyncGenerator<ChatEvent> {
    requests.push(request)
    const script = scripts[model]
    if (model !== 'silent' && script) return script(request)
    spoken = Promise.withResolvers()
    aborted = Promise.withResolvers()
    return silent(signal)
  }

  const names = [...Object.keys(scripts), 'silent']
  const models = names.map((name) =>
    name === 'words'
      ? { name, contextLength: 8000, inputModalities: ['text'], features: ['streaming'], price }
      : { name },
  )
  const test: Provider = {
    id: 'test',
    baseUrl: '',
    authorize: (request) => request,
    support: nativeBut({}),
    generate,
    models,
    openModels: false,
  }
  return {
    providers: [test, { ...test, id: 'other', models: [{ name: 'words' }] }],
    requests,
    spoken: () => spoken.promise,
    aborted: () => aborted.promise,
    ended: () => ended,
  }
}

const scripts: Record<string, (request: ChatRequest) => AsyncGenerator<ChatEvent>> = {
  async *words(request) {
    yield { type: 'response-start', model: 'words-2026' }
    yield { type: 'warning', message: 'seed is ignored' }
    yield { type: 'reasoning-delta', choice: 0, text: 'Let me see.' }
    for (let choice = 0; choice < (request.choices ?? 1); choice += 1) {
      for (const text of ['Hello', '', ' there']) yield { type: 'text-delta', choice, text }
      yield { type: 'finish', choice, reason: { unified: 'stop', raw: 'end_turn' } }
    }
    yield { type: 'usage', usage: { inputTokens: 10, outputTokens: 2, estimated: false } }
  },
  async *tools() {
    yield {
      type: 'tool-call-start',
      choice: 0,
      index: 0,
      id: 'call_1',
      kind: 'function',
      name: 'add',
    }
    yield { type: 'tool-call-delta', choice: 0, index: 0, argumentsDelta: '{"a":' }
    yield { type: 'tool-call-delta', choice: 0, index: 0, argumentsDelta: '1}' }
    yield { type: 'tool-call-end', choice: 0, index: 0 }
    yield { type: 'finish', choice: 0, reason: { unified: 'tool_calls' } }
  },
  async *refuses() {
    yield { type: 'refusal-delta', choice: 0, text: 'No.' }
    yield { type: 'finish', choice: 0, reason: { unified: 'refusal' } }
  },
  async *fails() {
    yield { type: 'response-start' }
    throw failure()
  },
  async *breaks() {
    yield { type: 'text-delta', choice: 0, text: 'Hel' }
    throw failure()
  },
  async *bug() {
    yield { type: 'text-delta', choice: 0, text: 'Hel' }
    throw new TypeError('the password is hunter2')
  },
}

function failure(): GatewayError {
  return new GatewayError({
    code: 'PROVIDER_RATE_LIMITED',
    message: 'The provider is busy.',
    retryAfterMs: 1500.5,
    upstreamStatus: 429,
  })
}
