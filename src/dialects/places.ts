/** Where a member of a request, named in OpenAI's words, stands in what the client sent. */
export type PlaceOf = (path: string) => string

/** Where a turn of the conversation came from: its place, and those of its parts and calls in their order. */
export interface TurnPlace {
  path: string
  parts: string[]
  calls: string[]
}

/** Members of a dialect that are not called as OpenAI's chat completions call them. */
export type Renamed = Readonly<Record<string, string>>

/** Makes a `PlaceOf`; the turns are looked up once somebody asks for one. */
export function createPlaceOf(readTurns: () => TurnPlace[], renamed: Renamed): PlaceOf {
  let turns: TurnPlace[] | undefined
  return (path) => {
    const [, at, rest = ''] = /^messages\[(\d+)\](.*)$/.exec(path) ?? []
    if (at === undefined) return placeOfMember(path, renamed)
    turns ??= readTurns()
    const turn = turns[Number(at)]
    return turn ? placeInTurn(turn, rest, renamed) : path
  }
}

function placeOfMember(path: string, renamed: Renamed): string {
  const known = Object.hasOwn(renamed, path) ? renamed[path] : undefined
  return known ?? path.replace(/^(tools\[\d+\])\.function\./, '$1.')
}

function placeInTurn(turn: TurnPlace, rest: string, renamed: Renamed): string {
  const [, list, at, below = ''] = /^\.(content|tool_calls)\[(\d+)\](.*)$/.exec(rest) ?? []
  if (list === undefined) return turn.path + (Object.hasOwn(renamed, rest) ? renamed[rest] : rest)
  const place = (list === 'content' ? turn.parts : turn.calls)[Number(at)] ?? turn.path
  return place + (Object.hasOwn(renamed, below) ? renamed[below] : below)
}
