import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, inject, test } from 'vitest'
import { providerTypes } from '../../src/providers/index.ts'
import { startProcess } from '../support/process.ts'
import { copyEmbedded } from '../support/services.ts'

const folder = mkdtempSync(join(tmpdir(), 'xrouter-process-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A folder whose database is made already: making one takes seconds. */
function prepared(name: string): string {
  const home = mkdtempSync(join(folder, name))
  copyEmbedded(inject('services'), join(home, 'data'))
  return home
}

describe('npm start on a machine with nothing else', () => {
  test('the printed curl command streams from demo/echo; the key is shown once; SIGTERM ends it well', async () => {
    const first = startProcess({}, folder)
    const curl = await first.printed(/^(curl .+)$/m)
    expect(first.stdout()).toMatch(/^XRouter listens on http:\/\/127\.0\.0\.1:\d+$/m)
    expect(first.stdout()).toMatch(/^ {2}GraphQL {2}http:\S+\/graphql$/m)
    expect(first.stdout()).toMatch(/^ {2}REST {5}http:\S+\/v1$/m)
    expect(first.stdout()).not.toContain('ashboard')
    const key = await first.printed(/^admin key: (xr-enterprise-[A-Za-z0-9]{32,}-[0-9a-f]{8})$/m)
    const { stdout } = await promisify(execFile)('bash', ['-c', curl])
    const frames = stdout.trim().split('\n\n')
    const text = frames
      .slice(0, -1)
      .map((frame) => JSON.parse(frame.slice('data: '.length)).choices[0].delta.content ?? '')
    expect(text.join('')).toBe('Hello from XRouter')
    expect(frames.at(-1)).toBe('data: [DONE]')
    expect(first.stderr()).not.toContain(key)

    const second = startProcess({}, folder)
    expect(await second.exited).toBe(1)
    expect(second.stderr()).toMatch(/Another XRouter process uses the data folder .*data/)

    first.child.kill('SIGTERM')
    expect(await first.exited).toBe(0)

    const again = startProcess({}, folder)
    const url = await again.printed(/^XRouter listens on (\S+)$/m)
    expect(again.stdout()).not.toContain('admin key')
    const models = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })
    expect(models.status).toBe(200)
    again.child.kill('SIGTERM')
    expect(await again.exited).toBe(0)
    expect(statSync(join(folder, 'data', 'secret')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(folder, 'data', 'secret'), 'utf8').length).toBeGreaterThan(40)
  }, 90_000)

  test('SIGTERM lets a running stream end and refuses new connections', async () => {
    const home = prepared('drain-')
    writeFileSync(join(home, 'xrouter.toml'), '[providers.demo]\ntoken_delay_ms = 100')
    const gateway = startProcess({}, home)
    const url = await gateway.printed(/^XRouter listens on (\S+)$/m)
    const key = await gateway.printed(/^admin key: (\S+)$/m)
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'demo/echo',
        stream: true,
        messages: [{ role: 'user', content: 'a b c d e f g h' }],
      }),
    })
    gateway.child.kill('SIGTERM')
    expect(await response.text()).toMatch(/"finish_reason":"stop"[^]*\[DONE\]\n\n$/)
    expect(await gateway.exited).toBe(0)
    await expect(fetch(`${url}/health`)).rejects.toThrow()
  })

  test('a wrong configuration ends it with 1 and all problems, before anything is opened', async () => {
    const home = mkdtempSync(join(folder, 'wrong-'))
    writeFileSync(join(home, 'xrouter.toml'), '[server]\nprot = 1\n[providers.x]\ntype = "y"')
    const gateway = startProcess({}, home)
    expect(await gateway.exited).toBe(1)
    expect(gateway.stderr()).toBe(
      'The configuration has 2 problem(s):\n' +
        '  server.prot: there is no such setting\n' +
        `  providers.x.type: must be one of: ${providerTypes.map(({ type }) => type).join(', ')}\n`,
    )
    expect(gateway.stdout()).toBe('')
  })

  test('a data folder that cannot be used is named, with what to do', async () => {
    const home = mkdtempSync(join(folder, 'blocked-'))
    writeFileSync(join(home, 'data'), 'a file stands where the folder should be')
    const gateway = startProcess({}, home)
    expect(await gateway.exited).toBe(1)
    expect(gateway.stderr()).toMatch(
      /^The data folder \S+data cannot be used \(E\w+.*\)\. Make it writable, .*XROUTER_DATA_DIR.*\n$/,
    )
  })

  test('a port that is taken is an error that ends it', async () => {
    const one = startProcess({}, prepared('one-'))
    const port = await one.printed(/^XRouter listens on http:\/\/127\.0\.0\.1:(\d+)$/m)
    const two = startProcess({ PORT: port }, prepared('two-'))
    expect(await two.exited).toBe(1)
    expect(two.stderr()).toMatch(/EADDRINUSE/)
    one.child.kill('SIGTERM')
    expect(await one.exited).toBe(0)
  })
})

describe('npm run config -- check', () => {
  const file = join(folder, 'checked.toml')
  const check = async (toml: string, ...args: string[]) => {
    writeFileSync(file, toml)
    const run = startProcess({}, folder, ['src/cli.ts', ...args])
    return { code: await run.exited, stdout: run.stdout(), stderr: run.stderr() }
  }

  test('says that a file is valid', async () => {
    const result = await check('[aliases]\nfast = "demo/echo"', 'config', 'check', file)
    expect(result).toEqual({
      code: 0,
      stdout: 'The configuration is valid. Providers: demo.\n',
      stderr: '',
    })
  })

  test('says what is wrong and where', async () => {
    const result = await check('[aliases]\nfast = "demo/ecko"', 'config', 'check', file)
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('aliases.fast: ') })
  })

  test('the ledger is computed again on a data folder that nobody uses', async () => {
    const home = mkdtempSync(join(folder, 'replay-'))
    const run = startProcess({}, home, ['src/cli.ts', 'ledger', 'replay', '--from', '2026-01-01'])
    expect([await run.exited, run.stderr()]).toEqual([0, ''])
    expect(run.stdout()).toBe('0 attempts with usage, 0 differ.\n')
  })

  test('explains itself', async () => {
    expect(await check('', 'help')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Usage'),
    })
  })
})
