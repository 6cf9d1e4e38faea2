import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ToolwayError } from '../../src/errors.ts';
import { drive, holds } from '../fixtures/faults/drive.ts';
import { over } from '../fixtures/faults/worlds.ts';

/** `cancelled`: a task that its server gave up. `unsupported`: it asks for what this client does not offer. */
const NOTHING_ELSE = new Set(['protocol_error', 'server_error', 'outcome_unknown', 'cancelled', 'unsupported']);

/** Values of every JSON type, the odd ones of each; as they are after a journey as JSON. */
const anything = fc.oneof(
  fc.constantFrom(null, true, false, 0, -1, 0.5, 2 ** 53, -1e300, '', 'x', '2.0', '1', [], {}, [[]], [null], { a: {} }),
  fc.json({ maxDepth: 3 }).map((text) => JSON.parse(text)),
  fc.constant(JSON.parse('{"toString":0,"valueOf":null,"toJSON":"x","then":1,"length":-1}')),
  fc.constant(JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}')),
);
const idLike = fc.oneof(
  { weight: 3, arbitrary: fc.constant('$id') },
  fc.constantFrom('$string', null, 1.5, -1, 1e308, {}, [], true),
);
const result = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ content: [{ type: 'text', text: 'whole' }] }) },
  anything,
);
const error = fc.oneof(
  fc.record({ code: fc.oneof(fc.integer(), anything), message: fc.oneof(fc.string(), anything), data: anything }),
  anything,
);
const single = fc.record(
  {
    jsonrpc: fc.oneof({ weight: 3, arbitrary: fc.constant('2.0') }, anything),
    id: idLike,
    method: fc.oneof(
      fc.constantFrom('ping', 'notifications/progress', 'notifications/cancelled', 'roots/list'),
      anything,
    ),
    params: fc.oneof(fc.record({ progressToken: idLike, requestId: idLike, progress: anything }), anything),
    result,
    error,
  },
  { requiredKeys: [] },
);
/** Every subset of an envelope in right and wrong types, and batches of them. */
const envelope = fc.oneof({ weight: 4, arbitrary: single }, fc.array(single, { maxLength: 4 }), anything);

/** Whatever became of it, it is a result in its declared shape or a failure with a known code. */
const expectTyped = (outcome: unknown, what: unknown): void => {
  if (outcome instanceof ToolwayError) {
    expect(NOTHING_ELSE.has(outcome.code), `${outcome.code} for ${JSON.stringify(what)}: ${outcome.message}`).toBe(
      true,
    );
    expect(['no', 'yes', 'unknown']).toContain(outcome.executed);
    expect(outcome).toMatchObject({ server: 's' });
    expect(outcome.message.length).toBeLessThan(10_000);
  } else {
    const { content } = outcome as { content: { type: unknown }[] };
    expect(Array.isArray(content), JSON.stringify(what)).toBe(true);
    for (const block of content) expect(typeof block.type).toBe('string');
  }
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
};

describe('C3: anything in place of a message', () => {
  describe.each(over('C3'))('over $name', (fixture) => {
    test('is a typed failure, or dropped; no call hangs, and the next good one works', async () => {
      const { toolkit, expectFine } = await drive(fixture, {}, { breaker: false });
      const unhandled: unknown[] = [];
      const note = (reason: unknown): void => void unhandled.push(reason);
      process.on('unhandledRejection', note);
      await holds(envelope, 100, async (value) => {
        const outcome = await toolkit.callTool('s.envelope', { value }).catch((reason: unknown) => reason);
        expectTyped(outcome, value);
        await expectFine();
      });
      process.off('unhandledRejection', note);
      expect(unhandled).toEqual([]);
    });
  });
});

