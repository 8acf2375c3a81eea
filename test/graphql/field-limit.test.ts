import SchemaBuilder from '@pothos/core'
import { graphql, parse, subscribe, type ExecutionResult, type GraphQLSchema } from 'graphql'
import { afterAll, describe, expect, inject, test } from 'vitest'
import type { GraphqlContext } from '../../src/graphql/context.ts'
import '../../src/graphql/rate-limit-option.ts'
import type { RateLimitRule } from '../../src/graphql/rate-limit-option.ts'
import { GatewayError } from '../../src/errors.ts'
import type { LimitEngine } from '../../src/gateway/limits/engine.ts'
import { LocalLimiter } from '../../src/gateway/limits/local-limiter.ts'
import type { Limiter } from '../../src/gateway/limits/meter.ts'
import { localLimiter, redisLimiter, type OpenLimiter } from '../support/limiters.ts'

const { real } = inject('services')
const opened: OpenLimiter[] = []
afterAll(() => opened.forEach(({ close }) => close()))

const minute = 60_000

function schemaOf(rule: RateLimitRule): GraphQLSchema {
  const builder = new SchemaBuilder<{ Context: GraphqlContext }>({
    plugins: ['rateLimitOption'],
    scopeAuth: { authScopes: () => ({}) },
  })
  builder.queryType({
    fields: (t) => ({
      heavy: t.string({
        nullable: false,
        args: { of: t.arg.string(), for: t.arg.string() },
        rateLimit: rule,
        resolve: () => 'done',
      }),
      other: t.string({
        nullable: false,
        rateLimit: { max: rule.max, windowMs: minute },
        resolve: () => 'done',
      }),
      free: t.string({ nullable: false, resolve: () => 'done' }),
    }),
  })
  builder.subscriptionType({
    fields: (t) => ({
      ticks: t.int({
        nullable: false,
        rateLimit: { max: 2, windowMs: minute },
        subscribe: async function* () {
          yield 1
          yield 2
          yield 3
        },
        resolve: (tick: number) => tick,
      }),
    }),
  })
  return builder.toSchema()
}

let callers = 0
const freshCaller = (): string => `key_${process.pid}_${Date.now()}_${(callers += 1)}`

/** As much of a context as a limit looks at. */
function contextOf(limiter: Limiter, caller: string): GraphqlContext {
  const actor = { kind: 'api-key', id: caller, organization: 'org_test' }
  let engine = engines.get(limiter)
  if (!engine) {
    engine = { reserve: async (asked) => ({ outcome: await limiter.reserve(asked), by: limiter }) }
    engines.set(limiter, engine)
  }
  return { gateway: { limits: { engine } }, actor } as GraphqlContext
}

const engines = new Map<Limiter, Pick<LimitEngine, 'reserve'>>()

interface Asked {
  limiter: Limiter
  caller?: string
  query?: string
}

async function ask(
  schema: GraphQLSchema,
  { limiter, caller = freshCaller(), query = '{ heavy }' }: Asked,
): Promise<ExecutionResult> {
  return graphql({ schema, source: query, contextValue: contextOf(limiter, caller) })
}

const isDone = ({ errors }: ExecutionResult): boolean => errors === undefined

/** Two servers: with one limiter in process, and with a connection each to one Redis. */
const kinds = [
  {
    name: 'in process',
    open: async () => {
      const { limiter } = localLimiter()
      return [limiter, limiter] as const
    },
  },
  ...(real
    ? [
        {
          name: 'over Redis',
          open: async () => {
            const two = await Promise.all([
              redisLimiter(real.redisUrl),
              redisLimiter(real.redisUrl),
            ])
            opened.push(...two)
            return [two[0].limiter, two[1].limiter] as const
          },
        },
      ]
    : []),
]

