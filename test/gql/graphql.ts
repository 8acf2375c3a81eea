/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** How an attempt ended. */
export type AttemptStatus =
  /** The client left. */
  | 'CANCELLED'
  /** The provider failed or refused. */
  | 'FAILED'
  /** It gave the answer. */
  | 'SUCCEEDED';

/** What to do with kept answers to equal requests, where the organisation keeps them. */
export type CacheInput = {
  /** No answer that is older. */
  maxAgeSeconds?: number | null | undefined;
  /** Whether it is used. */
  mode?: CacheMode | null | undefined;
  /** Answers of one namespace are not given in another. */
  namespace?: string | null | undefined;
  /** A fresh answer, which is kept. */
  noCache?: boolean | null | undefined;
  /** The answer is not kept. */
  noStore?: boolean | null | undefined;
  /** No answer but a kept one; else NOT_CACHED. */
  onlyIfCached?: boolean | null | undefined;
  /** Whether a request with tools is cached, too. */
  tools?: boolean | null | undefined;
  /** How long the answer is kept. */
  ttlSeconds?: number | null | undefined;
};

/** A wish that the provider's cache keeps the prompt up to this place. */
export type CacheMarkInput = {
  /** How long, as `5m` or `1h`; the default of the provider unless told. */
  ttl?: string | null | undefined;
};

/** Whether the cache of answers is used for a request. */
export type CacheMode =
  /** No, as if there were none. */
  | 'OFF'
  /** Yes, also where it is used only on request. */
  | 'ON';

/** A completion to make. */
export type CompletionInput = {
  /** What to do with kept answers. */
  cache?: CacheInput | null | undefined;
  /** How many answers to make; 1 unless told. */
  choices?: number | null | undefined;
  /** Your own stable name for the person behind the request. */
  endUser?: string | null | undefined;
  /** Models to try in turn when `model` fails. */
  fallbacks?: Array<string> | null | undefined;
  /** Against words used often, from -2 to 2. */
  frequencyPenalty?: number | null | undefined;
  /** Whether the provider computes log probabilities. */
  logprobs?: boolean | null | undefined;
  /** The most tokens to generate, reasoning included. */
  maxTokens?: number | null | undefined;
  /** The conversation, oldest first. */
  messages: Array<MessageInput>;
  /** `provider/model`, a virtual model, an alias, or a name that only one provider offers. */
  model: string;
  /** Whether one answer may call several tools. */
  parallelToolCalls?: boolean | null | undefined;
  /** Further members of OpenAI's request for providers of that dialect, an object. */
  passthrough?: unknown;
  /** Against words used at all, from -2 to 2. */
  presencePenalty?: number | null | undefined;
  /** The most tokens to spend on reasoning. */
  reasoningBudgetTokens?: number | null | undefined;
  /** The provider's word for how long to think, as `low`, `medium`, `high`. */
  reasoningEffort?: string | null | undefined;
  /** How much of the reasoning is shown: `auto`, `concise`, `detailed`, `omitted`. */
  reasoningSummary?: string | null | undefined;
  /** In OpenAI's form: `{type: "text"}`, `{type: "json_object"}` or `{type: "json_schema", json_schema: {name, schema}}`. */
  responseFormat?: unknown;
  /** Where the request may go. */
  routing?: RoutingInput | null | undefined;
  /** For answers that can be repeated, where the model supports it. */
  seed?: number | null | undefined;
  /** Texts before which the answer ends. */
  stop?: Array<string> | null | undefined;
  /** Your own labels for the log: an object of strings, numbers and booleans. */
  tags?: unknown;
  /** Randomness, from 0 to 2. */
  temperature?: number | null | undefined;
  /** `"none"`, `"auto"`, `"required"` or `{name: "…"}` of the tool to call. */
  toolChoice?: unknown;
  /** What the model may call. */
  tools?: Array<ToolInput> | null | undefined;
  /** Only the so many likeliest tokens are drawn from. */
  topK?: number | null | undefined;
  /** Alternatives per token, 0 to 20; only with `logprobs`. */
  topLogprobs?: number | null | undefined;
  /** Nucleus sampling, from 0 to 1. */
  topP?: number | null | undefined;
};

