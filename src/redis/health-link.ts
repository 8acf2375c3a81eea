import type { Bus } from './bus.ts'

const kept = { max: 200, seconds: 300 }

/** Messages about providers between the instances of one installation, and the latest of them for one that starts. */
export function createHealthLink(
  bus: Pick<Bus, 'publish' | 'subscribe' | 'keep' | 'kept'>,
  installation: string,
) {
  const channel = `provider-health:${installation}`
  return {
    send: async (message: string): Promise<void> => {
      await Promise.all([bus.publish(channel, message), bus.keep(channel, message, kept)])
    },
    receive: (handler: (message: string) => void) => bus.subscribe(channel, handler),
    recall: () => bus.kept(channel),
  }
}
