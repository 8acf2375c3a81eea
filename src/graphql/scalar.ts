import { GraphQLError } from 'graphql'
import { isDeeperThan, jsonDepthMax } from '../lib/json-depth.ts'
import { builder } from './builder.ts'

builder.scalarType('JSON', {
  description: 'Any JSON value.',
  serialize: (value) => value,
  parseValue: (value) => {
    if (!isDeeperThan(value, jsonDepthMax)) return value
    throw new GraphQLError(`A JSON value may be nested ${jsonDepthMax} levels deep.`)
  },
})

builder.scalarType('DateTime', {
  description: 'A moment in UTC, as `2026-11-20T12:00:00.000Z`.',
  serialize: (value) => value.toISOString(),
  parseValue: (value) => {
    const date = typeof value === 'string' ? new Date(value) : undefined
    if (!date || Number.isNaN(date.getTime()))
      throw new GraphQLError('A DateTime is a date and a time, as "2026-11-20T12:00:00.000Z".')
    return date
  },
})

builder.scalarType('BigInt', {
  description: 'A whole number of any size, as a decimal string.',
  serialize: (value) => value.toString(),
  parseValue: (value) => {
    if (typeof value !== 'string' || !/^-?\d+$/.test(value)) {
      throw new GraphQLError('A BigInt is a whole number as a decimal string.')
    }
    return BigInt(value)
  },
})
