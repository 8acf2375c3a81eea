/** Passes on the first call in each span of time and drops the others. */
export function sparing<T>(everyMs: number, act: (value: T) => void): (value: T) => void {
  let next = 0
  return (value) => {
    const now = Date.now()
    if (now < next) return
    next = now + everyMs
    act(value)
  }
}
