import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasChromium, launchChromium, requiresChromium } from '../support/chromium.ts'
import { behaviours } from './behaviours/all.ts'
import { bundlePage, servePage, type PageServer } from './page-server.ts'
import type { Stage } from './scene.ts'
import { openTheatre, type Theatre } from './stage.ts'

let app: PageServer
let stranger: PageServer
let theatre: Theatre
let browser: Browser

beforeAll(async () => {
  if (!hasChromium) return
  const script = await bundlePage()
  app = await servePage(script)
  stranger = await servePage(script)
  theatre = await openTheatre(`[server]\ncors_origins = ["${app.origin}"]`)
  browser = await launchChromium()
})

afterAll(async () => {
  await browser?.close()
  await theatre?.close()
  await app?.close()
  await stranger?.close()
})

test.runIf(requiresChromium)('a browser is there to try the clients in', () => {
  expect(hasChromium, 'Chromium is missing').toBe(true)
})

describe.skipIf(!hasChromium).each(['apollo', 'urql'] as const)('%s in a browser', (client) => {
  let visit: Visit

  beforeAll(async () => {
    visit = await openPage(app.origin)
  })
  afterAll(() => visit.page.close())

  test.each(behaviours)('$name', async ({ name, expected }) => {
    visit.complaints.length = 0
    expect(await visit.run(client, name)).toEqual(expected)
    expect(visit.complaints).toEqual([])
  })
})

test.skipIf(!hasChromium)("OpenAI's SDK works in a browser", async () => {
  const { page, complaints } = await openPage(app.origin)
  const { url, adminKey } = theatre.gateway
  expect(await page.evaluate(`askOpenai("${url}/v1", "${adminKey}")`)).toEqual({
    content: 'You said: hello',
    model: 'openai/gpt-4o',
  })
  expect(complaints).toEqual([])
  await page.close()
})

describe.skipIf(!hasChromium)('the origin of a page', () => {
  test('that is not in cors_origins gets no answer', async () => {
    const { page, run, complaints } = await openPage(stranger.origin)
    const [behaviour] = behaviours
    expect(await run('urql', behaviour?.name ?? '')).toMatchObject({
      prefixes: [undefined, undefined],
      failures: [{ message: 'Failed to fetch' }],
    })
    expect(complaints.join()).toContain('blocked by CORS policy')
    await page.close()
  })

  test.each(['x-request-id', 'x-xrouter-model', 'retry-after'])('may read %s', async (header) => {
    const response = await fetch(theatre.endpoint.url, { headers: { origin: app.origin } })
    expect(response.headers.get('access-control-allow-origin')).toBe(app.origin)
    expect(response.headers.get('access-control-expose-headers')).toContain(header)
  })

  test('is asked for once by the browser before an operation is sent', async () => {
    const preflight = (origin: string) =>
      fetch(theatre.endpoint.url, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type',
        },
      })
    const allowed = await preflight(app.origin)
    expect(allowed.status).toBe(204)
    expect(allowed.headers.get('access-control-allow-origin')).toBe(app.origin)
    expect(allowed.headers.get('access-control-allow-methods')).toContain('POST')
    expect(allowed.headers.get('access-control-allow-headers')).toBe('authorization,content-type')
    expect(allowed.headers.get('access-control-allow-credentials')).toBeNull()
    const refused = await preflight(stranger.origin)
    expect(refused.headers.get('access-control-allow-origin')).toBeNull()
  })
})

interface Visit {
  page: Page
  /** Warnings and errors of the page, but for what the browser itself says of failed requests. */
  complaints: string[]
  run: (client: 'apollo' | 'urql', name: string) => Promise<unknown>
}

async function openPage(origin: string): Promise<Visit> {
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    const isOfNetwork = /Failed to load resource|WebSocket connection to/.test(message.text())
    if (['warning', 'error'].includes(message.type()) && !isOfNetwork) {
      complaints.push(message.text())
    }
  })
  await page.exposeFunction('callStage', (name: keyof Stage, argument: never) =>
    theatre.stage[name](argument),
  )
  await page.goto(origin)
  await page.waitForFunction('"runBehaviour" in globalThis')
  const run: Visit['run'] = (client, name) => {
    const input = JSON.stringify({ client, name, endpoint: theatre.endpoint })
    return page.evaluate(`runBehaviour(${input})`)
  }
  return { page, complaints, run }
}
