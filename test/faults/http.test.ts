import { describe, expect, test } from 'vitest';
import { drive } from '../fixtures/faults/drive.ts';
import { MIB } from '../fixtures/faults/voice.ts';
import { over } from '../fixtures/faults/worlds.ts';

const noHttp = 'no HTTP';
const noEvents = { stdio: 'no events', json: 'no events', websocket: 'no events', memory: 'no events' };

const EVENTS: [what: string, text: string, times?: number][] = [
  ['a retry that is huge', `retry: ${'9'.repeat(400)}\n\n`],
  ['a retry that is negative', 'retry: -1\n\n'],
  ['a retry that is no number', 'retry: NaN\n\nretry: 1e3\n\nretry:\n\n'],
  ['an id with NUL', 'id: a\u0000b\n\n'],
  ['an id that cannot stand in a header', 'id: 世界\r\ndata: \n\n'],
  ['an id of 100 000 characters', `id: ${'x'.repeat(100_000)}\n\n`],
  ['fields without a name, without a colon, unknown', ': \n:\ndata\n\nnothing\nfoo: bar\n\n'],
  ['data that is no JSON', 'data: <html>\n\n'],
  [
    'JSON that is no message',
    'data: null\n\ndata: 42\n\ndata: []\n\ndata: {}\n\ndata: {"jsonrpc":"1.0","id":1,"result":{}}\n\n',
  ],
  ['an event of another name', 'event: surprise\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n'],
  [
    'a message over many lines',
    'data: {"jsonrpc":"2.0",\ndata: "method":"notifications/x",\ndata:\ndata: "params":{}}\n\n',
  ],
  ['line ends of every kind', 'data: {}\r\rdata: {}\r\n\r\ndata: {}\n\n'],
  ['a second byte order mark', '\u{feff}data: {}\n\n'],
  ['half of a character', '\ud800\n\n'],
  ['a million comments', ': x\n'.repeat(10_000), 100],
  ['a million empty events', '\n'.repeat(10_000), 100],
];

describe('C6: a stream of odd events', () => {
  describe.each(over('C6', noEvents))('over $name', (fixture) => {
    test.each(EVENTS)('%s before the answer hurts nobody', async (_what, text, times = 1) => {
      const { call, expectFine } = await drive(fixture);
      expect(await call('events', { text, times })).toBe('behind the events');
      await expectFine();
    });

    test('an event that its stream does not finish is none', async () => {
      const { failure, expectFine, world } = await drive(fixture);
      if (fixture.column === 'events') {
        const body = 'data: {"jsonrpc":"2.0","id":2,"result":{"content":[]}}';
        const headers = { 'content-type': 'text/event-stream' };
        expect(await failure('http', { status: 200, headers, body })).toMatchObject({
          code: 'outcome_unknown',
          executed: 'unknown',
        });
      }
      await expectFine();
      expect(world.gets.length).toBeLessThan(3);
    });
  });
});

