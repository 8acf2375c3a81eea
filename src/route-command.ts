import { readFileSync } from 'node:fs'
import { ConfigError, type Config } from './config.ts'
import { openaiChatDoor } from './dialects/openai-chat/chat-door.ts'
import { GatewayError } from './errors.ts'
import type { Catalogue } from './gateway/catalogue.ts'
import { explainRoute } from './gateway/explain.ts'
import type { Actor } from './protocol/actor.ts'
import { decodeHints } from './rest/hints.ts'
import { decisionBody } from './rest/route-explain.ts'
import { dryRouting } from './rule-cases.ts'

/** A key that may use everything: what is asked is what the configuration does. */
const actor: Actor = {
  kind: 'api-key',
  id: 'key_of_the_command',
  organization: 'default',
  tier: 'enterprise',
  scopes: new Set(['INFERENCE']),
  models: null,
}

/** Where the chat completion of a JSON file would go by a configuration, as `POST /v1/route/explain` tells it. */
export function explainFile(config: Config, catalogue: Catalogue, file: string): string {
  const body = readBody(file)
  try {
    const { request, xrouter } = openaiChatDoor.decode(body, {})
    const { hints, tags, user } = decodeHints(xrouter)
    const deps = dryRouting(config, catalogue, Date.now())
    const caller = { actor, door: 'rest' as const, headers: {}, hints, tags, user }
    return JSON.stringify(decisionBody(explainRoute(deps, request, caller)), null, 2)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    throw new ConfigError([{ path: error.path ?? file, message: error.message }])
  }
}

function readBody(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    const message = 'must be a readable JSON file with the body of a chat completion'
    throw new ConfigError([{ path: file, message }])
  }
}
