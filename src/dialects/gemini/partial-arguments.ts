import { isRecord } from '../narrow.ts'

type Container = Record<string, unknown> | unknown[]

/** Arguments that arrive piece by piece, each with its place in the whole. */
export interface PartialArguments {
  add(pieces: unknown): void
  /** Everything so far. */
  whole(): Record<string, unknown>
}

export function partialArguments(): PartialArguments {
  const root = emptyObject()
  return {
    add: (pieces) => {
      for (const piece of Array.isArray(pieces) ? pieces.filter(isRecord) : [])
        addPiece(root, piece)
    },
    whole: () => root,
  }
}

/** A name from outside must not reach the prototype of the others. */
function emptyObject(): Record<string, unknown> {
  return Object.create(null)
}

function addPiece(root: Record<string, unknown>, piece: Record<string, unknown>): void {
  const path = typeof piece['jsonPath'] === 'string' ? stepsOf(piece['jsonPath']) : []
  const last = path.pop()
  if (last === undefined) return
  let place: Container = root
  for (const [index, step] of path.entries()) {
    place = descend(place, step, typeof (path[index + 1] ?? last) === 'number')
  }
  const before = read(place, last)
  const { stringValue, numberValue, boolValue } = piece
  if (typeof stringValue === 'string') {
    write(place, last, typeof before === 'string' ? before + stringValue : stringValue)
  } else write(place, last, numberValue ?? boolValue ?? null)
}

/** `$.a.b[0]['c d']` */
function stepsOf(path: string): (string | number)[] {
  const steps = path.matchAll(/\.([^.[\]]+)|\[(\d+)\]|\[(['"])((?:\\.|(?!\3).)*)\3\]/g)
  return [...steps].map(([, name, index, , quoted = '']) =>
    index === undefined ? (name ?? quoted.replace(/\\(.)/g, '$1')) : Number(index),
  )
}

function descend(place: Container, step: string | number, list: boolean): Container {
  const found = read(place, step)
  if (Array.isArray(found) || isRecord(found)) return found
  const made: Container = list ? [] : emptyObject()
  write(place, step, made)
  return made
}

function read(place: Container, step: string | number): unknown {
  if (!Array.isArray(place)) return place[step]
  return typeof step === 'number' ? place[step] : undefined
}

/** An index far beyond the end would make a list of nothing. */
const itemsMax = 10_000

function write(place: Container, step: string | number, value: unknown): void {
  if (!Array.isArray(place)) place[step] = value
  else if (typeof step === 'number' && step < itemsMax) place[step] = value
}
