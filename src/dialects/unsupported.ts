import { GatewayError } from '../errors.ts'

/** What a wire has no words for; another deployment may well have them. */
export function unsupportedBy(vendor: string): (path: string, problem: string) => GatewayError {
  return (path, problem) =>
    new GatewayError({
      code: 'UNSUPPORTED_FEATURE',
      message: `${vendor} cannot take '${path}': ${problem}.`,
      path,
      failover: true,
    })
}
