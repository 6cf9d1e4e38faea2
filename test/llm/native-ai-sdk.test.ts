/** Tools of the AI SDK, as its loop reads them. */
import { expect, test } from 'vitest';
import { createToolkit } from '../../src/index.ts';
import { aiSdkTools } from '../../src/llm/native/ai-sdk.ts';
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
