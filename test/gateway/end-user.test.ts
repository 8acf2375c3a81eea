import { expect, test } from 'vitest'
import { withUser } from '../../src/gateway/end-user.ts'

const call: { requestId: string; user?: string } = { requestId: 'req_1' }

test.each([
  ['the request’s own name', { endUserId: 'ann' }, 'ann'],
  [
    'OpenAI’s newer word',
    { passthrough: { dialect: 'openai-chat', members: { safety_identifier: 'b' } } },
    'b',
  ],
  [
    'the older word before the newer',
    {
      endUserId: 'a',
      passthrough: { dialect: 'openai-chat', members: { safety_identifier: 'b' } },
    },
    'a',
  ],
  ['no name', {}, undefined],
  ['an empty name', { endUserId: '' }, undefined],
  ['a name that no database takes', { endUserId: 'a\u0000b\ud800' }, 'a\ufffdb\ufffd'],
  ['a long name, cut', { endUserId: 'x'.repeat(1000) }, 'x'.repeat(300)],
])('the end user of a request with %s', (_name, request, user) => {
  expect(withUser(call, request).user).toBe(user)
})

test('what the call says goes before what the request says', () => {
  expect(withUser({ ...call, user: 'hint' }, { endUserId: 'member' }).user).toBe('hint')
})
