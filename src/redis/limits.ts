import type { RedisKeys } from './client.ts'
import { loadScript, runScript, type Script } from './scripts.ts'

/** The keys of one organisation, and what the script's header lists. */
export interface ScriptInput {
  keys: readonly string[]
  args: readonly string[]
}

/** What is in Redis of the limits; the headers of the scripts say what they take. */
export interface LimitScripts {
  reserve(input: ScriptInput): Promise<string[]>
  settle(input: ScriptInput): Promise<string[]>
  renew(input: ScriptInput): Promise<void>
  load(input: ScriptInput): Promise<void>
  mark(input: ScriptInput): Promise<string>
}

const verb = (file: string): Script => loadScript('meters.lua', file)
const scripts = {
  reserve: verb('limits-reserve.lua'),
  settle: verb('limits-settle.lua'),
  renew: verb('limits-renew.lua'),
  load: verb('limits-load-1.lua'),
  mark: verb('limits-mark-1.lua'),
}

export function limitScripts(redis: RedisKeys): LimitScripts {
  return {
    reserve: async (input) => texts(await runScript(redis, scripts.reserve, input)),
    settle: async (input) => texts(await runScript(redis, scripts.settle, input)),
    renew: async (input) => void (await runScript(redis, scripts.renew, input)),
    load: async (input) => void (await runScript(redis, scripts.load, input)),
    mark: async (input) => String(await runScript(redis, scripts.mark, input)),
  }
}

function texts(answer: unknown): string[] {
  if (!Array.isArray(answer)) throw new TypeError('a script of the limits answered no list')
  return answer.map(String)
}
