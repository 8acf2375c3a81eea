import { graphql } from './gql/gql.ts'

export const WhoAmI = graphql(`
  query WhoAmI {
    viewer {
      kind
      id
      scopes
    }
  }
`)

export const ModelList = graphql(`
  query ModelList($provider: String) {
    models(provider: $provider) {
      id
      provider
      name
      prices {
        tokenClass
        perMillion {
          currency
          amount
        }
      }
    }
  }
`)

export const ModelName = graphql(`
  query ModelName($id: ID!) {
    model(id: $id) {
      id
      name
    }
  }
`)

export const RequestPage = graphql(`
  query RequestPage($first: Int, $after: String, $model: String) {
    requests(first: $first, after: $after, model: $model) {
      edges {
        cursor
        node {
          id
          model
          status
          usage {
            outputTokens
          }
          attempts {
            number
            model
            status
          }
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

export const RequestCost = graphql(`
  query RequestCost($id: ID!) {
    request(id: $id) {
      id
      usage {
        inputTokens
        cost {
          currency
          amount
        }
      }
    }
  }
`)

export const KeyList = graphql(`
  query KeyList($first: Int!, $after: String) {
    apiKeys(first: $first, after: $after) {
      edges {
        cursor
        node {
          id
          name
          revokedAt
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

export const CreateKey = graphql(`
  mutation CreateKey($input: CreateApiKeyInput!) {
    createApiKey(input: $input) {
      secret
      apiKey {
        id
        name
        revokedAt
      }
    }
  }
`)

export const RevokeKey = graphql(`
  mutation RevokeKey($id: ID!) {
    revokeApiKey(id: $id) {
      id
      revokedAt
    }
  }
`)

export const Ask = graphql(`
  mutation Ask($input: CompletionInput!) {
    createCompletion(input: $input) {
      __typename
      ... on Completion {
        id
        model
        content
        toolCalls {
          id
          name
          arguments
        }
      }
      ... on Error {
        code
        message
        retryable
        requestId
      }
      ... on CompletionError {
        path
        attempts {
          model
          status
        }
      }
    }
  }
`)

export const Stream = graphql(`
  subscription Stream($input: CompletionInput!) {
    completion(input: $input) {
      __typename
      completionId
      sequence
      ... on CompletionStarted {
        model
      }
      ... on TextDelta {
        text
      }
      ... on CompletionFinished {
        completion {
          id
          content
        }
      }
      ... on CompletionFailed {
        error {
          code
          message
          path
        }
      }
    }
  }
`)

export const ProviderHealth = graphql(`
  subscription ProviderHealth($providers: [String!]) {
    providerHealth(providers: $providers) {
      provider
      state
      reason
      breaker
      errors {
        code
        count
      }
    }
  }
`)
