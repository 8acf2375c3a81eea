import { isIP } from 'node:net'
import { z } from 'zod'
import { invalidRequest } from '../../errors.ts'
import { isPublicAddress } from '../../lib/public-address.ts'
import { isStorableText } from '../../lib/storable.ts'
import { webhookEvents } from '../../protocol/gateway-event.ts'
import type { UrlPolicy } from './deps.ts'

const members = (policy: UrlPolicy) => ({
  url: z
    .string('must be a text')
    .trim()
    .max(2_000, 'may have at most 2000 characters')
    .superRefine((url, context) => {
      const problem = urlProblem(url, policy)
      if (problem !== undefined) context.addIssue(problem)
    }),
  events: z
    .array(z.enum(webhookEvents, `must be of ${webhookEvents.join(', ')}`), 'must be a list')
    .min(1, 'must name at least one event')
    .transform((events) => [...new Set(events)]),
  description: z
    .string('must be a text')
    .trim()
    .max(500, 'may have at most 500 characters')
    .refine(isStorableText, 'must be text without NUL'),
})

const endpointSchema = (policy: UrlPolicy) => z.strictObject(members(policy))

const changesSchema = (policy: UrlPolicy) =>
  z.strictObject({ ...members(policy), enabled: z.boolean('must be true or false') }).partial()

export type EndpointInput = Record<'url' | 'description', string> & { events: readonly string[] }
export type EndpointChanges = Partial<EndpointInput> & { enabled?: boolean | undefined }

/** Checks an endpoint to be; throws INVALID_REQUEST with the member at fault. */
export function parseEndpoint(policy: UrlPolicy, input: EndpointInput) {
  return parsed(endpointSchema(policy), input)
}

/** Checks changes of an endpoint; what is absent stays. */
export function parseChanges(policy: UrlPolicy, input: EndpointChanges) {
  return parsed(changesSchema(policy), input)
}

/** Why nothing may be sent to a URL, as far as it says so itself; undefined where it may. */
export function urlProblem(url: string, policy: UrlPolicy): string | undefined {
  if (!URL.canParse(url) || !isStorableText(url))
    return 'must be a URL, as "https://example.com/hook"'
  const { protocol, username, password, hostname } = new URL(url)
  if (protocol !== 'https:' && !(policy.allowHttp && protocol === 'http:')) {
    return policy.allowHttp ? 'must begin with https:// or http://' : 'must begin with https://'
  }
  if (username !== '' || password !== '') return 'must not hold a user name or a password'
  const host = hostname.replace(/^\[|\]$/g, '')
  const isLocal = isIP(host) === 0 ? /(^|\.)localhost\.?$/.test(host) : !isPublicAddress(host)
  if (isLocal && !policy.allowPrivateNetworks)
    return 'must lead to an address of the public Internet'
  return undefined
}

function parsed<Output>(schema: z.ZodType<Output>, input: unknown): Output {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const path = `input.${issue?.path.join('.') ?? ''}`
  throw invalidRequest(path, `\`${path}\` ${issue?.message ?? 'is not valid'}.`)
}
