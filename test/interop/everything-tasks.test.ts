/** The tools of server-everything that ask us for something as a task: the others are in `everything.test.ts`. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  ElicitRequest,
  ElicitResult,
  SampleRequest,
  ServerConfig,
  TextContent,
  Toolkit,
} from '../../src/index.ts';
import { createToolkit } from '../../src/node/index.ts';
import { installed, type Launched, launch, until } from '../fixtures/servers/launch.ts';

const EVERYTHING = installed('@modelcontextprotocol/server-everything/dist/index.js');

const textOf = (result: { content: readonly unknown[] }, index = 0): string =>
  (result.content[index] as TextContent).text;

const LINKS: [name: string, start: () => Promise<{ config: ServerConfig; server?: Launched }>][] = [
  ['stdio', async () => ({ config: { command: process.execPath, args: [EVERYTHING, 'stdio'] } })],
  [
    'Streamable HTTP',
    async () => {
      const server = await launch([EVERYTHING, 'streamableHttp']);
      return { config: { url: `${server.origin}/mcp` }, server };
    },
  ],
];

describe.each(LINKS)('tasks of the client for server-everything over %s', (_name, start) => {
  let toolkit: Toolkit;
  let server: Launched | undefined;
  const asked: ElicitRequest[] = [];
  const samples: SampleRequest[] = [];
  const signals: AbortSignal[] = [];
  let reply: () => ElicitResult | Promise<ElicitResult> = () => ({ action: 'cancel' });

  beforeAll(async () => {
    const started = await start();
    server = started.server;
    toolkit = await createToolkit({
      connect: 'wait',
      mcpServers: { everything: started.config },
      onElicit: (request, { signal }) => {
        asked.push(request);
        signals.push(signal);
        return reply();
      },
      onSample: (request) => {
        samples.push(request);
        return { role: 'assistant', model: 'test-model', content: { type: 'text', text: 'a sampled answer' } };
      },
    });
    const listed = async () =>
      (await toolkit.listTools()).filter(({ name }) => name.endsWith('-request-async')).length === 2;
    // The server registers them when it hears "initialized": the list may be one notice behind.
    await until(listed, 'the tools that ask for tasks are listed');
  });

  afterAll(async () => {
    await toolkit?.close();
    await server?.stop();
  });

  test('the server samples from our model as a task of ours, and asks about it until it is done', async () => {
    const result = await toolkit.callTool('everything.trigger-sampling-request-async', { prompt: 'hi', maxTokens: 9 });
    const text = textOf(result);
    expect(text).toContain('[COMPLETED] Async sampling completed!');
    const taskId = /Task created: (\S+)/.exec(text)?.[1];
    expect(text).toContain('Poll 1: completed');
    expect(JSON.parse(text.slice(text.indexOf('**Result:**') + '**Result:**'.length))).toEqual({
      role: 'assistant',
      model: 'test-model',
      content: { type: 'text', text: 'a sampled answer' },
      _meta: { 'io.modelcontextprotocol/related-task': { taskId } },
    });
    expect(samples.at(-1)).toMatchObject({ maxTokens: 9 });
    expect(samples.at(-1)).not.toHaveProperty('task');
  });

  test('a form is a task of ours while somebody thinks about it', async () => {
    let decide: (answer: ElicitResult) => void = () => {};
    reply = () => new Promise((resolve) => (decide = resolve));
    const before = asked.length;
    const calling = toolkit.callTool('everything.trigger-elicitation-request-async');
    await until(() => asked.length > before, 'the form is shown');
    expect(asked.at(-1)).toMatchObject({ message: expect.stringContaining('async task demo') });
    decide({ action: 'accept', content: { name: 'Ada', favoriteColor: 'Green' } });
    const result = await calling;
    expect(textOf(result, 0)).toContain('[COMPLETED]');
    expect(textOf(result, 1)).toBe('User inputs:\n- Name: Ada\n- Favorite Color: Green');
  });

  test('a form that is declined as a task is declined', async () => {
    reply = () => ({ action: 'decline' });
    const result = await toolkit.callTool('everything.trigger-elicitation-request-async');
    expect(textOf(result)).toContain('[DECLINED]');
  });

  test('the end of the connection is the end of its tasks', async () => {
    reply = () => new Promise(() => {});
    const before = signals.length;
    const calling = toolkit.callTool('everything.trigger-elicitation-request-async');
    const failed = expect(calling).rejects.toMatchObject({ server: 'everything' });
    await until(() => signals.length > before, 'the form is shown');
    expect(signals.at(-1)?.aborted).toBe(false);
    await toolkit.reconnect('everything');
    await until(() => signals.at(-1)?.aborted === true, 'the handler is told');
    await failed;
  });
});
