import { describe, expect, test } from 'vitest';
import { linkError } from './http-errors.ts';
import { linkReason } from './socket-failures.ts';

const coded = (code: string, cause?: unknown): Error => Object.assign(new Error(code, { cause }), { code });

const failure = (error: unknown, sent: boolean) => linkError(error, sent, linkReason(error));

describe('a connection that was refused for its certificate', () => {
  test.each([
    ['DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['SELF_SIGNED_CERT_IN_CHAIN'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
    ['CERT_HAS_EXPIRED'],
    ['ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('%s will be refused again', (code) => {
    expect(failure(coded(code), false)).toMatchObject({ code: 'connect_failed', executed: 'no', permanent: true });
    const fetched = new TypeError('fetch failed', { cause: coded(code) });
    expect(failure(fetched, false).with({ server: 's' })).toMatchObject({ permanent: true, server: 's' });
  });
});

test('any other failure may pass', () => {
  for (const thrown of [coded('ECONNREFUSED'), coded('ERR_SSL_WRONG_VERSION_NUMBER'), new Error('x'), 'x', null])
    expect(failure(thrown, false).permanent).toBeUndefined();
  expect(failure(coded('ECONNRESET'), true).permanent).toBeUndefined();
});
