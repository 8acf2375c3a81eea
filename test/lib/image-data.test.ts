import { expect, test } from 'vitest'
import { imageBytesMax, imageFault } from '../../src/lib/image-data.ts'

const base64 = (bytes: number) => Buffer.alloc(bytes).toString('base64')

test.each([
  'https://example.com/a.png',
  'http://example.com/a',
  'data:image/png;base64,AA==',
  'DATA:IMAGE/PNG;BASE64,AA==',
  'data:image/jpeg;name=a.jpg;base64,AA==',
  'data:image/svg+xml,%3Csvg/%3E',
  `data:image/webp;base64,${base64(imageBytesMax - 2)}`,
])('%.60s may be sent', (url) => {
  expect(imageFault(url)).toBeUndefined()
})

test.each([
  ['data:image/png;base64', /no data: URL/],
  [`data:${'x'.repeat(300)},AA==`, /no data: URL/],
  ['data:;base64,AA==', /media type is not one of image\/png/],
  ['data:text/html;base64,AA==', /media type is not one of/],
  ['data:image/x-unheard-of;base64,AA==', /media type is not one of/],
  ['data:image/png;base64,', /empty/],
  [`data:image/png;base64,${base64(imageBytesMax + 3)}`, /at most 20971520 are taken/],
])('%.60s may not', (url, words) => {
  expect(imageFault(url)).toMatch(words)
  expect(imageFault(url)?.length).toBeLessThan(250)
})
