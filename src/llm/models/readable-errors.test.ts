import { afterEach, expect, test, vi } from 'vitest';
import type { ChatModel } from '../model.ts';
import { anthropicModel } from './anthropic.ts';
import { openaiModel } from './openai.ts';

afterEach(() => void vi.unstubAllGlobals());

test.each<[string, () => ChatModel]>([
  ['Anthropic', () => anthropicModel({ model: 'one', apiKey: 'key', baseURL: 'http://x' })],
  ['OpenAI', () => openaiModel({ model: 'one', apiKey: 'key', baseURL: 'http://x/v1' })],
])('a failure that is told without end is read as far as anybody reads it (%s)', async (_, make) => {
  const piece = new Uint8Array(256 * 1024).fill(97);
  let pieces = 0;
  let isLeft = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      pieces += 1;
      // Where nobody stops reading, it has an end all the same.
      if (pieces > 40) controller.close();
      else controller.enqueue(piece);
    },
    cancel() {
      isLeft = true;
    },
  });
  vi.stubGlobal('fetch', async () => new Response(body, { status: 500 }));
  const request = { system: [], messages: [], tools: [], signal: new AbortController().signal };
  const events = make().stream(request)[Symbol.asyncIterator]();
  await expect(events.next()).rejects.toMatchObject({ failure: 'server', status: 500 });
  expect(pieces).toBeLessThan(10);
  expect(isLeft).toBe(true);
});