/** One piece of a message. */
export type ContentPartInput =
  {   /** A file. */
  file: FilePartInput; fileId?: never; image?: never; imageId?: never; native?: never; reasoning?: never; signedText?: never; text?: never; toolCall?: never; }
  |  { file?: never;   /** A file by the id that its provider gave it. */
  fileId: string | number; image?: never; imageId?: never; native?: never; reasoning?: never; signedText?: never; text?: never; toolCall?: never; }
  |  { file?: never; fileId?: never;   /** An image. */
  image: ImagePartInput; imageId?: never; native?: never; reasoning?: never; signedText?: never; text?: never; toolCall?: never; }
  |  { file?: never; fileId?: never; image?: never;   /** An image by the id that its provider gave it. */
  imageId: string | number; native?: never; reasoning?: never; signedText?: never; text?: never; toolCall?: never; }
  |  { file?: never; fileId?: never; image?: never; imageId?: never;   /** A part that only one dialect knows. */
  native: NativePartInput; reasoning?: never; signedText?: never; text?: never; toolCall?: never; }
  |  { file?: never; fileId?: never; image?: never; imageId?: never; native?: never;   /** What the assistant thought, sent back. */
  reasoning: ReasoningPartInput; signedText?: never; text?: never; toolCall?: never; }
  |  { file?: never; fileId?: never; image?: never; imageId?: never; native?: never; reasoning?: never;   /** Text of an earlier answer. */
  signedText: TextPartInput; text?: never; toolCall?: never; }
  |  { file?: never; fileId?: never; image?: never; imageId?: never; native?: never; reasoning?: never; signedText?: never;   /** Text. */
  text: string; toolCall?: never; }
  |  { file?: never; fileId?: never; image?: never; imageId?: never; native?: never; reasoning?: never; signedText?: never; text?: never;   /** The place of one of the `toolCalls` among the parts, by its index. */
  toolCall: number; };

/** A key to create in the own organisation. */
export type CreateApiKeyInput = {
  /** The addresses and networks (`192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`) that it may be used from; null = all. */
  allowedIps?: Array<string> | null | undefined;
  /** When it stops working; null = never. */
  expiresAt?: string | null | undefined;
  /** An object to keep with it, at most 16384 characters of JSON. */
  metadata?: unknown;
  /** The models that it may use, as `provider/model` or `provider/*`; null = all. */
  models?: Array<string> | null | undefined;
  /** What people call it, 1 to 100 characters. */
  name: string;
  /** What it may do, INFERENCE unless told; never more than the creator may. */
  scopes?: Array<Scope> | null | undefined;
  /** Tags of each of its requests that does not say otherwise: an object of strings, numbers and booleans. */
  tags?: unknown;
  /** `free` (unless told), `pro` or `enterprise`; never above the creator’s own. */
  tier?: string | null | undefined;
};

/** What a provider may do with what it is sent, the strictest first. */
export type DataPolicy =
  /** It says nothing about it. */
  | 'ANY'
  /** It keeps nothing. */
  | 'NO_RETENTION'
  /** It trains on nothing. */
  | 'NO_TRAINING';

/** The closed list of failures. */
export type ErrorCode =
  /** The client left before the end. */
  | 'CANCELLED'
  /** The request contradicts the current state. */
  | 'CONFLICT'
  /** The provider refused the content. */
  | 'CONTENT_FILTERED'
  /** The conversation does not fit into the model's context. */
  | 'CONTEXT_LENGTH_EXCEEDED'
  /** A budget of the gateway is used up. */
  | 'INSUFFICIENT_QUOTA'
  /** A fault of the gateway; the request id finds it in the log. */
  | 'INTERNAL_ERROR'
  /** The gateway stopped before the end. */
  | 'INTERRUPTED'
  /** The API key is unknown, revoked or expired. */
  | 'INVALID_API_KEY'
  /** The request is malformed; `path` names the member at fault. */
  | 'INVALID_REQUEST'
  /** There is no such model. */
  | 'MODEL_NOT_FOUND'
  /** Only a kept answer was wanted, and there is none. */
  | 'NOT_CACHED'
  /** There is no such entity. */
  | 'NOT_FOUND'
  /** The gateway has no capacity at the moment. */
  | 'OVERLOADED'
  /** The API key may not do this. */
  | 'PERMISSION_DENIED'
  /** The provider refused the gateway's credential. */
  | 'PROVIDER_AUTH'
  /** The provider failed. */
  | 'PROVIDER_ERROR'
  /** The provider's rate limit is used up. */
  | 'PROVIDER_RATE_LIMITED'
  /** The provider did not answer in time. */
  | 'PROVIDER_TIMEOUT'
  /** The provider cannot be reached. */
  | 'PROVIDER_UNAVAILABLE'
  /** A rate limit of the gateway is used up. */
  | 'RATE_LIMIT_EXCEEDED'
  /** The request is larger than the gateway or the provider accepts. */
  | 'REQUEST_TOO_LARGE'
  /** No API key was sent. */
  | 'UNAUTHENTICATED'
  /** The model or its provider cannot do what was asked. */
  | 'UNSUPPORTED_FEATURE'
  /** The provider's answer broke off. */
  | 'UPSTREAM_TRUNCATED';

