import { createHash, createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { signAws } from '../../src/lib/aws-sign.ts'
import { hasBedrockRecordings, readSigningCases } from '../support/recorded-bedrock.ts'

const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
}
const scope = { service: 'bedrock', region: 'us-east-1', datetime: '20260101T000000Z' }
const body =
  '{"messages":[{"role":"user","content":[{"text":"Hello"}]}],"inferenceConfig":{"maxTokens":64}}'

function converse(model: string) {
  const url = `https://bedrock-runtime.us-east-1.amazonaws.com/model/${model}/converse`
  return { method: 'POST', url, headers: { 'x-amz-date': '20260101T000000Z' }, body }
}

/** What AWS wants signed, computed here from the rules. */
function expected(path: string, token?: string): string {
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
  const sign = (key: string | Buffer, text: string): Buffer =>
    createHmac('sha256', key).update(text).digest()
  const headers = [
    'host:bedrock-runtime.us-east-1.amazonaws.com',
    'x-amz-date:20260101T000000Z',
    ...(token === undefined ? [] : [`x-amz-security-token:${token}`]),
  ]
  const names = headers.map((header) => header.split(':')[0]).join(';')
  const canonical = ['POST', path, '', ...headers, '', names, hash(body)].join('\n')
  const place = '20260101/us-east-1/bedrock/aws4_request'
  const text = ['AWS4-HMAC-SHA256', '20260101T000000Z', place, hash(canonical)].join('\n')
  const key = ['20260101', 'us-east-1', 'bedrock', 'aws4_request'].reduce<string | Buffer>(
    sign,
    `AWS4${credentials.secretAccessKey}`,
  )
  return sign(key, text).toString('hex')
}

function signatureIn(headers: Record<string, string>): string | undefined {
  return /Signature=([0-9a-f]{64})$/.exec(headers['authorization'] ?? '')?.[1]
}

describe('a request to a model', () => {
  const encoded = 'anthropic.claude-3-haiku-20240307-v1%3A0'

  test('is signed over its path encoded once more', async () => {
    const signed = await signAws(converse(encoded), credentials, scope)
    const path = '/model/anthropic.claude-3-haiku-20240307-v1%253A0/converse'
    expect(signatureIn(signed)).toBe(expected(path))
  })

  test('the name of a model may be an ARN', async () => {
    const arn = encodeURIComponent('arn:aws:bedrock:us-east-1:123456789012:inference-profile/x')
    const signed = await signAws(converse(arn), credentials, scope)
    const path = `/model/${encodeURIComponent(arn)}/converse`
    expect(signatureIn(signed)).toBe(expected(path))
  })

  test('a session’s token is sent and signed', async () => {
    const sessionToken = 'SESSIONTOKENEXAMPLE'
    const signed = await signAws(converse(encoded), { ...credentials, sessionToken }, scope)
    expect(signed['x-amz-security-token']).toBe(sessionToken)
    const path = '/model/anthropic.claude-3-haiku-20240307-v1%253A0/converse'
    expect(signatureIn(signed)).toBe(expected(path, sessionToken))
  })

  test('keys of a day are kept, and change nothing', async () => {
    const cache = new Map<string, ArrayBuffer>()
    const first = await signAws(converse(encoded), credentials, { ...scope, cache })
    expect(cache.size).toBe(1)
    expect(await signAws(converse(encoded), credentials, { ...scope, cache })).toEqual(first)
  })

  test('its other headers stay', async () => {
    const request = { ...converse(encoded), headers: { accept: 'application/json' } }
    expect(await signAws(request, credentials, scope)).toMatchObject({
      accept: 'application/json',
      'x-amz-date': scope.datetime,
    })
  })
})

/**
 * Paths that URLs themselves make shorter or encode, headers that are said twice or over several lines,
 * and a signed content type, which AWS allows but does not ask for.
 */
const notApplicable =
  /unnormalized$|header-key-duplicate|header-value-(multiline|order)|get-utf8|get-space|empty-query-key|urlencoded/

describe.skipIf(!hasBedrockRecordings)('AWS’s own cases', () => {
  const cases = hasBedrockRecordings ? readSigningCases() : []
  const applicable = cases.filter(({ name }) => !notApplicable.test(name))

  test.each(applicable)('$name', async ({ context, request, ...rest }) => {
    const [head = '', written = ''] = request.split('\n\n')
    const [first = '', ...lines] = head.trimEnd().split('\n')
    const [, method = '', path = ''] = /^(\w+) (.+) HTTP\/1\.1$/.exec(first) ?? []
    const named = lines.map((line): [string, string] => {
      const [name = '', ...value] = line.split(':')
      return [name.toLowerCase(), value.join(':')]
    })
    const headers = Object.fromEntries(named.filter(([name]) => name !== 'host'))
    const {
      access_key_id: accessKeyId,
      secret_access_key: secretAccessKey,
      token,
    } = context.credentials
    const signed = await signAws(
      { method, url: `https://example.amazonaws.com${path}`, headers, body: written },
      {
        accessKeyId,
        secretAccessKey,
        ...(token !== undefined && !context.omit_session_token && { sessionToken: token }),
      },
      {
        service: context.service,
        region: context.region,
        datetime: context.timestamp.replace(/[-:]/g, ''),
      },
    )
    expect(signatureIn(signed)).toBe(rest['header-signature'])
  })

  test('most of them apply', () => {
    expect([cases.length, applicable.length]).toEqual([38, 23])
  })
})
