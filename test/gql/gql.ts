/* eslint-disable */
import * as types from './graphql.ts';



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
    "\n  mutation CreateCompletion($input: CompletionInput!) {\n    createCompletion(input: $input) {\n      __typename\n      ... on Completion {\n        id\n        model\n        provider\n        createdAt\n        content\n        finishReason\n        toolCalls {\n          id\n          index\n          name\n          arguments\n        }\n        choices {\n          index\n          content\n          reasoning\n          refusal\n          finishReason\n          rawFinishReason\n        }\n        usage {\n          inputTokens\n          cachedInputTokens\n          outputTokens\n          totalTokens\n          estimated\n          cost {\n            currency\n            amountNanos\n            amount\n          }\n        }\n        attempts {\n          number\n          provider\n          model\n          status\n          errorCode\n          httpStatus\n        }\n        warnings\n      }\n      ... on Error {\n        code\n        message\n        retryable\n        requestId\n      }\n      ... on CompletionError {\n        path\n        retryAfterMs\n        attempts {\n          number\n          model\n          status\n          httpStatus\n          errorCode\n        }\n      }\n    }\n  }\n": typeof types.CreateCompletionDocument,
    "\n  subscription StreamCompletion($input: CompletionInput!) {\n    completion(input: $input) {\n      __typename\n      completionId\n      sequence\n      ... on CompletionStarted {\n        model\n        provider\n      }\n      ... on TextDelta {\n        choice\n        text\n      }\n      ... on ReasoningDelta {\n        choice\n        text\n      }\n      ... on RefusalDelta {\n        choice\n        text\n      }\n      ... on ToolCallDelta {\n        choice\n        index\n        id\n        name\n        argumentsDelta\n      }\n      ... on CompletionFinished {\n        completion {\n          id\n          content\n          finishReason\n          usage {\n            totalTokens\n          }\n          attempts {\n            model\n            status\n          }\n        }\n      }\n      ... on CompletionFailed {\n        error {\n          code\n          path\n          attempts {\n            model\n            status\n          }\n        }\n      }\n    }\n  }\n": typeof types.StreamCompletionDocument,
    "\n  query Who {\n    viewer {\n      kind\n      id\n      organization\n      scopes\n    }\n  }\n": typeof types.WhoDocument,
    "\n  query Models($provider: String) {\n    models(provider: $provider) {\n      id\n      provider\n      name\n      contextLength\n      maxOutputTokens\n      inputModalities\n      features\n      supportedParameters\n      prices {\n        tokenClass\n        perMillion {\n          currency\n          amountNanos\n          amount\n        }\n      }\n    }\n  }\n": typeof types.ModelsDocument,
    "\n  query OneModel($id: ID!) {\n    model(id: $id) {\n      id\n    }\n  }\n": typeof types.OneModelDocument,
    "\n  query Providers {\n    providers {\n      id\n      models {\n        id\n      }\n    }\n  }\n": typeof types.ProvidersDocument,
    "\n  query RequestLog(\n    $first: Int\n    $after: String\n    $model: String\n    $provider: String\n    $status: String\n    $from: DateTime\n    $to: DateTime\n  ) {\n    requests(\n      first: $first\n      after: $after\n      model: $model\n      provider: $provider\n      status: $status\n      from: $from\n      to: $to\n    ) {\n      edges {\n        cursor\n        node {\n          id\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n    }\n  }\n": typeof types.RequestLogDocument,
    "\n  query RequestDetails($first: Int) {\n    requests(first: $first) {\n      edges {\n        node {\n          id\n          attempts {\n            number\n            model\n            status\n            usage {\n              inputTokens\n            }\n          }\n          apiKey {\n            id\n            name\n            scopes\n          }\n        }\n      }\n    }\n  }\n": typeof types.RequestDetailsDocument,
    "\n  query OneRequest($id: ID!) {\n    request(id: $id) {\n      id\n      createdAt\n      model\n      requestedModel\n      provider\n      status\n      stream\n      latencyMs\n      errorCode\n      usage {\n        inputTokens\n        outputTokens\n        reasoningTokens\n        totalTokens\n        estimated\n        cost {\n          amount\n          currency\n        }\n      }\n      attempts {\n        number\n        errorCode\n      }\n      apiKey {\n        id\n      }\n    }\n  }\n": typeof types.OneRequestDocument,
    "\n  mutation UpdateApiKey($input: UpdateApiKeyInput!) {\n    updateApiKey(input: $input) {\n      id\n      name\n      tier\n      scopes\n      models\n      expiresAt\n    }\n  }\n": typeof types.UpdateApiKeyDocument,
    "\n  mutation CreateApiKey($input: CreateApiKeyInput!) {\n    createApiKey(input: $input) {\n      apiKey {\n        id\n      }\n      secret\n    }\n  }\n": typeof types.CreateApiKeyDocument,
    "\n  mutation RotateApiKey($input: RotateApiKeyInput!) {\n    rotateApiKey(input: $input) {\n      apiKey {\n        id\n        previousSecretExpiresAt\n      }\n      secret\n    }\n  }\n": typeof types.RotateApiKeyDocument,
    "\n  mutation RevokeApiKey($id: ID!) {\n    revokeApiKey(id: $id) {\n      id\n      revokedAt\n    }\n  }\n": typeof types.RevokeApiKeyDocument,
    "\n  query ProviderHealth {\n    providerHealth {\n      provider\n      state\n      reason\n      successRate\n      since\n      checkedAt\n    }\n    providers {\n      id\n      health {\n        provider\n        state\n      }\n    }\n  }\n": typeof types.ProviderHealthDocument,
    "\n  query UsageReport($filter: UsageFilter!, $groupBy: [UsageDimension!], $granularity: Granularity) {\n    usage(filter: $filter, groupBy: $groupBy, granularity: $granularity) {\n      time\n      key\n      requests\n      errors\n      cost {\n        currency\n        amountNanos\n      }\n    }\n  }\n": typeof types.UsageReportDocument,
};
const documents: Documents = {
    "\n  mutation CreateCompletion($input: CompletionInput!) {\n    createCompletion(input: $input) {\n      __typename\n      ... on Completion {\n        id\n        model\n        provider\n        createdAt\n        content\n        finishReason\n        toolCalls {\n          id\n          index\n          name\n          arguments\n        }\n        choices {\n          index\n          content\n          reasoning\n          refusal\n          finishReason\n          rawFinishReason\n        }\n        usage {\n          inputTokens\n          cachedInputTokens\n          outputTokens\n          totalTokens\n          estimated\n          cost {\n            currency\n            amountNanos\n            amount\n          }\n        }\n        attempts {\n          number\n          provider\n          model\n          status\n          errorCode\n          httpStatus\n        }\n        warnings\n      }\n      ... on Error {\n        code\n        message\n        retryable\n        requestId\n      }\n      ... on CompletionError {\n        path\n        retryAfterMs\n        attempts {\n          number\n          model\n          status\n          httpStatus\n          errorCode\n        }\n      }\n    }\n  }\n": types.CreateCompletionDocument,
    "\n  subscription StreamCompletion($input: CompletionInput!) {\n    completion(input: $input) {\n      __typename\n      completionId\n      sequence\n      ... on CompletionStarted {\n        model\n        provider\n      }\n      ... on TextDelta {\n        choice\n        text\n      }\n      ... on ReasoningDelta {\n        choice\n        text\n      }\n      ... on RefusalDelta {\n        choice\n        text\n      }\n      ... on ToolCallDelta {\n        choice\n        index\n        id\n        name\n        argumentsDelta\n      }\n      ... on CompletionFinished {\n        completion {\n          id\n          content\n          finishReason\n          usage {\n            totalTokens\n          }\n          attempts {\n            model\n            status\n          }\n        }\n      }\n      ... on CompletionFailed {\n        error {\n          code\n          path\n          attempts {\n            model\n            status\n          }\n        }\n      }\n    }\n  }\n": types.StreamCompletionDocument,
    "\n  query Who {\n    viewer {\n      kind\n      id\n      organization\n      scopes\n    }\n  }\n": types.WhoDocument,
    "\n  query Models($provider: String) {\n    models(provider: $provider) {\n      id\n      provider\n      name\n      contextLength\n      maxOutputTokens\n      inputModalities\n      features\n      supportedParameters\n      prices {\n        tokenClass\n        perMillion {\n          currency\n          amountNanos\n          amount\n        }\n      }\n    }\n  }\n": types.ModelsDocument,
    "\n  query OneModel($id: ID!) {\n    model(id: $id) {\n      id\n    }\n  }\n": types.OneModelDocument,
    "\n  query Providers {\n    providers {\n      id\n      models {\n        id\n      }\n    }\n  }\n": types.ProvidersDocument,
    "\n  query RequestLog(\n    $first: Int\n    $after: String\n    $model: String\n    $provider: String\n    $status: String\n    $from: DateTime\n    $to: DateTime\n  ) {\n    requests(\n      first: $first\n      after: $after\n      model: $model\n      provider: $provider\n      status: $status\n      from: $from\n      to: $to\n    ) {\n      edges {\n        cursor\n        node {\n          id\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n    }\n  }\n": types.RequestLogDocument,
    "\n  query RequestDetails($first: Int) {\n    requests(first: $first) {\n      edges {\n        node {\n          id\n          attempts {\n            number\n            model\n            status\n            usage {\n              inputTokens\n            }\n          }\n          apiKey {\n            id\n            name\n            scopes\n          }\n        }\n      }\n    }\n  }\n": types.RequestDetailsDocument,
    "\n  query OneRequest($id: ID!) {\n    request(id: $id) {\n      id\n      createdAt\n      model\n      requestedModel\n      provider\n      status\n      stream\n      latencyMs\n      errorCode\n      usage {\n        inputTokens\n        outputTokens\n        reasoningTokens\n        totalTokens\n        estimated\n        cost {\n          amount\n          currency\n        }\n      }\n      attempts {\n        number\n        errorCode\n      }\n      apiKey {\n        id\n      }\n    }\n  }\n": types.OneRequestDocument,
    "\n  mutation UpdateApiKey($input: UpdateApiKeyInput!) {\n    updateApiKey(input: $input) {\n      id\n      name\n      tier\n      scopes\n      models\n      expiresAt\n    }\n  }\n": types.UpdateApiKeyDocument,
    "\n  mutation CreateApiKey($input: CreateApiKeyInput!) {\n    createApiKey(input: $input) {\n      apiKey {\n        id\n      }\n      secret\n    }\n  }\n": types.CreateApiKeyDocument,
    "\n  mutation RotateApiKey($input: RotateApiKeyInput!) {\n    rotateApiKey(input: $input) {\n      apiKey {\n        id\n        previousSecretExpiresAt\n      }\n      secret\n    }\n  }\n": types.RotateApiKeyDocument,
    "\n  mutation RevokeApiKey($id: ID!) {\n    revokeApiKey(id: $id) {\n      id\n      revokedAt\n    }\n  }\n": types.RevokeApiKeyDocument,
    "\n  query ProviderHealth {\n    providerHealth {\n      provider\n      state\n      reason\n      successRate\n      since\n      checkedAt\n    }\n    providers {\n      id\n      health {\n        provider\n        state\n      }\n    }\n  }\n": types.ProviderHealthDocument,
    "\n  query UsageReport($filter: UsageFilter!, $groupBy: [UsageDimension!], $granularity: Granularity) {\n    usage(filter: $filter, groupBy: $groupBy, granularity: $granularity) {\n      time\n      key\n      requests\n      errors\n      cost {\n        currency\n        amountNanos\n      }\n    }\n  }\n": types.UsageReportDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateCompletion($input: CompletionInput!) {\n    createCompletion(input: $input) {\n      __typename\n      ... on Completion {\n        id\n        model\n        provider\n        createdAt\n        content\n        finishReason\n        toolCalls {\n          id\n          index\n          name\n          arguments\n        }\n        choices {\n          index\n          content\n          reasoning\n          refusal\n          finishReason\n          rawFinishReason\n        }\n        usage {\n          inputTokens\n          cachedInputTokens\n          outputTokens\n          totalTokens\n          estimated\n          cost {\n            currency\n            amountNanos\n            amount\n          }\n        }\n        attempts {\n          number\n          provider\n          model\n          status\n          errorCode\n          httpStatus\n        }\n        warnings\n      }\n      ... on Error {\n        code\n        message\n        retryable\n        requestId\n      }\n      ... on CompletionError {\n        path\n        retryAfterMs\n        attempts {\n          number\n          model\n          status\n          httpStatus\n          errorCode\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').CreateCompletionDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription StreamCompletion($input: CompletionInput!) {\n    completion(input: $input) {\n      __typename\n      completionId\n      sequence\n      ... on CompletionStarted {\n        model\n        provider\n      }\n      ... on TextDelta {\n        choice\n        text\n      }\n      ... on ReasoningDelta {\n        choice\n        text\n      }\n      ... on RefusalDelta {\n        choice\n        text\n      }\n      ... on ToolCallDelta {\n        choice\n        index\n        id\n        name\n        argumentsDelta\n      }\n      ... on CompletionFinished {\n        completion {\n          id\n          content\n          finishReason\n          usage {\n            totalTokens\n          }\n          attempts {\n            model\n            status\n          }\n        }\n      }\n      ... on CompletionFailed {\n        error {\n          code\n          path\n          attempts {\n            model\n            status\n          }\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').StreamCompletionDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Who {\n    viewer {\n      kind\n      id\n      organization\n      scopes\n    }\n  }\n"): typeof import('./graphql.ts').WhoDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Models($provider: String) {\n    models(provider: $provider) {\n      id\n      provider\n      name\n      contextLength\n      maxOutputTokens\n      inputModalities\n      features\n      supportedParameters\n      prices {\n        tokenClass\n        perMillion {\n          currency\n          amountNanos\n          amount\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').ModelsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query OneModel($id: ID!) {\n    model(id: $id) {\n      id\n    }\n  }\n"): typeof import('./graphql.ts').OneModelDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Providers {\n    providers {\n      id\n      models {\n        id\n      }\n    }\n  }\n"): typeof import('./graphql.ts').ProvidersDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RequestLog(\n    $first: Int\n    $after: String\n    $model: String\n    $provider: String\n    $status: String\n    $from: DateTime\n    $to: DateTime\n  ) {\n    requests(\n      first: $first\n      after: $after\n      model: $model\n      provider: $provider\n      status: $status\n      from: $from\n      to: $to\n    ) {\n      edges {\n        cursor\n        node {\n          id\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n    }\n  }\n"): typeof import('./graphql.ts').RequestLogDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RequestDetails($first: Int) {\n    requests(first: $first) {\n      edges {\n        node {\n          id\n          attempts {\n            number\n            model\n            status\n            usage {\n              inputTokens\n            }\n          }\n          apiKey {\n            id\n            name\n            scopes\n          }\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').RequestDetailsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query OneRequest($id: ID!) {\n    request(id: $id) {\n      id\n      createdAt\n      model\n      requestedModel\n      provider\n      status\n      stream\n      latencyMs\n      errorCode\n      usage {\n        inputTokens\n        outputTokens\n        reasoningTokens\n        totalTokens\n        estimated\n        cost {\n          amount\n          currency\n        }\n      }\n      attempts {\n        number\n        errorCode\n      }\n      apiKey {\n        id\n      }\n    }\n  }\n"): typeof import('./graphql.ts').OneRequestDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdateApiKey($input: UpdateApiKeyInput!) {\n    updateApiKey(input: $input) {\n      id\n      name\n      tier\n      scopes\n      models\n      expiresAt\n    }\n  }\n"): typeof import('./graphql.ts').UpdateApiKeyDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateApiKey($input: CreateApiKeyInput!) {\n    createApiKey(input: $input) {\n      apiKey {\n        id\n      }\n      secret\n    }\n  }\n"): typeof import('./graphql.ts').CreateApiKeyDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RotateApiKey($input: RotateApiKeyInput!) {\n    rotateApiKey(input: $input) {\n      apiKey {\n        id\n        previousSecretExpiresAt\n      }\n      secret\n    }\n  }\n"): typeof import('./graphql.ts').RotateApiKeyDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RevokeApiKey($id: ID!) {\n    revokeApiKey(id: $id) {\n      id\n      revokedAt\n    }\n  }\n"): typeof import('./graphql.ts').RevokeApiKeyDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ProviderHealth {\n    providerHealth {\n      provider\n      state\n      reason\n      successRate\n      since\n      checkedAt\n    }\n    providers {\n      id\n      health {\n        provider\n        state\n      }\n    }\n  }\n"): typeof import('./graphql.ts').ProviderHealthDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query UsageReport($filter: UsageFilter!, $groupBy: [UsageDimension!], $granularity: Granularity) {\n    usage(filter: $filter, groupBy: $groupBy, granularity: $granularity) {\n      time\n      key\n      requests\n      errors\n      cost {\n        currency\n        amountNanos\n      }\n    }\n  }\n"): typeof import('./graphql.ts').UsageReportDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
