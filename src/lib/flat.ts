/** The items of a stream of lists, one after the other; those of one list are there without waiting. */
export function flat<T>(lists: AsyncGenerator<readonly T[]>): AsyncGenerator<T> {
  let list: readonly T[] = []
  let at = 0

  async function pull(): Promise<IteratorResult<T>> {
    for (;;) {
      const result = await lists.next()
      if (result.done) return result
      list = result.value
      at = 0
      if (at < list.length) return item()
    }
  }

  /** Asked for only while `at` is a place in the list, so that there is one. */
  function item(): IteratorResult<T> {
    const value = list[at] as T
    at += 1
    return { done: false, value }
  }

  return {
    next: () => (at < list.length ? Promise.resolve(item()) : pull()),
    return: async (value) => {
      list = []
      await lists.return(undefined)
      return { done: true, value: await value }
    },
    throw: async (error) => {
      list = []
      await lists.throw(error)
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
    async [Symbol.asyncDispose]() {
      await this.return(undefined)
    },
  }
}
