import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  buildSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from 'graphql'
import { describe, expect, test } from 'vitest'
import { errorCodes } from '../../src/errors.ts'
import { schema } from '../../src/graphql/schema.ts'
import { membersOf, undocumentedDeprecations } from '../support/schema-members.ts'

const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
const rootFields = roots.flatMap((type) => Object.values(type?.getFields() ?? {}))

describe('default deny', () => {
  test.each(rootFields.map((field) => [field.name, field] as const))(
    'the root field %s declares the scope that it needs',
    (_name, field) => {
      expect(field.extensions['pothosOptions']).toMatchObject({
        authScopes: expect.objectContaining({}),
      })
    },
  )

  test('the declared scopes are these', () => {
    const declared = rootFields.map((field) => [
      field.name,
      Object(field.extensions['pothosOptions']).authScopes,
    ])
    expect(Object.fromEntries(declared)).toEqual({
      viewer: { anyActor: true },
      models: { anyActor: true },
      model: { anyActor: true },
      providers: { anyActor: true },
      providerHealth: { anyActor: true },
      explainRoute: { scope: 'INFERENCE' },
      usage: { scope: 'READ' },
      requests: { scope: 'READ' },
      request: { scope: 'READ' },
      apiKeys: { scope: 'MANAGE' },
      tiers: { scope: 'READ' },
      rateLimits: { scope: 'READ' },
      budgets: { scope: 'READ' },
      updateTier: { scope: 'ADMIN' },
      setRateLimit: { scope: 'MANAGE' },
      deleteRateLimit: { scope: 'MANAGE' },
      createBudget: { scope: 'MANAGE' },
      updateBudget: { scope: 'MANAGE' },
      deleteBudget: { scope: 'MANAGE' },
      webhookEndpoints: { scope: 'READ' },
      webhookDeliveries: { scope: 'READ' },
      createWebhookEndpoint: { scope: 'MANAGE' },
      updateWebhookEndpoint: { scope: 'MANAGE' },
      deleteWebhookEndpoint: { scope: 'MANAGE' },
      rotateWebhookSecret: { scope: 'MANAGE' },
      sendTestWebhook: { scope: 'MANAGE' },
      redeliverWebhook: { scope: 'MANAGE' },
      createApiKey: { scope: 'MANAGE' },
      updateApiKey: { scope: 'MANAGE' },
      rotateApiKey: { scope: 'MANAGE' },
      revokeApiKey: { scope: 'MANAGE' },
      createAdjustment: { scope: 'ADMIN' },
      invalidateCache: { scope: 'MANAGE' },
      createCompletion: { anyActor: true },
      createEmbedding: { anyActor: true },
      completion: { anyActor: true },
    })
  })
})