/** A file to read. */
export type FilePartInput = {
  /** As `application/pdf`. */
  mediaType: string;
  /** The name of the file. */
  name?: string | null | undefined;
  /** An https: or a data: URL. */
  url: string;
};

/** Why an answer ended. */
export type FinishReason =
  /** It was cancelled. */
  | 'CANCELLED'
  /** The provider cut it off. */
  | 'CONTENT_FILTER'
  /** The provider failed on the way. */
  | 'ERROR'
  /** The limit of tokens was reached. */
  | 'LENGTH'
  /** Something else; see `rawFinishReason`. */
  | 'OTHER'
  /** The model refused. */
  | 'REFUSAL'
  /** It is complete. */
  | 'STOP'
  /** The model calls tools. */
  | 'TOOL_CALLS';

/** How usage is divided by time. */
export type Granularity =
  /** By day, in UTC. */
  | 'DAY'
  /** By hour. */
  | 'HOUR'
  /** By minute; minutes are kept for some days only (`[retention] usage_minute_days`). */
  | 'MINUTE'
  /** Not at all. */
  | 'TOTAL';

/** How a provider does, by its attempts of the last five minutes. What is the client's fault does not count, nor what the client cancelled. */
export type HealthState =
  /** At least a tenth of its last twenty attempts failed. */
  | 'DEGRADED'
  /** At least four of its last five attempts failed, or all of the last three or four. */
  | 'DOWN'
  /** Fewer than a tenth of its last twenty attempts failed. */
  | 'OPERATIONAL'
  /** There was none. */
  | 'UNKNOWN';

/** An image to read. */
export type ImagePartInput = {
  /** How closely to look: `low`, `high` or `auto`. */
  detail?: string | null | undefined;
  /** An https: or a data: URL. */
  url: string;
};

/** An amount of money that a request may cost at most. */
export type MaxCostInput = {
  /** A decimal amount, as `"0.05"`. */
  amount: string;
  /** ISO 4217 code, as `USD`. */
  currency: string;
};

/** One turn of the conversation. */
export type MessageInput = {
  /** Keep the prompt up to the end of this turn in the provider's cache. */
  cache?: CacheMarkInput | null | undefined;
  /** The text; either this or `parts`. */
  content?: string | null | undefined;
  /** Whether a tool turn reports that the tool failed. */
  isError?: boolean | null | undefined;
  /** The participant's name. */
  name?: string | null | undefined;
  /** The pieces in order; either this or `content`. */
  parts?: Array<ContentPartInput> | null | undefined;
  /** Who speaks. */
  role: MessageRole;
  /** The call that a tool turn answers. */
  toolCallId?: string | number | null | undefined;
  /** The tools that the assistant called in this turn. */
  toolCalls?: Array<ToolCallInput> | null | undefined;
};

/** Who speaks. */
export type MessageRole =
  /** The model. */
  | 'ASSISTANT'
  /** Instructions, in newer models' word. */
  | 'DEVELOPER'
  /** Instructions for the whole conversation. */
  | 'SYSTEM'
  /** The result of a tool call. */
  | 'TOOL'
  /** The person or program that asks. */
  | 'USER';

/** What becomes of an answer whose provider fails amid it. */
export type MidStreamFailure =
  /** Another deployment goes on with the text so far, after CompletionContinued; one that cannot do so starts anew, after CompletionRestarted. */
  | 'CONTINUE'
  /** It ends with CompletionFailed; what came before stands. */
  | 'ERROR'
  /** Another deployment answers from the start: CompletionRestarted says that what came before counts for nothing. */
  | 'RESTART';

