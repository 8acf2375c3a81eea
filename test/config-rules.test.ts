import { describe, expect, test } from 'vitest'
import { rulesOf, rulesSchema } from '../src/config-rules.ts'
import type { Rule } from '../src/protocol/rule.ts'
import { ruleFacts } from './support/rule-facts.ts'

function ruleOf(when: string): Rule {
  const [rule] = rulesOf(rulesSchema.parse([{ name: 'rule', when, route: 'fast' }]))
  if (!rule) throw new Error('no rule')
  return rule
}

function problemsOf(...rules: unknown[]): string[] {
  const issues = rulesSchema.safeParse(rules).error?.issues ?? []
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

const facts = ruleFacts({
  request: { tools: ['search'], images: 2n, max_tokens: 500n, user: 'ann' },
  key: { tags: { team: 'legal' } },
  tags: { team: 'legal', priority: 7, beta: true },
  headers: { 'x-region': 'eu' },
})

describe('the condition of a rule', () => {
  test.each([
    ['request.model.startsWith("openai/")', true],
    ['request.model == "openai/gpt-4o"', false],
    ['request.images > 0 && size(request.tools) == 1', true],
    ['request.tools.exists(name, name == "search")', true],
    ['request.max_tokens <= 100 || request.user == "ann"', true],
    ['key.tier in ["pro", "enterprise"] && "INFERENCE" in key.scopes', true],
    ['key.tags.team == "legal" && tags.priority > 5 && tags.beta', true],
    ['tags.?region.orValue("none") == "none"', true],
    ['"region" in tags && tags.region == "eu"', false],
    ['has(tags.team)', true],
    ['headers["x-region"] == "eu"', true],
    ['estimate.input_tokens + estimate.output_tokens > 100', true],
    ['organization.matches("^def")', true],
    ['now.getHours("Europe/Moscow") == 1 && now.getDayOfWeek() == 0', true],
    ['request.operation == "embedding"', false],
  ])('%s is %s', (when, expected) => {
    expect(ruleOf(when).matches(facts)).toBe(expected)
  })

  test.each([
    ['tags.region == "eu"', 'No such key: region'],
    ['headers["x-none"] == "eu"', 'No such key: x-none'],
    ['tags.constructor == 1', 'No such key: constructor'],
  ])('%s cannot be evaluated, and says why', (when, reason) => {
    expect(() => ruleOf(when).matches(facts)).toThrow(reason)
  })
})

describe('a rule that cannot be', () => {
  const rule = { name: 'one', when: 'true', deny: 'No.' }

  test.each([
    ['request.modle == "x"', 'No such key: modle'],
    ['request.model == 3', 'no such overload: string == int'],
    ['nothing == 1', 'Unknown variable: nothing'],
    ['request.model ==', 'Unexpected token'],
    ['request.model', 'must be true or false, and is of the type string'],
    ['eval("1") == 1', 'eval'],
    [`${'('.repeat(60)}true${')'.repeat(60)}`, 'is no condition'],
    [Array.from({ length: 700 }, () => '1<2').join('&&'), 'is no condition'],
  ])('is refused at load: %#', (when, reason) => {
    const [problem] = problemsOf({ ...rule, when })
    expect(problem).toMatch(/^0\.when: /)
    expect(problem).toContain(reason)
  })

  test('does nothing, is there twice, has a strange name, or a member that is not known', () => {
    expect(problemsOf({ name: 'one', when: 'true' })).toEqual([
      '0: does nothing: give it deny, route, pin, strategy, priority, fallbacks or lists of providers',
    ])
    expect(problemsOf(rule, rule)).toEqual(['1.name: is there twice'])
    expect(problemsOf({ ...rule, name: 'A rule' })).toEqual([
      '0.name: must be lower-case letters, digits, `-` and `_`',
    ])
    expect(problemsOf({ ...rule, routes: 'x' })).toEqual(['0: Unrecognized key: "routes"'])
  })
})
