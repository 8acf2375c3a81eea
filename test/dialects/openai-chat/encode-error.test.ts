import { expect, it } from 'vitest'
import { encodeErrorBody } from '../../../src/dialects/openai-chat/encode-error.ts'
import { errorCodes, errorTable, GatewayError, invalidRequest } from '../../../src/errors.ts'

it.each(errorCodes)('%s has the words of the table', (code) => {
  const { openaiType, openaiCode } = errorTable[code]
  expect(encodeErrorBody(new GatewayError({ code, message: 'What went wrong.' }))).toEqual({
    error: { message: 'What went wrong.', type: openaiType, param: null, code: openaiCode },
  })
})

it('names the member at fault', () => {
  expect(encodeErrorBody(invalidRequest('messages[0].role', 'x')).error.param).toBe(
    'messages[0].role',
  )
})
