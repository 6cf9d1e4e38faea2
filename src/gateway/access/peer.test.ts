import { describe, expect, test } from 'vitest';
import { isLoopbackAddress, networkOf, peerOf } from './peer.ts';

const request = (headers: Record<string, string> = {}, url = 'http://localhost/') => new Request(url, { headers });

describe('where a request comes from', () => {
  test('is what the server tells of the connection', () => {
    const incoming = { socket: { remoteAddress: '10.0.0.7', encrypted: true } };
    expect(peerOf(request(), { incoming }, 0)).toEqual({ address: '10.0.0.7', secure: true, forwarded: false });
    expect(peerOf(request(), { peerAddress: '10.0.0.8' }, 0)).toMatchObject({ address: '10.0.0.8', secure: false });
    expect(peerOf(request(), undefined, 0)).toMatchObject({ address: undefined });
    expect(peerOf(request({}, 'https://a.example/'), {}, 0)).toMatchObject({ secure: true });
  });

  test('is never what headers say, unless a proxy is vouched for', () => {
    const headers = { 'x-forwarded-for': '1.1.1.1', 'x-forwarded-proto': 'https' };
    const env = { peerAddress: '10.0.0.7' };
    expect(peerOf(request(headers), env, 0)).toEqual({ address: '10.0.0.7', secure: false, forwarded: true });
    expect(peerOf(request(headers), env, 1)).toEqual({ address: '1.1.1.1', secure: true, forwarded: true });
  });

  test('with a proxy is what that proxy saw, whatever its client says of others', () => {
    const headers = { 'x-forwarded-for': 'spoofed, 2.2.2.2, 3.3.3.3' };
    const env = { peerAddress: '10.0.0.7' };
    expect(peerOf(request(headers), env, 1).address).toBe('3.3.3.3');
    expect(peerOf(request(headers), env, 2).address).toBe('2.2.2.2');
    expect(peerOf(request(), env, 1).address).toBe('10.0.0.7');
  });

  test.each(['forwarded', 'x-real-ip', 'x-forwarded-for'])('%s tells that there was a proxy', (name) => {
    expect(peerOf(request({ [name]: 'for=1.1.1.1' }), {}, 0).forwarded).toBe(true);
  });
});

test.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['128.0.0.1', false],
  ['::ffff:10.0.0.1', false],
  ['::2', false],
  ['127.0.0.1.example.com', false],
])('%s is of this machine: %s', (address, expected) => {
  expect(isLoopbackAddress(address)).toBe(expected);
});

test.each([
  ['10.1.2.3', '10.1.2.3'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  [undefined, 'unknown'],
])('%s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
