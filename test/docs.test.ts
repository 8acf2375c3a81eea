import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { openEveryProvider } from '../scripts/every-provider.ts'
import { providerTypes } from '../src/providers/index.ts'
import type { Provider, ProviderType } from '../src/providers/provider.ts'

const everyProvider = openEveryProvider()

function page(name: string): string {
  return readFileSync(new URL(`../docs/${name}`, import.meta.url), 'utf8')
}

/** The cells of the rows of a page's tables, without the lines under their heads. */
function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^[|\s-]+$/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

/** The variables that a type looks at, found by looking over its shoulder. */
function variablesOf(type: ProviderType | undefined): string[] {
  const read = new Set<string>()
  const environment = new Proxy<Record<string, string | undefined>>(
    {},
    {
      get: (_target, name) => {
        read.add(String(name))
        return 'http://127.0.0.1/'
      },
    },
  )
  type?.fromEnvironment?.(environment)
  return [...read]
}

function typeOf({ id }: Provider): ProviderType | undefined {
  return providerTypes.find(({ type }) => type === id.split('.')[0])
}

describe('docs/features.md', () => {
  const heads = rowsOf(page('features.md')).filter(([, head]) => head === 'feature')

  test.each(everyProvider.map(({ id }) => id))('every table has a column for %s', (id) => {
    expect(heads).toHaveLength(3)
    for (const head of heads) expect(head).toContain(`\`${id}\``)
  })
})

describe('docs/providers.md', () => {
  const [head = [], ...rows] = rowsOf(page('providers.md'))
  const cell = (id: string, column: string): string | undefined =>
    rows.find(([first]) => first === `\`${id}\``)?.[head.indexOf(column)]

  test('has one row for each provider and each of its variants, and no other', () => {
    const ids = rows.map(([first]) => first)
    expect(ids).toEqual(everyProvider.map(({ id }) => `\`${id}\``))
  })

  test.each(everyProvider)('tells the truth of $id', (provider) => {
    const { id, chat, embeddings, models, openModels } = provider
    expect(cell(id, 'wire')).toBe(chat ? `\`${chat.dialect}\`` : 'in this process')
    expect(cell(id, 'embeddings')).toBe(embeddings ? `\`${embeddings.dialect}\`` : 'no')
    expect(cell(id, 'lists its models')).toBe(provider.discover ? 'yes' : 'no')
    expect(cell(id, 'models')).toBe(
      `${models.length} known${openModels ? ', others by full id' : ''}`,
    )
  })

  test.each(everyProvider)('names the settings and variables of $id', (provider) => {
    const type = typeOf(provider)
    const settings = (cell(provider.id, 'credentials') ?? '').match(/(?<=`)[a-z_]+(?=`)/g) ?? []
    expect(settings.filter((name) => !(name in (type?.settings.shape ?? {})))).toEqual([])
    const told = (cell(provider.id, 'variables') ?? '').match(/[A-Z][A-Z_]+/g) ?? []
    expect(told.toSorted()).toEqual(variablesOf(type).toSorted())
  })
})