/** A `NativePart` of an earlier answer, sent back; only providers of its dialect take it. */
export type NativePartInput = {
  /** The wire format. */
  dialect: string;
  /** The part as it came, an object. */
  part: unknown;
};

/** The most that a million tokens may cost; unknown prices are left out. */
export type PriceCapInput = {
  /** As `USD`. */
  currency: string;
  /** Of tokens read, a decimal number. */
  input?: string | null | undefined;
  /** Of tokens written, a decimal number. */
  output?: string | null | undefined;
};

/** A `ReasoningPart` of an earlier answer, sent back. */
export type ReasoningPartInput = {
  /** Its sealed reasoning. */
  sealed?: SignatureInput | null | undefined;
  /** Its signature. */
  signature?: SignatureInput | null | undefined;
  /** The text, perhaps empty. */
  text: string;
};

/** A key of the own organisation that gets another secret. */
export type RotateApiKeyInput = {
  /** The id of the key. */
  id: string | number;
  /** How long the secret before works on: 0 to 2592000 (30 days); 0 ends it at once. */
  overlapSeconds: number;
};

/** Where the request may go, and how that is chosen. */
export type RoutingInput = {
  /** Only these providers. */
  allowProviders?: Array<string> | null | undefined;
  /** Only deployments whose providers promise at least this. */
  dataPolicy?: DataPolicy | null | undefined;
  /** How long the first content may take, from the arrival of the request; what has begun is never cut by it. */
  deadlineMs?: number | null | undefined;
  /** None of these providers. */
  denyProviders?: Array<string> | null | undefined;
  /** Only deployments that have all of these tags. */
  deploymentTags?: Array<string> | null | undefined;
  /** For `HEDGE`: when the next attempt begins; after the deployment's p95 unless told. */
  hedgeAfterMs?: number | null | undefined;
  /** Models that may cost more are passed over, attempts of `RACE` and `HEDGE` that would cost more together are not begun, and a stream that gets there ends with INSUFFICIENT_QUOTA. */
  maxCost?: MaxCostInput | null | undefined;
  /** Only deployments of at most this. */
  maxPrice?: PriceCapInput | null | undefined;
  /** What becomes of an answer whose provider fails amid it; ERROR unless told. */
  midStreamFailure?: MidStreamFailure | null | undefined;
  /** For `RACE` and `HEDGE`: attempts at once, 2 to 10. */
  parallel?: number | null | undefined;
  /** Where not everybody can be served, from -10 to 10: higher goes first; the key's tier may bound it. */
  priority?: number | null | undefined;
  /** Only deployments in one of these regions. */
  regions?: Array<string> | null | undefined;
  /** Your own name for the conversation. */
  session?: string | null | undefined;
  /** How long the session stays with one deployment. */
  stickiness?: Stickiness | null | undefined;
  /** What a weighted choice stays the same for: `key`, `user`, `session`, `tag:…`. */
  stickyBy?: string | null | undefined;
  /** Instead of the model's own strategy. */
  strategy?: RoutingStrategy | null | undefined;
  /** For `SCORED`. */
  weights?: ScoreWeightsInput | null | undefined;
};

/** How one of several deployments is chosen. */
export type RoutingStrategy =
  /** By the estimated cost of this request. */
  | 'CHEAPEST'
  /** By what is left of the provider's rate limit. */
  | 'HEADROOM'
  /** A second one when the first is late; the first content wins. */
  | 'HEDGE'
  /** By the attempts under way. */
  | 'LEAST_BUSY'
  /** By the time to the first token, of two that are drawn. */
  | 'LEAST_LATENCY'
  /** In the order of the configuration. */
  | 'ORDERED'
  /** Machines of your own first. */
  | 'PREFER_LOCAL'
  /** Several at once; the first content wins. */
  | 'RACE'
  /** By a mix of measures with weights. */
  | 'SCORED'
  /** By shares, the same for the same key, user, session or tag where that is set. */
  | 'WEIGHTED';

/** What an API key may do. */
export type Scope =
  /** Everything. */
  | 'ADMIN'
  /** Call models. */
  | 'INFERENCE'
  /** Manage keys and rules; includes READ. */
  | 'MANAGE'
  /** Read usage and the request log. */
  | 'READ';

