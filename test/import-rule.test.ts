import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { providerTypes } from '../src/providers/index.ts'

const root = resolve(import.meta.dirname, '../src')

/** What each part may import beside itself; files at the top of src are parts of their own. */
const mayImport: Record<string, readonly string[]> = {
  main: ['config', 'db', 'gateway', 'lib', 'start'],
  'rule-cases': ['config', 'dialects', 'errors', 'gateway', 'protocol', 'rest'],
  'route-command': ['config', 'dialects', 'errors', 'gateway', 'protocol', 'rest', 'rule-cases'],
  cli: ['config', 'db', 'replay-command', 'route-command', 'rule-cases', 'start'],
  'replay-command': ['config', 'db', 'gateway', 'lib', 'protocol', 'services', 'start'],
  start: [
    'auth',
    'config',
    'db',
    'gateway',
    'graphql',
    'idempotency',
    'lib',
    'open-read-cache',
    'redis',
    'server',
    'services',
  ],
  'open-read-cache': ['gateway', 'graphql', 'lib', 'redis', 'services'],
  server: [
    'auth',
    'config',
    'db',
    'errors',
    'gateway',
    'graphql',
    'idempotency',
    'lib',
    'protocol',
    'redis',
    'rest',
    'services',
  ],
  config: [
    'config-auto',
    'config-limits',
    'config-models',
    'config-cache',
    'config-prices',
    'config-problem',
    'config-providers',
    'config-resilience',
    'config-rules',
    'config-schema',
    'config-webhooks',
    'lib',
    'protocol',
    'providers',
  ],
  'config-providers': ['config-problem', 'config-schema', 'lib', 'providers'],
  'config-models': ['lib', 'protocol'],
  'config-problem': [],
  'config-prices': ['config-schema', 'protocol'],
  'config-cache': ['protocol'],
  'config-resilience': [],
  'config-rules': ['protocol'],
  'config-webhooks': [],
  'config-auto': ['protocol'],
  'config-schema': [
    'config-auto',
    'config-cache',
    'config-limits',
    'config-models',
    'config-resilience',
    'config-rules',
    'config-webhooks',
    'lib',
  ],
  'config-limits': ['protocol'],
  graphql: ['auth', 'errors', 'gateway', 'idempotency', 'lib', 'protocol', 'providers', 'services'],
  rest: ['auth', 'dialects', 'errors', 'gateway', 'idempotency', 'lib', 'protocol', 'services'],
  auth: ['db', 'errors', 'lib', 'protocol', 'redis', 'services'],
  idempotency: ['errors', 'lib', 'protocol', 'services'],
  gateway: ['db', 'errors', 'lib', 'protocol', 'providers', 'redis'],
  services: ['db', 'errors', 'lib', 'protocol', 'providers', 'redis'],
  providers: ['dialects', 'errors', 'lib', 'protocol'],
  dialects: ['errors', 'lib', 'protocol'],
  db: ['errors', 'lib', 'protocol'],
  redis: ['lib'],
  protocol: ['errors'],
  errors: [],
  lib: [],
}

interface Import {
  from: string
  to: string
  typeOnly: boolean
}

const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
)
const imports = files.flatMap(importsOf)

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8')
  const pattern = /^(import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'(\.[^']+)'/gm
  return [...text.matchAll(pattern)].map((match) => ({
    from: file,
    to: relative(root, resolve(root, dirname(file), match[3] ?? '')),
    typeOnly: match[2] !== undefined,
  }))
}

function partOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] ?? '') : file.replace(/\.ts$/, '')
}

describe('the import rule', () => {
  test('every import goes to the right', () => {
    expect(imports.length).toBeGreaterThan(100)
    const wrong = imports.filter(({ from, to }) => {
      const [part, target] = [partOf(from), partOf(to)]
      const allowed = mayImport[part]
      if (!allowed) return true
      return part !== target && !allowed.includes(target)
    })
    expect(wrong).toEqual([])
  })

  test('no module imports itself by a detour at run time', () => {
    const graph = Map.groupBy(
      imports.filter((each) => !each.typeOnly),
      (each) => each.from,
    )
    const done = new Set<string>()
    const visit = (file: string, trail: readonly string[]): string[] => {
      if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file]
      if (done.has(file)) return []
      for (const { to } of graph.get(file) ?? []) {
        const cycle = visit(to, [...trail, file])
        if (cycle.length > 0) return cycle
      }
      done.add(file)
      return []
    }
    expect(files.flatMap((file) => visit(file, []))).toEqual([])
  })

  test('graphql and rest do not know of each other', () => {
    const crossing = imports.filter(({ from, to }) =>
      ['graphql,rest', 'rest,graphql'].includes(`${partOf(from)},${partOf(to)}`),
    )
    expect(crossing).toEqual([])
  })

  test('only config.ts reads the environment', () => {
    const readers = files.filter((file) =>
      /process\.env/.test(readFileSync(join(root, file), 'utf8')),
    )
    expect(readers).toEqual(['config.ts'])
  })

  test('no provider is named outside providers/ and dialects/', () => {
    const names = providerTypes.map((type) => type.type)
    // Quoted as a word of its own, so that a dialect's name or a sentence is not mistaken for it.
    const pattern = new RegExp(`['"\`](${names.join('|')})['"\`/]`)
    const naming = files
      .filter((file) => !['providers', 'dialects'].includes(partOf(file)))
      .filter((file) => pattern.test(readFileSync(join(root, file), 'utf8')))
    expect(naming).toEqual([])
  })
})
