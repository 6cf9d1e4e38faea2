import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../fixtures/servers/launch.ts';
import { type Browser, type OpenPage, startBrowser } from './browser.ts';
import {
  everythingOverHttp,
  everythingOverWebSocket,
  modernOverHttp,
  modernOverWebSocket,
  nobody,
  type Reachable,
} from './servers.ts';

let browser: Browser;
let open: OpenPage;
let page: Page;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());
beforeEach(async () => {
  open = await browser.open();
  page = open.page;
});
afterEach(async () => {
  try {
    expect(await open.faults()).toEqual([]);
  } finally {
    await open.close();
  }
});

describe.each([
  { name: 'Streamable HTTP', kind: 'http', start: everythingOverHttp },
  { name: 'WebSocket', kind: 'websocket', start: everythingOverWebSocket },
])('a page speaks to the everything server over $name', ({ kind, start }) => {
  let server: Reachable;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server?.stop());

  test('connects, lists, calls, reads and pings', async () => {
    const seen = await page.evaluate(async (url) => {
      const toolkit = await window.toolway.createToolkit({ connect: 'wait', mcpServers: { s: { url } } });
      const { s } = toolkit.status();
      const seen = {
        state: s?.state,
        era: s?.era,
        transport: s?.transport,
        tools: (await toolkit.listTools()).map(({ qualifiedName }) => qualifiedName),
        resources: (await toolkit.listResources()).length,
        prompts: (await toolkit.listPrompts()).length,
        echo: (await toolkit.callTool('s.echo', { message: 'grüße 🙂' })).content,
        sum: (await toolkit.callTool('get-sum', { a: 2, b: 3 })).content,
        structured: (await toolkit.callTool('s.get-structured-content', { location: 'Chicago' })).structuredContent,
        ping: await toolkit.ping('s'),
      };
      await toolkit.close();
      return { ...seen, after: toolkit.status().s?.state };
    }, server.url);
    expect(seen).toMatchObject({ state: 'connected', era: 'legacy', transport: kind, after: 'closed' });
    expect(seen.tools).toContain('s.echo');
    expect(seen.resources).toBeGreaterThan(0);
    expect(seen.prompts).toBeGreaterThan(0);
    expect(seen.echo).toEqual([{ type: 'text', text: 'Echo: grüße 🙂' }]);
    expect(seen.sum).toMatchObject([{ text: 'The sum of 2 and 3 is 5.' }]);
    expect(seen.structured).toMatchObject({ temperature: 36 });
    expect(seen.ping).toBeGreaterThan(0);
  });

  test('arguments that do not fit are refused before anything is sent, and the place is named', async () => {
    const error = await page.evaluate(async (url) => {
      const toolkit = await window.toolway.createToolkit({ mcpServers: { s: { url } } });
      const error = await toolkit.callTool('s.get-sum', { a: 2, b: 'three' }).catch((thrown: unknown) => thrown);
      await toolkit.close();
      return error instanceof window.toolway.ToolwayError ? error.toJSON() : String(error);
    }, server.url);
    expect(error).toMatchObject({ code: 'invalid_arguments', executed: 'no', problems: [{ path: '/b' }] });
  });

  test('progress arrives in order, before the result', async () => {
    const heard = await page.evaluate(async (url) => {
      const toolkit = await window.toolway.createToolkit({ mcpServers: { s: { url } } });
      const heard: unknown[] = [];
      const args = { duration: 0.2, steps: 4 };
      await toolkit.callTool('s.trigger-long-running-operation', args, {
        onProgress: ({ progress, total }) => heard.push([progress, total]),
      });
      heard.push('result');
      await toolkit.close();
      return heard;
    }, server.url);
    expect(heard).toEqual([[1, 4], [2, 4], [3, 4], [4, 4], 'result']);
  });

  test('a call is cancelled by its signal, and the connection goes on', async () => {
    const seen = await page.evaluate(async (url) => {
      const toolkit = await window.toolway.createToolkit({ mcpServers: { s: { url } } });
      const stop = new AbortController();
      const error = await toolkit
        .callTool(
          's.trigger-long-running-operation',
          { duration: 600, steps: 6000 },
          {
            signal: stop.signal,
            onProgress: () => stop.abort(),
          },
        )
        .catch((thrown: unknown) => thrown);
      const { content } = await toolkit.callTool('s.echo', { message: 'still here' });
      await toolkit.close();
      return { code: (error as { code?: string }).code, content };
    }, server.url);
    expect(seen).toMatchObject({ code: 'cancelled', content: [{ text: 'Echo: still here' }] });
  });
});

