/** The lines of a stream of newline-delimited JSON. `onOversized` makes the error for an endless line. */
export async function* ndjsonLines(
  body: AsyncIterable<Uint8Array>,
  limits: { bufferCharsMax: number; onOversized: () => Error },
): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let open = ''
  for await (const chunk of body) {
    const text = decoder.decode(chunk, { stream: true })
    const end = text.lastIndexOf('\n')
    if (end < 0) open += text
    else {
      const whole = (open + text.slice(0, end)).split('\n')
      open = text.slice(end + 1)
      yield* whole.filter((line) => line.trim() !== '')
    }
    if (open.length > limits.bufferCharsMax) throw limits.onOversized()
  }
  const last = open + decoder.decode()
  if (isWhole(last)) yield last
}

/** The last line may lack its end; one that was cut in the middle is no line. */
function isWhole(line: string): boolean {
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}
