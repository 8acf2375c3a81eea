import { GatewayError } from '../errors.ts'

/** The JSON of one frame or line of a stream. */
export function parseFrame(frame: string): unknown {
  try {
    return JSON.parse(frame)
  } catch (cause) {
    throw new GatewayError({
      code: 'PROVIDER_ERROR',
      message: 'The provider sent a frame that is not JSON. Try again.',
      cause,
    })
  }
}

/** The stream ended without the sign by which its wire says that the answer is whole. */
export function truncated(): GatewayError {
  return new GatewayError({
    code: 'UPSTREAM_TRUNCATED',
    message: 'The provider ended the stream before the answer was complete.',
  })
}

/** Valid JSON, but not a vector for each text. */
export function unusableVectors(): GatewayError {
  return new GatewayError({
    code: 'PROVIDER_ERROR',
    message: 'The provider sent an answer without the vectors that were asked for. Try again.',
  })
}

/** Valid JSON, but no answer. */
export function unusable(): GatewayError {
  return new GatewayError({
    code: 'PROVIDER_ERROR',
    message: 'The provider sent an answer without choices. Try again.',
  })
}