const block = fc.oneof(
  fc.record(
    {
      type: fc.oneof(fc.constantFrom('text', 'image', 'audio', 'resource', 'resource_link', 'hologram', ''), anything),
      text: fc.oneof(fc.string(), anything),
      data: fc.oneof(fc.constantFrom('AAAA', '???', 'A'), anything),
      mimeType: fc.oneof(fc.constantFrom('image/png', '\r\n'), anything),
      resource: fc.oneof(fc.record({ uri: anything, text: anything, blob: anything }, { requiredKeys: [] }), anything),
      uri: anything,
      name: anything,
      annotations: fc.oneof(fc.record({ audience: anything, priority: anything }), anything),
      _meta: anything,
    },
    { requiredKeys: [] },
  ),
  anything,
);
const toolResult = fc.record(
  {
    content: fc.oneof({ weight: 4, arbitrary: fc.array(block, { maxLength: 4 }) }, anything),
    structuredContent: anything,
    isError: fc.oneof(fc.boolean(), anything),
    resultType: fc.oneof(fc.constantFrom('complete', 'input_required', 'task', 'later', '__proto__'), anything),
    inputRequests: fc.oneof(fc.constant({ a: { method: 'elicitation/create', params: {} } }), anything),
    requestState: anything,
    taskId: fc.constantFrom('t', '', 7),
    status: fc.constantFrom('working', 'completed', 'failed', 'cancelled', 'input_required', 'odd'),
    result: anything,
    error,
    // A long one would be waited for, up to half a minute: see `src/protocol/tasks.test.ts`.
    pollIntervalMs: fc.constantFrom(-1, 0, 1, 'soon'),
    _meta: anything,
  },
  { requiredKeys: [] },
);

describe('C4: anything in place of a result', () => {
  describe.each(over('C4'))('over $name', (fixture) => {
    test('is a result of the declared shape or a typed failure, and the next good call works', async () => {
      const { toolkit, expectFine } = await drive(fixture);
      await holds(toolResult, 100, async (value) => {
        const outcome = await toolkit.callTool('s.result', { result: value }).catch((reason: unknown) => reason);
        expectTyped(outcome, value);
        await expectFine();
      });
    });

    test.each([
      ['nothing', null, 'protocol_error'],
      ['a list', [], 'protocol_error'],
      ['content that is a text', { content: 'text' }, 'protocol_error'],
      ['a block without a type', { content: [{}] }, 'protocol_error'],
      ['an image without its data', { content: [{ type: 'image', mimeType: 'image/png' }] }, 'protocol_error'],
    ])('%s fails and says that the tool has run', async (_what, value, code) => {
      const { failure, expectFine } = await drive(fixture);
      expect(await failure('result', { result: value })).toMatchObject({
        code,
        executed: 'yes',
        server: 's',
        tool: 'result',
      });
      await expectFine();
    });

    test('both a result and an error fail, 10 000 blocks and bad base64 are a result, a wrong resultType is told', async () => {
      const { toolkit, failure, expectFine } = await drive(fixture);
      const both = { jsonrpc: '2.0', id: '$id', result: { content: [] }, error: { code: 1, message: 'x' } };
      expect(await failure('envelope', { value: both })).toMatchObject({ code: 'protocol_error', executed: 'yes' });
      const content = Array.from({ length: 10_000 }, () => ({ type: 'image', mimeType: 'image/png', data: '???' }));
      expect((await toolkit.callTool('s.result', { result: { content } })).content).toEqual(content);
      for (const resultType of ['later', { toString: 0 }]) {
        const odd = toolkit.callTool('s.result', { result: { content: [], resultType } });
        if (fixture.era === 'legacy') expect(await odd).toMatchObject({ resultType });
        else await expect(odd).rejects.toMatchObject({ code: 'protocol_error', executed: 'yes' });
      }
      await expectFine();
    });

    test('structured content that does not fit its schema is told, with the place', async () => {
      const outputSchema = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] };
      const tools = [{ name: 'typed', inputSchema: { type: 'object' }, outputSchema }];
      const { toolkit, failure, expectFine } = await drive(fixture, { tools });
      expect(await failure('typed', { n: 'x' })).toMatchObject({
        code: 'protocol_error',
        executed: 'yes',
        problems: [{ path: '/n' }],
      });
      expect(await toolkit.callTool('s.typed', { n: 1 })).toMatchObject({ structuredContent: { n: 1 } });
      await expectFine();
    });

    test('a result nested too deeply is refused with the limit', async () => {
      const { failure, expectFine } = await drive(fixture);
      let deep: unknown = 1;
      for (let i = 0; i < 70; i += 1) deep = [deep];
      expect(await failure('result', { result: { content: [], deep } })).toMatchObject({
        code: 'protocol_error',
        executed: 'yes',
        limit: 64,
      });
      await expectFine();
    });
  });
});
