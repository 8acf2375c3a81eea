import { assert, property } from 'fast-check'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { simplifySchema } from '../../../src/dialects/gigachat/simplify-schema.ts'

const simplify = (schema: unknown) => simplifySchema(schema, 'tools[0].function.parameters')
/** The schema of one argument. */
const simplifyOne = (schema: unknown) => {
  const { schema: whole, said } = simplify({ type: 'object', properties: { a: schema } })
  const { properties } = whole
  return { schema: Object(properties).a, said }
}

describe('one argument', () => {
  const cases: [name: string, schema: unknown, simple: object, said: boolean][] = [
    ['plain', { type: 'string', minLength: 1 }, { type: 'string', minLength: 1 }, false],
    ['optional by a list of types', { type: ['string', 'null'] }, { type: 'string' }, false],
    [
      'optional by a union',
      { anyOf: [{ type: 'integer' }, { type: 'null' }], description: 'd', default: null },
      { type: 'integer', description: 'd', default: null },
      false,
    ],
    ['without a type', { description: 'd' }, { type: 'string', description: 'd' }, false],
    ['anything', true, { type: 'string' }, false],
    ['an object without members', { type: 'object' }, { type: 'object', properties: {} }, false],
    ['a list of anything', { type: 'array' }, { type: 'array', items: { type: 'string' } }, false],
    ['words', { enum: ['a', 'b', null] }, { type: 'string', enum: ['a', 'b'] }, false],
    ['one word', { const: 'a' }, { type: 'string', enum: ['a'] }, false],
    [
      'a known format',
      { type: 'string', format: 'date' },
      { type: 'string', format: 'date' },
      false,
    ],
    [
      'another format',
      { type: 'string', format: 'email', description: 'whose' },
      { type: 'string', description: 'whose [JSON Schema: {"format":"email"}]' },
      true,
    ],
    [
      'numbers',
      { enum: [1, 2] },
      { type: 'integer', description: '[JSON Schema: {"enum":[1,2]}]' },
      true,
    ],
    [
      'one number',
      { const: 1.5 },
      { type: 'number', description: '[JSON Schema: {"const":1.5}]' },
      true,
    ],
    [
      'one of several types',
      { type: ['integer', 'string'] },
      { type: 'integer', description: '[JSON Schema: {"type":["integer","string"]}]' },
      true,
    ],
    [
      'one of several schemas',
      { oneOf: [{ type: 'integer' }, { type: 'string' }] },
      {
        type: 'integer',
        description: '[JSON Schema: {"oneOf":[{"type":"integer"},{"type":"string"}]}]',
      },
      true,
    ],
    [
      'what is said inside a union stays said',
      { description: 'd', anyOf: [{ type: 'string', format: 'uri' }, { type: 'null' }] },
      { type: 'string', description: 'd [JSON Schema: {"format":"uri"}]' },
      true,
    ],
    [
      'all of several',
      {
        allOf: [
          { type: 'object', properties: { x: { type: 'string' } }, required: ['x'] },
          { properties: { y: { type: 'integer' } }, required: ['y'] },
        ],
      },
      {
        type: 'object',
        properties: { x: { type: 'string' }, y: { type: 'integer' } },
        required: ['x', 'y'],
      },
      false,
    ],
    [
      'not',
      { type: 'string', not: { const: 'a' } },
      { type: 'string', description: '[JSON Schema: {"not":{"const":"a"}}]' },
      true,
    ],
    [
      'a list of different things',
      { type: 'array', items: [{ type: 'string' }, { type: 'integer' }] },
      {
        type: 'array',
        items: { type: 'string' },
        description: '[JSON Schema: {"items":[{"type":"string"},{"type":"integer"}]}]',
      },
      true,
    ],
  ]
  test.each(cases)('%s', (_name, schema, simple, said) => {
    expect(simplifyOne(schema)).toEqual({ schema: simple, said })
  })
})

