import { GatewayError } from '../../errors.ts'

/** What this wire has no words for; another deployment may well have them. */
export function unsupported(path: string, problem: string): GatewayError {
  return new GatewayError({
    code: 'UNSUPPORTED_FEATURE',
    message: `YandexGPT cannot take '${path}': ${problem}.`,
    path,
    failover: true,
  })
}
