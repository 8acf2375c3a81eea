/** A piece of an answer: what the model says, or what it thought before. */
export interface Piece {
  kind: 'text' | 'reasoning'
  text: string
}

export interface ThoughtSplitter {
  /** The pieces that are certain after this much more of the content. */
  add(content: string): Piece[]
  /** What was held back, when nothing follows. */
  end(): Piece[]
}

const opening = '<think>'
const closing = '</think>'

/** Some reasoning models think aloud in the content: between these tags, at the very beginning. */
export function splitThoughts(): ThoughtSplitter {
  let state: 'beginning' | 'thinking' | 'speaking' = 'beginning'
  let held = ''

  function begin(): Piece[] {
    const words = held.trimStart()
    if (words.startsWith(opening)) {
      state = 'thinking'
      held = words.slice(opening.length)
      return think()
    }
    return opening.startsWith(words) ? [] : speak()
  }

  function think(): Piece[] {
    const end = held.indexOf(closing)
    const certain = end < 0 ? held.length - partLength(held, closing) : end
    const thought = piece('reasoning', held.slice(0, certain))
    held = held.slice(certain)
    if (end < 0) return thought
    held = held.slice(closing.length)
    return [...thought, ...speak()]
  }

  function speak(): Piece[] {
    state = 'speaking'
    const said = piece('text', held)
    held = ''
    return said
  }

  return {
    add(content) {
      if (state === 'speaking') return piece('text', content)
      held += content
      return state === 'beginning' ? begin() : think()
    },
    end() {
      const rest = piece(state === 'thinking' ? 'reasoning' : 'text', held)
      held = ''
      return rest
    },
  }
}

function piece(kind: Piece['kind'], text: string): Piece[] {
  return text === '' ? [] : [{ kind, text }]
}

/** How many characters at the end of a text may be the beginning of a tag. */
function partLength(text: string, tag: string): number {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length -= 1) {
    if (text.endsWith(tag.slice(0, length))) return length
  }
  return 0
}
