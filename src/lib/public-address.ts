import { addressList } from './address-list.ts'

/** IANA's special purposes of IPv4, and an address of a cloud's own services that looks like any other. */
const specialV4 = addressList([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
])

const allV4 = addressList(['0.0.0.0/0'])
/** All of IPv6 that is given to networks; what carries an address of IPv4 in it is not. */
const globalV6 = addressList(['2000::/3'])
const specialV6 = addressList(['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'])

/** Whether an IP address is one of the public Internet: no private, local, shared, mapped or reserved one. */
export function isPublicAddress(address: string): boolean {
  if (allV4(address)) return !specialV4(address)
  return globalV6(address) && !specialV6(address)
}
