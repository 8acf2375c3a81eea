import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasChromium, launchChromium, requiresChromium } from '../support/chromium.ts'
import { startGraphql, type TestServer } from './support.ts'

let server: TestServer
let browser: Browser

beforeAll(async () => {
  server = await startGraphql({ graphiql: true })
  if (hasChromium) browser = await launchChromium()
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

test.runIf(requiresChromium)('a browser is there to try the page with', () => {
  expect(hasChromium, 'Chromium is missing').toBe(true)
})

describe.skipIf(!hasChromium)('the GraphiQL page in a browser', () => {
  test('runs a query and a subscription with the key in its header editor', async () => {
    const { page, problems, seen } = await openPage()
    await fill(page, '.graphiql-editor-tool', '{"authorization": "Bearer admin"}')
    await execute(page, 'Me', 'query Me { viewer { id } }')
    await shows(page, 'key_admin')

    await execute(page, 'Answer', subscription)
    await shows(page, 'CompletionFinished')
    await shows(page, 'Hello there')
    expect(problems).toEqual([])
    expect(seen.filter((url) => !url.startsWith(server.url))).toEqual([])
  })

  test('keeps the headers for the next visit', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(server.url)
    await fill(page, '.graphiql-editor-tool', '{"authorization": "Bearer reader"}')
    await page.waitForTimeout(1000) // the page saves with a delay
    await page.reload()
    await execute(page, 'Me', 'query Me { viewer { id } }')
    await shows(page, 'key_reader')
    expect(await page.title()).toBe('XRouter GraphiQL')
    await context.close()
  })
})

const subscription = `subscription Answer {
  completion(input: { model: "test/words", messages: [{ role: USER, content: "Hi" }] }) {
    __typename
    sequence
    ... on CompletionFinished { completion { content } }
  }
}`

/** A page, what its scripts and its policy complained of, and the addresses that it asked for. */
async function openPage(): Promise<{ page: Page; problems: string[]; seen: string[] }> {
  const page = await browser.newPage()
  const problems: string[] = []
  const seen: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith('blob:')) seen.push(request.url())
  })
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    // The first introspection is sent before anybody could type a key.
    if (message.type() === 'error' && !message.text().includes('401')) problems.push(message.text())
  })
  await page.goto(server.url)
  return { page, problems, seen }
}

async function fill(page: Page, editor: string, text: string): Promise<void> {
  await page.locator(`${editor} .monaco-editor:visible`).first().click()
  await page.keyboard.press('Control+A')
  // Pasted, for the editor would close brackets and quotes that are typed.
  await page.evaluate(`{
    const clipboardData = new DataTransfer()
    clipboardData.setData('text/plain', ${JSON.stringify(text)})
    const paste = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true })
    document.activeElement.dispatchEvent(paste)
  }`)
}

/** The page takes a moment to notice the operation's name, which then stands on the tab. */
async function execute(page: Page, name: string, operation: string): Promise<void> {
  await fill(page, '.graphiql-query-editor', operation)
  await page.locator('.graphiql-tab').getByText(name).waitFor()
  await page.keyboard.press('Control+Enter')
}

async function shows(page: Page, text: string): Promise<void> {
  const content = text.replaceAll(' ', '\u00a0') // as the editor renders it
  await page.locator('.result-window').getByText(content).first().waitFor({ timeout: 10_000 })
}
