import type { Extra, Message, ToolCall } from '../../protocol/request.ts'
import { unknownCall } from '../match-results.ts'
import { isRecord } from '../narrow.ts'
import { encodeMedia } from './media.ts'
import type { ModelTraits } from './model-traits.ts'
import { unsupported } from './unsupported.ts'

interface Place {
  /** The call that the result answers. */
  call: ToolCall | undefined
  path: string
  traits: ModelTraits
}

/** The result of a call, which on the wire is an object with the name of the function. */
export function encodeResult(message: Message, { call, path, traits }: Place): Extra {
  const name = call?.name ?? (message.toolCallId === undefined ? message.name : undefined)
  if (name === undefined) throw unknownCall(path)
  const { text, files } = contentOf(message, path)
  if (files.length > 0 && !traits.filesInResults) {
    throw unsupported(`${path}.content`, 'this model reads results that are text only')
  }
  return {
    functionResponse: {
      ...(call && call.id !== '' && { id: call.id }),
      name,
      response: responseOf(text, { isError: message.isError === true }),
      ...(files.length > 0 && { parts: files }),
    },
  }
}

function contentOf({ parts }: Message, path: string): { text: string; files: Extra[] } {
  const texts: string[] = []
  const files: Extra[] = []
  for (const [index, part] of parts.entries()) {
    const at = `${path}.content[${index}]`
    if (part.type === 'text' || part.type === 'refusal') texts.push(part.text)
    else if (part.type === 'image' || part.type === 'audio' || part.type === 'file') {
      files.push(encodeMedia(part, at))
    } else throw unsupported(at, `a result holds text and files, and this is ${part.type}`)
  }
  return { text: texts.join(''), files }
}

/** An object goes as it is; what is none, and what went wrong, under the names that the service suggests. */
function responseOf(text: string, { isError }: { isError: boolean }): Extra {
  const parsed = parseJson(text)
  if (isError) return isRecord(parsed) && 'error' in parsed ? parsed : { error: parsed ?? text }
  return isRecord(parsed) ? parsed : { result: text }
}

/** Only an object: a number or a word that happens to be JSON is the tool's text. */
function parseJson(text: string): Extra | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    return isRecord(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}
