import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { loadConfig, type Config } from '../src/config.ts'

const packageJson = z
  .object({
    scripts: z.object({ start: z.string() }),
    dependencies: z.record(z.string(), z.string()),
    optionalDependencies: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')))

/** Instructions with their continuation lines joined, without comments. */
const instructions = readFileSync('Dockerfile', 'utf8')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => /^(\w+)\s+(.*)$/.exec(line)?.slice(1) ?? [])

function argumentsOf(name: string): string[] {
  return instructions.flatMap(([word, rest]) => (word === name && rest ? [rest] : []))
}

const healthCheckCommand = z
  .array(z.string())
  .parse(JSON.parse(argumentsOf('HEALTHCHECK')[0]?.replace(/^.*?CMD /, '') ?? ''))

const composeSchema = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string(),
      ports: z.array(z.string()).optional(),
      environment: z.record(z.string(), z.string()).default({}),
      depends_on: z.record(z.string(), z.object({ condition: z.string() })).optional(),
      healthcheck: z.object({ test: z.array(z.string()) }).optional(),
      read_only: z.boolean().optional(),
      tmpfs: z.array(z.string()).optional(),
      cap_drop: z.array(z.string()).optional(),
      security_opt: z.array(z.string()),
      volumes: z.array(z.string()),
      stop_grace_period: z.string().optional(),
    }),
  ),
  volumes: z.record(z.string(), z.unknown()),
})
const compose = composeSchema.parse(parse(readFileSync('compose.yaml', 'utf8')))
const { gateway, ...backends } = compose.services

/** Compose's `${NAME:-default}` and `${NAME:?message}`; other references are not used here. */
function interpolate(text: string, values: Record<string, string>): string {
  return text.replaceAll(/\$\{(\w+):(-|\?)([^}]*)\}/g, (_all, name: string, kind, rest: string) => {
    const value = values[name]
    if (value !== undefined) return value
    if (kind === '?') throw new Error(`${name}: ${rest}`)
    return rest
  })
}

