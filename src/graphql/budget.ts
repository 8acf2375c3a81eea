import type { BudgetLevel, budgetPeriods } from '../protocol/limit.ts'
import { createBudget, deleteBudget, listBudgets, updateBudget } from '../services/budgets.ts'
import type { BudgetRow } from '../services/budgets.ts'
import { builder } from './builder.ts'
import { queryComplexity } from './field-complexity.ts'
import { LimitScope } from './limit.ts'
import { Money } from './usage.ts'

const budgetsExpected = 20

const BudgetPeriod = builder.enumType('BudgetPeriod', {
  description: 'In which time a budget may be spent.',
  values: {
    DAY: { value: 'day', description: 'A day; without a time zone the last 24 hours.' },
    WEEK: {
      value: 'week',
      description: 'A week from Monday; without a time zone the last 7 days.',
    },
    MONTH: { value: 'month', description: 'A month; without a time zone the last 30 days.' },
    LIFETIME: { value: 'lifetime', description: 'All time.' },
  } as const satisfies Record<Uppercase<(typeof budgetPeriods)[number]>, object>,
})

const texts = {
  name: 'What people call it, 1 to 100 characters.',
  subject: 'Whose it is, as in `RateLimit`; `*` = each by itself.',
  limit: 'A decimal amount of the currency, as `"12.50"`.',
  timeZone: 'Of calendar periods, as `Europe/Moscow`; null = a window that rolls with the time.',
  thresholds: 'Per cent of the limit at which an event is raised.',
  stop: 'Whether a request may begin with what is left, and its stream ends when that is used up.',
}

const Budget = builder.objectRef<BudgetRow>('Budget').implement({
  description: 'What may be spent at most in a period.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id of the budget.' }),
    name: t.exposeString('name', { description: 'What people call it.' }),
    scope: t.expose('scope', { type: LimitScope, description: 'What it is put on.' }),
    subject: t.exposeString('subject', { description: texts.subject }),
    limit: t.field({
      type: Money,
      description: 'What may be spent.',
      resolve: ({ currency, limitNanos: nanos }) => ({ currency, nanos }),
    }),
    period: t.expose('period', { type: BudgetPeriod, description: 'In which time.' }),
    timeZone: t.exposeString('timeZone', { nullable: true, description: texts.timeZone }),
    thresholds: t.exposeFloatList('thresholds', { description: texts.thresholds }),
    stopStreamAtLimit: t.exposeBoolean('stopStreamAtLimit', { description: texts.stop }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
  }),
})

export const BudgetLevelType = builder.objectRef<BudgetLevel>('BudgetLevel').implement({
  description: 'How a budget stands.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id of the budget.' }),
    name: t.exposeString('name', { description: 'What people call it.' }),
    scope: t.expose('scope', { type: LimitScope, description: 'What it is put on.' }),
    subject: t.exposeString('subject', { description: 'Whose it is.' }),
    limit: t.field({
      type: Money,
      description: 'What may be spent.',
      resolve: ({ currency, limitNanos: nanos }) => ({ currency, nanos }),
    }),
    remaining: t.field({
      type: Money,
      description: 'What is neither spent nor reserved by running requests.',
      resolve: ({ currency, remainingNanos: nanos }) => ({ currency, nanos }),
    }),
    resetsAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When more becomes free by itself; null = never.',
      resolve: ({ resetsAt }) => resetsAt ?? null,
    }),
  }),
})

const CreateBudgetInput = builder.inputType('CreateBudgetInput', {
  description: 'A budget of the own organisation.',
  fields: (t) => ({
    name: t.string({ required: true, description: texts.name }),
    scope: t.field({ type: LimitScope, required: true, description: 'What it is put on.' }),
    subject: t.string({ required: true, description: texts.subject }),
    limit: t.string({ required: true, description: texts.limit }),
    currency: t.string({ required: true, description: 'ISO 4217 code, as `USD`.' }),
    period: t.field({ type: BudgetPeriod, required: true, description: 'In which time.' }),
    timeZone: t.string({ description: texts.timeZone }),
    thresholds: t.floatList({ description: texts.thresholds }),
    stopStreamAtLimit: t.boolean({ description: texts.stop }),
  }),
})

const UpdateBudgetInput = builder.inputType('UpdateBudgetInput', {
  description: 'What to change of a budget. What is left out stays as it is.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The id of the budget.' }),
    name: t.string({ description: texts.name }),
    limit: t.string({ description: texts.limit }),
    thresholds: t.floatList({ description: texts.thresholds }),
    stopStreamAtLimit: t.boolean({ description: texts.stop }),
  }),
})

builder.queryField('budgets', (t) =>
  t.field({
    type: [Budget],
    authScopes: { scope: 'READ' },
    description: 'The budgets of the own organisation, newest first; at most 1000.',
    complexity: { field: queryComplexity, multiplier: budgetsExpected },
    resolve: (_root, _args, { services, actor }) => listBudgets(services, actor),
  }),
)

builder.mutationFields((t) => ({
  createBudget: t.field({
    type: Budget,
    authScopes: { scope: 'MANAGE' },
    description: 'Creates a budget; it holds on every instance at once.',
    complexity: queryComplexity,
    args: {
      input: t.arg({ type: CreateBudgetInput, required: true, description: 'What to create.' }),
    },
    resolve: (_root, { input }, { services, actor }) => {
      const { timeZone = null, thresholds, stopStreamAtLimit, ...rest } = input
      return createBudget(services, actor, {
        ...rest,
        timeZone,
        thresholds: thresholds ?? [],
        stopStreamAtLimit: stopStreamAtLimit ?? false,
      })
    },
  }),
  updateBudget: t.field({
    type: Budget,
    authScopes: { scope: 'MANAGE' },
    description: 'Changes a budget on every instance at once; what was spent stays counted.',
    complexity: queryComplexity,
    args: {
      input: t.arg({ type: UpdateBudgetInput, required: true, description: 'What to change.' }),
    },
    resolve: (_root, { input: { id, name, limit, thresholds, ...rest } }, { services, actor }) =>
      updateBudget(services, actor, {
        id,
        ...(name != null && { name }),
        ...(limit != null && { limit }),
        ...(thresholds && { thresholds }),
        ...(rest.stopStreamAtLimit != null && { stopStreamAtLimit: rest.stopStreamAtLimit }),
      }),
  }),
  deleteBudget: t.field({
    type: Budget,
    authScopes: { scope: 'MANAGE' },
    description: 'Takes a budget away, on every instance at once. The answer is what it was.',
    complexity: queryComplexity,
    args: { id: t.arg.id({ required: true, description: 'The id of the budget.' }) },
    resolve: (_root, { id }, { services, actor }) => deleteBudget(services, actor, id),
  }),
}))
