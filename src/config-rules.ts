import { Environment } from '@marcbachmann/cel-js'
import { z } from 'zod'
import { strategies } from './protocol/routing.ts'
import type { Rule, RuleFacts } from './protocol/rule.ts'

const modelName = z.string().min(1).max(300)
const providerNames = z.array(z.string().min(1)).min(1)

/** A rule's condition is small; a long one is a mistake or an attack on whoever reads it. */
const conditionCharsMax = 4_000

const limits = { maxAstNodes: 1_000, maxDepth: 32 }

/**
 * The language of conditions: CEL without macros of our own, over the facts of a request. An expression
 * has no loops but over lists that it names, no I/O and no way to the process.
 */
const language = new Environment({
  homogeneousAggregateLiterals: false,
  enableOptionalTypes: true,
  limits,
})
  .registerVariable('request', {
    schema: {
      model: 'string',
      operation: 'string',
      door: 'string',
      stream: 'bool',
      messages: 'int',
      images: 'int',
      files: 'int',
      tools: 'list<string>',
      json_schema: 'bool',
      reasoning_effort: 'string',
      max_tokens: 'int',
      choices: 'int',
      user: 'string',
    } satisfies Types<RuleFacts['request']>,
  })
  .registerVariable('key', {
    schema: {
      kind: 'string',
      id: 'string',
      tier: 'string',
      scopes: 'list<string>',
      tags: 'map<string, dyn>',
    } satisfies Types<RuleFacts['key']>,
  })
  .registerVariable('organization', 'string')
  .registerVariable('tags', 'map<string, dyn>')
  .registerVariable('headers', 'map<string, string>')
  .registerVariable('estimate', {
    schema: { input_tokens: 'int', output_tokens: 'int' } satisfies Types<RuleFacts['estimate']>,
  })
  .registerVariable('now', 'google.protobuf.Timestamp')

type Types<Facts> = Record<keyof Facts, string>

const rule = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'must be lower-case letters, digits, `-` and `_`'),
    when: z
      .string()
      .min(1)
      .max(conditionCharsMax)
      .transform((text, context) => compile(text, (message) => context.addIssue(message))),
    deny: z.string().min(1).max(500).optional(),
    route: modelName.optional(),
    pin: modelName.optional(),
    strategy: z.enum(strategies).optional(),
    priority: z.number().int().min(-10).max(10).optional(),
    fallbacks: z.array(modelName).min(1).optional(),
    allow_providers: providerNames.optional(),
    deny_providers: providerNames.optional(),
    last: z.boolean().default(false),
  })
  .refine(({ name: _name, when: _when, last: _last, ...actions }) => hasAction(actions), {
    error:
      'does nothing: give it deny, route, pin, strategy, priority, fallbacks or lists of providers',
  })

/** `[[rules]]`: each with a name of its own. */
export const rulesSchema = z.array(rule).superRefine((rules, context) => {
  const names = new Set<string>()
  for (const [index, { name }] of rules.entries()) {
    if (names.has(name)) {
      context.addIssue({ code: 'custom', path: [index, 'name'], message: 'is there twice' })
    }
    names.add(name)
  }
})

/** The same in our own names. */
export function rulesOf(settings: z.infer<typeof rulesSchema>): Rule[] {
  return settings.map(({ when, allow_providers, deny_providers, ...rest }) => ({
    ...rest,
    matches: when,
    allowProviders: allow_providers,
    denyProviders: deny_providers,
  }))
}

function hasAction(actions: Record<string, unknown>): boolean {
  return Object.values(actions).some((action) => action !== undefined)
}

/** Checked for syntax, names and types before any request comes. */
function compile(text: string, report: (message: string) => void): Rule['matches'] {
  const { valid, type, error: flaw } = language.check(text)
  if (!valid) {
    report(`is no condition: ${firstLine(flaw)}`)
    return z.NEVER
  }
  if (type !== 'bool') {
    report(`must be true or false, and is of the type ${type}`)
    return z.NEVER
  }
  const evaluate = language.parse(text)
  return (facts) => {
    try {
      return evaluate({ ...facts }) === true
    } catch (error) {
      throw new Error(firstLine(error), { cause: error })
    }
  }
}

/** The rest of such a message draws the place in the text. */
function firstLine(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
}
