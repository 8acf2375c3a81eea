import { describe, expect, test } from 'vitest'
import { rulesOf, rulesSchema } from '../../src/config-rules.ts'
import { applyRules, deniedByRule } from '../../src/gateway/rules.ts'
import { ruleFacts } from '../support/rule-facts.ts'

function outcomeOf(rules: Record<string, unknown>[], facts = ruleFacts()) {
  const named = rules.map((rule, index) => ({ name: `rule-${index}`, when: 'true', ...rule }))
  return applyRules(rulesOf(rulesSchema.parse(named)), facts)
}

describe('rules', () => {
  test('that do not match change nothing', () => {
    expect(outcomeOf([{ when: 'request.stream', route: 'fast' }])).toEqual({
      fired: [],
      failed: [],
      fallbacks: [],
    })
  })

  test('act in their order: the last word counts, fallbacks add up', () => {
    const outcome = outcomeOf([
      { route: 'fast', fallbacks: ['a/1'], strategy: 'cheapest' },
      { when: 'request.stream', route: 'never' },
      { route: 'slow', fallbacks: ['b/2'] },
    ])
    expect(outcome).toEqual({
      fired: ['rule-0', 'rule-2'],
      failed: [],
      route: 'slow',
      strategy: 'cheapest',
      fallbacks: ['a/1', 'b/2'],
    })
  })

  test('narrow the allowed providers and add to the denied ones', () => {
    expect(
      outcomeOf([
        { allow_providers: ['a', 'b', 'c'], deny_providers: ['x'] },
        { allow_providers: ['c', 'a', 'd'], deny_providers: ['y'] },
      ]),
    ).toMatchObject({ allowProviders: ['a', 'c'], denyProviders: ['x', 'y'] })
  })

  test('end at the last one and at a denial', () => {
    expect(outcomeOf([{ pin: 'a/1', last: true }, { pin: 'b/2' }])).toMatchObject({
      fired: ['rule-0'],
      pin: 'a/1',
    })
    const denied = outcomeOf([{ deny: 'Not at night.' }, { route: 'fast' }])
    expect(denied).toMatchObject({
      fired: ['rule-0'],
      denied: { rule: 'rule-0', message: 'Not at night.' },
    })
    expect(denied.route).toBeUndefined()
    if (!denied.denied) throw new Error('not denied')
    expect(deniedByRule(denied.denied)).toMatchObject({
      code: 'PERMISSION_DENIED',
      message: 'The rule `rule-0` refuses this request: Not at night.',
    })
  })

  test('that cannot be evaluated are passed over, with the reason', () => {
    expect(outcomeOf([{ when: 'tags.team == "x"', route: 'fast' }, { route: 'slow' }])).toEqual({
      fired: ['rule-1'],
      failed: [{ rule: 'rule-0', reason: 'No such key: team' }],
      route: 'slow',
      fallbacks: [],
    })
  })

  test('that would deny and cannot be evaluated deny', () => {
    expect(outcomeOf([{ when: 'tags.team == "x"', deny: 'No.' }, { route: 'slow' }])).toEqual({
      fired: [],
      failed: [{ rule: 'rule-0', reason: 'No such key: team' }],
      denied: {
        rule: 'rule-0',
        message: 'its condition cannot be evaluated (No such key: team).',
      },
      fallbacks: [],
    })
  })
})
