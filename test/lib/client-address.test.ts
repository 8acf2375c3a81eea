import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { addressList, isAddressRange } from '../../src/lib/address-list.ts'
import { addressReader, isProxyName } from '../../src/lib/client-address.ts'

function message(remote: string, forwarded?: string): IncomingMessage {
  const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: remote })
  const made = new IncomingMessage(socket)
  if (forwarded !== undefined) made.headers['x-forwarded-for'] = forwarded
  return made
}

describe('the address of a client', () => {
  test.each<[string, boolean | string[], string, string | undefined, string]>([
    ['no proxy is believed', false, '10.0.0.1', '1.1.1.1', '10.0.0.1'],
    ['everyone is believed', true, '10.0.0.1', '1.1.1.1, 2.2.2.2', '1.1.1.1'],
    ['nothing was forwarded', true, '10.0.0.1', undefined, '10.0.0.1'],
    ['an empty header', true, '10.0.0.1', ' , ', '10.0.0.1'],
    ['one proxy is believed', ['10.0.0.0/8'], '10.0.0.1', '1.1.1.1, 2.2.2.2', '2.2.2.2'],
    ['two proxies', ['10.0.0.1', '2.2.2.2'], '10.0.0.1', '1.1.1.1, 2.2.2.2', '1.1.1.1'],
    ['a socket that is no proxy', ['10.0.0.0/8'], '3.3.3.3', '1.1.1.1', '3.3.3.3'],
    ['the socket of both families', ['10.0.0.0/8'], '::ffff:10.0.0.1', '1.1.1.1', '1.1.1.1'],
    ['a word for a network', ['loopback', 'uniquelocal'], '::1', '1.1.1.1, fd00::1', '1.1.1.1'],
    ['what is no address', ['loopback'], '127.0.0.1', '1.1.1.1, unknown', 'unknown'],
    ['only proxies', ['loopback'], '127.0.0.1', '127.0.0.2', '127.0.0.2'],
  ])('%s', (_name, trust, remote, forwarded, expected) => {
    expect(addressReader(trust)(message(remote, forwarded))).toBe(expected)
  })

  test('proxies are named by address, network or word', () => {
    const names = [
      '10.0.0.1',
      '::1/128',
      'loopback',
      'linklocal',
      'uniquelocal',
      'proxy',
      '',
      '1.2',
    ]
    expect(names.filter(isProxyName)).toEqual(names.slice(0, 5))
  })
})

describe('a list of addresses', () => {
  const allows = addressList([
    '10.0.0.0/8',
    '192.0.2.7',
    '::ffff:198.51.100.0/120',
    '::ffff:203.0.113.9',
    '2001:db8::/32',
    'fe80::/10',
  ])

  test.each([
    ['10.255.0.1', true],
    ['::ffff:10.1.1.1', true],
    ['::ffff:a01:101', true],
    ['11.0.0.1', false],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['198.51.100.200', true],
    ['198.51.101.1', false],
    ['203.0.113.9', true],
    ['2001:DB8:5::1', true],
    ['2001:db9::1', false],
    ['fe80::1%eth0', true],
    ['::1', false],
    ['unknown', false],
    ['', false],
  ])('%s: %s', (address, allowed) => {
    expect(allows(address)).toBe(allowed)
  })

  test('is made of addresses and networks alone', () => {
    const right = ['1.2.3.4', '0.0.0.0/0', '::/0', '::ffff:0:0/96', '::ffff:1.2.3.4/90']
    const wrong = ['', '1.2.3', '01.2.3.4', '1.2.3.4/33', '1.2.3.4/', '1.2.3.4/8/8', ' 1.2.3.4']
    const words = ['::1/129', '::1/-1', 'fe80::1%lo', 'example.org', '10.0.0.*', '::1/1e1']
    expect([...right, ...wrong, ...words].filter(isAddressRange)).toEqual(right)
    expect(() => addressList(['example.org'])).toThrow('no address')
  })
})
