import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { ConfigError, type Config } from './config.ts'
import { openaiChatDoor } from './dialects/openai-chat/chat-door.ts'
import { GatewayError } from './errors.ts'
import { createAffinity } from './gateway/affinity.ts'
import type { Catalogue } from './gateway/catalogue.ts'
import { createDeploymentStates } from './gateway/deployment-states.ts'
import { explainRoute } from './gateway/explain.ts'
import { createHeadroom } from './gateway/headroom.ts'
import { createRates } from './gateway/rates.ts'
import type { RouteDeps } from './gateway/route.ts'
import { scopes, type Actor } from './protocol/actor.ts'
import { tagsSchema } from './protocol/tags.ts'
import { decodeHints } from './rest/hints.ts'

const caseSchema = z.strictObject({
  name: z.string().min(1),
  /** The body of a chat completion, its member `xrouter` included. */
  request: z.looseObject({}),
  key: z
    .strictObject({
      tier: z.string().optional(),
      scopes: z.array(z.enum(scopes)).optional(),
      models: z.array(z.string()).optional(),
      tags: tagsSchema.optional(),
    })
    .default({}),
  headers: z.record(z.string(), z.string()).default({}),
  now: z.iso.datetime({ offset: true }).optional(),
  /** What is left out is not looked at. */
  expect: z
    .strictObject({
      rules: z.array(z.string()).optional(),
      model: z.string().optional(),
      candidates: z.array(z.string()).optional(),
      intent: z.string().optional(),
      /** Part of the message with which it is refused. */
      refused: z.string().optional(),
    })
    .default({}),
})

type Case = z.infer<typeof caseSchema>

/** What came of a case, in a form that can be compared and printed. */
type Result = Required<Case['expect']> | Pick<Required<Case['expect']>, 'refused'>

/** Asks the rules of a configuration about the cases of a JSON file; returns what to print and how many failed. */
export function runRuleCases(
  config: Config,
  catalogue: Catalogue,
  file: string,
): { lines: string[]; failed: number } {
  const lines: string[] = []
  let failed = 0
  for (const each of readCases(file)) {
    const result = resultOf(config, catalogue, each)
    const faults = faultsOf(each.expect, result)
    if (faults.length > 0) failed += 1
    lines.push(`${faults.length > 0 ? 'FAILED' : 'ok'} ${each.name}: ${JSON.stringify(result)}`)
    lines.push(...faults.map((fault) => `  ${fault}`))
  }
  return { lines, failed }
}

function readCases(file: string): Case[] {
  const problem = (path: string, message: string) => new ConfigError([{ path, message }])
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    throw problem(file, 'must be a readable JSON file with a list of cases')
  }
  const parsed = z.array(caseSchema).min(1).safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw problem(`${file}: ${issue?.path.join('.') ?? ''}`, issue?.message ?? 'is not valid')
}

/** Routing by a configuration alone, as if nothing had been called yet. */
export function dryRouting(config: Config, catalogue: Catalogue, now: number): RouteDeps {
  return {
    catalogue,
    rules: config.rules,
    states: createDeploymentStates(config.resilience),
    headroom: createHeadroom(),
    affinity: createAffinity(),
    rates: createRates(config.accounting),
    // The same each time: a case is a test.
    random: () => 0.5,
    now: () => now,
  }
}

function resultOf(config: Config, catalogue: Catalogue, each: Case): Result {
  const now = each.now === undefined ? Date.now() : Date.parse(each.now)
  const deps = dryRouting(config, catalogue, now)
  try {
    const { request, xrouter } = openaiChatDoor.decode(each.request, each.headers)
    const { hints, tags, user } = decodeHints(xrouter)
    const { headers } = each
    const said = { ...each.key.tags, ...tags }
    const caller = { actor: actorOf(each), door: 'rest' as const, headers, hints, tags: said, user }
    const { rules, model, candidates, intent } = explainRoute(deps, request, caller)
    return {
      rules: [...rules],
      model,
      candidates: candidates.map(({ deployment }) => deployment),
      intent: intent?.intent ?? '',
      refused: '',
    }
  } catch (error) {
    if (error instanceof GatewayError) return { refused: error.message }
    throw error
  }
}

function actorOf({ key }: Case): Actor {
  return {
    kind: 'api-key',
    id: 'key_of_the_case',
    organization: 'default',
    tier: key.tier ?? 'enterprise',
    scopes: new Set(key.scopes ?? ['INFERENCE']),
    models: key.models ?? null,
    tags: key.tags,
  }
}

function faultsOf(expected: Case['expect'], result: Result): string[] {
  const { refused, ...others } = expected
  const faults: string[] = []
  if (refused !== undefined && !(result.refused && result.refused.includes(refused))) {
    faults.push(`refused: expected a message with ${JSON.stringify(refused)}`)
  }
  const told: Record<string, unknown> = { ...result }
  for (const [member, value] of Object.entries(others)) {
    if (isDeepStrictEqual(told[member], value)) continue
    faults.push(`${member}: expected ${JSON.stringify(value)}`)
  }
  return faults
}
