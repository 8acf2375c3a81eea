import type { ExecutionArgs, ExecutionResult } from 'graphql'
import { isAsyncIterable, type Plugin } from 'graphql-yoga'
import type { CompletionEventValue } from './completion-event.ts'
import type { GraphqlContext } from './context.ts'
import { eventWriter, type WriteEvent } from './event-writer.ts'

type Events = AsyncGenerator<CompletionEventValue>

/** Takes a written result in place of the reader; a promise where the next one has to wait. */
export type Deliver = (result: ExecutionResult) => Promise<void> | void

export type SubscribeArgs = ExecutionArgs & { contextValue: GraphqlContext }

type Subscribe = (args: SubscribeArgs) => Promise<SubscribeResult> | SubscribeResult

type SubscribeResult = AsyncIterable<ExecutionResult> | ExecutionResult

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
    { write, context, deliver }: Join,
  ): AsyncGenerator<ExecutionResult> {
    const events = this.#events
    const execute = (next: Promise<IteratorResult<CompletionEventValue>>) => {
      next.catch(() => {}) // the executor may have ended meanwhile
      this.#given = next
      return executed.next()
    }
    const next = async (): Promise<IteratorResult<ExecutionResult>> => {
      if (!events) return executed.next()
      for (;;) {
        const given = events.next()
        let value: ExecutionResult | undefined
        try {
          const result = await given
          value = result.done ? undefined : write(result.value, context)
        } catch {
          // The executor is told of it.
        }
        if (!value) return execute(given)
        if (!deliver) return { done: false, value }
        const sent = deliver(value)
        if (sent) await sent
      }
    }
    return {
      next,
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

interface Join {
  write: WriteEvent
  context: GraphqlContext
  deliver: Deliver | undefined
}

const ended: IteratorResult<CompletionEventValue> = { done: true, value: undefined }

/** Writes the results of the events of a completion from the selection alone, whatever the transport. */
export function useSplitEvents(): Plugin<GraphqlContext> {
  return {
    onSubscribe: ({ args: { contextValue }, subscribeFn, setSubscribeFn }) =>
      setSubscribeFn((args) =>
        subscribeSplit({ ...args, contextValue }, { subscribe: subscribeFn }),
      ),
  }
}

/**
 * Subscribes with the events split, once for each operation: a transport that does it around all plugins has
 * written results pass by them, since those have no errors that are to be masked.
 */
export async function subscribeSplit(
  args: SubscribeArgs,
  { subscribe, deliver }: { subscribe: Subscribe; deliver?: Deliver | undefined },
): Promise<SubscribeResult> {
  const { schema, document, contextValue: context } = args
  const write = context.split ? undefined : eventWriter(schema, document)
  if (!write) return subscribe(args)
  const split = (context.split = new EventSplit())
  const results = await subscribe(args)
  if (!isAsyncIterable<ExecutionResult>(results)) return results
  return split.join(results[Symbol.asyncIterator](), { write, context, deliver })
}
