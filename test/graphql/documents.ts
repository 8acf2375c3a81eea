import { graphql } from '../gql/gql.ts'

export const CreateCompletion = graphql(`
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
`)

export const StreamCompletion = graphql(`
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
`)

export const Who = graphql(`
  query Who {
    viewer {
      kind
      id
      organization
      scopes
    }
  }
`)

export const Models = graphql(`
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
`)

export const OneModel = graphql(`
  query OneModel($id: ID!) {
    model(id: $id) {
      id
    }
  }
`)

export const Providers = graphql(`
  query Providers {
    providers {
      id
      models {
        id
      }
    }
  }
`)

export const RequestLog = graphql(`
  query RequestLog(
    $first: Int
    $after: String
    $model: String
    $provider: String
    $status: String
    $from: DateTime
    $to: DateTime
  ) {
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
`)

export const RequestDetails = graphql(`
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
`)

export const OneRequest = graphql(`
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
`)

export const UpdateApiKey = graphql(`
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
`)

export const CreateApiKey = graphql(`
  mutation CreateApiKey($input: CreateApiKeyInput!) {
    createApiKey(input: $input) {
      apiKey {
        id
      }
      secret
    }
  }
`)

export const RotateApiKey = graphql(`
  mutation RotateApiKey($input: RotateApiKeyInput!) {
    rotateApiKey(input: $input) {
      apiKey {
        id
        previousSecretExpiresAt
      }
      secret
    }
  }
`)

export const RevokeApiKey = graphql(`
  mutation RevokeApiKey($id: ID!) {
    revokeApiKey(id: $id) {
      id
      revokedAt
    }
  }
`)

export const ProviderHealth = graphql(`
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
`)

export const UsageReport = graphql(`
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
`)
