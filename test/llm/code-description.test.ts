/** What a model is told of `run_code` is TypeScript, within its budget, whatever the tools are. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { ListedTool } from '../../src/api.ts';
import { describeCode } from '../../src/llm/code/description.ts';
import { estimateTokens } from '../../src/llm/results/tokens.ts';
import type { JsonObject } from '../../src/protocol/types.ts';
import { hostileSchemas } from '../corpus/hostile-schemas.ts';
import { listed } from '../fixtures/llm/code.ts';

const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'toolway-code-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const codeOf = (description: string): string => /```ts\n([\s\S]*?)```/.exec(description)?.[1] ?? '';
const compile = (code: string): string => {
  writeFileSync(join(folder, 'tools.ts'), code);
  const args = [tsc, '--strict', '--noEmit', '--target', 'es2022', '--types', '', 'tools.ts'];
  return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' }).stdout;
};
const described = (tools: readonly ListedTool[], budget = 6_000): string => codeOf(describeCode(tools, budget));

const issue: JsonObject = {
  type: 'object',
  properties: {
    title: { type: 'string', description: 'What it is about' },
    labels: { type: 'array', items: { type: 'string' } },
  },
  required: ['title'],
};
const many = (count: number): ListedTool[] =>
  Array.from({ length: count }, (_, n) =>
    listed(`s${n % 7}.tool_${String(n).padStart(4, '0')}`, {
      description: 'Does one thing. Then it does another.',
      inputSchema: issue,
    }),
  );

test('a tool is a member of its server, with its arguments and its result', () => {
  const tool = listed('tracker.create_issue', {
    description: 'Opens an issue',
    inputSchema: issue,
    outputSchema: { type: 'object', properties: { number: { type: 'integer' } }, required: ['number'] },
  });
  expect(described([tool])).toContain(`tracker: {
  /** Opens an issue */
  create_issue: Tool<{
    /** What it is about */
    title: string;
    labels?: string[];
  }, {
    number: number;
  }>;
};`);
});

describe('whatever the names and schemas are', () => {
  const names = [
    's.a-b',
    's.a_b',
    's.a.b',
    's.A_b',
    's.delete',
    's.__proto__',
    's.constructor',
    `s.it's`,
    's.日本',
    'tool.tool',
    'a-b.c',
    'promise.x',
  ];
  const tools = [
    ...names.map((name) => listed(name, { description: 'ends */ here ``` and `${there}`\u202e', inputSchema: issue })),
    ...hostileSchemas('http://localhost').flatMap(({ schema }, n) => {
      try {
        const inputSchema = JSON.parse(JSON.stringify(schema)) as JsonObject;
        return [listed(`hostile.h${n}`, { inputSchema, outputSchema: inputSchema })];
      } catch {
        return [];
      }
    }),
  ];
  test.each([1_000_000, 20_000, 3_000])(
    'it compiles within %i tokens',
    (budget) => {
      expect(compile(`${described(tools, budget)}export {};\n`)).toBe('');
    },
    60_000,
  );
  test('each tool has a member of its own, by its own name', () => {
    const code = described(tools.slice(0, names.length));
    const all = names.map((name) => [name.slice(0, name.indexOf('.')), name.slice(name.indexOf('.') + 1)]);
    const uses = all.map(
      ([server, tool]) => `tools[${JSON.stringify(server)}][${JSON.stringify(tool)}]({ title: 'x' });`,
    );
    expect(compile(`${code}${uses.join('\n')}\nexport {};\n`)).toBe('');
    expect(compile(`${code}tools.s.nothing({ title: 'x' });\nexport {};\n`)).toContain('nothing');
  }, 60_000);
  test('the block is not ended by a description', () => {
    expect(describeCode(tools, 1_000_000).split('```').length).toBe(3);
  });
});

describe('the budget', () => {
  test.each([
    [10, 6_000],
    [200, 6_000],
    [1_000, 6_000],
    [5_000, 2_000],
  ])('%i tools in %i tokens', (count, budget) => {
    const said = describeCode(many(count), budget);
    expect(estimateTokens(said)).toBeLessThan(budget + 500);
  });
  test('comments go first, then types, then names; what is left out is said', () => {
    const tools = many(60);
    expect(describeCode(tools, 6_000)).toContain('What it is about');
    const brief = describeCode(tools, 2_400);
    expect(brief).not.toContain('What it is about');
    expect(brief).toContain(
      '  /** Does one thing. */\n  tool_0000: Tool<{ title: string; labels?: string[]; }, unknown>;',
    );
    expect(describeCode(tools, 1_500)).toMatch(/The arguments of \d+ tools are not shown/);
    expect(describeCode(many(500), 1_000)).toMatch(/\d+ more tools can be called and are not listed/);
  });
  test('the same tools are described the same, whatever their order', () => {
    const tools = many(50);
    expect(describeCode([...tools].reverse(), 6_000)).toBe(describeCode(tools, 6_000));
  });
});
