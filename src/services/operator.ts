import type { SystemActor } from '../protocol/actor.ts'

/** The installation itself, where it acts in an organisation. */
export function operatorOf(organization: string): SystemActor {
  return {
    kind: 'system',
    id: 'master-key',
    organization,
    tier: 'system',
    scopes: new Set(['ADMIN']),
    models: null,
  }
}
