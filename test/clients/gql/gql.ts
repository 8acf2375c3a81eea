/* eslint-disable */
import * as types from './graphql.ts';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query WhoAmI {\n    viewer {\n      kind\n      id\n      scopes\n    }\n  }\n": typeof types.WhoAmIDocument,
    "\n  query ModelList($provider: String) {\n    models(provider: $provider) {\n      id\n      provider\n      name\n      prices {\n        tokenClass\n        perMillion {\n          currency\n          amount\n        }\n      }\n    }\n  }\n": typeof types.ModelListDocument,
    "\n  query ModelName($id: ID!) {\n    model(id: $id) {\n      id\n      name\n    }\n  }\n": typeof types.ModelNameDocument,
    "\n  query RequestPage($first: Int, $after: String, $model: String) {\n    requests(first: $first, after: $after, model: $model) {\n      edges {\n        cursor\n        node {\n          id\n          model\n          status\n          usage {\n            outputTokens\n          }\n          attempts {\n            number\n            model\n            status\n          }\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n    }\n  }\n": typeof types.RequestPageDocument,
    "\n  query RequestCost($id: ID!) {\n    request(id: $id) {\n      id\n      usage {\n        inputTokens\n        cost {\n          currency\n          amount\n        }\n      }\n    }\n  }\n": typeof types.RequestCostDocument,
    "\n  query KeyList($first: Int!, $after: String) {\n    apiKeys(first: $first, after: $after) {\n      edges {\n        cursor\n        node {\n          id\n          name\n          revokedAt\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n    }\n  }\n": typeof types.KeyListDocument,
    "\n  mutation CreateKey($input: CreateApiKeyInput!) {\n    createApiKey(input: $input) {\n      secret\n      apiKey {\n        id\n        name\n        revokedAt\n      }\n    }\n  }\n": typeof types.CreateKeyDocument,
    "\n  mutation RevokeKey($id: ID!) {\n    revokeApiKey(id: $id) {\n      id\n      revokedAt\n    }\n  }\n": typeof types.RevokeKeyDocument,
    "\n  mutation Ask($input: CompletionInput!) {\n    createCompletion(input: $input) {\n      __typename\n      ... on Completion {\n        id\n        model\n        content\n        toolCalls {\n          id\n          name\n          arguments\n        }\n      }\n      ... on Error {\n        code\n        message\n        retryable\n        requestId\n      }\n      ... on CompletionError {\n        path\n        attempts {\n          model\n          status\n        }\n      }\n    }\n  }\n": typeof types.AskDocument,
    "\n  subscription Stream($input: CompletionInput!) {\n    completion(input: $input) {\n      __typename\n      completionId\n      sequence\n      ... on CompletionStarted {\n        model\n      }\n      ... on TextDelta {\n        text\n      }\n      ... on CompletionFinished {\n        completion {\n          id\n          content\n        }\n      }\n      ... on CompletionFailed {\n        error {\n          code\n          message\n          path\n        }\n      }\n    }\n  }\n": typeof types.StreamDocument,
    "\n  subscription ProviderHealth($providers: [String!]) {\n    providerHealth(providers: $providers) {\n      provider\n      state\n      reason\n      breaker\n      errors {\n        code\n        count\n      }\n    }\n  }\n": typeof types.ProviderHealthDocument,
};
const documents: Documents = {
    "\n  query WhoAmI {\n    viewer {\n      kind\n      id\n      scopes\n    }\n  }\n": types.WhoAmIDocument,
    "\n  query ModelList($provider: String) {\n    models(provider: $provider) {\n      id\n      provider\n      name\n      prices {\n        tokenClass\n        perMillion {\n          currency\n          amount\n        }\n      }\n    }\n  }\n": types.ModelListDocument,
    "\n  query ModelName($id: ID!) {\n    model(id: $id) {\n      id\n      name\n    }\n  }\n": types.ModelNameDocument,
    "\n  query RequestPage($first: Int, $after: String, $model: String) {\n    requests(first: $first, after: $after, model: $model) {\n      edges {\n        cursor\n        node {\n          id\n          model\n          status\n          usage {\n            outputTokens\n          }\n          attempts {\n            number\n            model\n            status\n          }\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n    }\n  }\n": types.RequestPageDocument,
    "\n  query RequestCost($id: ID!) {\n    request(id: $id) {\n      id\n      usage {\n        inputTokens\n        cost {\n          currency\n          amount\n        }\n      }\n    }\n  }\n": types.RequestCostDocument,
    "\n  query KeyList($first: Int!, $after: String) {\n    apiKeys(first: $first, after: $after) {\n      edges {\n        cursor\n        node {\n          id\n          name\n          revokedAt\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n    }\n  }\n": types.KeyListDocument,
    "\n  mutation CreateKey($input: CreateApiKeyInput!) {\n    createApiKey(input: $input) {\n      secret\n      apiKey {\n        id\n        name\n        revokedAt\n      }\n    }\n  }\n": types.CreateKeyDocument,
    "\n  mutation RevokeKey($id: ID!) {\n    revokeApiKey(id: $id) {\n      id\n      revokedAt\n    }\n  }\n": types.RevokeKeyDocument,
    "\n  mutation Ask($input: CompletionInput!) {\n    createCompletion(input: $input) {\n      __typename\n      ... on Completion {\n        id\n        model\n        content\n        toolCalls {\n          id\n          name\n          arguments\n        }\n      }\n      ... on Error {\n        code\n        message\n        retryable\n        requestId\n      }\n      ... on CompletionError {\n        path\n        attempts {\n          model\n          status\n        }\n      }\n    }\n  }\n": types.AskDocument,
    "\n  subscription Stream($input: CompletionInput!) {\n    completion(input: $input) {\n      __typename\n      completionId\n      sequence\n      ... on CompletionStarted {\n        model\n      }\n      ... on TextDelta {\n        text\n      }\n      ... on CompletionFinished {\n        completion {\n          id\n          content\n        }\n      }\n      ... on CompletionFailed {\n        error {\n          code\n          message\n          path\n        }\n      }\n    }\n  }\n": types.StreamDocument,
    "\n  subscription ProviderHealth($providers: [String!]) {\n    providerHealth(providers: $providers) {\n      provider\n      state\n      reason\n      breaker\n      errors {\n        code\n        count\n      }\n    }\n  }\n": types.ProviderHealthDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query WhoAmI {\n    viewer {\n      kind\n      id\n      scopes\n    }\n  }\n"): (typeof documents)["\n  query WhoAmI {\n    viewer {\n      kind\n      id\n      scopes\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ModelList($provider: String) {\n    models(provider: $provider) {\n      id\n      provider\n      name\n      prices {\n        tokenClass\n        perMillion {\n          currency\n          amount\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query ModelList($provider: String) {\n    models(provider: $provider) {\n      id\n      provider\n      name\n      prices {\n        tokenClass\n        perMillion {\n          currency\n          amount\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ModelName($id: ID!) {\n    model(id: $id) {\n      id\n      name\n    }\n  }\n"): (typeof documents)["\n  query ModelName($id: ID!) {\n    model(id: $id) {\n      id\n      name\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RequestPage($first: Int, $after: String, $model: String) {\n    requests(first: $first, after: $after, model: $model) {\n      edges {\n        cursor\n        node {\n          id\n          model\n          status\n          usage {\n            outputTokens\n          }\n          attempts {\n            number\n            model\n            status\n          }\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n    }\n  }\n"): (typeof documents)["\n  query RequestPage($first: Int, $after: String, $model: String) {\n    requests(first: $first, after: $after, model: $model) {\n      edges {\n        cursor\n        node {\n          id\n          model\n          status\n          usage {\n            outputTokens\n          }\n          attempts {\n            number\n            model\n            status\n          }\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RequestCost($id: ID!) {\n    request(id: $id) {\n      id\n      usage {\n        inputTokens\n        cost {\n          currency\n          amount\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query RequestCost($id: ID!) {\n    request(id: $id) {\n      id\n      usage {\n        inputTokens\n        cost {\n          currency\n          amount\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query KeyList($first: Int!, $after: String) {\n    apiKeys(first: $first, after: $after) {\n      edges {\n        cursor\n        node {\n          id\n          name\n          revokedAt\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n    }\n  }\n"): (typeof documents)["\n  query KeyList($first: Int!, $after: String) {\n    apiKeys(first: $first, after: $after) {\n      edges {\n        cursor\n        node {\n          id\n          name\n          revokedAt\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateKey($input: CreateApiKeyInput!) {\n    createApiKey(input: $input) {\n      secret\n      apiKey {\n        id\n        name\n        revokedAt\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation CreateKey($input: CreateApiKeyInput!) {\n    createApiKey(input: $input) {\n      secret\n      apiKey {\n        id\n        name\n        revokedAt\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RevokeKey($id: ID!) {\n    revokeApiKey(id: $id) {\n      id\n      revokedAt\n    }\n  }\n"): (typeof documents)["\n  mutation RevokeKey($id: ID!) {\n    revokeApiKey(id: $id) {\n      id\n      revokedAt\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Ask($input: CompletionInput!) {\n    createCompletion(input: $input) {\n      __typename\n      ... on Completion {\n        id\n        model\n        content\n        toolCalls {\n          id\n          name\n          arguments\n        }\n      }\n      ... on Error {\n        code\n        message\n        retryable\n        requestId\n      }\n      ... on CompletionError {\n        path\n        attempts {\n          model\n          status\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation Ask($input: CompletionInput!) {\n    createCompletion(input: $input) {\n      __typename\n      ... on Completion {\n        id\n        model\n        content\n        toolCalls {\n          id\n          name\n          arguments\n        }\n      }\n      ... on Error {\n        code\n        message\n        retryable\n        requestId\n      }\n      ... on CompletionError {\n        path\n        attempts {\n          model\n          status\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription Stream($input: CompletionInput!) {\n    completion(input: $input) {\n      __typename\n      completionId\n      sequence\n      ... on CompletionStarted {\n        model\n      }\n      ... on TextDelta {\n        text\n      }\n      ... on CompletionFinished {\n        completion {\n          id\n          content\n        }\n      }\n      ... on CompletionFailed {\n        error {\n          code\n          message\n          path\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription Stream($input: CompletionInput!) {\n    completion(input: $input) {\n      __typename\n      completionId\n      sequence\n      ... on CompletionStarted {\n        model\n      }\n      ... on TextDelta {\n        text\n      }\n      ... on CompletionFinished {\n        completion {\n          id\n          content\n        }\n      }\n      ... on CompletionFailed {\n        error {\n          code\n          message\n          path\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription ProviderHealth($providers: [String!]) {\n    providerHealth(providers: $providers) {\n      provider\n      state\n      reason\n      breaker\n      errors {\n        code\n        count\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription ProviderHealth($providers: [String!]) {\n    providerHealth(providers: $providers) {\n      provider\n      state\n      reason\n      breaker\n      errors {\n        code\n        count\n      }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;