import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { live } from '../../test/fixtures/cli/live.ts';
import { folder } from '../../test/fixtures/cli/world.ts';
import { profileOf } from '../llm/profiles/profile-of.ts';
import type { ServerConfig } from '../options.ts';
import { checkCommand } from './doctor/command.ts';
import type { Finding } from './doctor/finding.ts';
import { placeOf } from './doctor/place.ts';
import { checkTools } from './doctor/tools.ts';
import { checkVariables } from './doctor/variables.ts';

const SERVER = fileURLToPath(new URL('../../test/fixtures/cli/server.js', import.meta.url));
const SECRET = 'hunter2-hunter2';

const examine = async (config: ServerConfig, env: Record<string, string> = {}, ...argv: string[]) => {
  const cwd = folder();
  writeFileSync(join(cwd, 'c.json'), JSON.stringify({ mcpServers: { s: config } }));
  return live(['doctor', '--config', 'c.json', ...argv], { cwd, env: { NO_COLOR: '1', ...env } });
};
const findings = async (config: ServerConfig, env: Record<string, string> = {}): Promise<Finding[]> =>
  JSON.parse((await examine(config, env, '--json')).out).servers[0].findings;

describe('a server that works', () => {
  test('is told with what was tried: program, start, versions, tools', async () => {
    const { code, out, err } = await examine({ command: 'node', args: [SERVER] });
    expect([code, err]).toEqual([0, '1 server, 0 problems\n']);
    expect(out).toMatch(/^s {2}connected {2}stdio\n/);
    expect(out).toMatch(/ok {7}command: node is \/\S*node, version \d+\.\d+\.\d+\n/);
    expect(out).toMatch(/ok {7}start: cli-fixture 1\.0\.0 answered after \d+ ms\n/);
    expect(out).toContain('protocol: speaks 2025-11-25 (legacy); offered were 2026-07-28, 2025-11-25, 2025-06-18,');
    expect(out).toContain('ok       messages: nothing but messages came\n');
    expect(out).toContain('note     tools: without a description no model knows when to call: args, ');
  });

  test('as a document', async () => {
    const document = JSON.parse((await examine({ command: 'node', args: [SERVER] }, {}, '--json')).out);
    expect(document).toMatchObject({
      toolway: '1.2.3',
      node: process.version,
      servers: [{ name: 's', state: 'connected', protocolVersion: '2025-11-25', connectMs: expect.any(Number) }],
    });
    expect(document.servers[0].findings).toContainEqual({
      level: 'ok',
      check: 'messages',
      says: 'nothing but messages came',
    });
  });

  test('noise on stdout is shown with a sample', async () => {
    const noisy = `console.log('\u001b[2Jready to serve'); import(${JSON.stringify(SERVER)})`;
    const said = await findings({ command: 'node', args: ['-e', noisy] });
    const noise = said.find(({ check }) => check === 'messages');
    expect(noise).toMatchObject({ level: 'note', fix: expect.stringContaining('stderr') });
    expect(noise?.says).toContain('ready to serve');
  });
});

