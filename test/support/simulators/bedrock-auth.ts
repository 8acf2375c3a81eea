import { createHash, createHmac } from 'node:crypto'
import { wrongKey, wrongSignature, wrongToken } from './bedrock-error.ts'
import type { RecordedRequest } from './provider.ts'

/** What the simulated account has. */
export const bedrockCredentials = {
  apiKey: 'ABSKsimulated',
  accessKeyId: 'AKIASIMULATED',
  secretAccessKey: 'simulated+secret/key',
  sessionToken: 'simulated-session',
  region: 'us-east-1',
}

/** Throws for a credential that is not the account's; the signature is computed anew from the rules. */
export function checkAccess(request: RecordedRequest): void {
  const { authorization = '' } = request.headers
  if (authorization.startsWith('Bearer ')) {
    if (authorization !== `Bearer ${bedrockCredentials.apiKey}`) throw wrongKey
    return
  }
  const [, keyId, scope = '', names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=(\w+)$/.exec(
      authorization,
    ) ?? []
  const { accessKeyId, sessionToken } = bedrockCredentials
  const token = request.headers['x-amz-security-token']
  if (keyId !== accessKeyId || (token !== undefined && token !== sessionToken)) throw wrongToken
  if (signature !== signatureOf(request, { scope, names })) throw wrongSignature
}

function signatureOf(
  { method, path, headers, rawBody }: RecordedRequest,
  { scope, names }: { scope: string; names: string },
): string {
  const [pathname = '', query = ''] = path.split('?')
  const canonical = [
    method,
    pathname.split('/').map(encodeURIComponent).join('/'),
    query.split('&').toSorted().join('&'),
    ...names.split(';').map((name) => `${name}:${String(headers[name])}`),
    '',
    names,
    sha256(rawBody),
  ].join('\n')
  const date = String(headers['x-amz-date'])
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')
  const key = scope
    .split('/')
    .reduce<string | Buffer>(hmac, `AWS4${bedrockCredentials.secretAccessKey}`)
  return hmac(key, text).toString('hex')
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
