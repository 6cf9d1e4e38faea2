/** What a loop fits to the model's provider: the program's own tools, and what is shown of results. */
import { expect, test } from 'vitest';
import type { LocalTool } from '../../src/llm/local-tool.ts';
import type { LoopEvent } from '../../src/llm/loop/events.ts';
import type { JsonObject } from '../../src/protocol/types.ts';
import { createTestServer } from '../../src/testing/index.ts';
import { loopWorld } from '../fixtures/llm/loop-world.ts';
import { scriptedModel } from '../fixtures/llm/scripted-chat-model.ts';

const local = (name: string, inputSchema: JsonObject, given: JsonObject[] = [], description = name): LocalTool => ({
  ...{ name, description, inputSchema, annotations: { openWorldHint: false } },
  run(args) {
    given.push(args);
    return { content: [{ type: 'text', text: 'done' }] };
  },
});

test("a local tool has a name and a schema that the model's provider takes, and is run with what it asked for", async () => {
  const { run } = await loopWorld();
  const given: JsonObject[] = [];
  const events: LoopEvent[] = [];
  const inputSchema = { type: 'object', properties: { level: { enum: [1, 2] }, tags: { type: 'array' } } };
  const tool = local('9_lives', inputSchema, given, 'x'.repeat(2_000));
  const model = scriptedModel(
    [
      ({ tools }) => {
        const name = tools.at(-1)?.name ?? '';
        return { calls: [name, '9_lives'].map((each) => ({ name: each, arguments: { level: '2' }, id: each })) };
      },
      'Done.',
    ],
    { profile: 'gemini' },
  );
  await run([], { model, localTools: [tool], onEvent: (event) => events.push(event) });
  const shown = model.requests[0]?.tools.at(-1);
  expect(shown?.name).toMatch(/^_9_lives_\w{8}$/);
  expect(shown?.inputSchema).toMatchObject({
    properties: { level: { enum: ['1', '2'] }, tags: { items: expect.anything() } },
  });
  expect(shown?.description).toHaveLength(2_000);
  expect(given).toEqual([{ level: 2 }, { level: 2 }]);
  expect(events.flatMap((event) => (event.type === 'call' ? [event.name] : []))).toEqual(['9_lives', '9_lives']);
});

test('what the program says of its tools is whole, also where descriptions of servers are cut; a tool that cannot be offered is told of', async () => {
  const { run } = await loopWorld();
  const warnings: string[] = [];
  const tools = [local('long', { type: 'object' }, [], 'x'.repeat(2_000)), local('bad', { type: 'string' })];
  const model = scriptedModel(['Done.'], { profile: 'openai-compatible' });
  const onEvent = (event: LoopEvent) => void (event.type === 'warning' && warnings.push(event.message));
  await run([], { model, localTools: tools, onEvent });
  expect(model.requests[0]?.tools.map(({ name, description }) => [name, description?.length])).toEqual([
    ['math__add', 16],
    ['math__fail', 5],
    ['long', 2_000],
  ]);
  expect(warnings).toEqual([expect.stringContaining('bad is not offered')]);
});

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

test.each([
  ['anthropic', ['image/png', 'application/pdf']],
  ['openai-responses', ['image/png', 'application/pdf']],
  ['openai-chat', ['image/png']],
  ['gemini', ['image/png', 'application/pdf', 'audio/wav']],
  ['common', ['image/png', 'application/pdf', 'audio/wav']],
])('%s is shown what its provider takes in results, and is told of the rest', async (profile, media) => {
  const block = (type: string, mimeType: string, data: string) => ({ type, mimeType, data });
  const show = () => ({
    content: [
      block('image', 'image/png', PNG),
      { type: 'resource', resource: { uri: 'a:b', mimeType: 'application/pdf', blob: btoa('%PDF-1.7') } },
      block('audio', 'audio/wav', btoa('RIFF')),
    ],
  });
  const { run } = await loopWorld({ server: createTestServer({ tools: { show } }) });
  const model = scriptedModel([{ calls: [{ name: 'math__show' }] }, 'Seen.'], { profile });
  const { messages } = await run([], { model });
  const [result] = messages[2]?.content ?? [];
  const parts = result?.type === 'result' ? result.content : [];
  expect(parts.flatMap((part) => (part.type === 'media' ? [part.mediaType] : []))).toEqual(media);
  const told = parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
  expect(told.match(/cannot be shown here, kept as/g)?.length ?? 0).toBe(3 - media.length);
});
