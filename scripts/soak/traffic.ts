import { closeShared, doors, streamingDoors, type DoorName, type Visited } from './doors.ts'
import { faults, type Behaviour, type SoakUpstream } from './upstream.ts'

/** What was sent so far and how it ended, as clients saw it. */
export interface Counts {
  sent: number
  succeeded: number
  failed: number
  cancelled: number
  faults: number
  byDoor: Record<string, number>
  /** Ids that clients were told. */
  ids: Set<string>
  /** Between a client's leaving and the end of the call to the provider, in milliseconds. */
  cancelMs: number[]
  /** What should not have happened. */
  surprises: string[]
}

export interface Traffic {
  counts: Counts
  /** Starts no more; resolves when everything has ended. */
  pause(): Promise<void>
  resume(): void
  stop(): Promise<void>
}

export interface TrafficSettings {
  gateway: { url: string; key: string }
  upstream: SoakUpstream
  perSecond: number
}

const inFlightMax = 64
const patienceMs = 20_000
const cancelShare = 0.1
const faultShare = 0.1

interface Plan {
  number: number
  door: DoorName
  behaviour: Behaviour
  cancel: 'on-arrival' | 'on-content' | undefined
  model: string
}

/** Sends completions by all doors, so many a second, while it is neither paused nor stopped. */
export function startTraffic(settings: TrafficSettings): Traffic {
  const counts: Counts = {
    sent: 0,
    succeeded: 0,
    failed: 0,
    cancelled: 0,
    faults: 0,
    byDoor: {},
    ids: new Set(),
    cancelMs: [],
    surprises: [],
  }
  const running = new Set<Promise<void>>()
  let paused = false
  const timer = setInterval(() => {
    if (paused || running.size >= inFlightMax) return
    const one = visit(settings, planOf(counts.sent), counts)
    running.add(one)
    void one.then(() => running.delete(one))
  }, 1_000 / settings.perSecond)
  return {
    counts,
    async pause() {
      paused = true
      await Promise.all(running)
    },
    resume() {
      paused = false
    },
    async stop() {
      clearInterval(timer)
      await Promise.all(running)
      await closeShared()
    },
  }
}

function planOf(number: number): Plan {
  const door = pick(keysOf(doors))
  const dice = Math.random()
  if (dice < cancelShare) {
    const cancel = streamingDoors.includes(door) ? pick(cancels) : 'on-arrival'
    const behaviour = cancel === 'on-content' ? 'begin' : 'silence'
    return { number, door, cancel, behaviour, model: 'openai/gpt-4o' }
  }
  if (dice < cancelShare + faultShare) {
    const model = pick(['hasty/gpt-4o', 'hasty/gpt-4o-mini'])
    return { number, door, cancel: undefined, behaviour: pick(keysOf(faults)), model }
  }
  const model = pick(['openai/gpt-4o', 'openai/gpt-4o-mini'])
  return { number, door, cancel: undefined, behaviour: 'answer', model }
}

const cancels = ['on-arrival', 'on-content'] as const

async function visit(settings: TrafficSettings, plan: Plan, counts: Counts): Promise<void> {
  counts.sent += 1
  counts.byDoor[plan.door] = (counts.byDoor[plan.door] ?? 0) + 1
  const text = `soak-${plan.number} please say a few words about the weather`
  const expected = settings.upstream.expect(`soak-${plan.number}`, plan.behaviour)
  const client = new AbortController()
  const late = setTimeout(() => {
    counts.surprises.push(`${describe(plan)}: no end after ${patienceMs} ms`)
    client.abort()
  }, patienceMs)
  const leave = (): void => {
    const leftAtMs = performance.now()
    void expected.closed.then(() => counts.cancelMs.push(performance.now() - leftAtMs))
    client.abort()
  }
  if (plan.cancel === 'on-arrival') void expected.arrived.then(leave)
  try {
    const visited = await doors[plan.door]({
      ...settings.gateway,
      model: plan.model,
      text,
      signal: client.signal,
      onContent: () => {
        if (plan.cancel === 'on-content' && !client.signal.aborted) leave()
      },
    })
    account(counts, plan, { visited, left: client.signal.aborted })
  } catch (error) {
    account(counts, plan, { error, left: client.signal.aborted })
  }
  clearTimeout(late)
}

interface End {
  visited?: Visited
  error?: unknown
  left: boolean
}

function account(counts: Counts, plan: Plan, { visited, error, left }: End): void {
  if (visited?.id !== undefined) counts.ids.add(visited.id)
  if (plan.behaviour in faults) counts.faults += 1
  if (left) counts.cancelled += 1
  else if (visited?.ok) counts.succeeded += 1
  else counts.failed += 1
  const planned = plan.cancel ? left : plan.behaviour === 'answer' ? visited?.ok : !left
  if (planned) return
  const what = error instanceof Error ? error.message : JSON.stringify(visited)
  counts.surprises.push(`${describe(plan)}: ${what}`)
}

function describe({ number, door, behaviour, cancel }: Plan): string {
  return `request ${number} by ${door} (${cancel ? `cancelled ${cancel}` : behaviour})`
}

function pick<T>(all: readonly T[]): T {
  const one = all[Math.floor(Math.random() * all.length)]
  if (one === undefined) throw new Error('there is nothing to pick from')
  return one
}

/** `Object.keys` forgets that the keys of a literal are known. */
function keysOf<Key extends string>(table: Record<Key, unknown>): Key[] {
  return Object.keys(table) as Key[]
}
