import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { fetchAccessToken } from '../../src/providers/gigachat-oauth.ts'
import { gigachat } from '../../src/providers/gigachat.ts'
import type { Connection, UpstreamRequest } from '../../src/providers/provider.ts'

const connection: Connection = {
  timeoutConnectMs: 1,
  timeoutFirstByteMs: 1,
  timeoutIdleMs: 1,
  timeoutTotalMs: 1,
}

describe('the settings', () => {
  test('come from the variables that the vendor’s SDK reads', () => {
    expect(gigachat.fromEnvironment?.({})).toBeUndefined()
    expect(gigachat.fromEnvironment?.({ GIGACHAT_SCOPE: 'GIGACHAT_API_CORP' })).toBeUndefined()
    expect(
      gigachat.fromEnvironment?.({
        GIGACHAT_CREDENTIALS: 'k',
        GIGACHAT_SCOPE: 'GIGACHAT_API_CORP',
        GIGACHAT_BASE_URL: 'https://a/v1',
        GIGACHAT_AUTH_URL: 'https://b/oauth',
        GIGACHAT_CA_BUNDLE_FILE: '/ca.pem',
        GIGACHAT_MODEL: 'GigaChat',
      }),
    ).toEqual({
      credentials: 'k',
      scope: 'GIGACHAT_API_CORP',
      base_url: 'https://a/v1',
      auth_url: 'https://b/oauth',
      ca_file: '/ca.pem',
    })
  })

  test('have the service’s own addresses and its scope for individuals where nothing is said', () => {
    expect(gigachat.settings.parse({ credentials: 'k' })).toEqual({
      api: 'v1',
      credentials: 'k',
      scope: 'GIGACHAT_API_PERS',
      auth_url: 'https://ngw.devices.sberbank.ru:9443/api/v2/oauth',
      result_role: 'function',
    })
    expect(gigachat.settings.safeParse({ credentials: 'k', scope: 'PERS' }).success).toBe(false)
  })

  test.each([
    [{}, 'https://api.giga.chat/v1', 'gigachat'],
    [{ api: 'v2' }, 'https://api.giga.chat/v2', 'gigachat-v2'],
    [{ api: 'v2', base_url: 'https://a/v2/' }, 'https://a/v2', 'gigachat-v2'],
  ])('say which API is spoken, and where: %j', (given, baseUrl, dialect) => {
    const settings = gigachat.settings.parse({ credentials: 'k', ...given })
    const provider = gigachat.create('gigachat', settings, connection)
    expect([provider.baseUrl, provider.chat?.dialect]).toEqual([baseUrl, dialect])
  })

  test('make vectors over v1 alone', () => {
    const [one, two] = (['v1', 'v2'] as const).map((api) =>
      gigachat.create('g', gigachat.settings.parse({ credentials: 'k', api }), connection),
    )
    expect([one?.embeddings === undefined, two?.embeddings === undefined]).toEqual([false, true])
    const vectors = two?.models.filter(({ features }) => features?.includes('embeddings'))
    expect([vectors, two?.models.length]).toEqual([[], (one?.models.length ?? 0) - 3])
  })

  test('know no third API, and no third speaker of results', () => {
    for (const wrong of [{ api: 'v3' }, { result_role: 'user' }]) {
      expect(gigachat.settings.safeParse({ credentials: 'k', ...wrong }).success).toBe(false)
    }
  })

  test('have the models listed by v1, whichever is spoken', async () => {
    const settings = gigachat.settings.parse({ credentials: 'k', api: 'v2' })
    const provider = gigachat.create('gigachat', settings, connection)
    const asked: string[] = []
    await provider.discover?.(async ({ url, method }) => {
      asked.push(`${method} ${url}`)
      const token = { access_token: 't', expires_at: Date.now() + 1_800_000 }
      return { status: 200, body: method === 'POST' ? token : { data: [] } }
    })
    expect(asked.at(-1)).toBe('GET https://api.giga.chat/v1/models')
  })

  test('offer models with a known context and without invented prices', () => {
    const settings = gigachat.settings.parse({ credentials: 'k' })
    const { models, openModels } = gigachat.create('gigachat', settings, connection)
    expect(models.map(({ name }) => name)).toContain('GigaChat-2-Max')
    expect(models.every(({ price }) => price === undefined)).toBe(true)
    expect(openModels).toBe(true)
  })
})

