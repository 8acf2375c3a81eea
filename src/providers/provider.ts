import type { z } from 'zod'
import type { ChatApi } from '../protocol/chat-api.ts'
import type { EmbeddingApi } from '../protocol/embedding.ts'
import type { FeatureSupport } from '../protocol/features.ts'
import type { ChatEvent } from '../protocol/event.ts'
import type { ChatRequest } from '../protocol/request.ts'
import type { DataPolicy } from '../protocol/routing.ts'
import type { DeploymentBounds } from '../protocol/routing-policy.ts'
import type { PriceSnapshot } from '../protocol/settlement.ts'

/** One configured upstream: data, plus the capabilities that it has. A missing member means "not supported". */
export interface Provider {
  /** The name in the configuration, and the part of a model's id before the first slash. */
  id: string
  /** Without a trailing slash. */
  baseUrl: string
  /** Adds the credential to a request; one that must be fetched first is fetched by `send`. */
  authorize(request: UpstreamRequest, send: Send): UpstreamRequest | Promise<UpstreamRequest>
  /** Told that a request was refused with 401; true when it is worth signing and sending once more. */
  renewCredential?(refused: UpstreamRequest): boolean
  /**
   * Told that nobody could be connected to where a request was to go; true when signing it once more
   * sends it to another place.
   */
  passOver?(unreached: UpstreamRequest): boolean
  /** What becomes of each feature of a request. */
  support: FeatureSupport
  /** The same for one model, where its word differs from its provider's. */
  supportOf?(model: string): FeatureSupport
  /** Completions over HTTP. */
  chat?: ChatApi
  /** Embeddings over HTTP. */
  embeddings?: EmbeddingApi
  /** Completions made in this process, without an upstream. */
  generate?: (request: ChatRequest, model: string, signal: AbortSignal) => AsyncGenerator<ChatEvent>
  /** Counts the tokens of a prompt as the upstream itself does. */
  countTokens?(request: ChatRequest, model: string, send: Send): Promise<number>
  /** Lists the models that the upstream has now. */
  discover?(send: Send): Promise<ModelInfo[]>
  /** False where the models that it lists are not to be added to `models`. */
  discoverModels?: boolean | undefined
  /** What is known of its models. */
  models: ModelInfo[]
  /** True when a model that is not in `models` may be asked for by its full id. */
  openModels: boolean
  /** Attempts that may run at once; absent where they are not bounded. */
  maxConcurrent?: number | undefined
  /** Of each of its deployments, a model under a credential. */
  bounds?: DeploymentBounds | undefined
  /** How often its list of models is asked for to see whether it is there; absent where it is not. */
  healthCheckIntervalMs?: number | undefined
  /** How to reach the upstream; absent for providers that have none. */
  connection?: Connection
  /** Where it is and what becomes of what it is sent. */
  site?: Site
  /** The name of the credential that it signs with, where it is one of several; never a secret. */
  credential?: string
  /** The same provider under each of its credentials, where it has several. */
  accounts?: readonly Provider[]
}

/** Where a provider processes requests, and what it may do with them. */
export interface Site {
  region?: string | undefined
  dataPolicy?: DataPolicy | undefined
  /** Whether it runs on machines of one's own. */
  local: boolean
}

/** The limits of one provider's connections. */
export interface Connection {
  /** PEM file with the certificate authority of this provider alone. */
  caFile?: string | undefined
  timeoutConnectMs: number
  /** From the request to the first byte of the answer's head. */
  timeoutFirstByteMs: number
  /** Between two pieces of the answer. */
  timeoutIdleMs: number
  /** From the request to the end of the answer. */
  timeoutTotalMs: number
}

export interface UpstreamRequest {
  method: 'GET' | 'POST'
  url: string
  /** Names in lower case. */
  headers: Record<string, string>
  body?: string
  /** The provider's own name of the model that is called, where one is. */
  model?: string
}

/**
 * Sends what a provider asks on its own behalf, over its own connections and within its limits of
 * time; throws a `GatewayError` when no answer comes.
 */
export type Send = (request: UpstreamRequest) => Promise<UpstreamAnswer>

export interface UpstreamAnswer {
  status: number
  /** Names in lower case. */
  headers?: Record<string, string | string[] | undefined>
  /** Parsed JSON, or the text as it came. */
  body: unknown
}

/** What is known of a model; unknown stays absent. */
export interface ModelInfo {
  /** The provider's own name of it. */
  name: string
  /** Tokens of prompt and answer together. */
  contextLength?: number | undefined
  maxOutputTokens?: number | undefined
  /** `text`, `image`, `audio`, `file`. */
  inputModalities?: string[] | undefined
  /** `tools`, `json_schema`, `reasoning`, `logprobs`, `streaming`. */
  features?: string[] | undefined
  /** Request parameters in OpenAI's words. */
  supportedParameters?: string[] | undefined
  price?: PriceSnapshot | undefined
}

/** A kind of provider: how its part of the configuration looks and how one is made of it. */
export interface ProviderType<Settings extends z.ZodObject = z.ZodObject> {
  /** The word in `type = "…"`. */
  type: string
  /** Its own members of `[providers.<name>]`; the common ones are added by the registry. */
  settings: Settings
  /** The member of its settings that `api_keys` stands for; `api_key` unless told. */
  secret?: string
  /** Whether it is there without being configured, outside production. */
  onByDefault?: boolean
  /** Settings from the provider's usual environment variables; undefined when they are not set. */
  fromEnvironment?(
    environment: Record<string, string | undefined>,
  ): Record<string, string> | undefined
  create(id: string, settings: z.infer<Settings>, connection: Connection): Provider
}

/** Keeps the type of a provider's settings from its schema to its `create`. */
export function defineProvider<Settings extends z.ZodObject>(
  type: ProviderType<Settings>,
): ProviderType<Settings> {
  return type
}
