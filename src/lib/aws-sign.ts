import { AwsV4Signer } from 'aws4fetch'

export interface AwsCredentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
}

interface Scope {
  service: string
  region: string
  /** `20260101T000000Z`; now when absent. */
  datetime?: string | undefined
  /** Keys of a day are derived once. */
  cache?: Map<string, ArrayBuffer> | undefined
}

interface Signable {
  method: string
  url: string
  /** Names in lower case. */
  headers: Record<string, string>
  body?: string | undefined
}

/** The headers of a request with AWS's Signature Version 4 among them. */
export async function signAws(
  { method, url, headers, body }: Signable,
  credentials: AwsCredentials,
  { service, region, datetime, cache }: Scope,
): Promise<Record<string, string>> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  const signer = new AwsV4Signer({
    method,
    url,
    headers,
    accessKeyId,
    secretAccessKey,
    service,
    region,
    ...(body !== undefined && { body }),
    ...(sessionToken !== undefined && { sessionToken }),
    ...(datetime !== undefined && { datetime }),
    ...(cache && { cache }),
  })
  const signed = await signer.sign()
  return Object.fromEntries(signed.headers)
}
