import { expect, test } from 'vitest'
import { missingServices } from './support/services.ts'

/** Runs in place of the suites on real services, so that the report shows that they did not. */
test('the suites on real services', ({ skip }) => {
  const missing = missingServices()
  skip(missing.length > 0, `not on this machine: ${missing.join(', ')}`)
  expect(missing).toEqual([])
})