describe('a page speaks to a server of the modern era alone', () => {
  test('over HTTP, with the headers that only this era knows, and with progress', async () => {
    const server = await modernOverHttp();
    try {
      const seen = await page.evaluate(async (url) => {
        const toolkit = await window.toolway.createToolkit({ connect: 'wait', mcpServers: { s: { url } } });
        const progress: number[] = [];
        const seen = {
          era: toolkit.status().s?.era,
          tools: (await toolkit.listTools()).map(({ name }) => name),
          echo: (await toolkit.callTool('s.echo', { text: 'hi' })).content,
          region: (await toolkit.callTool('s.region', { region: 'Österreich' })).content,
          steps: (await toolkit.callTool('s.steps', {}, { onProgress: (each) => progress.push(each.progress) }))
            .content,
          progress,
        };
        await toolkit.close();
        return seen;
      }, server.url);
      expect(seen).toMatchObject({
        era: 'modern',
        echo: [{ text: 'hi' }],
        region: [{ text: 'in Österreich' }],
        steps: [{ text: 'stepped' }],
        progress: [1, 2, 3],
      });
      expect(seen.tools).not.toContain('unmirrorable');
    } finally {
      await server.stop();
    }
  });

  test('over HTTP, where a cancelled call ends on the server too', async () => {
    const server = await modernOverHttp();
    try {
      const outcome = page.evaluate(async (url) => {
        const toolkit = await window.toolway.createToolkit({ mcpServers: { s: { url } } });
        const stop = new AbortController();
        addEventListener('stop', () => stop.abort());
        const code: unknown = await toolkit
          .callTool('s.wait-for-abort', {}, { signal: stop.signal })
          .catch((thrown) => thrown.code);
        await toolkit.close();
        return code;
      }, server.url);
      await until(() => server.effects.includes('wait-for-abort'), 'the server begins');
      await page.evaluate(() => dispatchEvent(new Event('stop')));
      expect(await outcome).toBe('cancelled');
      await until(() => server.effects.includes('aborted'), 'the server hears that nobody waits any more');
    } finally {
      await server.stop();
    }
  });

  test('over WebSocket, where it asks back and the answer of a handler goes to it', async () => {
    const server = await modernOverWebSocket();
    try {
      const seen = await page.evaluate(async (url) => {
        const toolkit = await window.toolway.createToolkit({
          connect: 'wait',
          mcpServers: { s: { url } },
          onElicit: ({ message }) => ({
            action: 'accept',
            content: { [message.includes('colour') ? 'colour' : 'size']: 'blue' },
          }),
        });
        const seen = { era: toolkit.status().s?.era, ask: (await toolkit.callTool('s.ask')).content };
        await toolkit.close();
        return seen;
      }, server.url);
      expect(seen.era).toBe('modern');
      expect(seen.ask).toMatchObject([{ text: 'état 2 {"size":{"action":"accept","content":{"size":"blue"}}}' }]);
    } finally {
      await server.stop();
    }
  });
});

test.each(['http', 'ws'])('a server that cannot be reached over %s is failed, and the others go on', async (scheme) => {
  const server = await everythingOverWebSocket();
  try {
    const seen = await page.evaluate(
      async ([away, here]) => {
        const mcpServers = { away: { url: away, autoReconnect: false }, here: { url: here } };
        const toolkit = await window.toolway.createToolkit({ connect: 'wait', mcpServers });
        const { away: failed } = toolkit.status();
        const error = await toolkit.callTool('away.echo').catch((thrown: unknown) => thrown);
        const { content } = await toolkit.callTool('here.echo', { message: 'hi' });
        await toolkit.close();
        return {
          state: failed?.state,
          lastError: failed?.lastError?.code,
          call: error instanceof window.toolway.ToolwayError ? error.toJSON() : String(error),
          content,
        };
      },
      [`${scheme}://${await nobody()}`, server.url] as const,
    );
    expect(seen).toMatchObject({
      state: 'failed',
      lastError: 'connect_failed',
      call: { code: 'connect_failed', executed: 'no', server: 'away' },
      content: [{ text: 'Echo: hi' }],
    });
  } finally {
    await server.stop();
  }
});

test('a server that lets no page of another origin in is failed', async () => {
  const server = await modernOverHttp({ cors: false });
  try {
    const state = await page.evaluate(async (url) => {
      const config = { url, autoReconnect: false };
      const toolkit = await window.toolway.createToolkit({ connect: 'wait', mcpServers: { s: config } });
      const { s } = toolkit.status();
      await toolkit.close();
      return [s?.state, s?.lastError?.code];
    }, server.url);
    expect(state).toEqual(['failed', 'connect_failed']);
    expect(server.effects).toEqual([]);
  } finally {
    await server.stop();
  }
});

test('a program cannot be started from a page, and the error says so', async () => {
  const error = await page.evaluate(async () => {
    const mcpServers = { s: { command: 'node', autoReconnect: false } };
    const toolkit = await window.toolway.createToolkit({ connect: 'wait', mcpServers });
    const { s } = toolkit.status();
    await toolkit.close();
    return [s?.state, s?.lastError?.code];
  });
  expect(error).toEqual(['failed', 'unsupported']);
});

test('the page is under a policy that forbids code made from text, and an attempt is seen', async () => {
  const other = await browser.open();
  await other.page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        addEventListener('securitypolicyviolation', () => resolve());
        setTimeout(() => new Function('return 1')());
      }),
  );
  const faults = await other.faults();
  await other.close();
  expect(faults.join()).toContain('script-src eval');
  expect(faults.join()).toContain('uncaught: ');
});
