import { errorTable, type GatewayError } from '../../errors.ts'

/** What the body of a failed answer, or of a stream's error frame, holds. */
export interface ErrorBody {
  error: { message: string; type: string; param: string | null; code: string }
}

/** The failure in the shape that OpenAI's SDKs read. */
export function encodeErrorBody(error: GatewayError): ErrorBody {
  const { openaiType, openaiCode } = errorTable[error.code]
  return {
    error: {
      message: error.message,
      type: openaiType,
      param: error.path ?? null,
      code: openaiCode,
    },
  }
}