function configOf(environment: Record<string, string>): Config {
  const folder = mkdtempSync(join(tmpdir(), 'xrouter-packaging-'))
  try {
    const empty = join(folder, 'xrouter.toml')
    writeFileSync(empty, '')
    return loadConfig(environment, empty)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const imageEnvironment = Object.fromEntries(
  argumentsOf('ENV').flatMap((line) =>
    [...line.matchAll(/(\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value] as const),
  ),
)

describe('the image', () => {
  test('holds everything that the gateway reads at run time, and is let through to the builder', () => {
    const ignored = readFileSync('.dockerignore', 'utf8').split('\n')
    expect(ignored).toContain('*')
    const copied = argumentsOf('COPY')
      .filter((rest) => !rest.startsWith('--from'))
      .flatMap((rest) => rest.split(/\s+/).slice(0, -1))
    expect(copied).toEqual(
      expect.arrayContaining(['package.json', 'package-lock.json', 'src', 'drizzle']),
    )
    for (const path of copied) {
      expect([path, existsSync(path)]).toEqual([path, true])
      expect(ignored).toContain(`!${path}`)
    }
    expect(sources.flatMap((file) => pathsOutsideSrc(file)).toSorted()).toEqual(['../../drizzle'])
  })

  test('installs what production needs, and no second Node', () => {
    expect(argumentsOf('RUN').join('\n')).toMatch(/npm ci --omit=dev --omit=optional/)
    const node = /^(?:\/\S+\/)?node:(\d+)-bookworm-slim/
    for (const from of argumentsOf('FROM')) expect(from).toMatch(node)
    const major = node.exec(argumentsOf('FROM')[0] ?? '')?.[1]
    for (const [name, version] of Object.entries(packageJson.optionalDependencies)) {
      expect([name, version.split('.')[0]]).toEqual([name, major])
    }
  })

  test('starts as `npm start` does, without root, without a shell, and so that SIGTERM arrives', () => {
    const entry = z.array(z.string()).parse(JSON.parse(argumentsOf('ENTRYPOINT')[0] ?? ''))
    expect(entry.join(' ')).toBe(packageJson.scripts.start)
    const user = argumentsOf('USER').at(-1)
    expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/)
  })

  test('sets only what the configuration knows', () => {
    const names = ['HOST', 'NODE_ENV', 'PORT', 'XROUTER_DATA_DIR']
    expect(Object.keys(imageEnvironment).toSorted()).toEqual(names)
    const config = configOf(imageEnvironment)
    expect(config).toMatchObject({
      production: true,
      server: { host: '0.0.0.0', port: 4000 },
      storage: { dataDir: '/data', databaseUrl: undefined },
    })
    expect(argumentsOf('VOLUME')).toEqual([config.storage.dataDir])
    expect(argumentsOf('EXPOSE')).toEqual([String(config.server.port)])
  })

  test('asks /health on the port that it was told, with Node alone', () => {
    const [program, flag, script] = healthCheckCommand
    expect([program, flag]).toEqual(['node', '-e'])
    expect(script).toContain('127.0.0.1:${process.env.PORT}/health')
  })
})

describe('compose.yaml', () => {
  const secrets = { XROUTER_SECRET: 'secret', POSTGRES_PASSWORD: 'password' }

  test('gives the gateway an environment that it understands', () => {
    const given = Object.entries(gateway?.environment ?? {})
    const environment = Object.fromEntries(
      given.map(([name, value]) => [name, interpolate(value, secrets)]),
    )
    const known = readFileSync('docs/configuration.md', 'utf8')
    expect(given.map(([name]) => name).filter((name) => !known.includes(`\`${name}\``))).toEqual([])
    expect(configOf({ ...imageEnvironment, ...environment })).toMatchObject({
      secret: 'secret',
      masterKey: undefined,
      storage: { databaseUrl: 'postgres://xrouter:password@postgres:5432/xrouter' },
    })
  })

  test.each(['XROUTER_SECRET', 'POSTGRES_PASSWORD'])('says that %s is missing', (name) => {
    const text = readFileSync('compose.yaml', 'utf8')
    expect(() => interpolate(text, { ...secrets, [name]: undefined as never })).toThrow(
      `${name}: set ${name}`,
    )
    expect(interpolate(text, secrets)).not.toContain('${')
  })

  test('publishes the gateway alone, to this machine', () => {
    expect(gateway?.ports).toEqual(['127.0.0.1:4000:4000'])
    for (const service of Object.values(backends)) expect(service.ports).toBeUndefined()
  })

  test('gives the gateway nothing that it does not need', () => {
    expect(gateway).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      volumes: ['gateway-data:/data'],
    })
    expect(gateway?.tmpfs?.[0]).toMatch(/^\/tmp/)
    const graceMs = Number.parseInt(gateway?.stop_grace_period ?? '', 10) * 1_000
    expect(graceMs).toBeGreaterThan(configOf({}).server.drainTimeoutMs + 5_000)
  })

  test('starts it when Postgres and Redis are healthy, and keeps their data', () => {
    expect(Object.keys(backends).toSorted()).toEqual(['postgres', 'redis'])
    for (const [name, service] of Object.entries(backends)) {
      expect(service.healthcheck?.test.length).toBeGreaterThan(1)
      expect(gateway?.depends_on?.[name]).toEqual({ condition: 'service_healthy' })
      const [volume = ''] = service.volumes[0]?.split(':') ?? []
      expect(Object.keys(compose.volumes)).toContain(volume)
    }
  })
})

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(join('src', file), 'utf8'))

/** Files that are opened beside the modules themselves. */
function pathsOutsideSrc(source: string): string[] {
  const matches = source.matchAll(/new URL\('(\.[^']+)', import\.meta\.url\)/g)
  return [...matches].map((match) => match[1] ?? '').filter((path) => !path.endsWith('.ts'))
}

describe('production dependencies suffice', () => {
  test('every package that src imports is one of them', () => {
    const specifiers = sources.flatMap((source) =>
      [
        ...source.matchAll(/^(?:import|export)\s(?!type\s)(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm),
        ...source.matchAll(/\bimport\('([^']+)'\)/g),
      ].map((match) => match[1] ?? ''),
    )
    const packages = new Set(
      specifiers
        .filter((each) => !each.startsWith('.') && !each.startsWith('node:'))
        .map((each) => each.split('/', each.startsWith('@') ? 2 : 1).join('/')),
    )
    expect(packages.size).toBeGreaterThan(10)
    const missing = [...packages].filter((name) => !(name in packageJson.dependencies))
    expect(missing).toEqual([])
    expect([...packages].filter((name) => builtinModules.includes(name))).toEqual([])
  })

  test('every version is exact', () => {
    const inexact = Object.entries(packageJson.dependencies).filter(
      ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
    )
    expect(inexact).toEqual([])
  })
})
