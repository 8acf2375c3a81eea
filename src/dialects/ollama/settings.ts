import type { Extra } from '../../protocol/request.ts'

/** What an operator sets for all calls. */
export interface OllamaSettings {
  /** How long a model stays in memory after a call: seconds, or a duration such as `10m`. */
  keepAlive?: string | number | undefined
  /** Members of `options`, such as `num_ctx`; those of the request stand before them. */
  options?: Extra | undefined
}
