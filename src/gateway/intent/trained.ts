import { readFileSync } from 'node:fs'
import { loadModel, type IntentModel } from './model.ts'

let loaded: IntentModel | undefined

/** The model that `npm run train:intents` makes of the labelled texts; read when it is first needed. */
export function intentModel(): IntentModel {
  return (loaded ??= loadModel(
    JSON.parse(readFileSync(new URL('trained.json', import.meta.url), 'utf8')),
  ))
}
