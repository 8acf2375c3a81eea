import { createHash } from 'node:crypto'
import { renderGraphiQL } from '@graphql-yoga/render-graphiql'

/** The GraphiQL page, whole: it loads nothing, so that it works offline. */
export interface GraphiqlPage {
  html: Buffer
  /** The policy that this page needs; stricter than it looks, for scripts are allowed by their hash. */
  contentSecurityPolicy: string
}

/** `model` is one that the example in the editor calls. */
export function graphiqlPage(model: string): GraphiqlPage {
  const html = renderGraphiQL({
    title: 'XRouter GraphiQL',
    headers: JSON.stringify({ authorization: 'Bearer xr-...' }, null, 2),
    shouldPersistHeaders: true,
    defaultEditorToolsVisibility: 'headers',
    subscriptionsProtocol: 'SSE',
    defaultQuery: welcome(model),
  })
  return { html: Buffer.from(html), contentSecurityPolicy: policyFor(html) }
}

const welcome = (
  model: string,
): string => `# Put your API key into the headers below, choose an operation and run it.

subscription Stream {
  completion(
    input: { model: ${JSON.stringify(model)}, messages: [{ role: USER, content: "Hello from GraphiQL" }] }
  ) {
    __typename
    sequence
    ... on CompletionStarted { model }
    ... on TextDelta { text }
    ... on CompletionFinished {
      completion { content finishReason usage { inputTokens outputTokens totalTokens } }
    }
    ... on CompletionFailed { error { code message } }
  }
}

query Models {
  models {
    id
    contextLength
    prices { tokenClass perMillion { amount currency } }
  }
}
`

function policyFor(html: string): string {
  const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text]) => text ?? '')
  const hashes = scripts.map((text) => `'sha256-${sha256(text)}'`).join(' ')
  return [
    "default-src 'none'",
    `script-src ${hashes}`,
    "style-src 'unsafe-inline'",
    'font-src data:',
    "img-src 'self' data:",
    "connect-src 'self'",
    'worker-src blob:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}
