import type { Extra, Tool } from '../../protocol/request.ts'
import { isRecord } from '../narrow.ts'
import { unsupported } from './unsupported.ts'

type NativeTool = Extract<Tool, { kind: 'native' }>

/** Whether a tool is of the service's own kinds, with no settings but the service's own. */
export function isOwnTool({ type, definition }: NativeTool): boolean {
  const members = Object.keys(definition)
  return ownTools.has(type) && members.every((member) => member === 'type' || member === type)
}

/** A tool that the service runs itself; its settings stand under its name, as those of a function do. */
export function encodeNativeTool(tool: NativeTool, path: string): Extra {
  const name = nativeName(tool)
  if (name === undefined) throw unsupported(path, `it has no tool like ${tool.type}`)
  const settings = tool.definition[name]
  return { [name]: isRecord(settings) ? settings : {} }
}

/** The service's name of its own tool, or of the one that does the same as another vendor's. */
export function nativeName({ type }: NativeTool): string | undefined {
  if (ownTools.has(type)) return type
  return alikeTools.find(([pattern]) => pattern.test(type))?.[1]
}

const ownTools: ReadonlySet<string> = new Set([
  'code_interpreter',
  'image_generate',
  'model_3d_generate',
  'url_content_extraction',
  'web_search',
])

const alikeTools: readonly (readonly [RegExp, string])[] = [
  [/^(web_search(_preview)?(_\d+)*|google_search)$/, 'web_search'],
  [/^code_execution(_\d+)?$/, 'code_interpreter'],
  [/^(web_fetch_\d+|url_context)$/, 'url_content_extraction'],
  [/^image_generation$/, 'image_generate'],
]