describe('the names that clients rely on', () => {
  const contract: Record<string, string> = {
    Query:
      'explainRoute viewer models model providers providerHealth usage requests request apiKeys',
    Mutation: 'createCompletion createApiKey updateApiKey rotateApiKey revokeApiKey',
    Subscription: 'completion providerHealth',
    Money: 'currency amountNanos amount',
    Error: 'code message retryable requestId',
    CompletionError: 'code message retryable requestId retryAfterMs path attempts',
    ContentPartInput: 'text image file',
    ImagePartInput: 'url detail',
    FilePartInput: 'url mediaType name',
    ToolCallInput: 'id name arguments',
    MessageInput: 'role content parts name toolCalls toolCallId',
    ToolInput: 'name description parameters strict',
    CompletionInput:
      'model messages temperature topP maxTokens stop seed choices tools toolChoice ' +
      'parallelToolCalls responseFormat reasoningEffort logprobs topLogprobs fallbacks routing tags passthrough',
    RoutingInput:
      'allowProviders denyProviders regions dataPolicy deploymentTags maxPrice session strategy stickyBy ' +
      'weights hedgeAfterMs parallel stickiness',
    RoutingDecision:
      'model strategy variant affinity rules estimatedInputTokens estimatedOutputTokens candidates excluded excludedCount',
    RoutingCandidate: 'deployment model source score parts estimatedCost',
    RoutingExclusion: 'deployment reason detail',
    Usage:
      'inputTokens cachedInputTokens cacheWriteTokens outputTokens reasoningTokens totalTokens estimated cost',
    Attempt:
      'number provider model status httpStatus errorCode latencyMs timeToFirstTokenMs usage accountingCost',
    ToolCall: 'id index name arguments',
    Choice: 'index content reasoning refusal toolCalls finishReason rawFinishReason',
    Completion:
      'id model provider createdAt content finishReason toolCalls choices usage attempts warnings',
    CompletionEvent: 'completionId sequence',
    CompletionStarted: 'completionId sequence model provider',
    TextDelta: 'completionId sequence choice text',
    ReasoningDelta: 'completionId sequence choice text',
    RefusalDelta: 'completionId sequence choice text',
    ToolCallDelta: 'completionId sequence choice index id name argumentsDelta',
    CompletionFinished: 'completionId sequence completion',
    CompletionFailed: 'completionId sequence error',
    ModelPrice: 'tokenClass perMillion',
    Model:
      'id provider name contextLength maxOutputTokens inputModalities features supportedParameters prices deployments strategy',
    Provider: 'id models health',
    ProviderHealth:
      'provider state reason successRate latencyP50Ms latencyP95Ms timeToFirstTokenP50Ms since checkedAt',
    UsageFilter: 'from to model provider apiKeyId user tag',
    UsageRow:
      'time key requests errors inputTokens outputTokens cost cacheHits cacheHitRate latency timeToFirstToken accountingCost',
    DurationPercentiles: 'p50Ms p95Ms p99Ms',
    ApiKey:
      'id name prefix tier scopes models allowedIps tags metadata createdAt lastUsedAt revokedAt expiresAt ' +
      'disabledAt previousSecretExpiresAt',
    CreateApiKeyInput: 'name tier scopes models expiresAt allowedIps tags metadata',
    UpdateApiKeyInput:
      'id name tier scopes models expiresAt allowedIps tags metadata disabled force',
    RotateApiKeyInput: 'id overlapSeconds',
    CreatedApiKey: 'apiKey secret',
    WebhookEndpoint:
      'id url events description enabled disabledReason failingSince previousSecretExpiresAt createdAt updatedAt',
    CreatedWebhookEndpoint: 'endpoint secret',
    WebhookDelivery:
      'id endpointId eventType payload state attempts nextAttemptAt lastStatus lastError createdAt deliveredAt',
    LedgerEntry: 'id createdAt kind amount requestId attemptNumber reason',
    CreateAdjustmentInput: 'requestId currency amountNanos reason',
    ApiKeyConnection: 'edges pageInfo',
    Viewer: 'kind id organization scopes tier apiKey',
    Request:
      'id createdAt model requestedModel provider status stream latencyMs timeToFirstTokenMs usage attempts errorCode apiKey ledgerEntries decision',
    RequestConnection: 'edges pageInfo',
    RequestEdge: 'cursor node',
    PageInfo: 'hasNextPage hasPreviousPage startCursor endCursor',
  }

  test.each(Object.entries(contract))('%s has its fields', (name, fields) => {
    const type = schema.getType(name)
    const hasFields = isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)
    expect(hasFields && Object.keys(type.getFields())).toEqual(
      expect.arrayContaining(fields.split(' ')),
    )
  })

  const enums: Record<string, string> = {
    MessageRole: 'SYSTEM DEVELOPER USER ASSISTANT TOOL',
    FinishReason: 'STOP LENGTH TOOL_CALLS CONTENT_FILTER REFUSAL CANCELLED ERROR OTHER',
    AttemptStatus: 'SUCCEEDED FAILED CANCELLED',
    RoutingStrategy:
      'ORDERED WEIGHTED LEAST_LATENCY LEAST_BUSY CHEAPEST HEADROOM SCORED PREFER_LOCAL RACE HEDGE',
    DataPolicy: 'NO_RETENTION NO_TRAINING ANY',
    Stickiness: 'NONE TURN SESSION',
    HealthState: 'OPERATIONAL DEGRADED DOWN UNKNOWN',
    UsageDimension: 'MODEL PROVIDER API_KEY USER TAG',
    Granularity: 'TOTAL MINUTE HOUR DAY',
    Scope: 'INFERENCE READ MANAGE ADMIN',
    ErrorCode: errorCodes.join(' '),
  }

  test.each(Object.entries(enums))('the values of %s are complete', (name, values) => {
    const type = schema.getType(name)
    const names = isEnumType(type) ? type.getValues().map((value) => value.name) : []
    expect(names.toSorted()).toEqual(values.split(' ').toSorted())
  })

  test('nothing is promised that is not built yet', () => {
    const fields = rootFields.map((field) => field.name)
    for (const name of ['spend']) {
      expect(fields).not.toContain(name)
    }
    expect(schema.getType('Node')).toBeUndefined()
  })

  test('the list of requests pages forwards only', () => {
    const requests = schema.getQueryType()?.getFields()['requests']
    const names = requests?.args.map((arg) => arg.name).toSorted()
    expect(names).toEqual(['after', 'first', 'from', 'model', 'provider', 'status', 'to'])
  })
})

