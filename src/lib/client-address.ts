import type { IncomingMessage } from 'node:http'
import { addressList, isAddressRange } from './address-list.ts'

/** The address of the client that sent a request, as far as the proxies in front are believed. */
export type AddressOf = (message: IncomingMessage) => string

/** Words for networks that proxies are in. */
const networks: Record<string, readonly string[]> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

/** Whether a text names proxies: an address, a network, or a word for one. */
export function isProxyName(text: string): boolean {
  return Object.hasOwn(networks, text) || isAddressRange(text)
}

/**
 * Reads addresses by the rule of `trust_proxy`: the socket's own, or the last in `X-Forwarded-For` that no
 * believed proxy has; believing everyone, the first.
 */
export function addressReader(trustProxy: boolean | readonly string[]): AddressOf {
  const socketAddress: AddressOf = ({ socket }) => socket.remoteAddress ?? ''
  if (trustProxy === false) return socketAddress
  const isProxy =
    trustProxy === true
      ? () => true
      : addressList(trustProxy.flatMap((name) => networks[name] ?? [name]))
  return (message) => {
    const header = message.headers['x-forwarded-for'] ?? ''
    const forwarded = (Array.isArray(header) ? header.join(',') : header).split(',')
    const chain = [socketAddress(message), ...forwarded.map((each) => each.trim()).toReversed()]
    const hops = chain.filter((each) => each !== '')
    return hops.find((each) => !isProxy(each)) ?? hops.at(-1) ?? ''
  }
}
