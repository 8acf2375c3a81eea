import type { EmbedUpstream } from '../../src/gateway/deps.ts'

/** For gateways whose providers generate in this process. */
export const noEmbeddings: EmbedUpstream = () =>
  Promise.reject(new Error('no test provider embeds'))
