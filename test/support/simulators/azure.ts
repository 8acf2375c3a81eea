import { OpenaiError, unknownUrl } from './openai-error.ts'
import { type OpenaiModel, openaiModels } from './openai-models.ts'
import { eachFrame, type OpenaiVariant } from './openai-variant.ts'
import { type OpenaiOptions, type OpenaiSimulator, startOpenaiSimulator } from './openai.ts'
import type { Piece } from './provider.ts'

export const azureKey = 'azure-simulated-key'

export interface AzureOptions extends Pick<OpenaiOptions, 'frameDelayMs' | 'cachedTokens'> {
  /** Models by the names of their deployments. */
  deployments?: Record<string, string>
  /** Dated versions that it knows; members of later ones are refused. */
  versions?: string[]
}

const defaultDeployments = {
  chat: 'gpt-4o',
  reason: 'gpt-5-mini',
  'gpt-4o': 'gpt-4o',
  vectors: 'text-embedding-3-small',
}
const defaultVersions = ['2024-02-01', '2024-10-21']

/** Azure OpenAI on both of its paths, with the traces of its content filter. */
export function startAzureSimulator(options: AzureOptions = {}): Promise<OpenaiSimulator> {
  const { deployments = defaultDeployments, versions = defaultVersions, ...rest } = options
  const models = Object.entries(deployments).map(([name, model]) => deployed(name, model))
  return startOpenaiSimulator({ ...rest, models, variant: azure(versions) })
}

function deployed(name: string, model: string): OpenaiModel {
  const found = openaiModels.find(({ id }) => id === model)
  if (!found) throw new Error(`no model ${model}`)
  return { ...found, id: name }
}

function azure(versions: string[]): OpenaiVariant {
  return {
    basePath: '',
    locate: (path) => locate(path, versions),
    checkKey: (headers) => {
      if (headers['api-key'] !== azureKey)
        throw new OpenaiError(401, deniedMessage, { code: '401' })
    },
    failure,
    check: ({ messages }) => {
      if (/jailbreak/i.test(JSON.stringify(messages))) throw filtered
    },
    body: (own) => ({ ...filteredAnswer(own), ...promptResults }),
    pieces: azurePieces,
  }
}

/** An unknown version is an unknown address. */
function locate(path: string, versions: string[]): { path: string; model?: string } {
  const { pathname, searchParams } = new URL(path, 'http://localhost')
  const version = searchParams.get('api-version')
  const classic = /^\/+openai\/deployments\/([^/]+)\/(.+)$/.exec(pathname)
  const [, deployment = '', operation = ''] = classic ?? []
  if (classic && version !== null && versions.includes(version)) {
    return { path: `/v1/${operation}`, model: decodeURIComponent(deployment) }
  }
  const [, rest] = /^\/+openai(\/v1\/.+)$/.exec(pathname) ?? []
  const isV1 = version === null || version === 'v1' || version === 'preview'
  return { path: rest !== undefined && isV1 ? rest : 'nowhere' }
}

const deniedMessage =
  'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a ' +
  'valid key for an active subscription and use a correct regional API endpoint for your resource.'

const filtered = new OpenaiError(
  400,
  "The response was filtered due to the prompt triggering Azure OpenAI's content management " +
    'policy. Please modify your prompt and retry. To learn more about our content filtering ' +
    'policies please read our documentation: https://go.microsoft.com/fwlink/?linkid=2198766',
  { param: 'prompt', code: 'content_filter' },
)

const passed = { filtered: false, severity: 'safe' }
const safe = { hate: passed, self_harm: passed, sexual: passed, violence: passed }
const promptResults = {
  prompt_filter_results: [
    {
      prompt_index: 0,
      content_filter_results: { ...safe, jailbreak: { detected: false, filtered: false } },
    },
  ],
}

/** The gateway in front has errors of its own. */
function failure(error: OpenaiError): { status: number; body: object } {
  const { status, message, code } = error
  if (code === 'content_filter') {
    const results = { ...safe, jailbreak: { detected: true, filtered: true } }
    const innererror = { code: 'ResponsibleAIPolicyViolation', content_filter_result: results }
    const body = { message, type: null, param: 'prompt', code, status, innererror }
    return { status, body: { error: body } }
  }
  if (message === unknownUrl('POST', 'nowhere').message) {
    return { status, body: { error: { code: '404', message: 'Resource not found' } } }
  }
  const own = ownErrors[status]
  return { status, body: own ? { error: own } : error.body() }
}

const ownErrors: Record<number, object | undefined> = {
  401: { code: '401', message: deniedMessage },
  404: {
    type: 'invalid_request_error',
    code: 'DeploymentNotFound',
    message:
      'The API deployment for this resource does not exist. If you created the deployment within ' +
      'the last 5 minutes, please wait a moment and try again.',
  },
  429: {
    code: '429',
    message:
      'Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 ' +
      'have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after ' +
      '23 seconds. Please go here: https://aka.ms/oai/quotaincrease if you would like to further ' +
      'increase the default rate limit.',
  },
}

function filteredAnswer(own: object): object {
  return withChoices(own, (choice) => ({ content_filter_results: safe, ...choice }))
}

function withChoices(frame: object, change: (choice: object) => object): object {
  const { choices }: { choices?: object[] } = frame
  return { ...frame, choices: (choices ?? []).map(change) }
}

/** Anonymous opening with the results of the prompt; then every choice has results of its own. */
function azurePieces(own: Piece[]): Piece[] {
  const dressed = eachFrame(own, (frame) =>
    withChoices(frame, (choice) => ({ ...choice, content_filter_results: {} })),
  )
  const opens = own.some(({ raw }) => raw.includes('"role":"assistant"'))
  const opening = { choices: [], created: 0, id: '', model: '', object: '', ...promptResults }
  return opens ? [{ raw: `data: ${JSON.stringify(opening)}\n\n`, tokens: 0 }, ...dressed] : dressed
}
