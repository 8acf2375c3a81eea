import fc from 'fast-check'
import {
  getNamedType,
  getNullableType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isAbstractType,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
} from 'graphql'
import { schema } from '../../../src/graphql/schema.ts'

/** Documents by the grammar and the schema: most of them valid, each with a few mistakes at random. */
export const graphqlDocument: fc.Arbitrary<string> = fc
  .tuple(fc.array(fc.nat(65_535), { minLength: 80, maxLength: 80 }), fc.nat(9))
  .map(([tape, mistakes]) => new Writer(tape, mistakes < 6 ? 0 : mistakes).document())

const models = ['demo/echo', 'openai/gpt-4o-mini', 'demo/nothing', 'nowhere', '']
const literals = [
  '""',
  '"x"',
  '"\\uD800"',
  '"""block"""',
  '0',
  '-1',
  '99999999999999999999',
  '1e999',
  '0.5',
  'true',
  'null',
  'WORD',
  '[]',
  '[[1]]',
  '{}',
  '{a: {b: [1, {c: null}]}}',
  '$missing',
]
const depthMax = 7

/** Takes its decisions from a tape of numbers, so that what fails can be made smaller. */
class Writer {
  readonly #tape: readonly number[]
  readonly #mistakes: number
  #at = 0

  constructor(tape: readonly number[], mistakes: number) {
    this.#tape = tape
    this.#mistakes = mistakes
  }

  document(): string {
    const kind = this.#of(['query', 'query', 'mutation', 'subscription'] as const)
    const root = {
      query: schema.getQueryType(),
      mutation: schema.getMutationType(),
      subscription: schema.getSubscriptionType(),
    }[kind]
    if (!root) throw new Error(`the schema has no ${kind}`)
    const fragment =
      this.#choose(6) === 0
        ? ` fragment F on Model { id ...${this.#errs() ? 'F' : 'G'} } fragment G on Model { name }`
        : ''
    const spread = fragment ? ' models { ...F }' : ''
    const many = kind === 'subscription' && !this.#errs() ? 1 : 1 + this.#choose(3)
    const fields = Array.from({ length: many }, () => this.#field(root, 0)).join(' ')
    const variables = this.#choose(5) === 0 ? `($first: Int${this.#of(['', '!', ' = 3'])})` : ''
    const operation = `${kind}${variables ? ` Q${variables}` : ''} { ${fields}${kind === 'query' ? spread : ''} }`
    return `${operation}${kind === 'query' ? fragment : ''}${this.#errs() ? this.#of(['}', '{', ' query Q { viewer { id } }', ' type A { b: Int }', ' "', '\u0000', ' @', ' fragment X on Y { z }']) : ''}`
  }

  #field(type: GraphQLObjectType | GraphQLNamedType, depth: number): string {
    const fields =
      'getFields' in type && !isInputObjectType(type) ? Object.values(type.getFields()) : []
    if (this.#errs())
      return this.#of([
        'nothing',
        '__typename',
        '__schema { types { name } }',
        '',
        'id { id }',
        '...Missing',
        '__type(name: "Query") { fields { type { name } } }',
      ])
    const field = fields[this.#choose(Math.max(fields.length, 1))]
    if (!field || !('args' in field)) return '__typename'
    const given = field.args
      .filter((argument) => isNonNullType(argument.type) || this.#choose(2) === 0)
      .map(({ name, type: wanted }) => `${name}: ${this.#value(wanted, name, 0)}`)
    const alias = this.#choose(4) === 0 ? `a${this.#choose(50)}: ` : ''
    const directive =
      this.#choose(8) === 0
        ? this.#of([
            ' @skip(if: false)',
            ' @include(if: true)',
            ' @skip',
            ' @unknown',
            ' @include(if: "no")',
          ])
        : ''
    const named = getNamedType(field.type)
    const inner = isCompositeType(named) ? ` ${this.#selection(named, depth + 1)}` : ''
    return `${alias}${field.name}${given.length > 0 ? `(${given.join(', ')})` : ''}${directive}${inner}`
  }

  #selection(type: GraphQLNamedType, depth: number): string {
    if (depth > depthMax) return '{ __typename }'
    if (isAbstractType(type) && this.#choose(4) > 0) {
      const cases = schema.getPossibleTypes(type)
      const one = cases[this.#choose(cases.length)]
      return `{ __typename ... on ${one?.name} ${one ? this.#selection(one, depth + 1) : ''} }`
    }
    const many = 1 + this.#choose(4)
    return `{ ${Array.from({ length: many }, () => this.#field(type, depth)).join(' ')} }`
  }

  #value(type: GraphQLInputType, name: string, depth: number): string {
    if (this.#errs()) return this.#of(literals)
    if (!isNonNullType(type) && this.#choose(10) === 0) return 'null'
    const wanted = getNullableType(type)
    if (isListType(wanted)) {
      const many = 1 + this.#choose(2)
      return `[${Array.from({ length: many }, () => this.#value(wanted.ofType, name, depth + 1)).join(', ')}]`
    }
    if (isEnumType(wanted)) return this.#of(wanted.getValues().map((value) => value.name))
    if (isInputObjectType(wanted)) return this.#object(wanted, depth)
    if (name === 'model' || name === 'id') return JSON.stringify(this.#of(models))
    if (name === 'first' && this.#choose(2) === 0)
      return this.#of(['$first', '1', '100', '101', '-1'])
    const usual: Record<string, string[]> = {
      Int: ['1', '3', '128', '2147483647', '-2147483648'],
      Float: ['0', '0.5', '1e3'],
      Boolean: ['true', 'false'],
      JSON: literals.filter((literal) => literal !== '$missing'),
      DateTime: ['"2030-01-01T00:00:00Z"', '"soon"'],
    }
    return this.#of(usual[wanted.name] ?? ['"x"', '"some words"', '""', '"é🙂"'])
  }

  #object(
    type: {
      getFields(): Record<string, { name: string; type: GraphQLInputType }>
      isOneOf: boolean
    },
    depth: number,
  ): string {
    const fields = Object.values(type.getFields())
    const chosen = type.isOneOf
      ? fields.slice(0, 1)
      : fields.filter(
          (field) =>
            isNonNullType(field.type) ||
            field.name === 'content' ||
            (depth < 4 && this.#choose(8) === 0),
        )
    return `{${chosen.map((field) => `${field.name}: ${this.#value(field.type, field.name, depth + 1)}`).join(', ')}}`
  }

  #errs(): boolean {
    return this.#choose(100) < this.#mistakes
  }

  #of<T>(choices: readonly T[]): T {
    const choice = choices[this.#choose(choices.length)]
    if (choice === undefined) throw new Error('there is nothing to choose from')
    return choice
  }

  #choose(among: number): number {
    const number = this.#tape[this.#at % this.#tape.length] ?? 0
    this.#at += 1
    return (number + Math.floor(this.#at / this.#tape.length) * 7) % among
  }
}
