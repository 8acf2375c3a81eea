import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { decodeModels, decodeProfiles } from '../../src/providers/bedrock-discovery.ts'
import { bedrock } from '../../src/providers/bedrock.ts'
import type { Provider, UpstreamRequest } from '../../src/providers/provider.ts'

const connection = {
  timeoutConnectMs: 1,
  timeoutFirstByteMs: 1,
  timeoutIdleMs: 1,
  timeoutTotalMs: 1,
}
const keys = { access_key_id: 'AKIA', secret_access_key: 'secret' }

function create(given: object = {}): Provider {
  return bedrock.create('b', bedrock.settings.parse({ region: 'us-east-1', ...given }), connection)
}

async function signed(given: object): Promise<Record<string, string>> {
  const request: UpstreamRequest = {
    method: 'POST',
    url: 'https://e.com/model/a%3A1/converse',
    headers: { a: 'b' },
    body: '{}',
  }
  const { headers } = await create(given).authorize(request, () =>
    Promise.reject(new Error('sent')),
  )
  return headers
}

describe('the settings', () => {
  test.each([
    [{ AWS_REGION: 'eu-west-1', AWS_BEARER_TOKEN_BEDROCK: 'k' }, true],
    [{ AWS_DEFAULT_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 's' }, true],
    [{ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 's' }, false],
    [{ AWS_REGION: 'eu-west-1' }, false],
    [{}, false],
  ])('%j switch it on: %s', (environment, on) => {
    const found = loadConfig(environment, undefined).providers.find(({ id }) => id === 'bedrock')
    expect(found !== undefined).toBe(on)
    if (found) expect(found.baseUrl).toBe('https://bedrock-runtime.eu-west-1.amazonaws.com')
  })

  test.each([
    [{}, ['api_key']],
    [{ access_key_id: 'a' }, ['secret_access_key']],
    [{ secret_access_key: 'a' }, ['api_key', 'secret_access_key']],
    [{ ...keys, region: 'everywhere' }, ['region']],
    [{ ...keys, guardrail: { id: 'g', version: 'last' } }, ['guardrail.version']],
  ])('%j are wrong at %j', (given, paths) => {
    const { error } = bedrock.settings.safeParse({ region: 'us-east-1', ...given })
    expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual(paths)
  })

  test.each([
    ['us-gov-west-1', 'https://bedrock-runtime.us-gov-west-1.amazonaws.com'],
    ['cn-north-1', 'https://bedrock-runtime.cn-north-1.amazonaws.com.cn'],
  ])('the region %s has its host', (region, host) => {
    expect(create({ ...keys, region }).baseUrl).toBe(host)
  })

  test('a key of Bedrock’s own is a bearer, and stands before the others', async () => {
    expect(await signed({ ...keys, api_key: 'ABSK' })).toEqual({
      a: 'b',
      authorization: 'Bearer ABSK',
    })
  })

  test('keys of AWS sign, with the session where there is one', async () => {
    const headers = await signed({ ...keys, session_token: 'session' })
    expect(headers).toMatchObject({ a: 'b', 'x-amz-security-token': 'session' })
    expect(headers['authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIA\/\d{8}\/us-east-1\/bedrock\/aws4_request, SignedHeaders=a;host;x-amz-date;x-amz-security-token, /,
    )
    expect(await signed(keys)).not.toHaveProperty('x-amz-security-token')
  })
})

describe('the lists', () => {
  const summary = {
    modelId: 'a',
    inputModalities: ['TEXT', 'IMAGE'],
    outputModalities: ['TEXT'],
    responseStreamingSupported: true,
    inferenceTypesSupported: ['ON_DEMAND'],
    modelLifecycle: { status: 'ACTIVE' },
  }

  test('have the models that can be called and write', () => {
    const modelSummaries = [
      summary,
      { ...summary, modelId: 'profile', inferenceTypesSupported: ['INFERENCE_PROFILE'] },
      { ...summary, modelId: 'vectors', outputModalities: ['EMBEDDING'] },
      { ...summary, modelId: 'old', modelLifecycle: { status: 'LEGACY' } },
      {},
      null,
    ]
    expect(decodeModels({ status: 200, body: { modelSummaries } })).toEqual([
      { name: 'a', inputModalities: ['text', 'image'], features: ['streaming'] },
    ])
  })

  test('have the profiles that are active, page by page', () => {
    const inferenceProfileSummaries = [
      { inferenceProfileId: 'us.a', status: 'ACTIVE' },
      { inferenceProfileId: 'us.b', status: 'DELETED' },
    ]
    const body = { inferenceProfileSummaries, nextToken: 'n' }
    expect(decodeProfiles({ status: 200, body })).toEqual({
      profiles: [{ name: 'us.a' }],
      next: 'n',
    })
  })

  test('that are refused are failures', () => {
    expect(() => decodeModels({ status: 403, body: { Message: 'no' } })).toThrow(
      expect.objectContaining({ code: 'PROVIDER_AUTH' }),
    )
  })
})

test('every model has a price with its source, and profiles of a part of the world cost a tenth more', () => {
  const { models } = create(keys)
  for (const { price } of models) expect(price?.source).toContain('2026-08-01')
  const priceOf = (name: string) => models.find((each) => each.name === name)?.price?.perMillion
  expect(priceOf('global.anthropic.claude-sonnet-4-6')).toEqual({
    inputTokens: '3',
    outputTokens: '15',
    cachedInputTokens: '0.3',
    cacheWriteTokens: '3.75',
  })
  expect(priceOf('eu.anthropic.claude-sonnet-4-6')).toEqual({
    inputTokens: '3.3',
    outputTokens: '16.5',
    cachedInputTokens: '0.33',
    cacheWriteTokens: '4.125',
  })
})
