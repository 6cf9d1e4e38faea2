/** The loop with a server as it is published. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createConversation } from '../../src/llm/loop/conversation.ts';
import type { LoopEvent } from '../../src/llm/loop/events.ts';
import { samplingHandler } from '../../src/llm/loop/sampling.ts';
import type { ResultPart } from '../../src/llm/message.ts';
import { loopWorld } from '../fixtures/llm/loop-world.ts';
import { scriptedModel } from '../fixtures/llm/scripted-chat-model.ts';

const everything = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/server-everything/dist/index.js', import.meta.url),
);

test('a model works with server-everything: texts, an image, progress, a failure, and a question to the model', async () => {
  const conversation = createConversation();
  const helper = scriptedModel(['A short answer.']);
  const onSample = samplingHandler({ model: helper, approve: () => true, conversation });
  const { run, toolkit } = await loopWorld({
    mcpServers: { all: { command: process.execPath, args: [everything, 'stdio'] } },
    onSample,
  });
  const names = (await toolkit.listTools()).map(({ name }) => name);
  const events: LoopEvent[] = [];
  const model = scriptedModel([
    {
      calls: [
        { name: 'all__echo', arguments: { message: 'Hello' } },
        { name: 'all__get-sum', arguments: { a: 19, b: 23 } },
        { name: 'all__get-tiny-image' },
        { name: 'all__trigger-long-running-operation', arguments: { duration: 0.2, steps: 2 } },
        { name: 'all__get-sum', arguments: { a: 'x' } },
        { name: 'all__trigger-sampling-request', arguments: { prompt: 'Be short', maxTokens: 50 } },
      ],
    },
    'Done.',
  ]);
  const result = await run([], { model, conversation, onEvent: (event) => events.push(event) });
  expect(result).toMatchObject({ stop: 'end', toolCalls: 6 });
  const results = result.messages[2]?.content as ResultPart[];
  const texts = results.map(({ content }) =>
    content.map((part) => (part.type === 'text' ? part.text : part.mediaType)).join(' '),
  );
  expect(texts[0]).toContain('Echo: Hello');
  expect(texts[1]).toContain('42');
  expect(texts[2]).toContain('image/png');
  expect(texts[4]).toContain('invalid_arguments');
  expect(texts[5]).toContain('A short answer.');
  expect(events.filter(({ type }) => type === 'progress').length).toBeGreaterThan(0);
  expect(model.requests[0]?.tools.map(({ name }) => name)).toHaveLength(names.length);
  expect(conversation.taint.sources.every(({ server }) => server === 'all')).toBe(true);
  expect(conversation.usage).toEqual({ input: 30, output: 15 });
});
