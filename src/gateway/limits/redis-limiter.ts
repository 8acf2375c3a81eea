import type { LimitScripts, ScriptInput } from '../../redis/limits.ts'
import { usualLeaseMs, type Ask, type BudgetMeter, type Limiter, type Use } from './meter.ts'
import type { LedgerSums, Meter, Outcome, Reading, Release, Spent } from './meter.ts'

/** Limits of all instances: each verb is one script, one round trip. Rejects while Redis is away. */
export function createRedisLimiter(scripts: LimitScripts, leaseMs = usualLeaseMs): Limiter {
  return {
    reserve: async (ask) =>
      outcomeOf(ask, await scripts.reserve(reserveInput(ask, { taking: 'take', leaseMs }))),
    read: async (meters) => {
      const ask: Ask = { id: '', meters, options: [[]] }
      return outcomeOf(ask, await scripts.reserve(reserveInput(ask, { taking: 'read', leaseMs })))
    },
    settle: async (release) => {
      const { keys, args } = releaseInput(release)
      const [first] = keys
      // Nothing of requests comes back: without other uses there is nothing to tell.
      if (first === undefined) return []
      const mark = settledMark(first, release.id)
      return spentOf(release, await scripts.settle({ keys: [mark, ...keys], args }))
    },
    renew: async (holds) => {
      const args = [String(leaseMs)]
      const held = holds.flatMap(({ id, meters }) => meters.map((meter) => ({ id, meter })))
      for (const { id, meter } of held) args.push(kinds[meter.kind], id, String(amountOf(meter)))
      const keys = held.flatMap(({ id, meter }) => [settledMark(meter.key, id), ...keysOf(meter)])
      await scripts.renew({ keys, args })
    },
    load: (key, sums) => scripts.load(loadInput(key, 'load', sums)),
    mark: async (key, moment) => Number(await scripts.mark({ keys: [key], args: [`${moment}`] })),
    correct: (key, sums) => scripts.load(loadInput(key, 'correct', sums)),
  }
}

/** Where it is noted that a reservation was settled, in the slot of its keys. */
function settledMark(key: string, id: string): string {
  return `${slotOf(key)}:settled:${id}`
}

/** What decides in which slot of a cluster a key is, and stands first in it: the organisation in braces. */
function slotOf(key: string): string {
  return key.slice(0, key.indexOf('}') + 1)
}

const kinds = { requests: '1', tokens: '1', concurrency: '2', budget: '3' } as const

function keysOf(meter: Meter): string[] {
  return meter.kind === 'budget' ? [meter.key, `${meter.key}:holds`] : [meter.key]
}

function amountOf(meter: Meter): number {
  return meter.kind === 'concurrency' ? 1 : meter.cost
}

function reserveInput(
  ask: Ask,
  { taking, leaseMs }: { taking: 'take' | 'read'; leaseMs: number },
): ScriptInput {
  const given = releaseInput(ask.release ?? { id: '', settledAt: 0, uses: [] })
  const meters = [...ask.meters, ...ask.options.flat()]
  const sizes = [ask.meters.length, ask.options.length, ...ask.options.map(({ length }) => length)]
  const args = [...given.args, ask.id, String(leaseMs), taking, ...sizes.map(String)]
  for (const meter of meters) {
    args.push(kinds[meter.kind], String(meter.limit), String(amountOf(meter)), ...placeOf(meter))
  }
  return { keys: [...given.keys, ...meters.flatMap(keysOf)], args }
}

function releaseInput({ id, settledAt, uses }: Release): ScriptInput {
  const counted = uses.filter(({ meter }) => meter.kind !== 'requests')
  const args = [id, String(settledAt), String(counted.length)]
  for (const { meter, reserved, used } of counted) {
    const taken = [String(reserved), String(used)]
    args.push(kinds[meter.kind], String(meter.limit), ...taken, ...placeOf(meter))
  }
  return { keys: counted.flatMap(({ meter }) => keysOf(meter)), args }
}

/** Where in time a meter counts: its period, or the slot and the oldest slot. */
function placeOf(meter: Meter): [string, string] {
  if (meter.kind === 'concurrency') return ['0', '0']
  return meter.kind === 'budget'
    ? [String(meter.slot), String(meter.from)]
    : [String(meter.periodMs), '0']
}

function loadInput(key: string, verb: 'load' | 'correct', sums: LedgerSums): ScriptInput {
  const slots = sums.slots.flatMap(({ slot, nanos }) => [String(slot), String(nanos)])
  return { keys: [key], args: [verb, String(sums.cutoff), ...slots] }
}

function outcomeOf(ask: Ask, [status, option, ...numbers]: readonly string[]): Outcome {
  const meters = [...ask.meters, ...ask.options.flat()]
  if (status === 'unloaded') {
    const places = new Set(numbers.map(Number))
    const missing = meters.filter(
      (meter, place): meter is BudgetMeter => meter.kind === 'budget' && places.has(place),
    )
    return { status, meters: missing }
  }
  const readings = meters.map((_meter, index): Reading => {
    const [wait, left, resetMs] = numbers.slice(index * 3, index * 3 + 3).map(Number)
    return {
      waitMs: wait === undefined || wait < 0 ? Infinity : wait,
      left: left ?? 0,
      resetMs: resetMs ?? 0,
    }
  })
  return status === 'refused'
    ? { status, readings }
    : { status: 'admitted', option: Number(option), readings }
}

/** The script answers in the order of the budgets among the uses. */
function spentOf({ uses }: Release, sums: readonly string[]): Spent[] {
  return uses.filter(isBudget).flatMap(({ meter }, index) => {
    const [before, after] = [sums[index * 2], sums[index * 2 + 1]]
    if (!before || !after) return []
    return [{ meter, before: Number(before), after: Number(after) }]
  })
}

function isBudget(use: Use): use is Use & { meter: BudgetMeter } {
  return use.meter.kind === 'budget'
}
