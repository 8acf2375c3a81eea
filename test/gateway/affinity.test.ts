import { beforeEach, describe, expect, test } from 'vitest'
import { createAffinity } from '../../src/gateway/affinity.ts'
import { shareAffinity } from '../../src/gateway/shared-affinity.ts'
import type { RoutingHints } from '../../src/gateway/call.ts'
import { prefixesOf } from '../../src/gateway/routing/prefix.ts'
import type { Message } from '../../src/protocol/request.ts'
import type { RoutingPolicy } from '../../src/protocol/routing-policy.ts'
import {
  ask,
  fail,
  route,
  routeScene,
  type RouteScene,
  upstream,
  virtual,
} from '../support/route-scene.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f']

function say(role: Message['role'], text: string): Message {
  return { role, parts: [{ type: 'text', text }] }
}

const system = say('system', 'You know everything about bridges. '.repeat(200))

function scene(policy: Partial<RoutingPolicy>): RouteScene {
  return routeScene({
    providers: names.map((id) => upstream(id, ['m'])),
    models: [
      virtual(
        'v',
        names.map((id) => `${id}/m`),
        { strategy: 'weighted', ...policy },
      ),
    ],
  })
}

/** Routes a request and, as its success does, remembers who served it. */
function serve({ deps }: RouteScene, messages: Message[], hints: RoutingHints = {}) {
  const { candidates, decision, affinity } = route(deps, ask('v', hints, { messages }))
  const { id } = candidates[0].deployment
  if (affinity) deps.affinity.note(affinity, id)
  return { id, by: decision?.affinity, candidates }
}

describe('a session', () => {
  const session = { session: 'talk-1' }

  test('stays where it began, and others do not follow it', () => {
    const seen = scene({ stickiness: 'session' })
    const { id } = serve(seen, [say('user', 'hi')], session)
    for (let turn = 0; turn < 20; turn += 1) {
      expect(serve(seen, [say('user', `turn ${turn}`)], session)).toMatchObject({
        id,
        by: 'session',
      })
    }
    const others = new Set(
      Array.from({ length: 30 }, (_, talk) => serve(seen, [], { session: `other-${talk}` }).id),
    )
    expect(others.size).toBeGreaterThan(3)
  })

  test('of the stickiness `turn` stays while tools are called, and is free with the next message', () => {
    const seen = scene({ stickiness: 'turn' })
    const talk = [say('user', 'use the tools')]
    const { id } = serve(seen, talk, session)
    for (let call = 0; call < 10; call += 1) {
      talk.push(say('assistant', 'calling'), { ...say('tool', 'result'), toolCallId: `${call}` })
      expect(serve(seen, talk, session)).toMatchObject({ id, by: 'session' })
    }
    const next = new Set<string>()
    for (let turn = 0; turn < 20; turn += 1) {
      talk.push(say('user', 'and now'))
      const { id: at, by } = serve(seen, talk, session)
      expect(by).toBeUndefined()
      next.add(at)
    }
    expect(next.size).toBeGreaterThan(2)
  })

  test.each<[string, Partial<RoutingPolicy>, RoutingHints]>([
    ['no stickiness is asked for', {}, session],
    ['the request names none', { stickiness: 'session' }, {}],
    ['the request wants none', { stickiness: 'session' }, { ...session, stickiness: 'none' }],
  ])('is nothing where %s', (_case, policy, hints) => {
    const { deps } = scene(policy)
    expect(route(deps, ask('v', hints)).affinity).toBeUndefined()
  })

  test('moves on where its deployment is left out', () => {
    const seen = scene({ stickiness: 'session' })
    const { id } = serve(seen, [], session)
    fail(seen, seen.deps.catalogue.resolve(id), 'PROVIDER_RATE_LIMITED')
    const moved = serve(seen, [], session)
    expect(moved.id).not.toBe(id)
    seen.clock.ms += 60_000
    expect(serve(seen, [], session).id).toBe(moved.id)
  })

  test('moves on where its deployment is far busier than the others', () => {
    const seen = scene({ stickiness: 'session' })
    const { id } = serve(seen, [], session)
    const deployment = seen.deps.catalogue.resolve(id)
    for (let running = 0; running < 6; running += 1) seen.deps.states.begin(deployment)
    expect(serve(seen, [], session)).toMatchObject({ id, by: 'session' })
    seen.deps.states.begin(deployment)
    expect(serve(seen, [], session).by).toBeUndefined()
  })

  test('is forgotten after half an hour', () => {
    const seen = scene({ stickiness: 'session' })
    serve(seen, [], session)
    seen.clock.ms += 30 * 60_000 + 1
    expect(serve(seen, [], session).by).toBeUndefined()
  })
})

