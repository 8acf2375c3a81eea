import { execFile } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BufferedFile } from '../../src/lib/buffered-file.ts'

let folder: string
let path: string
let file: number

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xrouter-file-'))
  path = join(folder, 'log')
  file = openSync(path, 'a')
})

afterEach(() => {
  closeSync(file)
  rmSync(folder, { recursive: true, force: true })
})

const content = () => readFileSync(path, 'utf8')
const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index} ✓\n`)

describe('a buffered file', () => {
  test('has nothing of a short text at once, and all of it after a flush', async () => {
    const buffered = new BufferedFile(file)
    buffered.write('one\n')
    expect(content()).toBe('')
    await buffered.flush()
    expect(content()).toBe('one\n')
  })

  test('keeps the order of many pieces, also of those that come while it writes', async () => {
    const buffered = new BufferedFile(file)
    const expected = lines(5_000)
    for (const [index, line] of expected.entries()) {
      buffered.write(line)
      if (index % 700 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await buffered.flush()
    expect(content()).toBe(expected.join(''))
  })

  test('resolves a flush of nothing', async () => {
    await expect(new BufferedFile(file).flush()).resolves.toBeUndefined()
    expect(content()).toBe('')
  })

  test('is whole when its process ends without waiting', async () => {
    const module = new URL('../../src/lib/buffered-file.ts', import.meta.url).href
    const code = `
      import { BufferedFile } from '${module}'
      const buffered = new BufferedFile(2)
      process.on('exit', () => buffered.flushSync())
      buffered.write('first\\n')
      buffered.write('last\\n')
      process.exit(0)`
    const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', code]
    const { stderr } = await promisify(execFile)(process.execPath, args)
    expect(stderr).toBe('first\nlast\n')
  })

  test('drops what it cannot write, and goes on', async () => {
    const full = openSync('/dev/full', 'a')
    const buffered = new BufferedFile(full)
    buffered.write('lost\n')
    await buffered.flush()
    buffered.write('lost too\n')
    buffered.flushSync()
    closeSync(full)
    expect(content()).toBe('')
  })
})
