/** What a client asks, in the words of no door. */
export interface Question {
  turns: Turn[]
  tools?: ToolSpec[]
  /** JSON schema of the answer. */
  schema?: object
  effort?: 'low'
}

export type Turn =
  /** `image` is a data: URL. */
  | { role: 'user'; text: string; image?: string }
  | { role: 'assistant'; calls: Call[] }
  | { role: 'tool'; id: string; text: string }

export interface ToolSpec {
  name: string
  description: string
  parameters: object
}

export interface Call {
  id: string
  name: string
  /** JSON. */
  arguments: string
}

/** What a client has in the end. */
export interface Outcome {
  status: number
  headers: Headers
  error: OutcomeError | undefined
  /** The pieces of the text, as they came; one where it came whole. */
  texts: string[]
  reasoning: string
  calls: Call[]
  finish: string | undefined
  /** Tokens of prompt and answer. */
  usage: { input: number; output: number } | undefined
  warnings: string[]
}

export interface OutcomeError {
  code: string
  message: string
  path: string | undefined
  /** How long to wait, where the body says so. */
  retryAfterMs?: number | undefined
}

/** One way in: a door, and whether the answer is streamed. */
export interface Way {
  name: string
  path: string
  stream: boolean
  /** Whether the door has words for it; every one has where this is absent. */
  expresses?: (question: Question) => boolean
  /** Headers and body of the POST. */
  post(model: string, question: Question): { accept: string; body: object }
  /** Reads what was answered with this status; frames of a stream come parsed, a JSON answer is one. */
  read(answer: unknown[]): Omit<Outcome, 'status' | 'headers'>
}

/** A 1x1 PNG. */
export const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
