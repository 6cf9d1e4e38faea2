/** Loops over real servers of tools, through the providers' own clients, over real sockets. */
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Toolkit } from '../../src/index.ts';
import type { LoopEvent } from '../../src/llm/loop/events.ts';
import { runToolLoop, streamToolLoop } from '../../src/llm/loop/loop.ts';
import type { LoopOptions } from '../../src/llm/loop/options.ts';
import { createToolkit } from '../../src/node/index.ts';
import { type Api, apis } from '../fixtures/llm/models.ts';
import type { ScriptedProvider } from '../fixtures/llm/scripted-providers.ts';
import type { Turn } from '../fixtures/llm/turns.ts';
import { installed } from '../fixtures/servers/launch.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'toolway-loops-')));
const run = (name: string, ...args: string[]) => ({
  command: process.execPath,
  args: [installed(`@modelcontextprotocol/${name}/dist/index.js`), ...args],
});

let toolkit: Toolkit;
beforeAll(async () => {
  toolkit = await createToolkit({
    connect: 'wait',
    onApprove: () => true,
    mcpServers: { everything: run('server-everything'), files: run('server-filesystem', folder) },
  });
});
afterAll(async () => {
  await toolkit.close();
  rmSync(folder, { recursive: true });
});

const servers: ScriptedProvider[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const start = async (api: Api, stream: boolean, turns: Turn[], more: Partial<LoopOptions> = {}) => {
  const server = await api.start(...turns);
  servers.push(server);
  const options = { toolkit, model: api.model(server, { stream }), messages: 'Go', search: 'never' as const, ...more };
  return { server, options };
};

const matrix = apis.flatMap((api) => [true, false].map((stream) => ({ api, name: api.name, stream })));

describe.each(matrix)('A loop of $name (streamed: $stream)', ({ api, stream }) => {
  test('writes a file, and reads it and asks another server at once', async () => {
    const path = join(folder, `${api.name}-${stream}.txt`);
    const { server, options } = await start(api, stream, [
      { reasoning: 'First the file.', calls: [{ name: 'files__write_file', arguments: { path, content: 'Hällo' } }] },
      {
        text: 'Now three at once.',
        calls: [
          { name: 'files__read_text_file', arguments: { path } },
          { name: 'everything__get-sum', arguments: { a: 2, b: 40 } },
          { name: 'everything__echo', arguments: { message: 'hi' } },
        ],
      },
      { text: 'Hällo, 42, hi.', usage: { input: 100, output: 10, cacheRead: 50 } },
    ]);
    const { text, stop, steps, toolCalls, messages, usage } = await runToolLoop(options);
    expect({ text, stop, steps, toolCalls }).toEqual({ text: 'Hällo, 42, hi.', stop: 'end', steps: 3, toolCalls: 4 });
    expect(readFileSync(path, 'utf8')).toBe('Hällo');
    expect(usage).toMatchObject({ input: 120, output: 20, cacheRead: 50 });
    expect(server.requests).toHaveLength(3);
    const results = messages[4]?.content.map((part) => JSON.stringify(part)) ?? [];
    expect(results).toEqual([
      expect.stringContaining('Hällo'),
      expect.stringContaining('42'),
      expect.stringContaining('hi'),
    ]);
    // The last request holds what the provider wants of a conversation: each call, and its result behind it.
    const sent = JSON.stringify(server.bodies[2]);
    for (const id of ['id_1_files__write_file', 'id_2_everything__get-sum'])
      expect(sent.split(`"${id}"`)).toHaveLength(3);
  });

  test('goes on after a tool that fails, and is shown an image', async () => {
    const { server, options } = await start(api, stream, [
      {
        calls: [
          { name: 'files__read_text_file', arguments: { path: '/not/there' } },
          { name: 'everything__get-tiny-image' },
        ],
      },
      { text: 'It is a logo.' },
    ]);
    const { stop, messages } = await runToolLoop(options);
    expect(stop).toBe('end');
    expect(messages[2]?.content).toMatchObject([{ isError: true }, { name: 'everything__get-tiny-image' }]);
    const sent = JSON.stringify(server.bodies[1]);
    expect(sent).toMatch(
      api.name === 'anthropic' ? /"type":"image","source":\{"type":"base64"/ : /data:image\/png;base64,/,
    );
    expect(sent).toMatch(api.name === 'anthropic' ? /"is_error":true/ : /Error/);
  });

  test('asks again after an overload, for which it waits as long as it is told', async () => {
    const events: LoopEvent[] = [];
    const busy = { status: 529, type: 'overloaded_error', message: 'Overloaded', headers: { 'retry-after-ms': '5' } };
    const turns = [
      { fault: busy },
      { calls: [{ name: 'everything__echo', arguments: { message: 'hi' } }] },
      { text: 'hi' },
    ];
    const { server, options } = await start(api, stream, turns, { onEvent: (event) => events.push(event) });
    expect(await runToolLoop(options)).toMatchObject({ text: 'hi', stop: 'end', toolCalls: 1 });
    expect(server.requests).toHaveLength(3);
    expect(events.filter(({ type }) => type === 'retry')).toMatchObject([
      { attempt: 1, waitMs: 5, error: { failure: 'overloaded' } },
    ]);
  });

  test('ends with a refusal, which is no failure, and can be gone on with', async () => {
    const { options } = await start(api, stream, [{ text: 'I', stop: 'refusal' }, { text: 'Gladly.' }]);
    const refused = await runToolLoop(options);
    expect(refused).toMatchObject({ stop: 'refusal', toolCalls: 0 });
    const { conversation } = refused;
    expect(await runToolLoop({ ...options, conversation, messages: 'Then this' })).toMatchObject({
      stop: 'end',
      text: 'Gladly.',
    });
  });

  test('rejects with what the provider said, and the conversation can be gone on with', async () => {
    writeFileSync(join(folder, 'one.txt'), 'one');
    const call = { name: 'files__read_text_file', arguments: { path: join(folder, 'one.txt') } };
    const denied = { status: 401, type: 'authentication_error', message: 'invalid x-api-key' };
    const { server, options } = await start(api, stream, [{ calls: [call] }, { fault: denied }, { text: 'one' }]);
    const first = await runToolLoop({ ...options, maxSteps: 1 });
    expect(first.stop).toBe('max_steps');
    const { conversation } = first;
    await expect(runToolLoop({ ...options, conversation, messages: 'Go on' })).rejects.toMatchObject({
      failure: 'auth',
      reason: expect.stringContaining('invalid x-api-key'),
    });
    expect(await runToolLoop({ ...options, conversation, messages: 'Once more' })).toMatchObject({
      text: 'one',
      stop: 'end',
    });
    expect(server.requests).toHaveLength(3);
  });
});

describe.each(apis)('A stream of $name', (api: Api) => {
  test('tells what the model says while it says it, and ends where it is left', async () => {
    const { server, options } = await start(api, true, [
      { text: 'Hello there, this is long', fault: { stallAfter: 6 } },
    ]);
    const deltas: string[] = [];
    for await (const event of streamToolLoop(options)) {
      if (event.type !== 'text') continue;
      deltas.push(event.delta);
      break;
    }
    expect(deltas).toEqual(['Hello there, ']);
    await expect.poll(() => server.requests[0]?.aborted).toBe(true);
  });
});
