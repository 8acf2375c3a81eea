import fc from 'fast-check'
import {
  getNamedType,
  isAbstractType,
  isInputObjectType,
  isLeafType,
  isObjectType,
  type GraphQLNamedType,
} from 'graphql'
import { schema } from '../../src/graphql/schema.ts'

interface Selecting {
  /** How many levels of selections there are at most. */
  depth: number
  /** Directives beside literal ones. */
  conditions?: readonly string[]
}

/** Any selection of a type, as text, valid against the schema. */
export function selectionOf(type: GraphQLNamedType, selecting: Selecting): fc.Arbitrary<string> {
  const { depth, conditions = [] } = selecting
  const said = fc.constantFrom('', '', '', '@skip(if: false)', '@skip(if: true)', ...conditions)
  const deeper = { ...selecting, depth: depth - 1 }
  const items = [said.map((directive) => `__typename ${directive}`)]
  if (isObjectType(type) || type.name === 'Error') items.push(...fieldsOf(type, said, deeper))
  if (depth > 0) {
    const inner = selectionOf(type, deeper)
    items.push(fc.tuple(said, inner).map(([directive, text]) => `... ${directive} { ${text} }`))
    for (const narrower of isAbstractType(type) ? schema.getPossibleTypes(type) : []) {
      items.push(
        fc
          .tuple(said, selectionOf(narrower, deeper))
          .map(([directive, text]) => `... on ${narrower.name} ${directive} { ${text} }`),
      )
    }
  }
  return fc
    .array(fc.oneof(...items), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.join(' '))
}

function fieldsOf(
  type: GraphQLNamedType,
  said: fc.Arbitrary<string>,
  selecting: Selecting,
): fc.Arbitrary<string>[] {
  if (!('getFields' in type) || isInputObjectType(type)) return []
  return Object.values(type.getFields()).flatMap((field) => {
    const inner = getNamedType(field.type)
    const names = fc.constantFrom(field.name, `my_${type.name}_${field.name}: ${field.name}`)
    if (isLeafType(inner)) return [fc.tuple(names, said).map((parts) => parts.join(' '))]
    if (selecting.depth < 0) return []
    return [
      fc
        .tuple(names, said, selectionOf(inner, selecting))
        .map(([name, directive, text]) => `${name} ${directive} { ${text} }`),
    ]
  })
}