const HTML = '<html><body>Sign in</body></html>';
const text = (type: string | undefined): Record<string, string> => (type === undefined ? {} : { 'content-type': type });
const ANSWERS: [
  what: string,
  answer: { status: number; headers: Record<string, string>; body?: string },
  error: object,
][] = [
  [
    '200 with a page',
    { status: 200, headers: text('text/html'), body: HTML },
    { code: 'protocol_error', status: 200, executed: 'unknown' },
  ],
  ['200 with nothing', { status: 200, headers: {} }, { code: 'protocol_error', status: 200, executed: 'unknown' }],
  [
    '200 with half of an answer',
    { status: 200, headers: text('application/json'), body: '{"jsonrpc":"2.0"' },
    { code: 'protocol_error', executed: 'unknown' },
  ],
  [
    '200 with the answer to another',
    { status: 200, headers: text('application/json'), body: '{"jsonrpc":"2.0","id":"z","result":{}}' },
    { code: 'protocol_error', executed: 'unknown' },
  ],
  [
    '200 with a list of nothing',
    { status: 200, headers: text('application/json'), body: '[]' },
    { code: 'protocol_error', executed: 'unknown' },
  ],
  [
    'events without one',
    { status: 200, headers: text('text/event-stream') },
    { code: 'outcome_unknown', executed: 'unknown' },
  ],
  [
    '202, as if it were none that wants an answer',
    { status: 202, headers: {} },
    { code: 'protocol_error', status: 202, executed: 'unknown' },
  ],
  ['204', { status: 204, headers: {} }, { code: 'protocol_error', status: 204, executed: 'unknown' }],
  ['300', { status: 300, headers: {} }, { code: 'protocol_error', status: 300, executed: 'unknown' }],
  ['301 without a place', { status: 301, headers: {} }, { code: 'protocol_error', executed: 'unknown' }],
  [
    '302 to another origin',
    { status: 302, headers: { location: 'http://127.0.0.2:1/x' } },
    { code: 'protocol_error', executed: 'unknown' },
  ],
  ['307 to itself', { status: 307, headers: { location: '/mcp' } }, { code: 'protocol_error', executed: 'no' }],
  ['308 to no URL', { status: 308, headers: { location: 'http://[' } }, { code: 'protocol_error', executed: 'no' }],
  [
    '400 with a page',
    { status: 400, headers: text('text/html'), body: HTML },
    { code: 'protocol_error', status: 400, executed: 'unknown' },
  ],
  [
    '401 with a malformed challenge',
    { status: 401, headers: { 'www-authenticate': 'Bearer realm="x, ,,=,"' } },
    { code: 'auth_required', status: 401, executed: 'no' },
  ],
  [
    '401 with a challenge of 8 000 commas',
    { status: 401, headers: { 'www-authenticate': ','.repeat(8_000) } },
    { code: 'auth_required', executed: 'no' },
  ],
  ['401 without a challenge', { status: 401, headers: {} }, { code: 'auth_required', status: 401, executed: 'no' }],
  ['403', { status: 403, headers: {}, body: 'no' }, { code: 'forbidden', status: 403, executed: 'unknown' }],
  ['413', { status: 413, headers: {} }, { code: 'message_too_large', status: 413, executed: 'no' }],
  [
    '429 with an odd Retry-After',
    { status: 429, headers: { 'retry-after': 'soon' } },
    { code: 'rate_limited', status: 429, executed: 'no' },
  ],
  [
    '500 with a page',
    { status: 500, headers: text('text/html'), body: HTML },
    { code: 'outcome_unknown', status: 500, executed: 'unknown' },
  ],
  [
    '503',
    { status: 503, headers: { 'retry-after': '2' } },
    { code: 'outcome_unknown', status: 503, retryAfterMs: 2_000, executed: 'unknown' },
  ],
  [
    'a length that promises more',
    { status: 200, headers: { ...text('application/json'), 'content-length': '1000' }, body: '{}' },
    { code: 'timeout', executed: 'unknown' },
  ],
  [
    'a length over the limit',
    { status: 200, headers: { ...text('application/json'), 'content-length': String(11 * MIB) }, body: '{}' },
    { code: 'message_too_large', limit: 10 * MIB, executed: 'yes' },
  ],
  [
    'a coding that was not asked for',
    { status: 200, headers: { ...text('application/json'), 'content-encoding': 'zstd' }, body: 'x' },
    { code: 'protocol_error', executed: 'unknown' },
  ],
  [
    'gzip that is none',
    { status: 200, headers: { ...text('application/json'), 'content-encoding': 'gzip' }, body: 'x' },
    { code: 'outcome_unknown', executed: 'unknown' },
  ],
];

describe('C7: an odd HTTP answer to a call', () => {
  const left = { stdio: noHttp, sse: 'answers come over its stream: see C6', websocket: noHttp, memory: noHttp };
  describe.each(over('C7', left))('over $name', (fixture) => {
    test.each(ANSWERS)('%s', async (what, answer, error) => {
      const { failure, expectFine } = await drive(fixture, {}, { timeoutMs: 1_000 });
      await expectFine();
      const found = await failure('http', answer);
      expect(found).toMatchObject({ server: 's', tool: 'http', ...error });
      expect(found.executed, what).toMatch(/^(no|yes|unknown)$/);
      expect(found.message.length).toBeLessThan(2_000);
      await expectFine();
    });

    test('a wrong content type, or none, does not hide a good answer', async () => {
      const { toolkit, expectFine } = await drive(fixture);
      for (const type of ['text/plain', 'application/json; charset=utf-16', 'APPLICATION/JSON', ';;;', undefined]) {
        // The id that the next request will have is not known to the test: an answer without any cannot be another's.
        const body = '{"jsonrpc":"2.0","id":null,"error":{"code":-32050,"message":"told anyway"}}';
        await expect(toolkit.callTool('s.http', { status: 200, headers: text(type), body })).rejects.toMatchObject({
          code: 'server_error',
          rpcCode: -32_050,
        });
      }
      await expectFine();
    });
  });
});
