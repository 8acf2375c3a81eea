import { createAdjustment, type LedgerEntryRow } from '../services/ledger-entries.ts'
import { builder } from './builder.ts'
import { queryComplexity } from './field-complexity.ts'
import { Money } from './usage.ts'

/** Entries per request as the cost of a list of them counts them. */
export const entriesExpected = 2

const LedgerEntryKind = builder.enumType('LedgerEntryKind', {
  description: 'Why money was booked.',
  values: {
    RESERVATION: { value: 'reservation', description: 'What a budget held for it by estimate.' },
    SETTLEMENT: {
      value: 'settlement',
      description: 'What was spent, less what was held by estimate.',
    },
    ADJUSTMENT: { value: 'adjustment', description: 'A later correction.' },
  } as const,
})

export const LedgerEntry = builder.objectRef<LedgerEntryRow>('LedgerEntry').implement({
  description:
    'An amount on the account of the organisation. The entries of a request sum up to its cost in each currency.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id of the entry.' }),
    createdAt: t.expose('createdAt', {
      type: 'DateTime',
      description: 'When the request arrived, or when the correction was made.',
    }),
    kind: t.expose('kind', { type: LedgerEntryKind, description: 'Why it was booked.' }),
    amount: t.field({
      type: Money,
      description: 'How much; negative where money goes back.',
      resolve: ({ currency, nanos }) => ({ currency, nanos }),
    }),
    requestId: t.exposeID('requestId', {
      nullable: true,
      description: 'The request; null for a correction of no one request.',
    }),
    attemptNumber: t.exposeInt('attemptNumber', {
      nullable: true,
      description: 'The attempt that is corrected, where it is one.',
    }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why it was corrected.' }),
  }),
})

const CreateAdjustmentInput = builder.inputType('CreateAdjustmentInput', {
  description: 'A correction of what was booked.',
  fields: (t) => ({
    requestId: t.id({
      description: 'The request whose cost is corrected; none = the account of the organisation.',
    }),
    currency: t.string({ required: true, description: 'ISO 4217 code, as `USD`.' }),
    amountNanos: t.field({
      type: 'BigInt',
      required: true,
      description: 'What is added, in billionths of the currency unit; negative to give back.',
    }),
    reason: t.string({ required: true, description: 'Why, 1 to 500 characters.' }),
  }),
})

builder.mutationFields((t) => ({
  createAdjustment: t.field({
    type: LedgerEntry,
    authScopes: { scope: 'ADMIN' },
    description:
      'Corrects the ledger by a further entry, which is audited; nothing is overwritten.',
    complexity: queryComplexity,
    args: {
      input: t.arg({
        type: CreateAdjustmentInput,
        required: true,
        description: 'What to correct.',
      }),
    },
    resolve: (_root, { input }, { services, actor }) =>
      createAdjustment(services, actor, {
        amount: { currency: input.currency, nanos: input.amountNanos },
        reason: input.reason,
        requestId: input.requestId ?? undefined,
      }),
  }),
}))
