import { readFileSync, writeFileSync } from 'node:fs'
import { featureNames, features, type FeatureName, type Support } from '../src/protocol/features.ts'
import type { Provider } from '../src/providers/provider.ts'
import { openEveryProvider } from './every-provider.ts'

function render(providers: readonly Provider[]): string {
  const notes: string[] = []
  const row = (name: FeatureName): string[] => [
    features[name].title,
    `\`${name}\``,
    ...providers.map(({ support }) => cell(support[name], notes)),
  ]
  const sections = (['content', 'demand', 'knob'] as const).map((kind) => {
    const names = featureNames.filter((name) => features[name].kind === kind)
    const head = ['', 'feature', ...providers.map(({ id }) => `\`${id}\``)]
    return [`## ${titles[kind]}`, '', ...table([head, ...names.map(row)])].join('\n')
  })
  const footnotes = notes.map((note, index) => `${index + 1}. ${note}.`)
  return [introduction, ...sections, '## Emulations', footnotes.join('\n')].join('\n\n') + '\n'
}

const introduction = `# What each provider can express

This page is made from the code by \`npm run docs\`. A request may use features that a provider has no word for. Nothing of it is dropped silently:

- **yes**: the provider has it.
- **emulated** (with the number of a note below): the same is reached in another way, and a warning says so.
- ignored: a tuning knob that the provider does not have; a warning says so.
- **refused**: the request goes to the next deployment that can express it; without one it is a 400 \`unsupported_feature\` that names the feature and its place. No provider is called.

Warnings are \`xrouter.warnings\` in a REST answer or in the last chunk of its stream, and \`Completion.warnings\` in GraphQL. What one model of a provider can do may be less than what its API can express: its own refusal then reaches the client.`

const titles = {
  content: 'Content: expressed, emulated or refused',
  demand: 'Demands on the answer: met, emulated or refused',
  knob: 'Tuning knobs: may be ignored, with a warning',
}

function cell(support: Support, notes: string[]): string {
  if (support === 'native') return 'yes'
  if (support === 'refused') return '**refused**'
  if (support === 'ignored') return 'ignored'
  if (!notes.includes(support.emulated)) notes.push(support.emulated)
  return `emulated (${notes.indexOf(support.emulated) + 1})`
}

/** Columns of one width, as the formatter wants them. */
function table(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((cells) => cells[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)]
}

const page = 'docs/features.md'
const text = render(openEveryProvider())
if (!process.argv.includes('--check')) writeFileSync(page, text)
else if (readFileSync(page, 'utf8') !== text) {
  console.error(`${page} does not say what the code does: run \`npm run docs\`.`)
  process.exitCode = 1
}