test('every type, field, argument, input field and enum value is described', () => {
  expect(membersOf(schema).length).toBeGreaterThan(300)
  const missing = membersOf(schema).filter(({ description }) => !description?.trim())
  expect(missing.map(({ place }) => place)).toEqual([])
})

describe('what is deprecated', () => {
  const reasonsIn = (sdl: string) => undocumentedDeprecations(buildSchema(sdl))

  test('names its successor and its end', () => {
    expect(undocumentedDeprecations(schema)).toEqual([])
  })

  test.each([
    ['Use `Query.models` instead. Removed after 2027-06-30.', []],
    ['Use `b`, which is exact. Removed in 2.0.', []],
    ['Not needed any more: say nothing. Removed in 2.0.', ['Query.a']],
    ['Use `b` instead.', ['Query.a']],
    ['No longer supported', ['Query.a']],
  ])('as %s', (reason, wrong) => {
    expect(reasonsIn(`type Query { a: Int @deprecated(reason: "${reason}") b: Int }`)).toEqual(
      wrong,
    )
  })

  test('is looked for everywhere', () => {
    const sdl = `
      type Query implements I { a(b: Int @deprecated): E, i(i: In): Int }
      interface I { i(i: In): Int @deprecated }
      input In { c: Int @deprecated }
      enum E { D @deprecated F }`
    expect(reasonsIn(sdl).toSorted()).toEqual(['E.D', 'I.i', 'In.c', 'Query.a(b)'])
  })
})

test('the documentation lists the roots and their scopes as they are', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/graphql.md'), 'utf8')
  const rows = [...text.matchAll(/^\| `(Query|Mutation|Subscription)\.(\w+)` +\| (\S+) +\|/gm)]
  const documented = rows.map(([, type, name, scope]) => [`${type}.${name}`, scope])
  const declared = roots.flatMap((type) =>
    Object.values(type?.getFields() ?? {}).map((field) => [
      `${type?.name}.${field.name}`,
      Object(field.extensions['pothosOptions']).authScopes.scope ?? 'any',
    ]),
  )
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(declared))
})

test('big and exact numbers are strings, never floats', () => {
  const money = schema.getType('Money')
  const fields = isObjectType(money) ? money.getFields() : {}
  expect(String(getNamedType(fields['amountNanos']?.type))).toBe('BigInt')
  expect(String(getNamedType(fields['amount']?.type))).toBe('String')
})
