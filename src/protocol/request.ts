/** Members that a dialect carries and the gateway does not interpret, kept as they came. */
export type Extra = Record<string, unknown>

/** One completion to make, in no provider's words. Every door decodes into it, every upstream is encoded from it. */
export interface ChatRequest {
  /** What the client asked for: `provider/model`, a bare model name or an alias. */
  model: string
  /** The conversation, oldest first. */
  messages: Message[]
  /** Whether the client reads the answer as it is made; the upstream is called in the same mode. */
  stream: boolean
  temperature?: number | undefined
  topP?: number | undefined
  /** Upper bound of generated tokens, reasoning included. */
  maxTokens?: number | undefined
  frequencyPenalty?: number | undefined
  presencePenalty?: number | undefined
  stop?: string[] | undefined
  seed?: number | undefined
  /** How many answers to make; 1 when absent. */
  choices?: number | undefined
  tools?: Tool[] | undefined
  toolChoice?: ToolChoice | undefined
  parallelToolCalls?: boolean | undefined
  responseFormat?: ResponseFormat | undefined
  /** Only the so many likeliest tokens are drawn from. */
  topK?: number | undefined
  /** The text that follows the one to be completed. */
  suffix?: string | undefined
  /** The provider's own word for the effort: `none`, `minimal`, `low`, `medium`, `high`, ... */
  reasoningEffort?: string | undefined
  /** Upper bound of tokens spent on reasoning. */
  reasoningBudgetTokens?: number | undefined
  /** How much of the reasoning is shown: `auto`, `concise`, `detailed`, `omitted`. */
  reasoningSummary?: string | undefined
  /** The client's own stable name for the person behind the request. */
  endUserId?: string | undefined
  logprobs?: boolean | undefined
  /** 0 to 20; only with `logprobs`. */
  topLogprobs?: number | undefined
  /** Members of the door's dialect that are not listed here, for providers that speak the same dialect. */
  passthrough?: Passthrough | undefined
}

/** Uninterpreted request members and the dialect whose they are. */
export interface Passthrough {
  dialect: string
  members: Extra
  /** The client's own word for a member of `ChatRequest` for which the dialect has several. */
  spellings?: Record<string, string> | undefined
  /** Headers of the request that belong to the dialect, such as opt-ins; names in lower case. */
  headers?: Record<string, string> | undefined
}

export type MessageRole = 'system' | 'developer' | 'user' | 'assistant' | 'tool'

/** What a provider signed or sealed: only a provider of the same dialect understands it. */
export interface Signature {
  dialect: string
  value: string
}

/** One turn of the conversation. */
export interface Message {
  role: MessageRole
  /** The content in order, reasoning of an assistant included; empty where a turn only calls tools. */
  parts: ContentPart[]
  /** The participant's name, where the client gives one. */
  name?: string | undefined
  /** Calls that an assistant turn makes. */
  toolCalls?: ToolCall[] | undefined
  /** The call that a tool turn answers; absent only in OpenAI's deprecated `function` role. */
  toolCallId?: string | undefined
  /** Whether a tool turn reports that the tool failed. */
  isError?: boolean | undefined
  extra?: Extra | undefined
}

export type ContentPart = PartBase &
  (
    | { type: 'text'; text: string; signature?: Signature | undefined }
    /** An image by URL (https: or data:), or by the id that its provider gave it. */
    | ({ type: 'image'; detail?: string | undefined } & FileSource)
    /** `data` is base64. */
    | { type: 'audio'; data: string; format: string }
    | ({ type: 'file'; name?: string | undefined } & FileSource)
    | { type: 'refusal'; text: string }
    | ReasoningPart
    /** Where one of the turn's `toolCalls` stands, by its index; calls without a place come last. */
    | { type: 'tool-call'; index: number }
    /** A part that only its dialect knows, as it came. */
    | { type: 'native'; dialect: string; part: Extra }
  )

interface PartBase {
  /** The prompt up to here, this part included, is worth keeping in the provider's cache. */
  cache?: CacheMark | undefined
  extra?: Extra | undefined
}

/** A client's wish that the provider caches the prompt up to its place. */
export interface CacheMark {
  /** `5m`, `1h`; the provider's own default when absent. */
  ttl?: string | undefined
}

/** What the assistant thought before it went on, where the client sends it back. */
export interface ReasoningPart {
  type: 'reasoning'
  /** Empty where the provider shows none of it. */
  text: string
  signature?: Signature | undefined
  /** Reasoning that only its provider can read. */
  sealed?: Signature | undefined
}

/** A file by URL (https: or data:), or by the id that its provider gave it. */
export type FileSource = { url: string; mediaType?: string | undefined } | { fileId: string }

/** A call as a client sends it back, and as an answer holds it. */
export interface ToolCall {
  /** Empty where the wire has none (OpenAI's deprecated `function_call`). */
  id: string
  kind: ToolCallKind
  name: string
  /** A string of JSON for functions, free text for custom tools; as the model wrote it, perhaps invalid. */
  arguments: string
  /** Proof of origin that must go back with the call. */
  signature?: Signature | undefined
  extra?: Extra | undefined
}

/** `function_call` is OpenAI's deprecated single call without an id. */
export type ToolCallKind = 'function' | 'custom' | 'function_call'

export type Tool =
  | {
      kind: 'function'
      name: string
      description?: string | undefined
      /** JSON Schema of the arguments. */
      parameters?: unknown
      strict?: boolean | undefined
      cache?: CacheMark | undefined
      extra?: Extra | undefined
    }
  | {
      kind: 'custom'
      name: string
      description?: string | undefined
      /** Text or grammar, as OpenAI describes it. */
      format?: unknown
      extra?: Extra | undefined
    }
  /** A tool that only one provider runs (web search and the like), kept as it came. */
  | { kind: 'native'; type: string; definition: Extra }

export type ToolChoice =
  | { mode: 'none' | 'auto' | 'required' }
  | { mode: 'tool'; kind: 'function' | 'custom'; name: string }
  /** A choice in a form that only its dialect knows. */
  | { mode: 'native'; definition: Extra }

export type ResponseFormat =
  | { type: 'text' }
  | { type: 'json_object' }
  | {
      type: 'json_schema'
      name: string
      description?: string | undefined
      schema?: unknown
      strict?: boolean | undefined
    }
  /** A form that only its dialect knows (a grammar and the like). */
  | { type: 'native'; definition: Extra }
