import type { Call, Outcome } from './question.ts'

/** Puts together what comes in pieces, in whichever words. */
export class Fold {
  readonly #calls = new Map<unknown, Call>()
  readonly outcome: Omit<Outcome, 'status' | 'headers'> = {
    error: undefined,
    texts: [],
    reasoning: '',
    calls: [],
    finish: undefined,
    usage: undefined,
    warnings: [],
  }

  text(text: unknown): void {
    if (typeof text === 'string' && text !== '') this.outcome.texts.push(text)
  }

  reasoning(text: unknown): void {
    if (typeof text === 'string') this.outcome.reasoning += text
  }

  /** Opens a call, or goes on with the one that has this key. */
  call(key: unknown, { id, name, piece }: { id?: unknown; name?: unknown; piece?: unknown }): void {
    const call = this.#calls.get(key) ?? { id: '', name: '', arguments: '' }
    if (!this.#calls.has(key)) this.outcome.calls.push(call)
    this.#calls.set(key, call)
    if (typeof id === 'string') call.id = id
    if (typeof name === 'string') call.name = name
    if (typeof piece === 'string') call.arguments += piece
  }

  finish(reason: unknown): void {
    if (typeof reason === 'string') this.outcome.finish = reason
  }

  usage(input: unknown, output: unknown): void {
    if (typeof input === 'number' && typeof output === 'number') {
      this.outcome.usage = { input, output }
    }
  }

  error(code: unknown, message: unknown, path: unknown, retryAfterMs?: unknown): void {
    this.outcome.error = {
      code: String(code),
      message: String(message),
      path: typeof path === 'string' ? path : undefined,
      ...(typeof retryAfterMs === 'number' && { retryAfterMs }),
    }
  }

  warnings(said: unknown): void {
    if (Array.isArray(said)) this.outcome.warnings = said.map(String)
  }
}

/** A member of what was answered; of what is no object, undefined. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((inside, key) => Object(inside)[key], value)
}

/** A list in what was answered; of what is none, an empty one. */
export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