describe('the request for a token', () => {
  const settings = {
    id: 'gigachat',
    credentials: 'a2V5',
    scope: 'GIGACHAT_API_B2B',
    url: 'https://a',
  }

  test('carries the key, the scope and an id of its own', async () => {
    const sent: UpstreamRequest[] = []
    const send = async (request: UpstreamRequest) => {
      sent.push(request)
      return { status: 200, body: { access_token: 't', expires_at: 1_739_784_663_483 } }
    }
    await fetchAccessToken(settings, send)
    const token = await fetchAccessToken({ ...settings, credentials: 'id:secret' }, send)
    expect(token).toEqual({ value: 't', expiresAtMs: 1_739_784_663_483 })
    expect(sent.map(({ headers }) => headers['authorization'])).toEqual([
      'Basic a2V5',
      `Basic ${Buffer.from('id:secret').toString('base64')}`,
    ])
    expect(sent[0]).toMatchObject({
      method: 'POST',
      url: 'https://a',
      body: 'scope=GIGACHAT_API_B2B',
    })
    expect(new Set(sent.map(({ headers }) => headers['rquid'])).size).toBe(2)
  })

  test('understands a time in seconds', async () => {
    const body = { access_token: 't', expires_at: 1_679_471_442 }
    const token = await fetchAccessToken(settings, async () => ({ status: 200, body }))
    expect(token.expiresAtMs).toBe(1_679_471_442_000)
  })

  const failures: [status: number, body: unknown, code: string, says: RegExp][] = [
    [400, { code: 1, message: 'scope data format invalid' }, 'PROVIDER_AUTH', /code 1: `scope`/],
    [400, { code: 4, message: 'no' }, 'PROVIDER_AUTH', /code 4.*`credentials`/],
    [400, { code: 5, message: 'scope is empty' }, 'PROVIDER_AUTH', /`scope`/],
    [401, { code: 6, message: 'no' }, 'PROVIDER_AUTH', /401, code 6.*`credentials`/],
    [401, { code: 7, message: 'no' }, 'PROVIDER_AUTH', /code 7.*`scope`/],
    [403, '<html>', 'PROVIDER_AUTH', /answered 403/],
    [404, 'nothing', 'PROVIDER_ERROR', /404.*auth_url/],
    [200, { token: 't' }, 'PROVIDER_ERROR', /200.*auth_url/],
    [200, '<html>', 'PROVIDER_ERROR', /200.*auth_url/],
    [429, {}, 'PROVIDER_RATE_LIMITED', /429/],
    [502, '', 'PROVIDER_UNAVAILABLE', /502/],
  ]
  test.each(failures)('answered by %i %j', async (status, body, code, says) => {
    const failed = fetchAccessToken(settings, async () => ({ status, body }))
    await expect(failed).rejects.toMatchObject({ code, failover: true, upstreamStatus: status })
    await expect(failed).rejects.toThrow(says)
    await expect(failed).rejects.not.toThrow(/html|a2V5/)
  })

  test('that never arrives says whose it was; a bug stays a bug', async () => {
    const unreachable = new GatewayError({ code: 'PROVIDER_TIMEOUT', message: 'It was too late.' })
    const failed = fetchAccessToken(settings, () => Promise.reject(unreachable))
    await expect(failed).rejects.toMatchObject({
      code: 'PROVIDER_TIMEOUT',
      message: 'No access token for `gigachat` (auth_url): It was too late.',
    })
    const bug = new TypeError('bug')
    await expect(fetchAccessToken(settings, () => Promise.reject(bug))).rejects.toBe(bug)
  })
})
