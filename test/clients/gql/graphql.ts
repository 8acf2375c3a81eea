/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** How an attempt ended. */
export type AttemptStatus =
  /** The client left. */
  | 'CANCELLED'
  /** The provider failed or refused. */
  | 'FAILED'
  /** It gave the answer. */
  | 'SUCCEEDED';

/** Whether attempts go through. */
export type BreakerState =
  /** All do. */
  | 'CLOSED'
  /** A few do, to see whether they succeed. */
  | 'HALF_OPEN'
  /** None does: there were too many failures. */
  | 'OPEN';

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

export type WhoAmIQueryVariables = Exact<{ [key: string]: never; }>;


export type WhoAmIQuery = { __typename: 'Query', viewer: { __typename: 'Viewer', kind: string, id: string, scopes: Array<Scope> } };

export type ModelListQueryVariables = Exact<{
  provider?: string | null | undefined;
}>;


export type ModelListQuery = { __typename: 'Query', models: Array<{ __typename: 'Model', id: string, provider: string, name: string, prices: Array<{ __typename: 'ModelPrice', tokenClass: string, perMillion: { __typename: 'Money', currency: string, amount: string } }> }> };

export type ModelNameQueryVariables = Exact<{
  id: string | number;
}>;


export type ModelNameQuery = { __typename: 'Query', model: { __typename: 'Model', id: string, name: string } | null };

export type RequestPageQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  model?: string | null | undefined;
}>;


