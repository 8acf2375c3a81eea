import { chromium } from 'playwright-core'
import { startGraphql } from './support.ts'
const server = await startGraphql({ graphiql: true })
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage'] })
const page = await browser.newPage()
page.on('console', (m) => console.log('CONSOLE', m.type(), m.text().slice(0, 500)))
page.on('pageerror', (e) => console.log('PAGEERROR', e.message.slice(0, 500)))
page.on('request', (r) => console.log('REQ', r.method(), r.url().slice(0, 100), r.postData()?.slice(0, 80)))
page.on('response', (r) => console.log('RES', r.status(), r.url().slice(0, 100)))
await page.goto(server.url)
await page.waitForTimeout(4000)
await page.screenshot({ path: '/tmp/gq/1.png' })
console.log((await page.evaluate('document.body.innerText') as string).slice(0, 1500))
await browser.close(); await server.stop(); process.exit(0)