/** What counts how much in a scored choice. */
export type ScoreWeightsInput = {
  /** The attempts under way. */
  busy?: number | null | undefined;
  /** The share of input read from the provider's cache. */
  cache?: number | null | undefined;
  /** The estimated cost of this request. */
  cost?: number | null | undefined;
  /** The share of attempts that failed. */
  errors?: number | null | undefined;
  /** What is left of the provider's rate limit. */
  headroom?: number | null | undefined;
  /** The time to the first token. */
  latency?: number | null | undefined;
};

/** A `Signature` of an earlier answer, sent back. */
export type SignatureInput = {
  /** The wire format that it belongs to. */
  dialect: string;
  /** The opaque text. */
  value: string;
};

/** How long a conversation stays with one deployment. */
export type Stickiness =
  /** Every request is decided anew. */
  | 'NONE'
  /** Throughout the session. */
  | 'SESSION'
  /** While tools are called in answer to one message of the user. */
  | 'TURN';

/** A `TextPart` of an earlier answer, sent back with its signature. */
export type TextPartInput = {
  /** Its signature. */
  signature?: SignatureInput | null | undefined;
  /** The text. */
  text: string;
};

/** A tool call of an earlier answer, sent back. */
export type ToolCallInput = {
  /** The string of JSON that the model wrote, or the object it stands for. */
  arguments: unknown;
  /** The id that the model gave it. */
  id: string | number;
  /** The name of the tool. */
  name: string;
  /** Its signature. */
  signature?: SignatureInput | null | undefined;
};

/** A function that the model may call. */
export type ToolInput = {
  /** Keep the tools up to this one in the provider's cache. */
  cache?: CacheMarkInput | null | undefined;
  /** What it does and when to call it. */
  description?: string | null | undefined;
  /** Its name. */
  name: string;
  /** JSON Schema of its arguments, an object. */
  parameters?: unknown;
  /** Whether the arguments must follow the schema exactly. */
  strict?: boolean | null | undefined;
};

/** What to change of a key of the own organisation. What is left out stays as it is. */
export type UpdateApiKeyInput = {
  /** The addresses and networks (`192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`) that it may be used from; null = all. */
  allowedIps?: Array<string> | null | undefined;
  /** Whether it is refused until it is enabled again. */
  disabled?: boolean | null | undefined;
  /** When it stops working; null = never. */
  expiresAt?: string | null | undefined;
  /** Whether a key may shut itself out by this change. */
  force?: boolean | null | undefined;
  /** The id of the key. */
  id: string | number;
  /** An object to keep with it, at most 16384 characters of JSON. */
  metadata?: unknown;
  /** The models that it may use, as `provider/model` or `provider/*`; null = all. */
  models?: Array<string> | null | undefined;
  /** What people call it, 1 to 100 characters. */
  name?: string | null | undefined;
  /** What it may do, in place of what it might; never more than the caller may. */
  scopes?: Array<Scope> | null | undefined;
  /** Tags of each of its requests that does not say otherwise: an object of strings, numbers and booleans. */
  tags?: unknown;
  /** `free`, `pro` or `enterprise`; never above the own one. */
  tier?: string | null | undefined;
};

/** What usage can be divided by. */
export type UsageDimension =
  /** By API key: `{"apiKeyId": "key_…"}`, null for the master key. */
  | 'API_KEY'
  /** By model: `{"model": "provider/model"}`. */
  | 'MODEL'
  /** By provider: `{"provider": "name"}`. */
  | 'PROVIDER'
  /** By tag: `{"tag": {"name": value}}`. A request counts under each of its tags; one without tags is left out. */
  | 'TAG'
  /** By user, as the client names its own: `{"user": "…"}`, null where it does not. */
  | 'USER';

/** Which usage is meant. */
export type UsageFilter = {
  /** Only requests made with this key. */
  apiKeyId?: string | number | null | undefined;
  /** The first hour is that which begins here or next; the first minute, where it is divided by minutes. */
  from: string;
  /** Only this `provider/model`. */
  model?: string | null | undefined;
  /** Only this provider. */
  provider?: string | null | undefined;
  /** Only requests that have a tag of this name. */
  tag?: string | null | undefined;
  /** Hours or minutes that begin here or later are left out; at most 400 days after `from`. */
  to: string;
  /** Only requests of this user, as the client names its own. */
  user?: string | null | undefined;
};

