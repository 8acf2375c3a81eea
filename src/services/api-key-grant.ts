import { hasScope, hasTier, type Actor, type Scope } from '../protocol/actor.ts'
import { denied } from './permission.ts'

/** What a key may do. */
export interface Grant {
  tier: string
  scopes: readonly Scope[]
  /** Null = every model. */
  models: readonly string[] | null
}

/** Nobody gives away what they do not have: neither a scope, nor a tier, nor a model. */
export function requireHeld(actor: Actor, grant: Grant): void {
  const scope = grant.scopes.find((each) => !hasScope(actor, each))
  if (scope !== undefined) {
    throw denied(`This API key does not have the scope ${scope} and may not grant it.`)
  }
  if (!hasTier(actor, grant.tier)) {
    throw denied(
      `This API key is of the tier ${actor.tier} and may not grant the tier ${grant.tier}.`,
    )
  }
  const { models } = actor
  if (models === null) return
  const beyond = grant.models?.find((each) => !covers(models, each))
  if (grant.models === null || beyond !== undefined) {
    const what = beyond === undefined ? 'every model' : `\`${beyond}\``
    throw denied(`This API key may not use ${what} and may not grant it.`)
  }
}

function covers(held: readonly string[], pattern: string): boolean {
  const provider = pattern.slice(0, pattern.indexOf('/'))
  return held.includes(pattern) || held.includes(`${provider}/*`)
}
