import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { setImmediate as tick } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openJournal, type Journal } from '../../src/gateway/journal.ts'
import { createLedger } from '../../src/gateway/ledger.ts'
import type { LedgerRows } from '../../src/gateway/ledger-rows.ts'
import { writeAround } from '../../src/gateway/write-around.ts'
import { createTable, entryFor } from './ledger-support.ts'

let root: string
let journal: Journal

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'xrouter-ledger-'))
  journal = openJournal({ root, name: 'own', segmentBytesMax: 8_000, onFailure: () => {} })
})

afterEach(() => {
  vi.useRealTimers()
  journal.stop()
  rmSync(root, { recursive: true, force: true })
})

function open(memoryRowsMax?: number) {
  const table = createTable()
  const rejected: string[] = []
  const ledger = createLedger({
    journal,
    write: writeAround(table.write, (rows) => void rejected.push(rows.request.id)),
    logger: pino({ level: 'silent' }),
    ...(memoryRowsMax !== undefined && { memoryRowsMax }),
  })
  return { table, ledger, rejected }
}

const ids = (count: number) => Array.from({ length: count }, (_, index) => `req_${index}`)

describe('the ledger', () => {
  test('writes everything once, in the order in which it was settled', async () => {
    const { table, ledger } = open()
    await Promise.all(ids(1300).map((id) => ledger.settle(entryFor(id))))
    expect(ledger.backlog()).toBe(1300)
    await ledger.flush()
    expect(table.ids()).toEqual(ids(1300))
    expect(ledger.backlog()).toBe(0)
  })

  test('a full batch goes at once, what comes meanwhile in whole batches, the rest in its time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const first = Promise.withResolvers<void>()
    const sizes: number[] = []
    const write = async (batch: readonly LedgerRows[]): Promise<void> => {
      sizes.push(batch.length)
      if (sizes.length === 1) await first.promise
    }
    const ledger = createLedger({ journal, write, logger: pino({ level: 'silent' }) })
    const settle = (from: number, to: number) =>
      Promise.all(
        ids(to)
          .slice(from)
          .map((id) => ledger.settle(entryFor(id))),
      )

    await settle(0, 79)
    await tick()
    expect(sizes).toEqual([])
    await settle(79, 80)
    await tick()
    expect(sizes).toEqual([80])
    await settle(80, 250)
    first.resolve()
    await tick()
    expect([sizes, ledger.backlog()]).toEqual([[80, 80, 80], 10])
    await vi.advanceTimersByTimeAsync(100)
    expect([sizes, ledger.backlog()]).toEqual([[80, 80, 80, 10], 0])
  })

  test('an entry is on the journal before it is called settled', async () => {
    const { ledger } = open()
    await ledger.settle(entryFor('req_0'))
    expect(readdirSync(join(root, 'own'))).toContain('000001.jsonl')
  })

  test('keeps what the database does not take, and writes it when it is back', async () => {
    const { table, ledger } = open()
    table.failAfter(0)
    for (const id of ids(20)) await ledger.settle(entryFor(id))
    await expect(ledger.flush()).rejects.toThrow('down')
    expect([table.ids(), ledger.backlog()]).toEqual([[], 20])
    table.failAfter(Infinity)
    await ledger.flush()
    expect([table.ids(), ledger.backlog()]).toEqual([ids(20), 0])
  })

  test('past its share of memory it reads back from the journal, and doubles nothing', async () => {
    const { table, ledger } = open(10)
    table.failAfter(0)
    await Promise.all(ids(300).map((id) => ledger.settle(entryFor(id))))
    await expect(ledger.flush()).rejects.toThrow('down')
    expect(ledger.backlog()).toBe(300)
    table.failAfter(2)
    await ledger.flush().catch(() => {})
    table.failAfter(Infinity)
    await ledger.flush()
    expect(table.ids().toSorted()).toEqual(ids(300).toSorted())
    expect(ledger.backlog()).toBe(0)
  })

  test('what the journal could not take stays in memory, however much it is', async () => {
    journal.stop()
    mkdirSync(join(root, 'full'))
    symlinkSync('/dev/full', join(root, 'full', '000001.jsonl'))
    journal = openJournal({ root, name: 'full', segmentBytesMax: 8_000, onFailure: () => {} })
    const { table, ledger } = open(10)
    table.failAfter(0)
    await Promise.all(ids(100).map((id) => ledger.settle(entryFor(id))))
    await expect(ledger.flush()).rejects.toThrow('down')
    table.failAfter(Infinity)
    await ledger.flush()
    expect(table.ids().toSorted()).toEqual(ids(100).toSorted())
  })

  test('a row that the database refuses for what is in it does not hold up the others', async () => {
    const { table, ledger, rejected } = open()
    table.poison('req_7')
    await Promise.all(ids(50).map((id) => ledger.settle(entryFor(id))))
    await ledger.flush()
    expect(rejected).toEqual(['req_7'])
    expect(table.ids()).toEqual(ids(50).filter((id) => id !== 'req_7'))
  })

  test('the journal is let go of as far as the database has it', async () => {
    const { ledger } = open()
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(ids(20).map((id) => ledger.settle(entryFor(`${id}_${round}`))))
      await ledger.flush()
    }
    const segments = readdirSync(join(root, 'own')).filter((file) => file.endsWith('.jsonl'))
    expect(segments).toHaveLength(1)
  })
})
