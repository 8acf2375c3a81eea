import type { ExecutionResult } from 'graphql'
import { isAsyncIterable, type Plugin } from 'graphql-yoga'
import type { CompletionEventValue } from './completion-event.ts'
import type { GraphqlContext } from './context.ts'
import { deltaWriter, type WriteDelta } from './delta-writer.ts'

type Events = AsyncGenerator<CompletionEventValue>

/**
 * Stands between the events of a completion and the executor, which gets those alone whose results are not
 * written here. The executor's own stream gives everything else: what is refused, how failures look.
 */
export class EventSplit {
  #events: Events | undefined
  /** What the executor finds when it asks for the next event. */
  #given: Promise<IteratorResult<CompletionEventValue>> = Promise.resolve(ended)

  /** What the executor reads in place of the events. */
  take(events: Events): AsyncIterableIterator<CompletionEventValue> {
    this.#events = events
    return {
      next: () => this.#given,
      return: (value) => events.return(value),
      throw: (error) => events.throw(error),
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  /** The results of all events, in their order; one is asked for when the one before is there. */
  join(
    executed: AsyncIterator<ExecutionResult>,
    write: WriteDelta,
  ): AsyncGenerator<ExecutionResult> {
    const events = this.#events
    const execute = (next: Promise<IteratorResult<CompletionEventValue>>) => {
      next.catch(() => {}) // the executor may have ended meanwhile
      this.#given = next
      return executed.next()
    }
    return {
      next: async () => {
        if (!events) return executed.next()
        const next = events.next()
        const result = await next.catch(() => undefined)
        const value = result && !result.done ? write(result.value) : undefined
        return value ? { done: false, value } : execute(next)
      },
      return: async (value) => (await executed.return?.(value)) ?? { done: true, value },
      throw: async (error) => (await executed.throw?.(error)) ?? { done: true, value: undefined },
      [Symbol.asyncIterator]() {
        return this
      },
      async [Symbol.asyncDispose]() {
        await this.return(undefined)
      },
    }
  }
}

const ended: IteratorResult<CompletionEventValue> = { done: true, value: undefined }

/** Writes the results of text events from the selection alone, whatever the transport. */
export function useSplitEvents(): Plugin<GraphqlContext> {
  return {
    onSubscribe: ({ args: { document }, subscribeFn, setSubscribeFn }) => {
      const write = deltaWriter(document)
      if (!write) return
      setSubscribeFn(async (args) => {
        const split = new EventSplit()
        Object.assign(args.contextValue, { split })
        const results = await subscribeFn(args)
        return isAsyncIterable<ExecutionResult>(results)
          ? split.join(results[Symbol.asyncIterator](), write)
          : results
      })
    },
  }
}
