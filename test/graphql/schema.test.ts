import { getNamedType, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql'
import { describe, expect, test } from 'vitest'
import { errorCodes } from '../../src/errors.ts'
import { schema } from '../../src/graphql/schema.ts'

const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
const rootFields = roots.flatMap((type) => Object.values(type?.getFields() ?? {}))
const ownTypes = Object.values(schema.getTypeMap()).filter((type) => !type.name.startsWith('__'))

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
      requests: { scope: 'READ' },
      request: { scope: 'READ' },
      apiKeys: { scope: 'MANAGE' },
      createApiKey: { scope: 'MANAGE' },
      updateApiKey: { scope: 'MANAGE' },
      revokeApiKey: { scope: 'MANAGE' },
      createCompletion: { anyActor: true },
      completion: { anyActor: true },
    })
  })
})

describe('the names that clients rely on', () => {
  const contract: Record<string, string> = {
    Query: 'viewer models model providers requests request apiKeys',
    Mutation: 'createCompletion createApiKey updateApiKey revokeApiKey',
    Subscription: 'completion',
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
    RoutingInput: 'allowProviders denyProviders',
    Usage:
      'inputTokens cachedInputTokens cacheWriteTokens outputTokens reasoningTokens totalTokens estimated cost',
    Attempt: 'number provider model status httpStatus errorCode latencyMs timeToFirstTokenMs usage',
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
      'id provider name contextLength maxOutputTokens inputModalities features supportedParameters prices',
    Provider: 'id models',
    ApiKey: 'id name prefix tier scopes models createdAt lastUsedAt revokedAt expiresAt',
    CreateApiKeyInput: 'name tier scopes models expiresAt',
    UpdateApiKeyInput: 'id name tier scopes models expiresAt',
    CreatedApiKey: 'apiKey secret',
    ApiKeyConnection: 'edges pageInfo',
    Viewer: 'kind id organization scopes',
    Request:
      'id createdAt model requestedModel provider status stream latencyMs timeToFirstTokenMs usage attempts errorCode apiKey',
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
    for (const name of ['usage', 'rotateApiKey', 'providerHealth']) {
      expect(fields).not.toContain(name)
    }
    expect(schema.getType('ProviderHealth')).toBeUndefined()
    expect(schema.getType('Node')).toBeUndefined()
  })

  test('the list of requests pages forwards only', () => {
    const requests = schema.getQueryType()?.getFields()['requests']
    const names = requests?.args.map((arg) => arg.name).toSorted()
    expect(names).toEqual(['after', 'first', 'model', 'provider', 'status'])
  })
})

test('every type, field, argument and enum value is described', () => {
  const missing: string[] = []
  for (const type of ownTypes) {
    if (['Boolean', 'Float', 'ID', 'Int', 'String'].includes(type.name)) continue
    if (!type.description) missing.push(type.name)
    if (isEnumType(type)) {
      for (const value of type.getValues()) {
        if (!value.description) missing.push(`${type.name}.${value.name}`)
      }
    }
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue
    for (const field of Object.values(type.getFields())) {
      if (!field.description) missing.push(`${type.name}.${field.name}`)
      for (const arg of 'args' in field ? field.args : []) {
        if (!arg.description) missing.push(`${type.name}.${field.name}(${arg.name})`)
      }
    }
  }
  expect(missing).toEqual([])
})

test('big and exact numbers are strings, never floats', () => {
  const money = schema.getType('Money')
  const fields = isObjectType(money) ? money.getFields() : {}
  expect(String(getNamedType(fields['amountNanos']?.type))).toBe('BigInt')
  expect(String(getNamedType(fields['amount']?.type))).toBe('String')
})
