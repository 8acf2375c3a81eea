import { readdirSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('../../../shared/recorded/', import.meta.url)

/** A file of the recordings, and what was asked in it: nothing where it holds bare payloads. */
export interface RecordedFile {
  provider: string
  file: string
  /** `POST /v1/messages`; of gRPC the names of the messages. */
  interactions: string[]
}

/** Every file below the folders of the providers, read without any suite's own reader. */
export function recordedFiles(): RecordedFile[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.includes('/') && statSync(placeOf(path)).isFile())
    .toSorted()
    .map((path) => {
      const [provider = '', ...steps] = path.split('/')
      const isTraffic = path.endsWith('.json') && provider !== 'prices'
      const interactions = isTraffic ? interactionsIn(readFileSync(placeOf(path), 'utf8')) : []
      return { provider, file: steps.join('/'), interactions }
    })
}

/** What the inventory names, `provider/file`. */
export function inventory(): string[] {
  let provider = ''
  const files: string[] = []
  for (const line of readFileSync(new URL('INVENTORY.md', root), 'utf8').split('\n')) {
    provider = /^## (\S+)/.exec(line)?.[1] ?? provider
    const [, file] = /^- (\S+) \|/.exec(line) ?? []
    if (file !== undefined) files.push(`${provider}/${file}`)
  }
  return files
}

interface Interaction {
  request?: { method?: string; url?: string; uri?: string; cls?: string }
  response?: { cls?: string }
}

function interactionsIn(text: string): string[] {
  const parsed: unknown = JSON.parse(text)
  const { interactions }: { interactions?: Interaction[] } = Object(parsed)
  const alone: Interaction = Object(parsed)
  const list = interactions ?? (alone.request && alone.response ? [alone] : [])
  return list.map(nameOf)
}

function nameOf({ request = {}, response = {} }: Interaction): string {
  const { method = '', url, uri, cls } = request
  const address = url ?? uri
  if (address === undefined) return `${cls} -> ${response.cls ?? 'stream'}`
  return `${method.toUpperCase()} ${new URL(address, 'https://any.invalid').pathname}`
}

function placeOf(path: string): string {
  return fileURLToPath(new URL(path.split('/').map(encodeURIComponent).join('/'), root))
}
