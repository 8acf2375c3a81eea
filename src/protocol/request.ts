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
  /** The provider's own word for the effort: `none`, `minimal`, `low`, `medium`, `high`, ... */
  reasoningEffort?: string | undefined
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
}

export type MessageRole = 'system' | 'developer' | 'user' | 'assistant' | 'tool'

/** One turn of the conversation. */
export interface Message {
  role: MessageRole
  /** The content in order; empty where a turn only calls tools. */
  parts: ContentPart[]
  /** The participant's name, where the client gives one. */
  name?: string | undefined
  /** Calls that an assistant turn makes. */
  toolCalls?: ToolCall[] | undefined
  /** The call that a tool turn answers; absent only in OpenAI's deprecated `function` role. */
  toolCallId?: string | undefined
  /** What the assistant thought before it answered, where the client sends it back. */
  reasoning?: string | undefined
  extra?: Extra | undefined
}

export type ContentPart =
  | { type: 'text'; text: string; extra?: Extra | undefined }
  /** `url` is an https: or a data: URL. */
  | { type: 'image'; url: string; detail?: string | undefined; extra?: Extra | undefined }
  /** `data` is base64. */
  | { type: 'audio'; data: string; format: string; extra?: Extra | undefined }
  | ({ type: 'file'; name?: string | undefined; extra?: Extra | undefined } & FileSource)
  | { type: 'refusal'; text: string; extra?: Extra | undefined }

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
