import type { ErrorCode as Code, GatewayError } from '../errors.ts'
import type { Settlement } from '../protocol/settlement.ts'
import { Attempt, attemptOfRecord, attemptsExpected, type AttemptValue } from './attempt.ts'
import { builder } from './builder.ts'
import { ErrorCode } from './error-code.ts'

/** An expected failure as a client sees it. */
interface ErrorValue {
  kind: 'error'
  code: Code
  message: string
  retryable: boolean
  requestId: string
}

export interface CompletionErrorValue extends ErrorValue {
  retryAfterMs: number | null
  path: string | null
  attempts: AttemptValue[]
}

const ErrorInterface = builder.interfaceRef<ErrorValue>('Error').implement({
  description: 'An expected failure.',
  // Values of the interface never stand alone: a union or a field has told their type before.
  resolveType: () => undefined,
  fields: (t) => ({
    code: t.expose('code', { type: ErrorCode, description: 'What went wrong, for programs.' }),
    message: t.exposeString('message', {
      description: 'What went wrong and what to do, for people.',
    }),
    retryable: t.exposeBoolean('retryable', {
      description: 'Whether the same request may succeed later.',
    }),
    requestId: t.exposeID('requestId', {
      description: 'The id under which the log has the request.',
    }),
  }),
})

export const CompletionError = attemptsError('CompletionError', 'Why there is no completion.')

export const EmbeddingError = attemptsError('EmbeddingError', 'Why there are no vectors.')

/** A failure of something that calls providers. */
function attemptsError(name: 'CompletionError' | 'EmbeddingError', description: string) {
  return builder.objectRef<CompletionErrorValue>(name).implement({
    description,
    interfaces: [ErrorInterface],
    fields: (t) => ({
      retryAfterMs: t.exposeInt('retryAfterMs', {
        nullable: true,
        description:
          'Milliseconds to wait before another try, where a provider or a limit said so.',
      }),
      path: t.exposeString('path', {
        nullable: true,
        description: 'The member of the input that is at fault, as `input.messages[0].content`.',
      }),
      attempts: t.expose('attempts', {
        type: [Attempt],
        description: 'The calls that were made; empty when none was.',
        complexity: { multiplier: attemptsExpected },
      }),
    }),
  })
}

/** What a client is told of a failed completion; `settlement` is absent when nothing was called. */
export function completionError(
  error: GatewayError,
  requestId: string,
  settlement?: Settlement,
): CompletionErrorValue {
  return {
    kind: 'error',
    code: error.code,
    message: error.message,
    retryable: error.retryable,
    requestId,
    retryAfterMs: error.retryAfterMs === undefined ? null : Math.ceil(error.retryAfterMs),
    path: error.path === undefined ? null : inputPath(error.path),
    attempts: (settlement?.attempts ?? []).map(attemptOfRecord),
  }
}

/** Where members stand in the GraphQL input when their name is not just another spelling. */
const renamed: Record<string, string> = {
  allowProviders: 'routing.allowProviders',
  denyProviders: 'routing.denyProviders',
  maxCompletionTokens: 'maxTokens',
  n: 'choices',
}

/** The gateway names members as OpenAI does; clients of this door know them by the input's fields. */
function inputPath(path: string): string {
  if (path === 'input' || path.startsWith('input.')) return path
  const camel = path
    .replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    .replace(/^(messages\[\d+\])\.content\[/, '$1.parts[')
  return `input.${camel.replace(/^\w+/, (head) => renamed[head] ?? head)}`
}
