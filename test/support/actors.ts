import type { ApiKeyActor } from '../../src/protocol/actor.ts'

/** A key that may manage the keys of its organisation and call models. */
export function managerOf(organization: string, changes: Partial<ApiKeyActor> = {}): ApiKeyActor {
  return {
    kind: 'api-key',
    id: `key_manager_of_${organization}`,
    organization,
    tier: 'pro',
    scopes: new Set(['MANAGE', 'INFERENCE']),
    models: null,
    ...changes,
  }
}
