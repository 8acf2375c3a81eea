import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { RedisKeys } from './client.ts'

/** One atomic step in Redis. */
export interface Script {
  text: string
  sha: string
}

/** A script of this folder, with what all of its family share before it. */
export function loadScript(...files: readonly string[]): Script {
  const text = files.map((file) => readFileSync(new URL(file, import.meta.url), 'utf8')).join('\n')
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/** Runs a script in one round trip; in two where this Redis does not know it yet. */
export async function runScript(
  { client, prefix }: RedisKeys,
  { text, sha }: Script,
  { keys, args }: { keys: readonly string[]; args: readonly string[] },
): Promise<unknown> {
  const given = [...keys.map((key) => prefix + key), ...args]
  try {
    return await client.evalsha(sha, keys.length, ...given)
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
    return client.eval(text, keys.length, ...given)
  }
}
