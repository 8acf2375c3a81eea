import type { Strategy } from './routing.ts'

/** What a rule's condition may ask about. Names are those of the configuration; whole numbers are bigints. */
export interface RuleFacts {
  request: {
    /** As the client named it. */
    model: string
    operation: 'chat' | 'embedding'
    door: string
    stream: boolean
    /** How many turns the conversation has, or how many texts are embedded. */
    messages: bigint
    images: bigint
    files: bigint
    /** Names of the tools. */
    tools: string[]
    json_schema: boolean
    /** Empty where none is asked for. */
    reasoning_effort: string
    /** 0 where the client sets no bound. */
    max_tokens: bigint
    choices: bigint
    /** The end user that the request names; empty where it names none. */
    user: string
  }
  /** Who asks: an API key, or `system` for the master key. */
  key: { kind: string; id: string; tier: string; scopes: string[]; tags: FactMap }
  organization: string
  /** The request's tags, the key's own among them. */
  tags: FactMap
  /** Headers of the HTTP request, names in lower case, without credentials. */
  headers: Readonly<Record<string, string>>
  estimate: { input_tokens: bigint; output_tokens: bigint }
  now: Date
}

type FactMap = Readonly<Record<string, string | number | boolean>>

/** What a rule does where its condition holds. */
export interface RuleAction {
  /** The request ends with PERMISSION_DENIED and this text. */
  deny?: string | undefined
  /** Goes on as if the client had named this model. */
  route?: string | undefined
  /** This deployment and no other. */
  pin?: string | undefined
  strategy?: Strategy | undefined
  /** Who goes first where not everybody can be served: higher. */
  priority?: number | undefined
  /** Tried after those that the client named. */
  fallbacks?: readonly string[] | undefined
  /** Only these providers; where several rules say so, those that all of them name. */
  allowProviders?: readonly string[] | undefined
  denyProviders?: readonly string[] | undefined
}

/** One rule of the configuration, its condition compiled. */
export interface Rule extends RuleAction {
  name: string
  /** Throws where the condition cannot be evaluated, with a text that says why. */
  matches(facts: RuleFacts): boolean
  /** Whether no later rule is looked at once this one has matched. */
  last: boolean
}