describe('a server that does not', () => {
  test('a program that dies is told with its last words, and its secrets are not', async () => {
    const dies = 'console.error("no key\\nat all: " + process.env.KEY); process.exit(4)';
    const config = { command: 'node', args: ['-e', dies], env: { KEY: SECRET } };
    const { code, out } = await examine(config);
    expect(code).toBe(3);
    expect(out).toMatch(/problem {2}start: connect_failed: .*exited with code 4/);
    expect(out).toContain('no key');
    expect(out).not.toContain(SECRET);
  });

  test('variables that are not set are named, with the command that sets them', async () => {
    const said = await findings({ command: 'node', args: ['${WHERE}', '$${NOT}'], env: { T: '${env:TOKEN}' } });
    expect(said.filter(({ fix }) => fix?.startsWith('export'))).toEqual([
      { level: 'problem', check: 'configuration', says: 'the variable WHERE is not set', fix: 'export WHERE=…' },
      { level: 'problem', check: 'configuration', says: 'the variable TOKEN is not set', fix: 'export TOKEN=…' },
    ]);
  });

  test('a URL is told without what may be secret in it', async () => {
    const url = `http://user:${SECRET}@127.0.0.1:9/mcp?key=${SECRET}`;
    const { code, out } = await examine({ url });
    expect(code).toBe(3);
    expect(out).toContain('http://127.0.0.1:9/mcp');
    expect(out).not.toContain(SECRET);
  });

  test('one that wants authorization is told what to give it', async () => {
    const guarded = createServer((_, response) => response.writeHead(401).end()).listen(0, '127.0.0.1');
    onTestFinished(() => void guarded.close());
    await once(guarded, 'listening');
    const { port } = guarded.address() as { port: number };
    const said = await findings({ url: `http://127.0.0.1:${port}/mcp` });
    expect(said.find(({ check }) => check === 'authorization')).toMatchObject({
      level: 'problem',
      says: expect.stringContaining('auth_required at http://127.0.0.1'),
      fix: expect.stringContaining('Authorization'),
    });
  });

  test('a bad definition, a disabled server, and no server at all', async () => {
    expect((await examine({ command: 'node', args: 'x' } as never)).out).toMatch(
      /problem {2}configuration: c\.json:1:/,
    );
    expect(await findings({ command: 'node', disabled: true })).toEqual([
      { level: 'note', check: 'configuration', says: 'it is disabled' },
    ]);
    expect(await live(['doctor'])).toMatchObject({ code: 0, out: '', err: expect.stringContaining('no servers') });
    expect((await examine({ command: 'node' }, {}, 'x')).code).toBe(2);
  });
});