export type RequestPageQuery = { __typename: 'Query', requests: { __typename: 'RequestConnection', edges: Array<{ __typename: 'RequestEdge', cursor: string, node: { __typename: 'Request', id: string, model: string, status: string, usage: { __typename: 'Usage', outputTokens: number | null } | null, attempts: Array<{ __typename: 'Attempt', number: number, model: string, status: AttemptStatus }> } }>, pageInfo: { __typename: 'PageInfo', hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type RequestCostQueryVariables = Exact<{
  id: string | number;
}>;


export type RequestCostQuery = { __typename: 'Query', request: { __typename: 'Request', id: string, usage: { __typename: 'Usage', inputTokens: number | null, cost: { __typename: 'Money', currency: string, amount: string } | null } | null } | null };

export type KeyListQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
}>;


export type KeyListQuery = { __typename: 'Query', apiKeys: { __typename: 'ApiKeyConnection', edges: Array<{ __typename: 'ApiKeyEdge', cursor: string, node: { __typename: 'ApiKey', id: string, name: string, revokedAt: string | null } }>, pageInfo: { __typename: 'PageInfo', hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type CreateKeyMutationVariables = Exact<{
  input: CreateApiKeyInput;
}>;


export type CreateKeyMutation = { __typename: 'Mutation', createApiKey: { __typename: 'CreatedApiKey', secret: string, apiKey: { __typename: 'ApiKey', id: string, name: string, revokedAt: string | null } } };

export type RevokeKeyMutationVariables = Exact<{
  id: string | number;
}>;


export type RevokeKeyMutation = { __typename: 'Mutation', revokeApiKey: { __typename: 'ApiKey', id: string, revokedAt: string | null } };

export type AskMutationVariables = Exact<{
  input: CompletionInput;
}>;


export type AskMutation = { __typename: 'Mutation', createCompletion:
    | { __typename: 'Completion', id: string, model: string, content: string | null, toolCalls: Array<{ __typename: 'ToolCall', id: string, name: string, arguments: string }> }
    | { __typename: 'CompletionError', code: ErrorCode, message: string, retryable: boolean, requestId: string, path: string | null, attempts: Array<{ __typename: 'Attempt', model: string, status: AttemptStatus }> }
   };

export type StreamSubscriptionVariables = Exact<{
  input: CompletionInput;
}>;


export type StreamSubscription = { completion:
    | { __typename: 'CompletionContinued', completionId: string, sequence: number }
    | { __typename: 'CompletionFailed', completionId: string, sequence: number, error: { __typename: 'CompletionError', code: ErrorCode, message: string, path: string | null } }
    | { __typename: 'CompletionFinished', completionId: string, sequence: number, completion: { __typename: 'Completion', id: string, content: string | null } }
    | { __typename: 'CompletionRestarted', completionId: string, sequence: number }
    | { __typename: 'CompletionStarted', model: string, completionId: string, sequence: number }
    | { __typename: 'ReasoningDelta', completionId: string, sequence: number }
    | { __typename: 'RefusalDelta', completionId: string, sequence: number }
    | { __typename: 'TextDelta', text: string, completionId: string, sequence: number }
    | { __typename: 'ToolCallDelta', completionId: string, sequence: number }
   };

export type ProviderHealthSubscriptionVariables = Exact<{
  providers?: Array<string> | string | null | undefined;
}>;


export type ProviderHealthSubscription = { providerHealth: { __typename: 'ProviderHealth', provider: string, state: HealthState, reason: string | null, breaker: BreakerState, errors: Array<{ __typename: 'ProviderErrorCount', code: ErrorCode, count: number }> } };


export const WhoAmIDocument = {"__meta__":{"hash":"sha256:e3cea2f3345ca0e5314fa8125824940ba282836efee05b6d786a098154356499"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"WhoAmI"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"viewer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"scopes"}}]}}]}}]} as unknown as DocumentNode<WhoAmIQuery, WhoAmIQueryVariables>;
export const ModelListDocument = {"__meta__":{"hash":"sha256:c171c160e4809b024f609cc304beb42814413f7f6dff3162fb6afa31794568f5"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"ModelList"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"provider"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"models"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"provider"},"value":{"kind":"Variable","name":{"kind":"Name","value":"provider"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"prices"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"tokenClass"}},{"kind":"Field","name":{"kind":"Name","value":"perMillion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}},{"kind":"Field","name":{"kind":"Name","value":"amount"}}]}}]}}]}}]}}]} as unknown as DocumentNode<ModelListQuery, ModelListQueryVariables>;
export const ModelNameDocument = {"__meta__":{"hash":"sha256:11c2540c92757e0b5a4ffae700bfaa4d1aab1333fcdb32a982eb9ea3e50b769a"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"ModelName"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"model"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]} as unknown as DocumentNode<ModelNameQuery, ModelNameQueryVariables>;
export const RequestPageDocument = {"__meta__":{"hash":"sha256:f6677dfd09ce038e355711206ebc31c998a4cf914291e0dba7e428811ce92a17"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"RequestPage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"model"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"requests"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"model"},"value":{"kind":"Variable","name":{"kind":"Name","value":"model"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"model"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"usage"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"outputTokens"}}]}},{"kind":"Field","name":{"kind":"Name","value":"attempts"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"model"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"hasPreviousPage"}},{"kind":"Field","name":{"kind":"Name","value":"startCursor"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]} as unknown as DocumentNode<RequestPageQuery, RequestPageQueryVariables>;
export const RequestCostDocument = {"__meta__":{"hash":"sha256:946a8b898d413be634c76452b1478467d087642c28c8345ac165afdd97a834fb"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"RequestCost"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"request"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"usage"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"inputTokens"}},{"kind":"Field","name":{"kind":"Name","value":"cost"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}},{"kind":"Field","name":{"kind":"Name","value":"amount"}}]}}]}}]}}]}}]} as unknown as DocumentNode<RequestCostQuery, RequestCostQueryVariables>;
export const KeyListDocument = {"__meta__":{"hash":"sha256:0c2faa6fbde2e2a452b77d5434e65c34ffe56ba3059cc798e0dc5fbbb58747fc"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"KeyList"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"apiKeys"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"revokedAt"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"hasPreviousPage"}},{"kind":"Field","name":{"kind":"Name","value":"startCursor"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]} as unknown as DocumentNode<KeyListQuery, KeyListQueryVariables>;
export const CreateKeyDocument = {"__meta__":{"hash":"sha256:c4708a1f6b1ae555ae4dae639bd401acf80549ac4cb313d62b1ec05f56526ee3"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateKey"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateApiKeyInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"createApiKey"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"secret"}},{"kind":"Field","name":{"kind":"Name","value":"apiKey"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"revokedAt"}}]}}]}}]}}]} as unknown as DocumentNode<CreateKeyMutation, CreateKeyMutationVariables>;
export const RevokeKeyDocument = {"__meta__":{"hash":"sha256:15e2c60ddb03fb4e9fb69e1339e5feee058f99432f759279a0a85357e61a9c74"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RevokeKey"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"revokeApiKey"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"revokedAt"}}]}}]}}]} as unknown as DocumentNode<RevokeKeyMutation, RevokeKeyMutationVariables>;
export const AskDocument = {"__meta__":{"hash":"sha256:4c4e6067c5e09adae87139bbdf9546ce24c17da03640c991c9c92681d5055a51"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"Ask"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CompletionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"createCompletion"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Completion"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"model"}},{"kind":"Field","name":{"kind":"Name","value":"content"}},{"kind":"Field","name":{"kind":"Name","value":"toolCalls"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"arguments"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Error"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CompletionError"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"attempts"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"model"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}}]}}]}}]}}]} as unknown as DocumentNode<AskMutation, AskMutationVariables>;
export const StreamDocument = {"__meta__":{"hash":"sha256:464d30f6c253bf83751d81dcd65d22a81912814dcc94f23a0a30979ff2036b03"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"Stream"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CompletionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"completion"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"completionId"}},{"kind":"Field","name":{"kind":"Name","value":"sequence"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CompletionStarted"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"model"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TextDelta"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"text"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CompletionFinished"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"completion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"content"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CompletionFailed"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}}]}}]}}]}}]}}]} as unknown as DocumentNode<StreamSubscription, StreamSubscriptionVariables>;
export const ProviderHealthDocument = {"__meta__":{"hash":"sha256:11e2121a4fdadcfe492061e0a85f382c712783bb2695987f869e184de334a56c"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"ProviderHealth"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"providers"}},"type":{"kind":"ListType","type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"providerHealth"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"providers"},"value":{"kind":"Variable","name":{"kind":"Name","value":"providers"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"breaker"}},{"kind":"Field","name":{"kind":"Name","value":"errors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"count"}}]}}]}}]}}]} as unknown as DocumentNode<ProviderHealthSubscription, ProviderHealthSubscriptionVariables>;