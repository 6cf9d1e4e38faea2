import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HostileSchema, hostileSchemas } from '../../test/corpus/hostile-schemas.ts';
import type { JsonObject } from '../protocol/types.ts';
import { createInterpretingValidator } from '../schema/cfworker.ts';
import { isRefusal, type Validator } from '../schema/validator.ts';
import { createAjvValidator } from './schema-engine.ts';

const SCHEDULE = '/proc/thread-self/schedstat';

/**
 * Milliseconds of work of this thread. What it does between two ticks is what holds up everybody else in the process;
 * the time that the machine gives to other processes is not. Where this is not known, it is the clock's time.
 */
const ownTime = (): number => {
  if (!existsSync(SCHEDULE)) return performance.now();
  return Number(readFileSync(SCHEDULE, 'latin1').split(' ')[0]) / 1e6;
};

describe.each<[string, () => Validator]>([
  ['ajv', createAjvValidator],
  ['the interpreter', createInterpretingValidator],
])('hostile schemas and %s', (_, create) => {
  let server: Server;
  let hits = 0;
  let hostile: HostileSchema[] = [];
  beforeAll(async () => {
    server = createServer((_request, response) => {
      hits += 1;
      response.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    hostile = hostileSchemas(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterAll(() => server.close());

  test('never stall the thread, fetch nothing, change nothing, and leave good schemas usable', async () => {
    expect(hostile.length).toBeGreaterThan(200);
    const validator = create();
    const worst = { stall: 0, name: '' };
    let now = 'start';
    let last = ownTime();
    const tick = setInterval(() => {
      const stall = ownTime() - last;
      if (stall > worst.stall) Object.assign(worst, { stall, name: now });
      last = ownTime();
    }, 1);
    const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
    for (const { name, schema, values } of hostile) {
      now = name;
      const check = await validator.compile(schema as JsonObject);
      await turn();
      if (isRefusal(check)) expect(check.reason, name).toMatch(/\w+/);
      else {
        for (const value of values) {
          const problems = await check(value);
          for (const problem of problems ?? []) expect(problem.message.length, name).toBeLessThan(1_000);
          await turn();
        }
      }
    }
    clearInterval(tick);
    expect(worst.stall, worst.name).toBeLessThan(100);
    expect(hits).toBe(0);
    expect(({} as { x?: unknown }).x ?? (globalThis as { x?: unknown }).x).toBeUndefined();

    for (const good of [
      { type: 'string', minLength: 1 },
      { type: 'string', minLength: 1, pattern: '^' },
    ]) {
      const check = await validator.compile(good);
      if (isRefusal(check)) throw new Error(check.reason);
      expect(await check('x')).toBeUndefined();
      expect(await check('')).toHaveLength(1);
    }
    await validator.close();
  }, 120_000);
});
