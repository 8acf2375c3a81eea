import { isDeepStrictEqual } from 'node:util'
import { GatewayError, invalidRequest } from '../errors.ts'
import { addressList } from '../lib/address-list.ts'
import type { Actor } from '../protocol/actor.ts'
import { requireHeld } from './api-key-grant.ts'
import type { KeyChanges } from './api-key-input.ts'
import type { ApiKeyRow } from './requests.ts'

const columns = [
  'name',
  'tier',
  'scopes',
  'models',
  'allowedIps',
  'tags',
  'metadata',
  'disabledAt',
  'expiresAt',
] as const

/** The columns of a key that may be changed, with their new values. */
export type ColumnChanges = { [Name in (typeof columns)[number]]?: ApiKeyRow[Name] | undefined }

/** Columns that say nothing of what a key may do. */
const harmless: ReadonlySet<string> = new Set(['name', 'tags', 'metadata'])

/** What shall be written; a key that is disabled again stays so since the first time. */
export function columnsOf(before: ApiKeyRow, { disabled, ...changes }: KeyChanges): ColumnChanges {
  if (disabled === undefined) return changes
  return { ...changes, disabledAt: disabled ? (before.disabledAt ?? new Date()) : null }
}

/** Also a longer life and being enabled again are grants: of everything that the key may do. */
export function requireMayChange(actor: Actor, before: ApiKeyRow, changes: ColumnChanges): void {
  const grants = columns.filter(
    (name) =>
      changes[name] !== undefined &&
      !harmless.has(name) &&
      !(name === 'disabledAt' && changes.disabledAt !== null),
  )
  if (grants.length === 0) return
  const { tier = before.tier, scopes = before.scopes, models = before.models } = changes
  requireHeld(actor, { tier, scopes, models })
}

/** A key that shuts itself out is most often a mistake, and one that it cannot take back. */
export function requireStaysIn(actor: Actor, id: string, change: ColumnChanges & Place): void {
  if (actor.id !== id) return
  const { allowedIps, disabledAt, address } = change
  if (disabledAt) {
    const message = 'This API key would disable itself. Use another one, or say `force: true`.'
    throw invalidRequest('disabled', message)
  }
  if (allowedIps && !addressList(allowedIps)(address)) {
    throw invalidRequest(
      'allowedIps',
      `This API key would shut itself out: its own address ${address} is not on the list. Add it, or say \`force: true\`.`,
    )
  }
}

interface Place {
  /** The address that the change is asked for from. */
  address: string
}

/** The members that get another value: what they were and what they become. */
export function differences(before: ApiKeyRow, changes: ColumnChanges) {
  const changed = columns.filter(
    (name) => changes[name] !== undefined && !isDeepStrictEqual(changes[name], before[name]),
  )
  return {
    from: Object.fromEntries(changed.map((name) => [name, before[name]])),
    to: Object.fromEntries(changed.map((name) => [name, changes[name]])),
  }
}

/** No key of this id in the actor's organisation. */
export function keyNotFound(): GatewayError {
  return new GatewayError({ code: 'NOT_FOUND', message: 'There is no API key with this id.' })
}

/** Throws CONFLICT for a key that ended for good. */
export function requireNotRevoked({ revokedAt }: ApiKeyRow): void {
  if (!revokedAt) return
  const message = 'This API key was revoked and cannot be changed. Create another one.'
  throw new GatewayError({ code: 'CONFLICT', message })
}
