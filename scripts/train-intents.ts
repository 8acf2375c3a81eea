import { readFileSync, writeFileSync } from 'node:fs'
import { loadModel, predict, textIntents, type StoredModel } from '../src/gateway/intent/model.ts'
import { readExamples } from './intents/examples.ts'
import { train, type Example } from './intents/train.ts'

/**
 * Trains the classifier of `auto` on the labelled texts and says how good it is on those that it was not
 * trained on. With `--check` nothing is written: exit code 1 where the kept model is not what training makes.
 */
const file = new URL('../src/gateway/intent/trained.json', import.meta.url)
const labelled = readExamples('labelled')
const heldout = readExamples('heldout')
const folds = 8
const model = train(labelled)
const text = `${JSON.stringify(model, null, 2)}\n`

print('cross-validated', labelled, crossValidated())
print('held out', heldout, accuracy(model, heldout))
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== text) {
    console.error('The kept model is another one: run `npm run train:intents`.')
    process.exitCode = 1
  }
} else writeFileSync(file, text)

function accuracy(stored: StoredModel, examples: readonly Example[]): Map<string, number> {
  const loaded = loadModel(stored)
  const right = new Map<string, number>()
  for (const { intent, text: example } of examples) {
    if (predict(loaded, example).intent === intent) right.set(intent, (right.get(intent) ?? 0) + 1)
  }
  return right
}

/** Each eighth judged by a model of the other seven. */
function crossValidated(): Map<string, number> {
  const right = new Map<string, number>()
  for (let fold = 0; fold < folds; fold += 1) {
    const others = labelled.filter((_, index) => index % folds !== fold)
    const own = labelled.filter((_, index) => index % folds === fold)
    for (const [intent, count] of accuracy(train(others), own)) {
      right.set(intent, (right.get(intent) ?? 0) + count)
    }
  }
  return right
}

function print(name: string, examples: readonly Example[], right: Map<string, number>): void {
  const rows = textIntents.map((intent) => {
    const all = examples.filter((example) => example.intent === intent).length
    const hits = right.get(intent) ?? 0
    return { intent, texts: all, right: hits, share: `${((100 * hits) / all).toFixed(0)} %` }
  })
  const hits = [...right.values()].reduce((sum, count) => sum + count, 0)
  console.log(
    `${name}: ${hits} of ${examples.length}, ${((100 * hits) / examples.length).toFixed(1)} %`,
  )
  console.table(rows)
}