describe.each(kinds)('two servers $name', ({ open }) => {
  test('of 200 calls at once exactly so many pass as the rule says', async () => {
    const limiters = await open()
    const schema = schemaOf({ max: 10, windowMs: minute })
    const caller = freshCaller()
    const calls = Array.from({ length: 200 }, (_, turn) => {
      const limiter = limiters[turn % 2 === 0 ? 0 : 1]
      return ask(schema, { limiter, caller })
    })
    expect((await Promise.all(calls)).filter(isDone)).toHaveLength(10)
  })

  test('50 aliases in one operation are 50 calls', async () => {
    const [limiter] = await open()
    const schema = schemaOf({ max: 10, windowMs: minute })
    const aliases = Array.from({ length: 50 }, (_, index) => `a${index}: heavy`)
    const { data, errors } = await ask(schema, { limiter, query: `{ ${aliases.join(' ')} }` })
    expect(data).toBeNull()
    expect(errors?.length).toBeGreaterThan(0)
    const nullable = schemaOf({ max: 60, windowMs: minute })
    expect(isDone(await ask(nullable, { limiter, query: `{ ${aliases.join(' ')} }` }))).toBe(true)
  })
})

describe('a limit', () => {
  test('says in the typed way what is over and how long to wait', async () => {
    const clock = { now: 0 }
    const limiter = new LocalLimiter({ now: () => clock.now })
    const schema = schemaOf({ max: 2, windowMs: minute })
    const caller = freshCaller()
    await ask(schema, { limiter, caller })
    await ask(schema, { limiter, caller })
    const { errors } = await ask(schema, { limiter, caller })
    const error = errors?.[0]?.originalError
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED', status: 429, retryAfterMs: 30_000 })
    expect(error?.message).toContain('Query.heavy')
    clock.now = 29_999
    expect(isDone(await ask(schema, { limiter, caller }))).toBe(false)
    clock.now = 30_000
    expect(isDone(await ask(schema, { limiter, caller }))).toBe(true)
  })

  test('is each key’s own, and each field’s own', async () => {
    const { limiter } = localLimiter()
    const schema = schemaOf({ max: 1, windowMs: minute })
    const caller = freshCaller()
    expect(isDone(await ask(schema, { limiter, caller }))).toBe(true)
    expect(isDone(await ask(schema, { limiter, caller }))).toBe(false)
    expect(isDone(await ask(schema, { limiter, caller, query: '{ other free }' }))).toBe(true)
    expect(isDone(await ask(schema, { limiter }))).toBe(true)
  })

  test('can count the values of arguments apart, however they are written', async () => {
    const { limiter } = localLimiter()
    const schema = schemaOf({ max: 1, windowMs: minute, identityArgs: ['of', 'for'] })
    const caller = freshCaller()
    const query = (of: string, what: string): Asked => ({
      limiter,
      caller,
      query: `{ heavy(of: ${JSON.stringify(of)}, for: ${JSON.stringify(what)}) }`,
    })
    expect(isDone(await ask(schema, query('x:y', 'z')))).toBe(true)
    expect(isDone(await ask(schema, query('x', 'y:z')))).toBe(true)
    expect(isDone(await ask(schema, query('x', 'y:z')))).toBe(false)
  })

  test('stands before a subscription, once for all of its events', async () => {
    const { limiter } = localLimiter()
    const schema = schemaOf({ max: 1, windowMs: minute })
    const contextValue = contextOf(limiter, freshCaller())
    const document = parse('subscription { ticks }')
    for (let turn = 0; turn < 2; turn += 1) {
      const events = await subscribe({ schema, document, contextValue })
      if (!(Symbol.asyncIterator in events)) throw new Error(JSON.stringify(events))
      const ticks: unknown[] = []
      for await (const { data } of events) ticks.push(data?.['ticks'])
      expect(ticks).toEqual([1, 2, 3])
    }
    const refused = await subscribe({ schema, document, contextValue })
    expect('errors' in refused && refused.errors?.[0]?.originalError).toBeInstanceOf(GatewayError)
  })

  test.each([
    { max: 0, windowMs: minute },
    { max: -1, windowMs: minute },
    { max: 0.5, windowMs: minute },
    { max: 1, windowMs: 0 },
  ])('of %j is refused when the schema is built', (rule) => {
    expect(() => schemaOf(rule)).toThrow('Query.heavy')
  })
})
