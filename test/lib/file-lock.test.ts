import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { lockFile } from '../../src/lib/file-lock.ts'

const folder = mkdtempSync(join(tmpdir(), 'xrouter-lock-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('file lock', () => {
  test('is held by one holder at a time and can be taken again after its release', () => {
    const path = join(folder, 'one')
    const lock = lockFile(path)
    expect(lock).toBeDefined()
    expect(lockFile(path)).toBeUndefined()
    lock?.release()
    const again = lockFile(path)
    expect(again).toBeDefined()
    again?.release()
  })

  test('another process is refused, and its death by SIGKILL sets the lock free', async () => {
    const path = join(folder, 'two')
    const module = new URL('../../src/lib/file-lock.ts', import.meta.url).href
    const script = `const { lockFile } = await import(${JSON.stringify(module)})
      globalThis.lock = lockFile(${JSON.stringify(path)}); console.log(lock ? 'held' : 'refused')
      setInterval(() => {}, 1000)`
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script])
    const [output] = await once(holder.stdout, 'data')
    expect(String(output)).toBe('held\n')
    expect(lockFile(path)).toBeUndefined()
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    const lock = lockFile(path)
    expect(lock).toBeDefined()
    lock?.release()
  })
})
