import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { createToolkit } from '../../src/node/index.ts';
import type { ServerConfig } from '../../src/options.ts';
import { FIXTURES } from '../fixtures/faults/worlds.ts';
import { heapInUse, holdingsAtRest, settledLike } from '../fixtures/leftovers.ts';
import { LONG, times } from '../fixtures/long.ts';

const MIB = 2 ** 20;
/** Modules are loaded, pools are warm, and the lifeline has come and gone. */
const WARM_UP = 20;

/** A link, in every era that it has. */
const LINKS = {
  HTTP: ['events, modern', 'session, legacy'],
  'HTTP+SSE': ['sse, legacy'],
  WebSocket: ['websocket, modern', 'websocket, legacy'],
  memory: ['memory, modern', 'memory, legacy'],
  stdio: ['stdio, modern', 'stdio, legacy'],
};

describe.each(Object.entries(LINKS))('connecting, calling and closing again and again over %s', (link, names) => {
  const cycles = link === 'stdio' ? times(1_000, 100) : times(10_000, 100);

  test(
    `${cycles} times leaves nothing behind`,
    async () => {
      const worlds = await Promise.all(FIXTURES.filter(({ name }) => names.includes(name)).map(({ start }) => start()));
      expect(worlds).toHaveLength(names.length);
      const { signal } = new AbortController();
      const cycle = async (number: number): Promise<void> => {
        const config = worlds[number % worlds.length]?.config as ServerConfig;
        const toolkit = await createToolkit({ connect: 'wait', mcpServers: { s: config } });
        const result = await toolkit.callTool('s.echo', { value: number }, { signal });
        expect(result.structuredContent).toEqual({ value: number });
        await toolkit.close();
      };
      for (let number = 0; number < WARM_UP; number += 1) await cycle(number);
      const before = await holdingsAtRest();
      const heapBefore = heapInUse();
      const startedAt = performance.now();
      for (let number = 0; number < cycles; number += 1) await cycle(number);
      const tookMs = performance.now() - startedAt;
      expect(await settledLike(before)).toEqual(before);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      const grown = ((heapInUse() ?? Number.NaN) - (heapBefore ?? Number.NaN)) / MIB;
      console.log(
        `cycles  ${link}: ${cycles} in ${(tookMs / 1_000).toFixed(1)} s, ${(tookMs / cycles).toFixed(2)} ms each; ` +
          `${before.descriptors} descriptors before and after, heap ${grown.toFixed(2)} MiB larger`,
      );
      if (LONG) expect(grown).toBeLessThan(20);
      await Promise.all(worlds.map(({ close }) => close()));
    },
    LONG ? 600_000 : 60_000,
  );
});
