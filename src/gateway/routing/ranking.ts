import type { ScoreParts } from '../../protocol/routing.ts'
import type { Contender, Field } from './field.ts'

/** A deployment in its place among others. */
export interface Ranked extends Contender {
  /** The lower the better; absent where the order is given. */
  score?: number | undefined
  parts?: ScoreParts | undefined
}

/** The first `count` that may be called. */
export function inGivenOrder({ contenders, admits }: Field, count: number): Ranked[] {
  const ranked: Ranked[] = []
  for (const contender of contenders) {
    if (ranked.length === count) break
    if (admits(contender)) ranked.push({ ...contender })
  }
  return ranked
}

/** A contender's measure, by its place in the field too, and from what it is made, where that is shown. */
interface Scoring {
  score: (contender: Contender, at: number) => number
  parts?: (contender: Contender, at: number) => ScoreParts
}

/** Of all contenders of a decision, in their order; one decision is made at a time. */
let scores = new Float64Array(256)

/** The `count` that may be called of the lowest scores, the lowest first; of equal ones the earlier. */
export function lowest(
  { contenders, admits }: Field,
  count: number,
  { score, parts }: Scoring,
): Ranked[] {
  const { length } = contenders
  if (length > scores.length) scores = new Float64Array(length * 2)
  for (const [at, contender] of contenders.entries()) scores[at] = score(contender, at)
  const next = count * fewOf < length ? oneByOne(length) : sorted(length)
  const ranked: Ranked[] = []
  while (ranked.length < count) {
    const at = next()
    const contender = at === undefined ? undefined : contenders[at]
    if (at === undefined || !contender) break
    const own = scores[at] ?? Infinity
    if (admits(contender)) ranked.push({ ...contender, score: own, parts: parts?.(contender, at) })
    scores[at] = Number.NaN
  }
  return ranked
}

/** Up to such a part of all, looking for the lowest again and again is cheaper than sorting. */
const fewOf = 8

/** Those whose turn came are not numbers any more, and less than nothing. */
function oneByOne(length: number): () => number | undefined {
  return () => {
    let best: number | undefined
    let least = Infinity
    for (let at = 0; at < length; at += 1) {
      const own = scores[at] ?? Infinity
      if (own < least || (best === undefined && own === Infinity)) {
        best = at
        least = own
      }
    }
    return best
  }
}

function sorted(length: number): () => number | undefined {
  const order = Array.from({ length }, (_none, at) => at)
  const at = (place: number): number => scores[place] ?? Infinity
  order.sort((one, other) => (at(one) === at(other) ? 0 : at(one) - at(other)))
  let turn = 0
  return () => order[turn++]
}

interface Drawing {
  score: (contender: Contender) => number
  /** From 0 to below 1. */
  random: () => number
  /** At most so many are looked at. */
  draws: number
}

/**
 * `count` that may be called, each the better of two that were drawn, of which the other one stays for the next
 * choice: as good as looking at all, and callers that decide at the same moment do not all run to the same one.
 */
export function betterOfTwo(
  field: Field,
  count: number,
  { score, random, draws }: Drawing,
): Ranked[] {
  const left = new Urn(field)
  let drawable = draws
  const next = () => {
    if (drawable === 0) return undefined
    drawable -= 1
    const drawn = left.draw(random)
    return drawn && { deployment: drawn.deployment, view: drawn.view, score: score(drawn) }
  }
  const ranked: Ranked[] = []
  let kept = next()
  while (kept && ranked.length < count) {
    const other = next()
    if (other && other.score < kept.score) ranked.push(other)
    else {
      ranked.push(kept)
      kept = other
    }
  }
  return ranked
}

/** A list to draw from: who is drawn stands behind those that are left. Its order is nobody's, so it stays as it is. */
class Urn {
  readonly #field: Field
  /** How many are left. */
  #size: number

  constructor(field: Field) {
    this.#field = field
    this.#size = field.urn.length
  }

  /** One that may be called. */
  draw(random: () => number): Contender | undefined {
    const { contenders, urn, admits } = this.#field
    while (this.#size > 0) {
      const at = Math.floor(random() * this.#size)
      const drawn = urn[at] ?? 0
      this.#size -= 1
      urn[at] = urn[this.#size] ?? 0
      urn[this.#size] = drawn
      const contender = contenders[drawn]
      if (contender && admits(contender)) return contender
    }
    return undefined
  }
}
