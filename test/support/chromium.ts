import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

const executablePath = '/usr/bin/chromium'

/** Whether this machine has the browser; a run that requires all services fails without it. */
export const hasChromium = existsSync(executablePath)
export const requiresChromium = process.env['XROUTER_REQUIRE_SERVICES'] === '1'

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}
