import { HTTPException } from 'hono/http-exception';
import { describe, expect, test } from 'vitest';
import { appFor, principal } from '../../../test/fixtures/gateway-app.ts';
import { type ErrorCode, ToolwayError } from '../../errors.ts';
import { Refusal } from '../refusal.ts';
import { addFallbacks } from './fallback.ts';

/** The answer of a gateway in which a handler threw, and what it logged. */
const answerTo = async (thrown: unknown) => {
  const logged: unknown[] = [];
  const logger = { debug() {}, info() {}, warn() {}, error: (...said: unknown[]) => void logged.push(said) };
  const app = appFor(() => ({ principal: principal('ann') }));
  app.get('/x', () => {
    throw thrown;
  });
  addFallbacks(app, { logger });
  const response = await app.request('/x');
  return { status: response.status, headers: response.headers, body: await response.json(), logged };
};

describe('a failure', () => {
  const statuses: [ErrorCode, number][] = [
    ['invalid_arguments', 400],
    ['denied', 403],
    ['forbidden', 403],
    ['approval_timeout', 403],
    ['unknown_server', 404],
    ['unknown_tool', 404],
    ['unknown_resource', 404],
    ['unknown_prompt', 404],
    ['tool_changed', 409],
    ['ambiguous_tool', 409],
    ['ambiguous_resource', 409],
    ['auth_required', 424],
    ['auth_failed', 424],
    ['rate_limited', 429],
    ['backpressure', 429],
    ['cancelled', 499],
    ['internal', 500],
    ['invalid_config', 500],
    ['unsupported', 501],
    ['server_error', 502],
    ['outcome_unknown', 502],
    ['protocol_error', 502],
    ['server_exited', 502],
    ['message_too_large', 502],
    ['breaker_open', 503],
    ['not_connected', 503],
    ['connect_failed', 503],
    ['spawn_failed', 503],
    ['closed', 503],
    ['timeout', 504],
    ['connect_timeout', 504],
  ];

  test.each(statuses)('%s is %i', async (code, status) => {
    const facts = { server: 's', tool: 't', executed: 'no' } as const;
    const answer = await answerTo(new ToolwayError(code, 'it failed', facts));
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ type: `urn:toolway:problem:${code}`, status, code, ...facts });
    expect(answer.headers.get('retry-after')).toBe(status === 429 || status === 503 ? '1' : null);
  });

  test('says when to come back, in whole seconds from 1', async () => {
    const answer = await answerTo(new ToolwayError('rate_limited', 'slow down', { retryAfterMs: 2_100 }));
    expect(answer.headers.get('retry-after')).toBe('3');
    expect(answer.body).toMatchObject({ retryAfterMs: 2_100 });
  });

  test('tells names that would have matched and arguments that do not fit, and nothing else that it knows', async () => {
    const facts = { matches: ['a.x'], problems: [{ path: '/n', message: 'no' }], stderr: 'secret', data: 'secret' };
    const answer = await answerTo(
      new ToolwayError('invalid_arguments', 'no', { ...facts, cause: new Error('secret') }),
    );
    expect(answer.body).toMatchObject({ matches: ['a.x'], problems: [{ path: '/n', message: 'no' }] });
    expect(JSON.stringify(answer.body)).not.toContain('secret');
  });

  test('of the gateway itself tells nobody but the log', async () => {
    for (const defect of [new TypeError('secret at /srv/app.js'), new ToolwayError('internal', 'secret')]) {
      const answer = await answerTo(defect);
      expect(answer.status).toBe(500);
      expect(JSON.stringify(answer.body)).not.toMatch(/secret|srv|\.js/);
      expect(answer.logged).toEqual([['a request failed', { error: defect }]]);
    }
  });

  test('of HTTP has its own status and headers', async () => {
    const refused = await answerTo(
      new Refusal(401, 'auth_required', 'a key is needed', { headers: { 'www-authenticate': 'Bearer' } }),
    );
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(refused.body).toMatchObject({ title: 'A key is needed', detail: 'a key is needed', status: 401 });
    expect((await answerTo(new HTTPException(413, { message: 'too much' }))).body).toMatchObject({ status: 413 });
    expect(refused.logged).toEqual([]);
  });
});
