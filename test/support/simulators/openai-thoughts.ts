import type { Completion } from './openai-answer.ts'
import type { Piece } from './provider.ts'

/** What every simulated model thinks where its thoughts are shown. */
export const thoughts = 'First I look at the question.'

type Member = 'reasoning' | 'reasoning_content'

/** A JSON answer with the thoughts in the message. */
export function withThoughts(body: object, { tokens }: Completion, member: Member): object {
  const { choices = [] }: { choices?: { message: object }[] } = body
  const said = tokens.reasoning > 0 ? thoughts : null
  return {
    ...body,
    choices: choices.map((choice) => ({
      ...choice,
      message: { ...choice.message, [member]: said },
    })),
  }
}

/** A stream whose thoughts come after the empty opening of each choice. */
export function spokenThoughts(
  pieces: readonly Piece[],
  { tokens }: Completion,
  member: Member,
): Piece[] {
  if (tokens.reasoning === 0) return [...pieces]
  return pieces.flatMap((piece) => {
    const [, json] = /^data: (\{.*\})\n\n$/s.exec(piece.raw) ?? []
    const frame: Frame | undefined = json === undefined ? undefined : JSON.parse(json)
    const [choice] = frame?.choices ?? []
    if (!frame || choice?.delta?.role === undefined) return [piece]
    const { role } = choice.delta
    const thinking = words.map((word, index) =>
      saying(frame, { ...(index === 0 && { role }), [member]: word }),
    )
    // An opening that says something already comes after the thoughts.
    return isEmpty(choice.delta) ? [piece, ...thinking] : [...thinking, piece]
  })
}

interface Frame {
  choices?: {
    index: number
    delta?: { role?: string; content?: string | null; tool_calls?: object[] }
  }[]
}

const words = thoughts.match(/\S+\s*/g) ?? []

function isEmpty(delta: { content?: string | null; tool_calls?: object[] }): boolean {
  return !delta.content && !delta.tool_calls
}

function saying(frame: Frame, delta: object): Piece {
  const choices = frame.choices?.map(({ index }) => ({ index, delta, finish_reason: null }))
  return { raw: `data: ${JSON.stringify({ ...frame, choices })}\n\n`, tokens: 0 }
}
