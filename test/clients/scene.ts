import type { ClientFactory, Endpoint, TypedClient } from './typed-client.ts'

/** What stands behind the gateway and between it and the client, in the hands of a behaviour; it lives in Node. */
export interface Stage {
  /** The coming completion is said word by word; hands of several take their turns in order. */
  hold: () => Promise<void>
  /** Says it in the oldest completion that has not ended. */
  say: (text: string) => Promise<void>
  /** Ends it as complete. */
  finish: () => Promise<void>
  /** Breaks it off in the middle. */
  breakOff: () => Promise<void>
  /** Waits until the gateway has hung up on it; whether that was before its end. */
  left: () => Promise<boolean>
  /** The provider answers the coming completion with this status. */
  refuse: (status: number) => Promise<void>
  /** Cuts every connection between clients and gateway. */
  cut: () => Promise<void>
  /** A key that may do no more than call models. */
  callerKey: () => Promise<string>
}

/** What a behaviour has at hand. */
export interface Scene {
  /** A fresh client with an empty cache. */
  open: (options?: Partial<Endpoint>) => TypedClient
  stage: Stage
  /** What went over HTTP. */
  traffic: { requests: number; requestId: string | null }
}

/** One thing that every client does with a gateway, and what comes out. Runs in Node and in a browser. */
export interface Behaviour {
  name: string
  run: (scene: Scene) => Promise<unknown>
  expected: unknown
}

export function createScene(
  create: ClientFactory,
  { url, key }: { url: string; key: string },
  stage: Stage,
): Scene {
  const traffic: Scene['traffic'] = { requests: 0, requestId: null }
  const counted: typeof fetch = async (input, init) => {
    traffic.requests += 1
    const response = await fetch(input, init)
    traffic.requestId = response.headers.get('x-request-id')
    return response
  }
  const open: Scene['open'] = (options) =>
    create({ url, key, subscriptions: 'ws', persisted: false, fetch: counted, ...options })
  return { open, stage, traffic }
}