export type CreateCompletionMutationVariables = Exact<{
  input: CompletionInput;
}>;


export type CreateCompletionMutation = { createCompletion:
    | { __typename: 'Completion', id: string, model: string, provider: string, createdAt: string, content: string | null, finishReason: FinishReason, warnings: Array<string>, toolCalls: Array<{ id: string, index: number, name: string, arguments: string }>, choices: Array<{ index: number, content: string | null, reasoning: string | null, refusal: string | null, finishReason: FinishReason, rawFinishReason: string | null }>, usage: { inputTokens: number | null, cachedInputTokens: number | null, outputTokens: number | null, totalTokens: number | null, estimated: boolean, cost: { currency: string, amountNanos: string, amount: string } | null }, attempts: Array<{ number: number, provider: string, model: string, status: AttemptStatus, errorCode: ErrorCode | null, httpStatus: number | null }> }
    | { __typename: 'CompletionError', code: ErrorCode, message: string, retryable: boolean, requestId: string, path: string | null, retryAfterMs: number | null, attempts: Array<{ number: number, model: string, status: AttemptStatus, httpStatus: number | null, errorCode: ErrorCode | null }> }
   };

export type StreamCompletionSubscriptionVariables = Exact<{
  input: CompletionInput;
}>;


export type StreamCompletionSubscription = { completion:
    | { __typename: 'CompletionContinued', completionId: string, sequence: number }
    | { __typename: 'CompletionFailed', completionId: string, sequence: number, error: { code: ErrorCode, path: string | null, attempts: Array<{ model: string, status: AttemptStatus }> } }
    | { __typename: 'CompletionFinished', completionId: string, sequence: number, completion: { id: string, content: string | null, finishReason: FinishReason, usage: { totalTokens: number | null }, attempts: Array<{ model: string, status: AttemptStatus }> } }
    | { __typename: 'CompletionRestarted', completionId: string, sequence: number }
    | { __typename: 'CompletionStarted', model: string, provider: string, completionId: string, sequence: number }
    | { __typename: 'ReasoningDelta', choice: number, text: string, completionId: string, sequence: number }
    | { __typename: 'RefusalDelta', choice: number, text: string, completionId: string, sequence: number }
    | { __typename: 'TextDelta', choice: number, text: string, completionId: string, sequence: number }
    | { __typename: 'ToolCallDelta', choice: number, index: number, id: string | null, name: string | null, argumentsDelta: string, completionId: string, sequence: number }
   };

export type WhoQueryVariables = Exact<{ [key: string]: never; }>;


export type WhoQuery = { viewer: { kind: string, id: string, organization: string, scopes: Array<Scope> } };

export type ModelsQueryVariables = Exact<{
  provider?: string | null | undefined;
}>;


export type ModelsQuery = { models: Array<{ id: string, provider: string, name: string, contextLength: number | null, maxOutputTokens: number | null, inputModalities: Array<string>, features: Array<string>, supportedParameters: Array<string>, prices: Array<{ tokenClass: string, perMillion: { currency: string, amountNanos: string, amount: string } }> }> };

export type OneModelQueryVariables = Exact<{
  id: string | number;
}>;


export type OneModelQuery = { model: { id: string } | null };

export type ProvidersQueryVariables = Exact<{ [key: string]: never; }>;


export type ProvidersQuery = { providers: Array<{ id: string, models: Array<{ id: string }> }> };

export type RequestLogQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  model?: string | null | undefined;
  provider?: string | null | undefined;
  status?: string | null | undefined;
  from?: string | null | undefined;
  to?: string | null | undefined;
}>;


