import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { openCatalogue } from '../../src/start.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

const toml = `
[providers.demo]
[providers.spare]
type = "demo"

[models.pair]
deployments = ["demo/echo", "spare/echo"]

[auto.models]
code = "spare/echo"

[[rules]]
name = "no-interns"
when = 'tags.?team.orValue("") == "interns"'
deny = "Ask your mentor for a key of your own."

[[rules]]
name = "partners-go-to-spare"
when = '"x-partner" in headers && headers["x-partner"] == "yes" && !("authorization" in headers)'
route = "spare/echo"

[[rules]]
name = "large-prompts"
when = 'estimate.input_tokens > 60'
pin = "spare/echo"
`

const user = (content: string) => [{ role: 'user' as const, content }]

describe('rules in front of a running gateway', () => {
  let gateway: TestGateway
  beforeAll(async () => {
    gateway = await startGateway(toml)
  })
  afterAll(() => gateway.stop())

  const ask = (body: object, headers: Record<string, string> = {}) =>
    fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${gateway.adminKey}`,
        'content-type': 'application/json',
        ...headers,
      },
      body: JSON.stringify({ model: 'demo/echo', messages: user('Hi'), ...body }),
    })

  test('a request that a rule denies is refused by its name, and no provider is called', async () => {
    const response = await ask({ xrouter: { tags: { team: 'interns' } } })
    expect(response.status).toBe(403)
    expect(response.headers.get('x-xrouter-attempts')).toBeNull()
    expect(await response.json()).toMatchObject({
      error: {
        code: 'permission_denied',
        message:
          'The rule `no-interns` refuses this request: Ask your mentor for a key of your own.',
      },
    })
  })

  test('a header routes, and its credentials are hidden from rules; the log shows what fired', async () => {
    const response = await ask({}, { 'x-partner': 'yes' })
    expect(response.status).toBe(200)
    expect(response.headers.get('x-xrouter-model')).toBe('spare/echo')
    const { data } = await gateway.graphql<{ request: object }>(
      'query ($id: ID!) { request(id: $id) { decision { model rules } } }',
      { id: response.headers.get('x-request-id') },
    )
    expect(data.request).toEqual({
      decision: { model: 'spare/echo', rules: ['partners-go-to-spare'] },
    })
  })

  test('a rule about the size of a prompt holds at every door', async () => {
    const long = 'word '.repeat(60)
    const response = await ask({ messages: user(long) })
    expect(response.headers.get('x-xrouter-model')).toBe('spare/echo')
    const { data } = await gateway.graphql(
      'mutation ($input: CompletionInput!) { createCompletion(input: $input) { ... on Completion { model } } }',
      { input: { model: 'demo/echo', messages: [{ role: 'USER', content: long }] } },
    )
    expect(data).toEqual({ createCompletion: { model: 'spare/echo' } })
  })

  test('auto goes where the intent of the request leads, and explainRoute says why', async () => {
    const code = 'Write a Python function that merges two sorted lists into one sorted list.'
    const response = await ask({ model: 'auto', messages: user(code) })
    expect(response.headers.get('x-xrouter-model')).toBe('spare/echo')
    const { data } = await gateway.graphql(
      `query ($input: CompletionInput!) {
        explainRoute(input: $input) { model intent { intent from } rules failedRules { rule } }
      }`,
      { input: { model: 'auto', messages: [{ role: 'USER', content: code }] } },
    )
    expect(data).toEqual({
      explainRoute: {
        model: 'spare/echo',
        intent: { intent: 'code', from: 'text' },
        rules: [],
        failedRules: [],
      },
    })
  })

  test('auto makes no vectors', async () => {
    const response = await fetch(`${gateway.url}/v1/embeddings`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${gateway.adminKey}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ model: 'auto', input: 'Hi' }),
    })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('`auto` chooses among models that talk')
  })
})

describe('rules from the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'xrouter-rules-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  async function run(cases: unknown, command = ['rules', 'test']) {
    const files = { cases: join(folder, 'cases.json'), toml: join(folder, 'xrouter.toml') }
    writeFileSync(files.cases, typeof cases === 'string' ? cases : JSON.stringify(cases))
    writeFileSync(files.toml, toml)
    const args = ['src/cli.ts', ...command, files.cases, files.toml]
    return promisify(execFile)(process.execPath, args).then(
      ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    )
  }

  const explain = ['route', 'explain']

  test('each case is told; the exit code says whether all are as expected', async () => {
    const request = { model: 'demo/echo', messages: user('Hi') }
    const intern = { ...request, xrouter: { tags: { team: 'interns' } } }
    const cases = [
      { name: 'denied', request: intern, expect: { refused: 'no-interns' } },
      {
        name: 'partner',
        request,
        headers: { 'x-partner': 'yes' },
        expect: { rules: ['partners-go-to-spare'], candidates: ['spare/echo'] },
      },
    ]
    const good = await run(cases)
    expect(good).toMatchObject({ code: 0 })
    expect(good.stdout).toContain('ok partner: {"rules":["partners-go-to-spare"]')
    const bad = await run([{ name: 'nobody', request, expect: { rules: ['large-prompts'] } }])
    expect(bad.code).toBe(1)
    expect(bad.stdout).toContain('FAILED nobody')
    expect(bad.stdout).toContain('rules: expected ["large-prompts"]')
  })

  test('a request is explained by the configuration alone, as the route of the gateway does it', async () => {
    const request = {
      model: 'demo/echo',
      messages: user('Hi'),
      xrouter: { deny_providers: ['demo'] },
    }
    const explained = await run({ ...request, xrouter: { fallbacks: ['spare/echo'] } }, explain)
    expect(explained.code).toBe(0)
    expect(JSON.parse(explained.stdout)).toMatchObject({
      object: 'route.decision',
      model: 'demo/echo',
      candidates: [{ deployment: 'demo/echo' }, { deployment: 'spare/echo', source: 'client' }],
      excluded: [],
      passed_over: [],
    })
    const denied = await run(request, explain)
    expect(JSON.parse(denied.stdout)).toMatchObject({
      candidates: [],
      excluded: [{ deployment: 'demo/echo', reason: 'PROVIDER_DENIED' }],
    })
    expect(await run({ ...request, xrouter: { nonsense: 1 } }, explain)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('xrouter.nonsense'),
    })
    expect(await run('{', explain)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the body of a chat completion'),
    })
  })

  test('a file without cases is refused with its place', async () => {
    expect(await run('{')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('a list of cases'),
    })
    expect(await run([{ name: 'x', request: {}, expects: {} }])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('expects'),
    })
  })

  test('names that mean nothing are problems of the configuration', () => {
    const file = join(folder, 'wrong.toml')
    const rule = (text: string) => `[[rules]]\nname = "r"\nwhen = "true"\n${text}\n`
    const problemOf = (text: string) => {
      writeFileSync(file, text)
      try {
        openCatalogue(loadConfig({}, file))
        return 'none'
      } catch (error) {
        return String(error)
      }
    }
    expect(problemOf(rule('route = "nobody/none"'))).toContain(
      'rules[0].route: `nobody/none` is no',
    )
    expect(problemOf(rule('deny_providers = ["nobody"]'))).toContain('rules[0].deny_providers[0]')
    expect(problemOf('[auto.models]\ncode = "auto"')).toContain('auto.models.code: `auto` is what')
    expect(problemOf('[auto]\ndefault = "nobody/none"')).toContain('auto.default')
    expect(problemOf(rule('when2 = "true"'))).toContain('rules[0].when2: there is no such setting')
  })
})
