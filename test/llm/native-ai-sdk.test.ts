/** Tools of the AI SDK, as its loop reads them. */
import { expect, test } from 'vitest';
import { createToolkit } from '../../src/index.ts';
import { aiSdkTools } from '../../src/llm/native/ai-sdk.ts';
import { createMemorySpill, type Spill } from '../../src/llm/results/spill.ts';
import { createTestServer } from '../../src/testing/index.ts';

test('progress that comes while its reader is busy is read all the same, before the result', async () => {
  let gone = (): void => {};
  const busy = new Promise<void>((resolve) => {
    gone = resolve;
  });
  const server = createTestServer({
    tools: {
      work: {
        async run(_, { progress }) {
          progress({ progress: 1 });
          await busy;
          progress({ progress: 2 });
          progress({ progress: 3 });
          return 'done';
        },
      },
    },
  });
  await using toolkit = await createToolkit({ mcpServers: { s: server.config }, connect: 'wait' });
  const { s__work: tool } = await aiSdkTools(toolkit);
  const seen: unknown[] = [];
  for await (const output of tool?.execute({}, {}) ?? []) {
    seen.push('progress' in output ? output.progress : 'result');
    gone();
    // Until all of it has come.
    while (toolkit.calls().length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(seen).toEqual([{ progress: 1 }, { progress: 2 }, { progress: 3 }, 'result']);
});

test('what is too long is kept once, and its id is the one that the model is told', async () => {
  const server = createTestServer({ tools: { tell: () => 'a long story '.repeat(200) } });
  await using toolkit = await createToolkit({ mcpServers: { s: server.config }, connect: 'wait' });
  const memory = createMemorySpill();
  const kept: (string | undefined)[] = [];
  const spill: Spill = {
    ...memory,
    async put(...what) {
      const id = await memory.put(...what);
      kept.push(id);
      return id;
    },
  };
  const { s__tell: tool } = await aiSdkTools(toolkit, { spill, maxResultTokens: 50 });
  const outputs = [];
  for await (const output of tool?.execute({}, {}) ?? []) outputs.push(output);
  const told = await tool?.toModelOutput({ output: outputs.at(-1) });
  expect(kept).toHaveLength(1);
  expect(JSON.stringify(told)).toContain(kept[0]);
});
