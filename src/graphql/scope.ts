import type { scopes } from '../protocol/actor.ts'
import { builder } from './builder.ts'

export const Scope = builder.enumType('Scope', {
  description: 'What an API key may do.',
  values: {
    INFERENCE: { description: 'Call models.' },
    READ: { description: 'Read usage and the request log.' },
    MANAGE: { description: 'Manage keys and rules; includes READ.' },
    ADMIN: { description: 'Everything.' },
  } satisfies Record<(typeof scopes)[number], object>,
})