export type RequestLogQuery = { requests: { edges: Array<{ cursor: string, node: { id: string } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type RequestDetailsQueryVariables = Exact<{
  first?: number | null | undefined;
}>;


export type RequestDetailsQuery = { requests: { edges: Array<{ node: { id: string, attempts: Array<{ number: number, model: string, status: AttemptStatus, usage: { inputTokens: number | null } | null }>, apiKey: { id: string, name: string, scopes: Array<Scope> } | null } }> } };

export type OneRequestQueryVariables = Exact<{
  id: string | number;
}>;


export type OneRequestQuery = { request: { id: string, createdAt: string, model: string, requestedModel: string, provider: string | null, status: string, stream: boolean, latencyMs: number | null, errorCode: ErrorCode | null, usage: { inputTokens: number | null, outputTokens: number | null, reasoningTokens: number | null, totalTokens: number | null, estimated: boolean, cost: { amount: string, currency: string } | null } | null, attempts: Array<{ number: number, errorCode: ErrorCode | null }>, apiKey: { id: string } | null } | null };

export type UpdateApiKeyMutationVariables = Exact<{
  input: UpdateApiKeyInput;
}>;


export type UpdateApiKeyMutation = { updateApiKey: { id: string, name: string, tier: string, scopes: Array<Scope>, models: Array<string> | null, expiresAt: string | null } };

export type CreateApiKeyMutationVariables = Exact<{
  input: CreateApiKeyInput;
}>;


export type CreateApiKeyMutation = { createApiKey: { secret: string, apiKey: { id: string } } };

export type RotateApiKeyMutationVariables = Exact<{
  input: RotateApiKeyInput;
}>;


export type RotateApiKeyMutation = { rotateApiKey: { secret: string, apiKey: { id: string, previousSecretExpiresAt: string | null } } };

export type RevokeApiKeyMutationVariables = Exact<{
  id: string | number;
}>;


export type RevokeApiKeyMutation = { revokeApiKey: { id: string, revokedAt: string | null } };

export type ProviderHealthQueryVariables = Exact<{ [key: string]: never; }>;


export type ProviderHealthQuery = { providerHealth: Array<{ provider: string, state: HealthState, reason: string | null, successRate: number | null, since: string, checkedAt: string | null }>, providers: Array<{ id: string, health: { provider: string, state: HealthState } }> };

export type UsageReportQueryVariables = Exact<{
  filter: UsageFilter;
  groupBy?: Array<UsageDimension> | UsageDimension | null | undefined;
  granularity?: Granularity | null | undefined;
}>;


export type UsageReportQuery = { usage: Array<{ time: string | null, key: unknown, requests: string, errors: string, cost: Array<{ currency: string, amountNanos: string }> }> };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}

export const CreateCompletionDocument = new TypedDocumentString(`
    mutation CreateCompletion($input: CompletionInput!) {
  createCompletion(input: $input) {
    __typename
    ... on Completion {
      id
      model
      provider
      createdAt
      content
      finishReason
      toolCalls {
        id
        index
        name
        arguments
      }
      choices {
        index
        content
        reasoning
        refusal
        finishReason
        rawFinishReason
      }
      usage {
        inputTokens
        cachedInputTokens
        outputTokens
        totalTokens
        estimated
        cost {
          currency
          amountNanos
          amount
        }
      }
      attempts {
        number
        provider
        model
        status
        errorCode
        httpStatus
      }
      warnings
    }
    ... on Error {
      code
      message
      retryable
      requestId
    }
    ... on CompletionError {
      path
      retryAfterMs
      attempts {
        number
        model
        status
        httpStatus
        errorCode
      }
    }
  }
}
    `) as unknown as TypedDocumentString<CreateCompletionMutation, CreateCompletionMutationVariables>;
export const StreamCompletionDocument = new TypedDocumentString(`
    subscription StreamCompletion($input: CompletionInput!) {
  completion(input: $input) {
    __typename
    completionId
    sequence
    ... on CompletionStarted {
      model
      provider
    }
    ... on TextDelta {
      choice
      text
    }
    ... on ReasoningDelta {
      choice
      text
    }
    ... on RefusalDelta {
      choice
      text
    }
    ... on ToolCallDelta {
      choice
      index
      id
      name
      argumentsDelta
    }
    ... on CompletionFinished {
      completion {
        id
        content
        finishReason
        usage {
          totalTokens
        }
        attempts {
          model
          status
        }
      }
    }
    ... on CompletionFailed {
      error {
        code
        path
        attempts {
          model
          status
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<StreamCompletionSubscription, StreamCompletionSubscriptionVariables>;
export const WhoDocument = new TypedDocumentString(`
    query Who {
  viewer {
    kind
    id
    organization
    scopes
  }
}
    `) as unknown as TypedDocumentString<WhoQuery, WhoQueryVariables>;
export const ModelsDocument = new TypedDocumentString(`
    query Models($provider: String) {
  models(provider: $provider) {
    id
    provider
    name
    contextLength
    maxOutputTokens
    inputModalities
    features
    supportedParameters
    prices {
      tokenClass
      perMillion {
        currency
        amountNanos
        amount
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ModelsQuery, ModelsQueryVariables>;
export const OneModelDocument = new TypedDocumentString(`
    query OneModel($id: ID!) {
  model(id: $id) {
    id
  }
}
    `) as unknown as TypedDocumentString<OneModelQuery, OneModelQueryVariables>;
export const ProvidersDocument = new TypedDocumentString(`
    query Providers {
  providers {
    id
    models {
      id
    }
  }
}
    `) as unknown as TypedDocumentString<ProvidersQuery, ProvidersQueryVariables>;
export const RequestLogDocument = new TypedDocumentString(`
    query RequestLog($first: Int, $after: String, $model: String, $provider: String, $status: String, $from: DateTime, $to: DateTime) {
  requests(
    first: $first
    after: $after
    model: $model
    provider: $provider
    status: $status
    from: $from
    to: $to
  ) {
    edges {
      cursor
      node {
        id
      }
    }
    pageInfo {
      hasNextPage
      hasPreviousPage
      startCursor
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<RequestLogQuery, RequestLogQueryVariables>;
export const RequestDetailsDocument = new TypedDocumentString(`
    query RequestDetails($first: Int) {
  requests(first: $first) {
    edges {
      node {
        id
        attempts {
          number
          model
          status
          usage {
            inputTokens
          }
        }
        apiKey {
          id
          name
          scopes
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<RequestDetailsQuery, RequestDetailsQueryVariables>;
export const OneRequestDocument = new TypedDocumentString(`
    query OneRequest($id: ID!) {
  request(id: $id) {
    id
    createdAt
    model
    requestedModel
    provider
    status
    stream
    latencyMs
    errorCode
    usage {
      inputTokens
      outputTokens
      reasoningTokens
      totalTokens
      estimated
      cost {
        amount
        currency
      }
    }
    attempts {
      number
      errorCode
    }
    apiKey {
      id
    }
  }
}
    `) as unknown as TypedDocumentString<OneRequestQuery, OneRequestQueryVariables>;
export const UpdateApiKeyDocument = new TypedDocumentString(`
    mutation UpdateApiKey($input: UpdateApiKeyInput!) {
  updateApiKey(input: $input) {
    id
    name
    tier
    scopes
    models
    expiresAt
  }
}
    `) as unknown as TypedDocumentString<UpdateApiKeyMutation, UpdateApiKeyMutationVariables>;
export const CreateApiKeyDocument = new TypedDocumentString(`
    mutation CreateApiKey($input: CreateApiKeyInput!) {
  createApiKey(input: $input) {
    apiKey {
      id
    }
    secret
  }
}
    `) as unknown as TypedDocumentString<CreateApiKeyMutation, CreateApiKeyMutationVariables>;
export const RotateApiKeyDocument = new TypedDocumentString(`
    mutation RotateApiKey($input: RotateApiKeyInput!) {
  rotateApiKey(input: $input) {
    apiKey {
      id
      previousSecretExpiresAt
    }
    secret
  }
}
    `) as unknown as TypedDocumentString<RotateApiKeyMutation, RotateApiKeyMutationVariables>;
export const RevokeApiKeyDocument = new TypedDocumentString(`
    mutation RevokeApiKey($id: ID!) {
  revokeApiKey(id: $id) {
    id
    revokedAt
  }
}
    `) as unknown as TypedDocumentString<RevokeApiKeyMutation, RevokeApiKeyMutationVariables>;
export const ProviderHealthDocument = new TypedDocumentString(`
    query ProviderHealth {
  providerHealth {
    provider
    state
    reason
    successRate
    since
    checkedAt
  }
  providers {
    id
    health {
      provider
      state
    }
  }
}
    `) as unknown as TypedDocumentString<ProviderHealthQuery, ProviderHealthQueryVariables>;
export const UsageReportDocument = new TypedDocumentString(`
    query UsageReport($filter: UsageFilter!, $groupBy: [UsageDimension!], $granularity: Granularity) {
  usage(filter: $filter, groupBy: $groupBy, granularity: $granularity) {
    time
    key
    requests
    errors
    cost {
      currency
      amountNanos
    }
  }
}
    `) as unknown as TypedDocumentString<UsageReportQuery, UsageReportQueryVariables>;