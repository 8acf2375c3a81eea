import { describe, expect, test } from 'vitest'
import { decodeChatRequest } from '../../src/dialects/openai-chat/decode-request.ts'
import { featureNames, features, nativeBut, nothingBut } from '../../src/protocol/features.ts'
import { decodeSample, featureSamples } from '../support/feature-samples.ts'

describe('the table of features', () => {
  test.each(featureNames)('%s is found where a request uses it', (name) => {
    const { body, path } = featureSamples[name]
    const request = decodeSample('m', body)
    expect(features[name].find(request)).toContain(path)
  })

  test('a plain request uses none', () => {
    const messages = [
      { role: 'system', content: 'be brief' },
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: 'hi' },
      { role: 'user', content: 'bye' },
    ]
    const { request } = decodeChatRequest({ model: 'm', messages, stream: true, n: 1 })
    expect(featureNames.filter((name) => features[name].find(request).length > 0)).toEqual([])
  })

  test('a provider that says nothing of a feature ignores knobs and refuses everything else', () => {
    const table = nothingBut({ stop: 'native' })
    for (const name of featureNames) {
      // The gateway itself reaches it in another way, whatever the provider is.
      if (name === 'suffix') continue
      const expected =
        name === 'stop' ? 'native' : features[name].kind === 'knob' ? 'ignored' : 'refused'
      expect([name, table[name]]).toEqual([name, expected])
    }
    const { suffix, ...others } = nativeBut({})
    expect(suffix).toEqual(table.suffix)
    expect(new Set(Object.values(others))).toEqual(new Set(['native']))
  })
})
