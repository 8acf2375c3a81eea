import { createHmac, createSecretKey, hkdfSync, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A function that hashes API keys with HMAC-SHA-256 under a key derived from the installation's secret. */
export function apiKeyHasher(secret: string): (key: string) => Buffer {
  const derived = hkdfSync('sha256', secret, '', 'xrouter api-key hash v1', 32)
  // As a key object it is taken apart once, not at every request.
  const hmacKey = createSecretKey(new Uint8Array(derived))
  return (key) => createHmac('sha256', hmacKey).update(key).digest()
}

/** Keys for answers that are kept: one for digests of requests, one for encryption at rest. */
export function cacheKeys(secret: string): { digestKey: Buffer; sealKey: Buffer } {
  const derive = (what: string): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, '', `xrouter ${what} v1`, 32))
  return { digestKey: derive('cache digest'), sealKey: derive('cache encryption') }
}

/** A key for the secrets of webhook endpoints at rest. */
export function webhookSealKey(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'xrouter webhook secrets v1', 32))
}

/** The secret of an embedded installation: made at the first start, kept in its data folder. */
export function embeddedSecret(dataDir: string): string {
  const path = join(dataDir, 'secret')
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  try {
    writeFileSync(path, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  return readFileSync(path, 'utf8').trim()
}
