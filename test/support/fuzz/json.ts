import fc from 'fast-check'

/** Values that programs stumble over, as the JSON text that stands for them. */
const nasty: readonly string[] = [
  'null',
  'true',
  '0',
  '-0',
  '-1',
  '1e999',
  '-1e400',
  '9007199254740993',
  '0.1e-320',
  '1'.repeat(400),
  '""',
  '" "',
  '"\\u0000"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\ufeff"',
  '"\\u202e\\u200b"',
  '"🙂🙂"',
  '"__proto__"',
  '"../../etc/passwd"',
  '"${jndi:ldap://x}"',
  `"${'a'.repeat(20_000)}"`,
  `"${'é'.repeat(5_000)}"`,
  '[]',
  '{}',
  '[null]',
  '[[]]',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"toString":1,"valueOf":2,"hasOwnProperty":3}',
  '{"toJSON":{"a":1},"then":{}}',
  '{"a":1,"a":2}',
  '{"":""}',
  '{"length":4294967296}',
  `${'['.repeat(3_000)}${']'.repeat(3_000)}`,
  `${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`,
  `[${'0,'.repeat(5_000)}0]`,
  `{${Array.from({ length: 2_000 }, (_, at) => `"k${at}":${at}`).join(',')}}`,
]

/** Any JSON text, small and odd more often than not. */
export const jsonText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...nasty) },
  { weight: 2, arbitrary: fc.json({ maxDepth: 4 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)) },
  { weight: 1, arbitrary: fc.double().map(String) },
)

/** One change to a valid value: some member is replaced, taken away, doubled or joined by a stranger. */
type Change = { kind: 'replace' | 'remove' | 'double' | 'add'; at: number; text: string }

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'double', 'add'),
  at: fc.nat(10_000),
  text: jsonText,
})

/** JSON texts that are near to these valid values: up to three changes each, sometimes none. */
export function nearly(values: readonly unknown[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...values), fc.array(change, { maxLength: 3 }))
    .map(([value, changes]) => {
      const texts: string[] = []
      let tree: unknown = structuredClone(value)
      for (const { kind, at, text } of changes) {
        const places = placesOf(tree)
        const place = places[at % Math.max(places.length, 1)]
        if (!place) tree = hole(texts, text)
        else apply(place, kind, () => hole(texts, text))
      }
      return fill(JSON.stringify(tree), texts)
    })
}

interface Place {
  parent: Record<string, unknown> | unknown[]
  key: string
}

function placesOf(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return []
  const parent = value as Place['parent']
  return Object.entries(parent).flatMap(([key, member]) => [{ parent, key }, ...placesOf(member)])
}

function apply({ parent, key }: Place, kind: Change['kind'], make: () => string): void {
  const members = parent as Record<string, unknown>
  if (kind === 'replace') members[key] = make()
  else if (kind === 'remove' && Array.isArray(parent)) parent.splice(Number(key), 1)
  else if (kind === 'remove') delete members[key]
  else if (Array.isArray(parent)) parent.push(kind === 'add' ? make() : members[key])
  else members[`${key}${kind === 'double' ? '2' : '_'}`] = kind === 'add' ? make() : members[key]
}

/** A mark in the tree where a text is put in: not every JSON text survives being parsed. */
function hole(texts: string[], text: string): string {
  return `\u0001hole${texts.push(text) - 1}\u0001`
}

function fill(json: string, texts: readonly string[]): string {
  return json.replace(/"\\u0001hole(\d+)\\u0001"/g, (_mark, at) => texts[Number(at)] ?? 'null')
}

/** Bytes of a text with some damage: cut off, prefixed, in another encoding, with bytes that are no UTF-8. */
export const damage: fc.Arbitrary<(text: string) => Buffer> = fc
  .record({ kind: fc.nat(19), at: fc.nat(100_000), bytes: fc.uint8Array({ maxLength: 8 }) })
  .map(({ kind, at, bytes }) => (text: string): Buffer => {
    const whole = Buffer.from(text)
    const place = at % (whole.length + 1)
    switch (kind) {
      case 0:
        return whole.subarray(0, place)
      case 1:
        return Buffer.concat([whole.subarray(0, place), bytes, whole.subarray(place)])
      case 2:
        return Buffer.concat([Buffer.from('\ufeff'), whole])
      case 3:
        return Buffer.from(text, 'utf16le')
      case 4:
        return Buffer.from(text, 'latin1')
      case 5:
        return Buffer.concat([whole, whole])
      case 6:
        return Buffer.concat([whole, Buffer.from([0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80])])
      default:
        return whole
    }
  })