describe('the command', () => {
  const check = (command: string, cwd: string, env = {}) => checkCommand({ command, cwd, env });

  test.runIf(process.platform !== 'win32')('that is missing, may not run, or has no interpreter', async () => {
    const cwd = folder();
    const bin = join(cwd, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'my-server'), '#!/usr/bin/env no-such-interpreter\n');
    const env = { PATH: bin };
    expect(await check('my-server', cwd, env)).toEqual([
      {
        level: 'problem',
        check: 'command',
        says: `${bin}/my-server may not be executed`,
        fix: `chmod +x ${bin}/my-server`,
      },
    ]);
    chmodSync(join(bin, 'my-server'), 0o755);
    expect((await check('./bin/my-server', cwd, env))[0]?.says).toBe(
      `${bin}/my-server wants the interpreter no-such-interpreter, which is not there`,
    );
    expect((await check('my-sever', cwd, env))[0]?.says).toBe('there is no my-sever on PATH; did you mean my-server?');
    expect(await check('uvx', cwd, env)).toMatchObject([
      { level: 'problem', fix: expect.stringContaining('astral.sh/uv') },
    ]);
    expect(await check('my-server', join(cwd, "it's gone"), env)).toMatchObject([
      { says: expect.stringContaining('is not there'), fix: expect.stringMatching(/^mkdir -p '.*it'\\''s gone'$/) },
    ]);
    writeFileSync(join(bin, 'fine'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    expect(await check('fine', cwd, env)).toEqual([{ level: 'ok', check: 'command', says: `fine is ${bin}/fine` }]);
  });
});

test('a place is told without what may be secret in its URL', () => {
  expect(placeOf(`http://me:${SECRET}@proxy:1/a?b=${SECRET}#c`)).toBe('http://proxy:1/a');
  expect(placeOf('nonsense')).toBe('no URL');
});

describe('the tools', () => {
  const tool = (name: string, inputSchema: unknown, description = 'd') => ({ name, description, inputSchema }) as never;
  const none = { type: 'object', properties: {} };
  const object = (properties: object) => ({ type: 'object', properties });
  const told = async (name: string, schema: unknown) =>
    (await checkTools('s', [tool(name, schema)])).map(({ level, check, says, see }) => {
      expect([level, check]).toEqual(['note', 'tools']);
      expect(see).toMatch(/^https:\/\//);
      return says;
    });
  const ANY = 'Anthropic, OpenAI, Gemini, Mistral, hosts that speak as OpenAI';

  test('that every provider takes are told so', async () => {
    expect(await checkTools('s', [tool('fine', none)])).toEqual([
      { level: 'ok', check: 'tools', says: 'nothing is known that a model provider would refuse in 1 tools' },
    ]);
  });

  test.each<[name: string, schema: unknown, says: string[]]>([
    [
      'x'.repeat(62),
      none,
      [
        `Anthropic, OpenAI, Mistral, hosts that speak as OpenAI may refuse a name that is not [a-zA-Z0-9_-]+ or has more than 64 characters, with its server before it: ${'x'.repeat(62)}`,
        `Gemini may refuse a name that is not [a-zA-Z_][a-zA-Z0-9_.-]* or has more than 64 characters, with its server before it: ${'x'.repeat(62)}`,
      ],
    ],
    [
      'a.b',
      none,
      [
        'Anthropic, OpenAI, Mistral, hosts that speak as OpenAI may refuse a name that is not [a-zA-Z0-9_-]+ or has more than 64 characters, with its server before it: a.b',
      ],
    ],
    [
      'a',
      { type: 'object' },
      ['OpenAI, Gemini, hosts that speak as OpenAI may refuse arguments without "properties": a'],
    ],
    ['a', { ...none, type: 'string' }, [`${ANY} may refuse arguments that are no object: a`]],
    [
      'a',
      { ...none, allOf: [none] },
      [
        'Anthropic, OpenAI, Mistral, hosts that speak as OpenAI may refuse allOf at the top of the arguments: a',
        'Gemini, Mistral, hosts that speak as OpenAI may refuse allOf in the arguments: a',
      ],
    ],
    [
      'a',
      object({ l: { type: 'array' } }),
      ['OpenAI, Gemini, Mistral, hosts that speak as OpenAI may refuse an array that does not say what it holds: a'],
    ],
    [
      'a',
      object({ l: { $ref: '#' } }),
      ['Gemini, Mistral, hosts that speak as OpenAI may refuse $ref in the arguments: a'],
    ],
    [
      'a',
      object({ l: { type: 'string', const: 'x', pattern: 'x' }, m: { type: 'string', minLength: 1 } }),
      ['Gemini may refuse minLength, const, pattern in the arguments: a'],
    ],
  ])('%#: what some refuse is told with who they are', async (name, schema, says) => {
    expect((await told(name, schema)).sort()).toEqual([...says].sort());
  });

  test('each thing with where its refusal was recorded', async () => {
    const [found] = await checkTools('s', [tool('a', object({ l: { type: 'string', const: 'x' } }))]);
    expect(found?.see).toBe('https://github.com/zed-industries/zed/issues/45552');
  });

  test('all that profiles say was refused is found', async () => {
    for (const id of ['anthropic', 'openai-chat', 'openai-compatible', 'gemini', 'mistral']) {
      const { rejections } = await profileOf(id);
      // A name may begin as it likes: that of its server stands before it.
      for (const { tool: refused, source } of rejections.filter(({ finds }) => finds.code !== 'name')) {
        const found = await checkTools('s', [{ name: 'a', description: 'd', ...refused } as never]);
        expect(
          found.filter(({ level }) => level === 'note'),
          source,
        ).not.toEqual([]);
      }
    }
  });

  test('without a description', async () => {
    const many = Array.from({ length: 8 }, (_, at) => tool(`t${at}`, none, ' '));
    expect(await checkTools('s', many)).toEqual([
      {
        level: 'note',
        check: 'tools',
        says: 'without a description no model knows when to call: t0, t1, t2, t3, t4 and 3 more',
      },
    ]);
  });

  test('of a hostile server cost little and are told in bounds', async () => {
    const wide = object(Object.fromEntries(Array.from({ length: 200_000 }, (_, at) => [`k ${at}`, { $ref: 'x' }])));
    const odd = Array.from({ length: 2_000 }, (_, at) => tool(`t${at}`, { [`${at}${'k'.repeat(50)}`]: 1, ...none }));
    const found = await checkTools('s', [tool('wide', wide), ...odd]);
    expect(found.length).toBeLessThan(20);
    expect(JSON.stringify(found).length).toBeLessThan(10_000);
  });
});

test('variables that have a default, or are set, are no finding', () => {
  expect(checkVariables({ command: '${A} ${B:-b} ${env:C}' }, { A: '', C: 'c' })).toEqual([]);
});