describe('references', () => {
  const $defs = {
    city: { type: 'string', enum: ['Moscow'] },
    tree: { type: 'object', properties: { left: { $ref: '#/$defs/tree' } } },
    'a/b c': { type: 'integer' },
  }
  const cases: [name: string, $ref: string, simple: object, said: boolean][] = [
    ['are put in place', '#/$defs/city', { type: 'string', enum: ['Moscow'] }, false],
    ['with signs in them', '#/$defs/a~1b%20c', { type: 'integer' }, false],
    [
      'that go in a circle are cut',
      '#/$defs/tree',
      {
        type: 'object',
        properties: {
          left: {
            type: 'object',
            properties: {},
            description: '[JSON Schema: {"$ref":"#/$defs/tree"}]',
          },
        },
      },
      true,
    ],
    [
      'that lead nowhere are told',
      'https://example.com/x.json',
      {
        type: 'object',
        properties: {},
        description: '[JSON Schema: {"$ref":"https://example.com/x.json"}]',
      },
      true,
    ],
    [
      'with a broken escape lead nowhere',
      '#/$defs/%zz',
      { type: 'object', properties: {}, description: '[JSON Schema: {"$ref":"#/$defs/%zz"}]' },
      true,
    ],
  ]
  test.each(cases)('%s', (_name, $ref, simple, said) => {
    const whole = simplify({ type: 'object', properties: { a: { $ref } }, $defs })
    expect(whole).toEqual({ schema: { type: 'object', properties: { a: simple } }, said })
  })

  test('that multiply are refused before they fill the memory', () => {
    const defs: Record<string, object> = { d0: { type: 'string' } }
    for (let level = 1; level < 40; level += 1) {
      const $ref = `#/$defs/d${level - 1}`
      defs[`d${level}`] = { type: 'object', properties: { a: { $ref }, b: { $ref } } }
    }
    expect(() => simplify({ $ref: '#/$defs/d39', $defs: defs })).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_FEATURE',
        path: 'tools[0].function.parameters',
      }),
    )
  })

  test('nor does depth end the process', () => {
    let deep: object = { type: 'string' }
    for (let level = 0; level < 3_000; level += 1) deep = { type: 'array', items: deep }
    expect(() => simplifyOne(deep)).toThrow(/too large/)
  })
})

describe('any schema', () => {
  const schema = fc.letrec((tie) => ({
    schema: fc.oneof(
      { maxDepth: 4 },
      fc.record(
        {
          type: fc.constantFrom('string', 'integer', ['number', 'null'], 'boolean'),
          enum: fc.array(fc.constantFrom('a', 1, null, true), { maxLength: 3 }),
          const: fc.constantFrom('a', 1, null),
          format: fc.constantFrom('date', 'uuid'),
          $ref: fc.constantFrom('#/$defs/x', '#/$defs/none', '#'),
        },
        { requiredKeys: [] },
      ),
      fc.record({ anyOf: fc.array(tie('schema'), { maxLength: 3 }) }),
      fc.record({ allOf: fc.array(tie('schema'), { maxLength: 3 }) }),
      fc.record({ type: fc.constant('array'), items: tie('schema') }),
      fc.record({ properties: fc.dictionary(fc.string(), tie('schema'), { maxKeys: 3 }) }),
    ),
  })).schema

  test('becomes one without references and unions, and with one type everywhere', () => {
    assert(
      property(schema, schema, (root, x) => {
        const { schema: simple } = simplify({ ...Object(root), $defs: { x } })
        expect(simple['type']).toBeTypeOf('string')
        expectSimple(simple)
      }),
    )
  })

  function expectSimple(simple: Record<string, unknown>): void {
    for (const word of ['$ref', '$defs', 'anyOf', 'oneOf', 'allOf', 'const']) {
      expect(simple).not.toHaveProperty(word)
    }
    const { type, enum: words = [], format = 'date', properties, items } = simple
    expect(type).toBeTypeOf('string')
    expect(Object(words)).toSatisfy((list: unknown[]) => list.every((w) => typeof w === 'string'))
    expect(['date', 'date-time', 'time']).toContain(format)
    if (type === 'object') {
      for (const member of Object.values(Object(properties))) expectSimple(Object(member))
    }
    if (type === 'array') expectSimple(Object(items))
  }
})
