import { z } from 'zod'
import { createAffinity, type Affinity } from './affinity.ts'

/** Of the bus between instances, what is needed here. */
interface Messages {
  publish(channel: string, message: string): Promise<void>
  subscribe(channel: string, handler: (message: string) => void): () => void
}

const channel = 'routing-affinity'
const everyMs = 200
/** Of one message; what comes on top in the same time is not told. */
const notesMax = 2_000

const notesSchema = z.array(z.tuple([z.string(), z.string()]))

/**
 * Affinity that instances tell each other, a moment later and without anybody waiting: where a message is
 * lost, a prompt is read once more by another provider.
 */
export function shareAffinity(bus: Messages): { affinity: Affinity; close: () => void } {
  let notes: [string, string][] = []
  const affinity = createAffinity((name, deployment) => {
    if (notes.length < notesMax) notes.push([name, deployment])
  })
  const timer = setInterval(() => {
    if (notes.length === 0) return
    void bus.publish(channel, JSON.stringify(notes))
    notes = []
  }, everyMs)
  timer.unref()
  const unsubscribe = bus.subscribe(channel, (message) => {
    const parsed = notesSchema.safeParse(readJson(message))
    for (const [name, deployment] of parsed.data ?? []) affinity.hear(name, deployment)
  })
  return {
    affinity,
    close: () => {
      clearInterval(timer)
      unsubscribe()
    },
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
