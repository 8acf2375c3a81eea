import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readExamples } from '../../scripts/intents/examples.ts'
import { train } from '../../scripts/intents/train.ts'
import { intentOf } from '../../src/gateway/intent/intent-of.ts'
import { loadModel, predict, textIntents } from '../../src/gateway/intent/model.ts'
import { intentModel } from '../../src/gateway/intent/trained.ts'
import type { ChatRequest, Message } from '../../src/protocol/request.ts'

const turn = (role: Message['role'], text: string): Message => ({
  role,
  parts: [{ type: 'text', text }],
})

function guess(messages: Message[], told: Partial<ChatRequest> = {}, tags = {}) {
  const request = { model: 'auto', messages, stream: false, ...told }
  return intentOf({ request, tags, inputTokens: 50, longContextTokens: 1_000 })
}

describe('the classifier', () => {
  test('tells at least nine of ten texts right that it was not trained on, and three of four of every intent', () => {
    const heldout = readExamples('heldout')
    const right = heldout.filter(
      ({ intent, text }) => predict(intentModel(), text).intent === intent,
    )
    expect(right.length / heldout.length).toBeGreaterThanOrEqual(0.9)
    const shares = textIntents.map((intent) => {
      const hits = right.filter((each) => each.intent === intent).length
      return hits / heldout.filter((each) => each.intent === intent).length
    })
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.75)
  })

  test.each([
    ['Hello from my terminal', 'chat'],
    ['Hi XRouter, nice to meet you', 'chat'],
    ['Приветствую из командной строки', 'chat'],
    ['const [a, b] = useState(0); why is b undefined?', 'code'],
    ['x^2 + 2x = 8', 'math'],
  ])('takes %j for %s', (text, intent) => {
    expect(predict(intentModel(), text).intent).toBe(intent)
  })

  test('is the one that training makes of the labelled texts', () => {
    const file = new URL('../../src/gateway/intent/trained.json', import.meta.url)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(train(readExamples('labelled')))
  })

  test('no text is in both sets', () => {
    const labelled = new Set(readExamples('labelled').map(({ text }) => text))
    expect(readExamples('heldout').filter(({ text }) => labelled.has(text))).toEqual([])
  })

  test('takes any text, and says so where its model is broken', () => {
    for (const text of ['', '\ud800', '😀'.repeat(5_000), '1'.repeat(100_000)]) {
      expect(textIntents).toContain(predict(intentModel(), text).intent)
    }
    const stored = train([{ intent: 'chat', text: 'hello' }])
    const broken = { ...stored, weights: { ...stored.weights, chat: 'AAAA' } }
    expect(() => loadModel(broken)).toThrow('not whole')
  })
})

describe('the intent of a request', () => {
  test('is what its tag says before anything else', () => {
    expect(guess([turn('user', 'Solve x + 1 = 2')], {}, { intent: 'tests' })).toEqual({
      intent: 'tests',
      from: 'tag',
    })
  })

  test('is in what it consists of before its words', () => {
    const tools = [{ kind: 'function' as const, name: 'search' }]
    const question = [turn('user', 'Solve x + 1 = 2')]
    expect(guess(question, { tools })).toEqual({ intent: 'agent', from: 'request' })
    expect(guess(question, { tools, toolChoice: { mode: 'none' } })).toMatchObject({
      intent: 'math',
      from: 'text',
    })
  })

  test('is that of the last turn, read with the one before while it is short', () => {
    const code = turn('user', 'Write a Python function that merges two sorted lists into one list.')
    const answer = turn('assistant', 'def merge(a, b): ...')
    expect(guess([code, answer, turn('user', 'and in Go?')])).toMatchObject({ intent: 'code' })
    const joke = turn('user', 'Thanks! Now tell me a joke about cats and dogs, please.')
    expect(guess([code, answer, joke])).toMatchObject({ intent: 'chat' })
  })
})
