import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  appendFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { decodeLine, encodeLine, withText } from '../../src/gateway/journal-format.ts'
import { recoverJournals } from '../../src/gateway/journal-recovery.ts'
import { writeAround } from '../../src/gateway/write-around.ts'
import { openJournal, type Journal } from '../../src/gateway/journal.ts'
import type { LedgerRows } from '../../src/gateway/ledger-rows.ts'
import { createTable, rowsFor, runningRows } from './ledger-support.ts'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'xrouter-journal-'))
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

function open(name = 'own', segmentBytesMax = 1024 * 1024) {
  const failures: unknown[] = []
  const onFailure = (error: unknown): void => void failures.push(error)
  return { journal: openJournal({ root, name, segmentBytesMax, onFailure }), failures }
}

const begin = (journal: Journal, rows: LedgerRows) => journal.open(rows.request.id, () => rows)
const shut = (journal: Journal, rows: LedgerRows) => journal.close(rows.request.id, () => rows)

const files = (name = 'own') =>
  readdirSync(join(root, name)).filter((file) => file.endsWith('.jsonl'))

function linesIn(name = 'own') {
  return files(name).flatMap((file) =>
    readFileSync(join(root, name, file), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((text) => {
        const line = decodeLine(text)
        return line ? `${line.type} ${line.rows.request.id}` : 'torn'
      }),
  )
}

describe('a line of the journal', () => {
  test('comes back as it was, dates and exact money included', () => {
    const line = { type: 'close' as const, rows: rowsFor('req_1') }
    expect(decodeLine(encodeLine(line))).toEqual(line)
  })

  test('holds the decision where that was written beforehand, too', () => {
    const decision = { model: 'a\u0000b', strategy: 'ordered' }
    const rows = rowsFor('req_1')
    const apart = { ...rows, decision: JSON.stringify(decision) }
    const whole = { ...rows, request: { ...rows.request, decision } } as unknown as LedgerRows
    const line = decodeLine(encodeLine({ type: 'open', rows: apart }))
    expect(line).toEqual(decodeLine(encodeLine({ type: 'open', rows: whole })))
    expect(line?.rows.request.decision).toEqual({ model: 'a\ufffdb', strategy: 'ordered' })
  })

  test('holds no text that Postgres cannot hold', () => {
    const rows = rowsFor('req_1')
    rows.request.requestedModel = 'a\u0000b\ud800c😀'
    rows.request.tags = { 'k\u0000': '\udfff', fine: 'ключ' }
    const line = decodeLine(encodeLine({ type: 'close', rows }))
    expect(line?.rows.request.requestedModel).toBe('a\ufffdb\ufffdc😀')
    expect(line?.rows.request.tags).toEqual({ 'k\ufffd': '\ufffd', fine: 'ключ' })
  })

  test.each(['', '{', '{"type":"close"}', '{"type":"other","rows":{}}', 'null'])(
    '%j is none',
    (text) => {
      expect(decodeLine(text)).toBeUndefined()
    },
  )
})

describe('the journal', () => {
  test('has a line on the file when its promise resolves', async () => {
    const { journal } = open()
    await begin(journal, runningRows('req_1'))
    expect(linesIn()).toEqual(['open req_1'])
    await shut(journal, rowsFor('req_1'))
    expect(linesIn()).toEqual(['open req_1', 'close req_1'])
    journal.stop()
  })

  test('leaves nothing behind when nothing is owed', async () => {
    const { journal } = open()
    await begin(journal, runningRows('req_1'))
    const { segment } = await shut(journal, rowsFor('req_1'))
    if (segment) journal.written(segment)
    journal.stop()
    expect(readdirSync(root)).toEqual([])
  })

  test('keeps what is owed when it stops', async () => {
    const { journal } = open()
    await shut(journal, rowsFor('req_1'))
    journal.stop()
    expect(linesIn()).toEqual(['close req_1'])
  })

  describe('has the decision of a request once', () => {
    const decision = '{"model":"pool"}'
    const running = (id: string) => withText({ ...runningRows(id), decision })
    const settled = (id: string) => withText({ ...rowsFor(id), decision })
    const textIn = () =>
      files()
        .map((file) => readFileSync(join(root, 'own', file), 'utf8'))
        .join('')
    const recovered = async () => {
      const table = createTable()
      await recoverJournals({ root, own: 'none', write: table.write })
      return table.ids().map((id) => ({ id, found: table.get(id)?.request.decision }))
    }

    test('with its beginning, from where it is found when the process died after its end', async () => {
      const { journal } = open()
      await begin(journal, running('req_1'))
      await shut(journal, settled('req_1'))
      await begin(journal, running('req_2'))
      expect(textIn().match(/"decision"/g)).toHaveLength(2)
      journal.stop()
      expect(await recovered()).toEqual([
        { id: 'req_1', found: { model: 'pool' } },
        { id: 'req_2', found: { model: 'pool' } },
      ])
    })

    test('with its end where it had no beginning, or was decided otherwise since', async () => {
      const { journal } = open()
      await shut(journal, settled('req_1'))
      await begin(journal, running('req_2'))
      const since = withText({ ...rowsFor('req_2'), decision: '{"model":"pool","passedOver":[]}' })
      await shut(journal, since)
      journal.stop()
      expect(await recovered()).toEqual([
        { id: 'req_1', found: { model: 'pool' } },
        { id: 'req_2', found: { model: 'pool', passedOver: [] } },
      ])
    })

    test('and again in the next segment while it runs', async () => {
      const { journal } = open('own', 2_000)
      await begin(journal, running('req_long'))
      const segments = []
      for (let index = 0; index < 8; index += 1)
        segments.push((await shut(journal, rowsFor(`req_${index}`))).segment)
      for (const segment of segments) if (segment) journal.written(segment)
      await shut(journal, settled('req_long'))
      journal.stop()
      expect(await recovered()).toEqual([{ id: 'req_long', found: { model: 'pool' } }])
    })
  })

  test('begins a new segment when one is full, and drops the old one when it is written', async () => {
    const { journal } = open('own', 2_000)
    await begin(journal, runningRows('req_long'))
    const segments = []
    for (let index = 0; index < 8; index += 1)
      segments.push((await shut(journal, rowsFor(`req_${index}`))).segment)
    expect(files().length).toBeGreaterThan(2)
    for (const segment of segments) if (segment) journal.written(segment)
    expect(linesIn()).toEqual(['open req_long'])
    await shut(journal, rowsFor('req_long'))
    expect(linesIn()).toEqual(['open req_long', 'close req_long'])
    journal.stop()
  })

  test('keeps what was noted of a request whose next attempt is about to be noted', async () => {
    const { journal } = open('own', 2_000)
    await begin(journal, runningRows('req_long'))
    const { segment } = await shut(journal, rowsFor('req_1'))
    const again = begin(journal, runningRows('req_long'))
    if (segment) journal.written(segment)
    expect(linesIn()).toEqual(['open req_long'])
    await again
    expect(linesIn()).toEqual(['open req_long', 'open req_long'])
    journal.stop()
  })

  test('makes the rows of a line once, when it is written', async () => {
    const { journal } = open()
    const late = vi.fn<() => LedgerRows>(() => rowsFor('req_1'))
    const closing = journal.close('req_1', late)
    expect(late).not.toHaveBeenCalled()
    expect((await closing).rows).toBe(late.mock.results[0]?.value)
    expect(late).toHaveBeenCalledOnce()
    journal.stop()
  })

  test('tells those alone whose rows cannot be made, and writes the others', async () => {
    const { journal, failures } = open()
    const broken = (): LedgerRows => {
      throw new Error('broken')
    }
    const opening = journal.open('req_1', broken)
    const closing = journal.close('req_2', broken)
    const other = shut(journal, rowsFor('req_3'))
    await expect(opening).rejects.toThrow('broken')
    await expect(closing).rejects.toThrow('broken')
    const { segment } = await other
    expect([linesIn(), segment?.owed, failures]).toEqual([['close req_3'], 1, []])
    journal.stop()
  })

  test('goes on when the disk is full, says so, and loses no later line to the torn one', async () => {
    mkdirSync(join(root, 'own'))
    symlinkSync('/dev/full', join(root, 'own', '000001.jsonl'))
    const { journal, failures } = open()
    await begin(journal, runningRows('req_1'))
    // Not on the file: whoever asked must not count on reading it back.
    const rows = rowsFor('req_1')
    expect(await shut(journal, rows)).toEqual({ rows, segment: undefined })
    expect(failures).toHaveLength(2)
    expect(failures[0]).toMatchObject({ code: 'ENOSPC' })
  })
})

describe('recovery', () => {
  const recover = (write: (batch: readonly LedgerRows[]) => Promise<void>) =>
    recoverJournals({ root, own: 'own', write })

  /** A journal as a killed process leaves it: no lock is held, nothing was tidied. */
  function dead(name: string, lines: string[]) {
    mkdirSync(join(root, name))
    writeFileSync(join(root, name, '000001.jsonl'), lines.map((line) => `${line}\n`).join(''))
  }
  const openLine = (id: string) => encodeLine({ type: 'open', rows: runningRows(id) })
  const closeLine = (id: string) => encodeLine({ type: 'close', rows: rowsFor(id) })

  test('writes what was settled, and what was open as interrupted; then the journal is gone', async () => {
    dead('dead', [openLine('req_1'), openLine('req_2'), closeLine('req_1'), openLine('req_3')])
    const table = createTable()
    expect(await recover(table.write)).toEqual({ settled: 1, interrupted: 2 })
    expect(table.statuses()).toEqual({
      req_1: 'succeeded',
      req_2: 'interrupted',
      req_3: 'interrupted',
    })
    expect(table.get('req_2')?.attempts).toMatchObject([
      { status: 'failed', errorCode: 'INTERRUPTED' },
    ])
    expect(table.get('req_2')?.request.latencyMs).toBeGreaterThan(0)
    expect(readdirSync(root)).toEqual([])
  })

  test('is not stopped by a line that was torn', async () => {
    dead('dead', [closeLine('req_1'), closeLine('req_2').slice(0, 40)])
    appendFileSync(join(root, 'dead', '000001.jsonl'), `${closeLine('req_3')}\n`)
    const table = createTable()
    await recover(table.write)
    expect(Object.keys(table.statuses())).toEqual(['req_1', 'req_3'])
  })

  test('follows a request over segments', async () => {
    dead('dead', [openLine('req_1'), openLine('req_2')])
    writeFileSync(
      join(root, 'dead', '000002.jsonl'),
      `${openLine('req_2')}\n${closeLine('req_1')}\n`,
    )
    const table = createTable()
    expect(await recover(table.write)).toEqual({ settled: 1, interrupted: 1 })
  })

  test('leaves the journal of a living process alone', async () => {
    const other = open('other')
    await shut(other.journal, rowsFor('req_1'))
    const table = createTable()
    expect(await recover(table.write)).toEqual({ settled: 0, interrupted: 0 })
    expect(linesIn('other')).toEqual(['close req_1'])
    other.journal.stop()
    expect(await recover(table.write)).toEqual({ settled: 1, interrupted: 0 })
  })

  test('is not held up by a row that the database refuses for what is in it', async () => {
    dead('dead', ['req_1', 'req_2', 'req_3'].map(closeLine))
    const table = createTable()
    table.poison('req_2')
    const rejected: string[] = []
    await recover(writeAround(table.write, ({ request }) => void rejected.push(request.id)))
    expect([table.ids(), rejected]).toEqual([['req_1', 'req_3'], ['req_2']])
    expect(readdirSync(root)).toEqual([])
  })

  test('keeps everything when the database does not take it, and doubles nothing later', async () => {
    const ids = Array.from({ length: 1200 }, (_, index) => `req_${index}`)
    dead('dead', ids.map(closeLine))
    const table = createTable()
    table.failAfter(1)
    await expect(recover(table.write)).rejects.toThrow('down')
    table.failAfter(Infinity)
    expect(await recover(table.write)).toEqual({ settled: 1200, interrupted: 0 })
    expect(Object.keys(table.statuses())).toHaveLength(1200)
  })
})