describe('the beginning of a prompt', () => {
  test('goes where the longest one that it shares went, without anybody naming a session', () => {
    const seen = scene({ prefixAffinity: true })
    const talk = [system, say('user', 'which is the longest?')]
    const { id } = serve(seen, talk)
    talk.push(say('assistant', 'that one'), say('user', 'and the highest?'))
    const next = serve(seen, talk)
    expect(next).toMatchObject({ id, by: 'prefix' })
    expect(new Set(next.candidates.map(({ deployment }) => deployment.id)).size).toBe(5)
    expect(serve(seen, [system, say('user', 'something else')])).toMatchObject({ id, by: 'prefix' })
    const other = say('system', 'You know nothing. '.repeat(400))
    expect(serve(seen, [other, say('user', 'which is the longest?')]).by).toBeUndefined()
  })

  test('matters only where the prompt is long enough to be cached', () => {
    const { deps } = scene({ prefixAffinity: true })
    expect(route(deps, ask('v')).affinity).toBeUndefined()
  })

  test('has one name for each message, the same for the same beginning alone', () => {
    const talk = [say('system', 's'), say('user', 'u'), say('assistant', 'a')]
    const all = prefixesOf(talk, 'scope')
    expect(all).toHaveLength(3)
    expect(prefixesOf(talk.slice(0, 2), 'scope')).toEqual(all.slice(1))
    expect(prefixesOf(talk, 'another')).not.toContain(all[0])
    const changed = [say('system', 't'), ...talk.slice(1)]
    expect(prefixesOf(changed, 'scope').some((name) => all.includes(name))).toBe(false)
  })

  test('counts length, beginning and end of a long text, and the latest messages of a long talk', () => {
    const long = 'x'.repeat(10_000)
    const [name] = prefixesOf([say('user', long)], '')
    expect(prefixesOf([say('user', `${long}x`)], '')).not.toContain(name)
    expect(prefixesOf([say('user', `y${long.slice(1)}`)], '')).not.toContain(name)
    expect(prefixesOf([say('user', `${long.slice(1)}y`)], '')).not.toContain(name)
    expect(
      prefixesOf(
        Array.from({ length: 100 }, () => say('user', 'x')),
        '',
      ),
    ).toHaveLength(16)
  })
})

describe('what instances tell each other', () => {
  let handlers: ((message: string) => void)[]
  const bus = {
    publish: async (_channel: string, message: string) => {
      for (const handler of handlers) handler(message)
    },
    subscribe: (_channel: string, handler: (message: string) => void) => {
      handlers.push(handler)
      return () => void handlers.splice(handlers.indexOf(handler), 1)
    },
  }
  beforeEach(() => (handlers = []))

  test('arrives a moment later, is not told again, and rubbish is passed over', async () => {
    const one = shareAffinity(bus)
    const other = shareAffinity(bus)
    const messages: string[] = []
    handlers.push((message) => messages.push(message))
    one.affinity.note(['n1', 'n2'], 'a/m')
    one.affinity.note(['n1'], 'a/m')
    expect(other.affinity.find(['n1'])).toBeUndefined()
    await expect.poll(() => other.affinity.find(['n2'])).toBe('a/m')
    expect(messages).toEqual(['[["n1","a/m"],["n2","a/m"]]'])
    await bus.publish('routing-affinity', 'no json')
    await bus.publish('routing-affinity', '[["x"]]')
    expect(other.affinity.find(['x', 'n1'])).toBe('a/m')
    one.close()
    other.close()
    expect(handlers).toHaveLength(1)
  })

  test('is the newest: what is heard takes the place of what was noted here', () => {
    const affinity = createAffinity()
    affinity.note(['n'], 'a/m')
    affinity.hear('n', 'b/m')
    expect(affinity.find(['none', 'n'])).toBe('b/m')
  })
})
