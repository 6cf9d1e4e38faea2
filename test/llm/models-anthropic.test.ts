import { expect, test } from 'vitest';
import { anthropicApi as api, modelAt, told } from '../fixtures/llm/models.ts';

const call = (name: string, args?: object) => ({
  type: 'call',
  id: expect.stringMatching(/^call_/),
  name,
  arguments: args ?? {},
});

test('A text comes piece by piece and whole, with what it took', async (context) => {
  const usage = { input: 12, output: 34, cacheRead: 5, cacheWrite: 6, reasoning: 7 };
  const { server, model } = await modelAt(api, context, { text: 'Hello there', usage });
  const { events, done, deltas } = await told(model);
  expect(deltas).toBe('Hello there');
  expect(events.filter(({ type }) => type === 'text')).toHaveLength(2);
  expect(done).toEqual({
    type: 'done',
    message: { role: 'assistant', content: [{ type: 'text', text: 'Hello there' }] },
    stop: 'end',
    usage,
  });
  expect(server.requests).toHaveLength(1);
  expect(server.requests[0]?.headers).toMatchObject({ authorization: 'Bearer key', 'anthropic-version': '2026-10-21' });
  expect(server.bodies[0]).toMatchObject({ model: 'claude-opus-5-5', max_tokens: 16_000, stream: true });
});

test.each([true, false])(
  'Calls come with their arguments, each with an id of its own (streamed: %s)',
  async (stream) => {
    const server = await api.start({
      text: 'I look.',
      calls: [{ name: 'a__b', arguments: { x: 'ü' } }, { name: 'c' }],
    });
    const { done } = await told(api.model(server, { stream }));
    expect(done.stop).toBe('calls');
    expect(done.message.content).toMatchObject([
      { type: 'text', text: 'I look.' },
      call('a__b', { x: 'ü' }),
      call('c'),
    ]);
    const ids = done.message.content.map((part) => (part.type === 'call' ? part.id : ''));
    expect(new Set(ids).size).toBe(3);
    expect(server.bodies[0]?.stream).toBe(stream);
    await server.close();
  },
);
