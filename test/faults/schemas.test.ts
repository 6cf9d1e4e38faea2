import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ToolwayError } from '../../src/errors.ts';
import { measureJson } from '../../src/schema/measure.ts';
import { type HostileSchema, hostileSchemas } from '../corpus/hostile-schemas.ts';
import { drive } from '../fixtures/faults/drive.ts';
import { longestStall } from '../fixtures/faults/stall.ts';
import { FIXTURES, over } from '../fixtures/faults/worlds.ts';

/** What one line of a list can hold; deeper schemas are a case of their own. */
const MOST_CHARS = 300 * 1024;
const GROUP_CHARS = 512 * 1024;
const MOST_DEPTH = 50;

/** Its JSON text, where it has one that may travel; some values of the corpus would be endless. */
const jsonOf = (value: unknown): string | undefined => {
  try {
    return 'reason' in measureJson(value, MOST_CHARS, MOST_DEPTH) ? undefined : JSON.stringify(value);
  } catch {
    return undefined;
  }
};
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Those that travel as JSON in a list that can be read, as what the client will see of them. */
const travelling = (all: HostileSchema[]): HostileSchema[] =>
  all.flatMap(({ name, schema, values }) => {
    const text = jsonOf(schema);
    return text === undefined
      ? []
      : [{ name, schema: JSON.parse(text), values: values.filter((value) => jsonOf(value) !== undefined) }];
  });

const groupsOf = (all: HostileSchema[]): HostileSchema[][] => {
  const groups: HostileSchema[][] = [[]];
  let chars = 0;
  for (const each of all) {
    const size = 2 * (jsonOf(each.schema)?.length ?? 0);
    if (chars + size > GROUP_CHARS) {
      groups.push([]);
      chars = 0;
    }
    groups.at(-1)?.push(each);
    chars += size;
  }
  return groups;
};

describe('C5, S21: hostile schemas in a list of tools', () => {
  const stdio = over('C5, S21', {
    json: 'schemas are the same whatever brought them; the server must not share the thread that is measured',
    events: 'as json',
    session: 'as json',
    sse: 'as json',
    websocket: 'as json',
    memory: 'as json',
  });
  let trap: Server;
  let hits = 0;
  let hostile: HostileSchema[] = [];
  beforeAll(async () => {
    trap = createServer((_request, response) => {
      hits += 1;
      response.end('{}');
    });
    await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
    hostile = travelling(hostileSchemas(`http://127.0.0.1:${(trap.address() as AddressInfo).port}`));
  });
  afterAll(() => trap.close());

  test('stall nothing, fetch nothing, warn once for each tool, and leave the other tools usable', async () => {
    // What is loaded with the first list would be compiled by the tests' own compiler while the clock runs.
    await import('../../src/toolkit/listing.ts');
    const groups = groupsOf(hostile);
    expect(hostile.length).toBeGreaterThan(200);
    let worst = { stall: 0, at: '' };
    const measure = async (at: string, run: () => Promise<unknown>): Promise<void> => {
      const stall = await longestStall(run);
      if (stall > worst.stall) worst = { stall, at };
    };
    let refused = 0;
    for (const [number, group] of groups.entries()) {
      const [fixture] = stdio;
      if (fixture === undefined) throw new Error('no fixture');
      const tools = group.flatMap(({ schema }, i) => [
        { name: `in-${i}`, inputSchema: schema },
        { name: `out-${i}`, inputSchema: { type: 'object' }, outputSchema: schema },
      ]);
      const { toolkit, expectFine } = await drive(fixture, { toolsFile: JSON.stringify(tools) });
      const warned = new Map<string, number>();
      const others: string[] = [];
      toolkit.on('warning', ({ tool, message }) => {
        if (tool !== undefined) warned.set(tool, (warned.get(tool) ?? 0) + 1);
        else others.push(message);
      });
      await measure(`group ${number}: listing`, () => toolkit.listTools({ server: 's' }));
      await expectFine();
      for (const [i, { name, schema, values }] of group.entries()) {
        if (!isObject(schema)) {
          await expect(toolkit.callTool(`s.in-${i}`), name).rejects.toMatchObject({ code: 'unknown_tool' });
          continue;
        }
        for (const value of values.slice(0, 2)) {
          await measure(name, async () => {
            const args = isObject(value) ? value : { value };
            for (const tool of [`s.in-${i}`, `s.out-${i}`]) {
              const outcome = await toolkit.callTool(tool, args).catch((reason: unknown) => reason);
              if (!(outcome instanceof ToolwayError)) continue;
              const expected = tool.startsWith('s.in') ? 'invalid_arguments' : 'protocol_error';
              expect([name, outcome.code]).toEqual([name, expected]);
            }
          });
        }
      }
      for (const message of others) expect(message).toMatch(/^left out of the list/);
      for (const [tool, times] of warned) expect([tool, times]).toEqual([tool, 1]);
      refused += warned.size;
      await expectFine();
      await toolkit.close();
    }
    console.log(
      `C5  ${hostile.length} schemas in ${groups.length} lists, ${refused} warned of; longest stall ${worst.stall.toFixed(1)} ms of 100 (${worst.at})`,
    );
    expect(refused).toBeGreaterThan(50);
    expect(worst.stall, worst.at).toBeLessThan(100);
    expect(hits).toBe(0);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  }, 60_000);

  test('one that is nested too deeply is left out of its list, and the others are not', async () => {
    const [fixture] = FIXTURES;
    if (fixture === undefined) throw new Error('no fixture');
    let deep: unknown = {};
    for (let i = 0; i < 200; i += 1) deep = { items: deep };
    const { toolkit, warnings, expectFine } = await drive(fixture, {
      toolsFile: JSON.stringify([{ name: 'deep', inputSchema: deep }]),
    });
    await expectFine();
    expect(warnings.join()).toMatch(/nested deeper than 64 levels/);
    const listed = (await toolkit.listTools({ server: 's' })).map(({ name }) => name);
    expect(listed).not.toContain('deep');
    expect(listed.length).toBeGreaterThan(0);
  });
});
