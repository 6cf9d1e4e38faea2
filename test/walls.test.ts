/** The walls of the house stand: Biome refuses imports and globals that a room may not have, and lets through what it may. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const imports = (from: string): string => `import { a } from '${from}';\nexport const b = a;\n`;
const lines = (count: number): string => 'export {};\n'.repeat(count);

const refused: [file: string, code: string, rule: string][] = [
  ['src/protocol/a.ts', imports('node:fs'), 'noRestrictedImports'],
  ['src/protocol/b.ts', imports('../connection/connection.ts'), 'noRestrictedImports'],
  ['src/protocol/c.ts', imports('../node/stdio.ts'), 'noRestrictedImports'],
  ['src/protocol/d.ts', imports('./../toolkit.ts'), 'noRestrictedImports'],
  ['src/protocol/e.ts', imports('undici'), 'noRestrictedImports'],
  ['src/protocol/f.ts', `export const load = () => import('../node/stdio.ts');\n`, 'noRestrictedImports'],
  ['src/protocol/g.ts', `export type { A } from '../toolkit/toolkit.ts';\n`, 'noRestrictedImports'],
  ['src/protocol/types.ts', imports('./engine.ts'), 'noRestrictedImports'],
  ['src/schema/a.ts', imports('../transport/transport.ts'), 'noRestrictedImports'],
  ['src/schema/b.ts', imports('ajv'), 'noRestrictedImports'],
  ['src/transport/a.ts', imports('../protocol/engine.ts'), 'noRestrictedImports'],
  ['src/transport/b.ts', imports('ws'), 'noRestrictedImports'],
  ['src/connection/a.ts', imports('../toolkit/toolkit.ts'), 'noRestrictedImports'],
  ['src/server/a.ts', imports('../toolkit/toolkit.ts'), 'noRestrictedImports'],
  ['src/calls/a.ts', imports('../toolkit/toolkit.ts'), 'noRestrictedImports'],
  ['src/calls/b.ts', imports('../node/stdio.ts'), 'noRestrictedImports'],
  ['src/connection/c.ts', imports('../server/server.ts'), 'noRestrictedImports'],
  ['src/middleware/a.ts', imports('../transport/transport.ts'), 'noRestrictedImports'],
  ['src/config/a.ts', imports('node:fs'), 'noRestrictedImports'],
  ['src/telemetry/a.ts', imports('../middleware/chain.ts'), 'noRestrictedImports'],
  ['src/telemetry/b.ts', imports('@opentelemetry/api'), 'noRestrictedImports'],
  ['src/search/a.ts', imports('../server/catalog.ts'), 'noRestrictedImports'],
  ['src/search/b.ts', imports('ajv'), 'noRestrictedImports'],
  ['src/declarations/a.ts', imports('../cli/safe-text.ts'), 'noRestrictedImports'],
  ['src/declarations/b.ts', imports('../config/yaml.ts'), 'noRestrictedImports'],
  ['src/errors.ts', imports('./toolkit/toolkit.ts'), 'noRestrictedImports'],
  ['src/call.ts', imports('./connection/connection.ts'), 'noRestrictedImports'],
  ['src/runtime.ts', imports('./node/index.ts'), 'noRestrictedImports'],
  ['src/index.ts', imports('./testing/index.ts'), 'noRestrictedImports'],
  ['src/toolkit/c.ts', imports('../node/index.ts'), 'noRestrictedImports'],
  ['src/toolkit/d.ts', imports('ajv'), 'noRestrictedImports'],
  ['src/server/e.ts', imports('../toolkit/road.ts'), 'noRestrictedImports'],
  ['src/gateway/a.ts', imports('../toolkit/toolkit.ts'), 'noRestrictedImports'],
  ['src/node/a.ts', imports('../cli/main.ts'), 'noRestrictedImports'],
  ['src/node/b.ts', imports('../testing/index.ts'), 'noRestrictedImports'],
  ['src/testing/a.ts', imports('../cli/main.ts'), 'noRestrictedImports'],
  ['src/llm/a.ts', imports('../toolkit/toolkit.ts'), 'noRestrictedImports'],
  ['src/llm/b.ts', imports('../server/server.ts'), 'noRestrictedImports'],
  ['src/llm/loop/c.ts', imports('../../protocol/engine.ts'), 'noRestrictedImports'],
  ['src/llm/models/d.ts', imports('node:fs'), 'noRestrictedImports'],
  ['src/new-room/a.ts', imports('../errors.ts'), 'noRestrictedImports'],
  ['src/config/b.ts', 'export const home = process.env.HOME;\n', 'noRestrictedGlobals'],
  ['src/transport/c.ts', `export const a = Buffer.from('a');\n`, 'noRestrictedGlobals'],
  ['src/node/c.ts', `console.log('a');\n`, 'noConsole'],
  ['src/protocol/h.ts', `console.error('a');\n`, 'noConsole'],
  ['src/protocol/i.ts', 'export const a = (b: any): unknown => b;\n', 'noExplicitAny'],
  ['src/protocol/j.ts', 'export const a = (b?: string): string => b!;\n', 'noNonNullAssertion'],
  ['src/protocol/k.ts', `const a = async () => 1;\nexport const b = () => {\n  a();\n};\n`, 'noFloatingPromises'],
  ['src/protocol/long.ts', lines(301), 'noExcessiveLinesPerFile'],
  ['test/long.test.ts', lines(501), 'noExcessiveLinesPerFile'],
  ['test/only.test.ts', `test.only('a', () => {});\n`, 'noFocusedTests'],
  ['test/skip.test.ts', `test.skip('a', () => {});\n`, 'noSkippedTests'],
];
const allowed: [file: string, code: string][] = [
  ['src/protocol/l.ts', imports('../errors.ts')],
  ['src/declarations/c.ts', imports('../config/places.ts')],
  ['src/llm/e.ts', imports('../api.ts')],
  ['src/llm/code/g.ts', imports('../../declarations/emit.ts')],
  ['src/llm/loop/f.ts', imports('../../protocol/types.ts')],
  ['src/protocol/m.ts', imports('../transport/transport.ts')],
  ['src/protocol/n.ts', imports('../schema/validator.ts')],
  ['src/transport/d.ts', imports('../protocol/wire.ts')],
  ['src/connection/b.ts', imports('../protocol/session.ts')],
  ['src/server/b.ts', imports('../connection/connection.ts')],
  ['src/server/c.ts', imports('../runtime.ts')],
  ['src/calls/c.ts', imports('../server/server.ts')],
  ['src/a.ts', imports('./toolkit/toolkit.ts')],
  ['src/toolkit/a.ts', imports('../server/server.ts')],
  ['src/toolkit/b.ts', imports('../connection/connection.ts')],
  ['src/server/d.ts', imports('../toolkit/ground.ts')],
  ['src/calls/d.ts', imports('../toolkit/catalog.ts')],
  ['src/node/d.ts', imports('node:fs')],
  ['src/node/e.ts', imports('../toolkit/toolkit.ts')],
  ['src/node/f.ts', 'export const home = process.env.HOME;\n'],
  ['src/testing/b.ts', imports('../node/index.ts')],
  ['src/cli/a.ts', `${imports('../testing/index.ts')}console.log('a');\n`],
  ['src/protocol/a.test.ts', imports('node:fs')],
  ['test/a.test.ts', imports('../src/toolkit/toolkit.ts')],
  ['src/protocol/short.ts', lines(300)],
];

const house = mkdtempSync(join(tmpdir(), 'toolway-walls-'));
const found = new Map<string, string[]>();

beforeAll(() => {
  for (const file of ['biome.json', 'package.json', 'tsconfig.json']) cpSync(join(root, file), join(house, file));
  for (const [file, code] of [...refused, ...allowed]) {
    mkdirSync(dirname(join(house, file)), { recursive: true });
    writeFileSync(join(house, file), code);
  }
  const biome = join(root, 'node_modules/.bin/biome');
  const args = ['lint', '--reporter=json', '--diagnostic-level=error', '--max-diagnostics=none', '.'];
  const { stdout, stderr } = spawnSync(biome, args, { cwd: house, encoding: 'utf8' });
  expect(stdout, stderr).toContain('"diagnostics"');
  for (const { category, location } of JSON.parse(stdout).diagnostics) {
    found.set(location.path, [...(found.get(location.path) ?? []), category.split('/').at(-1)]);
  }
});
afterAll(() => rmSync(house, { recursive: true, force: true }));

const titled = ([file, code, rule]: [string, string, string?]) => ({ file, rule, says: code.split('\n', 1)[0] });

describe('refused', () => {
  test.each(refused.map(titled))('$file: $says', ({ file, rule }) => {
    expect(found.get(file)).toEqual([rule]);
  });
});
describe('allowed', () => {
  test.each(allowed.map(titled))('$file: $says', ({ file }) => {
    expect(found.get(file)).toBeUndefined();
  });
});
