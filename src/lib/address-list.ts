import { BlockList, isIP, SocketAddress } from 'node:net'

/** Whether an address is on a list; a text that is no address is on none. */
export type AddressList = (address: string) => boolean

/** Whether a text is an IPv4 or IPv6 address, or a network of these as `10.0.0.0/8`. */
export function isAddressRange(text: string): boolean {
  return parseRange(text) !== undefined
}

/** The list of these addresses and networks, of which each is valid. */
export function addressList(ranges: readonly string[]): AddressList {
  const list = new BlockList()
  for (const range of ranges) {
    const { address, prefix, family } = parseRange(range) ?? invalid(range)
    list.addSubnet(address, prefix, family)
  }
  return (address) => {
    const parsed = parseAddress(address.split('%', 1)[0] ?? '')
    return parsed !== undefined && list.check(parsed.address, parsed.family)
  }
}

interface Address {
  address: string
  family: 'ipv4' | 'ipv6'
}

const bits = { ipv4: 32, ipv6: 128 }
const mapped = '::ffff:'
const mappedBits = bits.ipv6 - bits.ipv4

function parseRange(text: string): (Address & { prefix: number }) | undefined {
  const [written = '', length, ...rest] = text.split('/')
  const family = isIP(written) === 4 ? 'ipv4' : 'ipv6'
  const parsed = parseAddress(written)
  if (!parsed || rest.length > 0 || written.includes('%')) return undefined
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return undefined
  const prefix = length === undefined ? bits[family] : Number(length)
  if (prefix > bits[family]) return undefined
  // A network of IPv4 in the notation of IPv6, which counts 96 bits more.
  const own = family === parsed.family ? prefix : prefix - mappedBits
  return own < 0 ? { address: written, family, prefix } : { ...parsed, prefix: own }
}

/** IPv4 in the notation of IPv6 is IPv4: what one socket calls `1.2.3.4` is `::ffff:1.2.3.4` to another. */
function parseAddress(text: string): Address | undefined {
  const version = isIP(text)
  if (version === 0) return undefined
  if (version === 4) return { address: text, family: 'ipv4' }
  const { address } = new SocketAddress({ address: text, family: 'ipv6' })
  const inner = address.startsWith(mapped) ? address.slice(mapped.length) : ''
  return isIP(inner) === 4 ? { address: inner, family: 'ipv4' } : { address: text, family: 'ipv6' }
}

function invalid(range: string): never {
  throw new TypeError(`${range} is no address and no network`)
}
