import { existsSync } from 'node:fs'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGraphql, type TestServer } from './support.ts'

const executablePath = '/usr/bin/chromium'
const present = existsSync(executablePath)
const required = process.env['XROUTER_REQUIRE_SERVICES'] === '1'

let server: TestServer
let browser: Browser

beforeAll(async () => {
  server = await startGraphql({ graphiql: true })
  if (!present) return
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
})

afterAll(async () => {
  await browser?.close()
  await server.stop()
})

const asBrowser = { headers: { accept: 'text/html,application/xhtml+xml' } }

describe('the GraphiQL page', () => {
  test('needs no key and loads nothing from elsewhere', async () => {
    const response = await fetch(server.url, asBrowser)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('text/html')
    const policy = response.headers.get('content-security-policy') ?? ''
    expect(policy).toMatch(/default-src 'none'; script-src 'sha256-[^']+'/)
    expect(policy).not.toMatch(/https?:|unsafe-eval|script-src[^;]*unsafe-inline/)
    expect(await response.text()).toContain('XRouter GraphiQL')
  })

  test('opens nothing else', async () => {
    expect((await fetch(`${server.url}?query={viewer{id}}`)).status).toBe(401)
  })
})

test('a browser is there to try the page with', { skip: present || !required }, () => {
  expect(present, `${executablePath} is missing`).toBe(true)
})

describe.skipIf(!present)('the GraphiQL page in a browser', () => {
  test('runs a query and a subscription with the key in its header editor', async () => {
    const { page, problems } = await openPage()
    await typeHeaders(page, '{"authorization": "Bearer admin"}')
    await typeQuery(page, 'query Me { viewer { id } }')
    await page.keyboard.press('Control+Enter')
    await page.waitForFunction(() => document.body.innerText.includes('key_admin'))

    await typeQuery(
      page,
      'subscription { completion(input: {model: "test/words", messages: [{role: USER, content: "Hi"}]}) { __typename sequence ... on CompletionFinished { completion { content } } } }',
    )
    await page.keyboard.press('Control+Enter')
    await page.waitForFunction(() => document.body.innerText.includes('CompletionFinished'))
    expect(problems).toEqual([])
  })
})
