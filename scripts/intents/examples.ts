import { readFileSync } from 'node:fs'
import { textIntents } from '../../src/gateway/intent/model.ts'
import type { Example } from './train.ts'

/** The lines `intent<TAB>text` of a file of this folder. */
export function readExamples(name: 'labelled' | 'heldout'): Example[] {
  const file = new URL(`${name}.tsv`, import.meta.url)
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line, index) => {
      const [word, text] = line.split('\t')
      const intent = textIntents.find((each) => each === word)
      if (!intent || !text) throw new Error(`${name}.tsv: line ${index + 1} is no example`)
      return { intent, text }
    })
}
