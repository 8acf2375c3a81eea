import { decodeShow, decodeTags, withTag } from './ollama-models.ts'
import type { ModelInfo, Send, UpstreamRequest } from './provider.ts'

/** A list of models is looked at again after this long, and sooner when nobody seems to have the model. */
const listedMs = 60_000
const missedMs = 5_000
/** One that could not be reached is left alone for this long, unless there is no other. */
const deadMs = 30_000
/** Models of an endpoint that are asked about one by one. */
const shownMax = 100

interface Endpoint {
  url: string
  /** Names with their tags; undefined until they were listed. */
  models: ReadonlySet<string> | undefined
  /** What was learnt of them last. */
  known: ModelInfo[]
  listedAtMs: number
  listing: Promise<ModelInfo[]> | undefined
  deadUntilMs: number
}

/** Servers that have some models each: a call goes in turn to those that have its model and live. */
export class OllamaEndpoints {
  readonly #endpoints: readonly Endpoint[]
  readonly #headers: Record<string, string>
  readonly #now: () => number
  #turn = 0

  constructor(
    urls: readonly string[],
    headers: Record<string, string>,
    now: () => number = Date.now,
  ) {
    const unseen = {
      models: undefined,
      known: [],
      listedAtMs: -Infinity,
      listing: undefined,
      deadUntilMs: 0,
    }
    this.#endpoints = urls.map((url) => ({ url, ...unseen }))
    this.#headers = headers
    this.#now = now
  }

  /** The URL of the endpoint whose turn it is to serve a model. */
  async choose(model: string, send: Send): Promise<string> {
    const [only] = this.#endpoints
    if (only && this.#endpoints.length === 1) return only.url
    const name = withTag(model)
    await this.#look(name, send)
    const living = this.#endpoints.filter((each) => this.#lives(each))
    const having = living.filter(({ models }) => models?.has(name))
    const candidates = [having, living, this.#endpoints].find(({ length }) => length > 0) ?? []
    this.#turn += 1
    return candidates[this.#turn % candidates.length]?.url ?? ''
  }

  /** Leaves an endpoint alone that could not be reached; true when another lives. */
  passOver({ url }: UpstreamRequest): boolean {
    const unreached = this.#endpoints.find((each) => url.startsWith(`${each.url}/`))
    if (unreached) unreached.deadUntilMs = this.#now() + deadMs
    return this.#endpoints.some((each) => this.#lives(each))
  }

  /** The models of all endpoints with what can be learnt of each; of one that does not answer, those it had. */
  async discover(send: Send): Promise<ModelInfo[]> {
    const asked = this.#endpoints.map(async (endpoint) => {
      const models = await this.#list(endpoint, send)
      const known: ModelInfo[] = []
      for (const [index, model] of models.entries()) {
        const told = model.contextLength !== undefined && model.features !== undefined
        const shown = told || index >= shownMax ? {} : await this.#show(endpoint, model.name, send)
        known.push({ ...model, ...shown })
      }
      endpoint.known = known
    })
    const answers = await Promise.allSettled(asked)
    const found = this.#endpoints.flatMap((each) => each.known)
    const failed = answers.find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected' && answers.every(({ status }) => status === 'rejected')) {
      throw failed.reason
    }
    return [...new Map(found.map((model) => [model.name, model])).values()]
  }

  #lives({ deadUntilMs }: Endpoint): boolean {
    return deadUntilMs <= this.#now()
  }

  /** Waits only while no living endpoint is known to have the model, and then for the first that has. */
  async #look(name: string, send: Send): Promise<void> {
    const has = (each: Endpoint): boolean => this.#lives(each) && each.models?.has(name) === true
    const known = this.#endpoints.some(has)
    const sinceMs = this.#now() - (known ? listedMs : missedMs)
    const stale = this.#endpoints.filter((each) => this.#lives(each) && each.listedAtMs <= sinceMs)
    const found = stale.map(async (each) => {
      await this.#list(each, send)
      if (!has(each)) throw new Error(`${each.url} has no ${name}`)
    })
    const first = Promise.any(found).catch(() => {}) // none has it: the call will say so
    if (!known) await first
  }

  /** Asked once however many wait for it; an endpoint that fails to answer is passed over for a while. */
  #list(endpoint: Endpoint, send: Send): Promise<ModelInfo[]> {
    endpoint.listing ??= this.#fetchList(endpoint, send).finally(
      () => (endpoint.listing = undefined),
    )
    return endpoint.listing
  }

  async #fetchList(endpoint: Endpoint, send: Send): Promise<ModelInfo[]> {
    try {
      const url = `${endpoint.url}/api/tags`
      const models = decodeTags(await send({ method: 'GET', url, headers: this.#headers }))
      endpoint.models = new Set(models.map(({ name }) => withTag(name)))
      endpoint.listedAtMs = this.#now()
      endpoint.deadUntilMs = 0
      return models
    } catch (error) {
      endpoint.deadUntilMs = this.#now() + deadMs
      throw error
    }
  }

  /** Only a hint for the catalogue: what is not told stays unknown. */
  async #show({ url }: Endpoint, model: string, send: Send): Promise<Omit<ModelInfo, 'name'>> {
    const headers = { ...this.#headers, 'content-type': 'application/json' }
    const body = JSON.stringify({ model })
    return send({ method: 'POST', url: `${url}/api/show`, headers, body }).then(
      decodeShow,
      () => ({}),
    )
  }
}
