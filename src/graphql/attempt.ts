import type { ErrorCode as ErrorCodeValue } from '../errors.ts'
import type { AttemptRecord, Money } from '../protocol/settlement.ts'
import type { AttemptRow } from '../services/requests.ts'
import { builder } from './builder.ts'
import { ErrorCode } from './error-code.ts'
import { Money as MoneyType, Usage, usageOfRow, usageValue, type UsageValue } from './usage.ts'

/** Attempts per request as the cost of a list of them counts them: mostly one, seldom more than three. */
export const attemptsExpected = 3

/** One call of one deployment, from a running request or from the log. */
export interface AttemptValue {
  number: number
  provider: string
  model: string
  status: AttemptRecord['status']
  httpStatus: number | null
  errorCode: ErrorCodeValue | null
  latencyMs: number
  timeToFirstTokenMs: number | null
  usage: UsageValue | null
  /** In the accounting currency. */
  accountingCost: Money | null
}

const AttemptStatus = builder.enumType('AttemptStatus', {
  description: 'How an attempt ended.',
  values: {
    SUCCEEDED: { value: 'succeeded', description: 'It gave the answer.' },
    FAILED: { value: 'failed', description: 'The provider failed or refused.' },
    CANCELLED: { value: 'cancelled', description: 'The client left.' },
  } as const,
})

export const Attempt = builder.objectRef<AttemptValue>('Attempt').implement({
  description: 'One call of one provider on the way to an answer.',
  fields: (t) => ({
    number: t.exposeInt('number', { description: 'From 1, in the order of the calls.' }),
    provider: t.exposeString('provider', { description: 'The provider that was called.' }),
    model: t.exposeString('model', { description: 'The model, as `provider/model`.' }),
    status: t.expose('status', { type: AttemptStatus, description: 'How it ended.' }),
    httpStatus: t.exposeInt('httpStatus', {
      nullable: true,
      description: "The provider's HTTP status; null when none was received.",
    }),
    errorCode: t.expose('errorCode', {
      type: ErrorCode,
      nullable: true,
      description: 'Why it failed; null when it did not.',
    }),
    latencyMs: t.exposeFloat('latencyMs', {
      description: 'Milliseconds from the call to its end.',
    }),
    timeToFirstTokenMs: t.exposeFloat('timeToFirstTokenMs', {
      nullable: true,
      description: 'Milliseconds from the call to the first content; null when there was none.',
    }),
    usage: t.expose('usage', {
      type: Usage,
      nullable: true,
      description: 'Tokens and cost; null when the provider reported none.',
    }),
    accountingCost: t.expose('accountingCost', {
      type: MoneyType,
      nullable: true,
      description:
        'The cost in the accounting currency, at the rate of its time; null without such a currency, cost or rate.',
    }),
  }),
})

export function attemptOfRecord(record: AttemptRecord): AttemptValue {
  return {
    number: record.number,
    provider: record.provider,
    model: record.model,
    status: record.status,
    httpStatus: record.httpStatus ?? null,
    errorCode: record.errorCode ?? null,
    latencyMs: record.latencyMs,
    timeToFirstTokenMs: record.timeToFirstTokenMs ?? null,
    usage: record.usage ? usageValue(record.usage, record.cost) : null,
    accountingCost: record.accounting?.money ?? null,
  }
}

export function attemptOfRow(row: AttemptRow): AttemptValue {
  const { accountingNanos: nanos, accountingCurrency: currency } = row
  const accountingCost = nanos === null || currency === null ? null : { currency, nanos }
  return { ...row, usage: usageOfRow(row), accountingCost }
}
