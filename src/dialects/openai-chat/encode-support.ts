import { GatewayError } from '../../errors.ts'
import type { Extra } from '../../protocol/request.ts'
import { isRecord } from '../narrow.ts'

/** Members that stood inside the object `member` of the object whose extras these are. */
export function inner(extra: Extra | undefined, member: string): Extra {
  const members = extra?.[member]
  return isRecord(members) ? members : {}
}

/** Another deployment may well be able to do what this dialect has no words for. */
export function unsupported(what: string): GatewayError {
  return new GatewayError({
    code: 'UNSUPPORTED_FEATURE',
    message: `The provider's API cannot express ${what}. Leave it out or choose another model.`,
    failover: true,
  })
}
