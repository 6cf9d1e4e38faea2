/** The store of a process that is killed in the middle of what it does. */
import { readdir, rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { engineHere } from '../../src/node/store/database.ts';
import { createSqliteStore } from '../../src/node/store/sqlite.ts';
import type { EngineName } from '../../src/node/store/thread.ts';
import { times } from '../fixtures/long.ts';
import { buildProgram, newFolder, type Program } from '../fixtures/store-world.ts';

const KILLS = times(100, 5);
const ENGINES: EngineName[] = engineHere() === 'node' ? ['node', 'wasm'] : ['wasm'];

/** Says how many approvals it finds, then writes further ones and says each that is written; calls and other changes go on meanwhile. */
const SOURCE = `
import { createSqliteStore } from '#src/node/store/sqlite.ts';
const [path, engine] = process.argv.slice(2);
const store = await createSqliteStore({ path, engine, logger: { warn: (message) => console.log('warning ' + message) } });
const known = await store.records.list('approval', { limit: 1_000_000 });
const ids = known.map(({ id }) => Number(id)).sort((a, b) => a - b);
console.log('found ' + (ids.every((id, index) => id === index) ? ids.length : 'gaps ' + ids));
let next = ids.length;
const noise = async () => {
  for (let n = 0; ; n += 1) {
    for (let call = 0; call < 600; call += 1)
      store.history.append({ id: 'c' + n, at: Date.now(), principal: 'p', server: 's', tool: 't', outcome: 'ok', durationMs: 1, attempts: 1, cached: false });
    await store.records.update('noise', 'n', (value = 0) => value + 1);
    if (n % 7 === 0) await store.records.delete('noise', 'n');
  }
};
void noise();
for (;;) {
  const id = next++;
  await store.records.put('approval', String(id), { id, text: 'x'.repeat(2_000) });
  console.log(id);
}
`;

let program: Program;
beforeAll(async () => {
  program = await buildProgram('store-kills', SOURCE);
});
afterAll(() => program.remove());

test.each(ENGINES)(
  `killed ${KILLS} times while it writes, a store with the engine %s has lost no approval that it had taken`,
  async (engine) => {
    const folder = await newFolder();
    const path = `${folder}/gateway.db`;
    let taken = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const { lines, kill: end } = program.start(path, engine);
      const first = String((await lines.next()).value);
      const found = Number(first.slice('found '.length));
      expect(`${first}: ${found >= taken}`).toBe(`found ${found}: true`);
      // What was written and not yet said may be there as well.
      taken = found;
      let killed: Promise<void> | undefined;
      // The last one comes when calls are written too.
      const after = kill === KILLS - 1 ? 600 : Math.random() * 60;
      setTimeout(() => {
        killed = end();
      }, after);
      for await (const line of lines) taken = Math.max(taken, Number(line) + 1);
      await killed;
    }
    const warnings: string[] = [];
    const store = await createSqliteStore({ path, engine, logger: { warn: (message) => warnings.push(message) } });
    expect((await store.records.list('approval', { limit: 1_000_000 })).length).toBeGreaterThanOrEqual(taken);
    expect((await store.history.find()).length).toBeGreaterThan(0);
    await store.close();
    expect(warnings).toEqual([]);
    expect(await readdir(folder)).toEqual(['gateway.db']);
    await rm(folder, { recursive: true, force: true });
  },
  600_000,
);

test.each(ENGINES)('a live process has its store, with the engine %s, until it is killed', async (engine) => {
  const folder = await newFolder();
  const path = `${folder}/gateway.db`;
  const { lines, child, kill } = program.start(path, engine);
  await lines.next();
  await expect(createSqliteStore({ path, engine })).rejects.toMatchObject({
    code: 'invalid_config',
    message: expect.stringContaining(`process ${child.pid}`),
  });
  await kill();
  const store = await createSqliteStore({ path, engine });
  expect((await store.records.list('approval')).length).toBeGreaterThanOrEqual(0);
  await store.close();
  await rm(folder, { recursive: true, force: true });
});
