const scale = 9

/** Nano-units of a decimal string with at most nine places, as `"0.0375"`; throws on anything else. */
export function parseNanos(text: string): bigint {
  const match = /^(\d+)(?:\.(\d{1,9}))?$/.exec(text)
  if (!match) throw new RangeError('not a decimal number with at most nine places')
  return BigInt((match[1] ?? '') + (match[2] ?? '').padEnd(scale, '0'))
}

/** The decimal string of nano-units, without trailing zeros: `1500000000n` is `"1.5"`. */
export function formatNanos(nanos: bigint): string {
  const negative = nanos < 0n
  const digits = (negative ? -nanos : nanos).toString().padStart(scale + 1, '0')
  const fraction = digits.slice(-scale).replace(/0+$/, '')
  const whole = digits.slice(0, -scale)
  return `${negative ? '-' : ''}${whole}${fraction && `.${fraction}`}`
}
