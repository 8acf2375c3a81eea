import type { CacheResult } from '../protocol/settlement.ts'
import { builder } from './builder.ts'

/** What the cache of answers did, `off` where it was not asked. */
export type CacheStatusValue = CacheResult | 'off'

export const CacheStatus = builder.enumType('CacheStatus', {
  description: 'What the cache of answers did for a request.',
  values: {
    OFF: { value: 'off', description: 'It was not asked.' },
    MISS: { value: 'miss', description: 'It had no answer.' },
    HIT: { value: 'hit', description: 'It had the answer: no provider was called.' },
    BYPASS: {
      value: 'bypass',
      description:
        'It was passed by: the client wanted a fresh answer, or such requests are not kept.',
    },
  } as const satisfies Record<string, { value: CacheStatusValue; description: string }>,
})
