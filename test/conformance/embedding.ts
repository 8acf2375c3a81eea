import type { TestGateway } from '../support/gateway.ts'
import { at, list } from './fold.ts'

interface Vectors {
  code: string | undefined
  vectors: unknown[][]
}

const texts = ['one', 'a second text']

/** The vectors of two texts, or why there are none. */
export async function embedding(
  gateway: TestGateway,
  door: 'REST' | 'GraphQL',
  model: string,
): Promise<Vectors> {
  if (door === 'GraphQL') {
    const { data } = await gateway.graphql<unknown>(
      `mutation ($input: EmbeddingInput!) { createEmbedding(input: $input) {
        ... on Embedding { vectors { index values } } ... on EmbeddingError { code } } }`,
      { input: { model, input: texts } },
    )
    const answer = at(data, 'createEmbedding')
    return {
      code: word(at(answer, 'code')),
      vectors: list(at(answer, 'vectors')).map((each) => list(at(each, 'values'))),
    }
  }
  const response = await fetch(`${gateway.url}/v1/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.adminKey}` },
    body: JSON.stringify({ model, input: texts }),
  })
  const body: unknown = await response.json()
  return {
    code: word(at(body, 'error', 'code')),
    vectors: list(at(body, 'data')).map((each) => list(at(each, 'embedding'))),
  }
}

function word(code: unknown): string | undefined {
  return typeof code === 'string' ? code.toLowerCase() : undefined
}
