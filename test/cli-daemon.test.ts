/** Lines that the daemon runs: the same as those that run by themselves, with servers that stay. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuiltCli, buildCli } from './fixtures/cli/built.ts';
import { askingFixture, daemonWorld, type Ended, fixture } from './fixtures/cli/daemon-world.ts';
import { atTerminal, CTRL_C, ENTER } from './fixtures/cli/pty.ts';

const node = process.execPath;

let cli: BuiltCli;
beforeAll(() => {
  cli = buildCli('daemon');
});
afterAll(() => cli.remove());

const world = () => daemonWorld(cli.main);

/** Without what is another number each time: times and processes. */
const still = ({ code, out, err }: Ended): Ended => {
  const plain = (text: string): string =>
    text
      .replace(/\d+(\.\d+)? ms/g, 'N ms')
      .replace(/pid \d+/g, 'pid N')
      .replace(/("(?:durationMs|connectMs|pid|ms|lastUpdated)": )[\d.]+/g, '$1N')
      // A server that stays is asked for a sign of life after half a minute.
      .replace(/ *"lastHealthCheck": .*\n/, '');
  return { code, out: plain(out), err: plain(err) };
};

describe('a warm line prints what a cold one prints, byte for byte, and has its exit code', () => {
  const lines = [
    'call args a=1 b=two',
    'call args a=1 --json',
    'call adhoc.args --args - ',
    'call args({"a": "ä€😀"})',
    'call fail',
    'call fail --json --quiet',
    'call refuse',
    'call refuse --json',
    'call argz',
    'call pattern id=nonsense',
    'call pattern',
    'call big mib=3',
    'list',
    'list --json',
    'tools',
    'tools adhoc --json',
    'tools other',
    'search args',
    'resources',
    'prompts',
    'read demo://nothing',
    'prompt nothing',
    'complete adhoc.nothing a=b',
    'types',
    'ping',
    'status',
    'status --json',
    'call args a=1 --timeout none',
    'call args a=1 --no-color --server other',
  ];

  test('over a table of commands, failures included', async () => {
    const { run, warm, onFixture, report } = world();
    const input = '{"from": "stdin"}';
    for (const line of lines) {
      const words = [...line.trim().split(' '), ...onFixture];
      const [cold, hot] = [await run(words, { input }), await warm(words, { input })];
      expect.soft(still(hot), line).toEqual(still(cold));
    }
    // All of them had one server.
    const [daemon] = await report();
    expect(daemon?.toolkits).toHaveLength(1);
  }, 120_000);

  test('where no server can be had', async () => {
    const { run, warm, home } = world();
    writeFileSync(join(home, 'bad.json'), '{');
    for (const words of [
      ['call', 'x', '--stdio', 'no-such-program'],
      ['list', '--stdio', 'no-such-program', '--json'],
      ['call', 'x', '--stdio', `'${node}' -e 'console.error("last words"); process.exit(4)'`],
      ['call', 'x', '--url', 'http://127.0.0.1:1/mcp'],
      ['call', 'x', '--config', 'bad.json'],
      ['call', 'x', '--config', 'none.json'],
      ['call', 'x'],
      ['cal', 'x'],
      ['list'],
    ]) {
      const [cold, first, second] = [await run(words), await warm(words), await warm(words)];
      expect(still(first), words.join(' ')).toEqual(still(cold));
      expect(still(second), words.join(' ')).toEqual(still(cold));
    }
  }, 60_000);
});

describe('which server a line gets', () => {
  test('the next line finds the server that the last one has left', async () => {
    const { warm, onFixture, heard, report } = world();
    await warm(['call', 'args', 'a=1', ...onFixture]);
    await warm(['call', 'args', 'a=2', '-v', ...onFixture]);
    await warm(['call', 'args', 'a=3', '--timeout', '9000', ...onFixture]);
    await warm(['tools', ...onFixture]);
    expect(heard().filter(({ pid }) => pid !== undefined)).toHaveLength(1);
    expect(heard().filter(({ method }) => method === 'tools/call')).toHaveLength(3);
    expect(await report()).toMatchObject([{ lines: 0, toolkits: [{ servers: [{ state: 'connected' }] }] }]);
  });

  test('one that has died is started anew by the next line', async () => {
    const { warm, onFixture, heard } = world();
    expect((await warm(['call', 'die', ...onFixture])).code).toBe(8);
    expect(await warm(['call', 'args', ...onFixture])).toMatchObject({ code: 0, out: '{}\n' });
    expect(heard().filter(({ pid }) => pid !== undefined)).toHaveLength(2);
  });

  test('one that could not be started is tried anew by the next line', async () => {
    const { warm, home } = world();
    const words = ['call', 'args', '--stdio', join(home, 'late')];
    expect((await warm(words)).code).toBe(3);
    writeFileSync(join(home, 'late'), `#!/bin/sh\nexec '${node}' '${fixture}'\n`, { mode: 0o700 });
    expect(await warm(words)).toMatchObject({ code: 0, out: '{}\n' });
  });

  test('lines that name one server and lines that name none share it', async () => {
    const { warm, home, heard, log, report } = world();
    const one = { command: node, args: [fixture], env: { LOG: log } };
    writeFileSync(
      join(home, 'two.json'),
      JSON.stringify({ mcpServers: { one, two: { command: node, args: [fixture] } } }),
    );
    await warm(['call', 'one.args', '--config', 'two.json']);
    const [before] = await report();
    expect(before?.toolkits[0]?.servers.map(({ state }) => state)).toEqual(['connected', 'disconnected']);
    await warm(['list', '--config', 'two.json']);
    expect(heard().filter(({ pid }) => pid !== undefined)).toHaveLength(1);
    expect((await warm(['status', 'two', '--config', 'two.json'])).out).not.toContain('one');
  });

  test('another value of a variable is another server, and each line has its own', async () => {
    const { warm, home } = world();
    const show = `require('fs').appendFileSync('${join(home, 'values')}', process.env.KEY + process.env.LANG + '\\n')`;
    const servers = { s: { command: node, args: ['-r', `${home}/show.cjs`, fixture], env: { KEY: '${KEY:-none}' } } };
    writeFileSync(join(home, 'key'), 'from a file');
    writeFileSync(join(home, 'show.cjs'), show);
    writeFileSync(join(home, 'env.json'), JSON.stringify({ mcpServers: servers }));
    const words = ['call', 'args', '--config', 'env.json'];
    for (const more of [
      { KEY: 'a' },
      { KEY: 'b' },
      { KEY: 'a' },
      { KEY: 'a', LANG: 'de' },
      { KEY: 'a', OTHER: 'x' },
      {},
    ])
      expect((await warm(words, { more: more as Record<string, string> })).code).toBe(0);
    // A path that is relative to where the line is.
    servers.s.env.KEY = '${file:key}';
    writeFileSync(join(home, 'env.json'), JSON.stringify({ mcpServers: servers }));
    expect((await warm(words)).code).toBe(0);
    const values = ['aundefined', 'bundefined', 'ade', 'noneundefined', 'from a fileundefined'];
    expect(readFileSync(join(home, 'values'), 'utf8')).toBe(`${values.join('\n')}\n`);
  });

  test('a file that a definition refers to counts as it is now', async () => {
    const { warm, home, heard, log } = world();
    const env = { LOG: log, KEY: '${file:key}' };
    writeFileSync(join(home, 'f.json'), JSON.stringify({ mcpServers: { s: { command: node, args: [fixture], env } } }));
    for (const key of ['one', 'one', 'another']) {
      if (key !== 'one' || heard().length === 0) writeFileSync(join(home, 'key'), key);
      expect((await warm(['call', 'args', '--config', 'f.json'])).code).toBe(0);
    }
    expect(heard().filter(({ pid }) => pid !== undefined)).toHaveLength(2);
  });

  test('a line that names what only its own process has open runs there', async () => {
    const { onFixture, report, env, home } = world();
    const words = ['call', 'args', 'a=@/dev/stdin', '--keep-alive', ...onFixture].map((word) => `"${word}"`).join(' ');
    const line = `printf typed | '${node}' '${cli.main}' ${words}`;
    expect(spawnSync('sh', ['-c', line], { cwd: home, env, encoding: 'utf8' }).stdout).toBe('{"a":"typed"}\n');
    expect(await report()).toEqual([]);
  });

  test('programs are started where the line is, and another folder is another server', async () => {
    const { warm, home, report } = world();
    mkdirSync(join(home, 'a'));
    mkdirSync(join(home, 'b'));
    const code = `const out = (m) => console.log(JSON.stringify({ jsonrpc: '2.0', ...m })); require('readline').createInterface({ input: process.stdin }).on('line', (l) => { const { id, method, params } = JSON.parse(l); if (method === 'initialize') out({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'w', version: '1' } } }); else if (method === 'tools/list') out({ id, result: { tools: [{ name: 'where', inputSchema: { type: 'object' } }] } }); else if (method === 'tools/call') out({ id, result: { content: [{ type: 'text', text: process.cwd() }] } }); else if (id !== undefined) out({ id, error: { code: -32601, message: method } }); });`;
    writeFileSync(join(home, 'where.cjs'), code);
    const words = ['call', 'where', '--stdio', `'${node}' '${join(home, 'where.cjs')}'`];
    for (const folder of ['a', 'b', 'a'])
      expect((await warm(words, { cwd: join(home, folder) })).out).toBe(`${realpathSync(join(home, folder))}\n`);
    expect((await report())[0]?.toolkits).toHaveLength(2);
  });

  test('a file that was changed counts at once, and the server as it was is ended', async () => {
    const { warm, home, log, heard, report } = world();
    const write = (enabledTools: string[]) =>
      writeFileSync(
        join(home, 'c.json'),
        JSON.stringify({ mcpServers: { s: { command: node, args: [fixture], env: { LOG: log }, enabledTools } } }),
      );
    write(['args']);
    expect((await warm(['tools', '--config', 'c.json'])).out).toContain('s.args');
    write(['fail']);
    const { out } = await warm(['tools', '--config', 'c.json']);
    expect(out).toContain('s.fail');
    expect(out).not.toContain('s.args');
    expect(heard().filter(({ pid }) => pid !== undefined)).toHaveLength(2);
    expect((await report())[0]?.toolkits).toHaveLength(1);
  });

  test('a file that was found does not start a server before somebody has agreed', async () => {
    const { warm, run, home, log, heard } = world();
    writeFileSync(
      join(home, 'mcp.json'),
      JSON.stringify({ mcpServers: { s: { command: node, args: [fixture], env: { LOG: log } } } }),
    );
    expect((await warm(['call', 's.args'])).code).toBe(6);
    expect((await warm(['list'])).out).toContain('untrusted');
    expect(heard()).toEqual([]);
    expect((await run(['trust', 's', '--yes'])).code).toBe(0);
    expect((await warm(['call', 's.args'])).code).toBe(0);
    expect((await run(['trust', 's', '--revoke'])).code).toBe(0);
    expect((await warm(['call', 's.args'])).code).toBe(6);
  });

  test('in the environment it is said for every line, and taken back by one', async () => {
    const { run, onFixture, report } = world();
    const more = { TOOLWAY_KEEP_ALIVE: '1' };
    for (const [words, env] of [
      [['--no-keep-alive'], more],
      [[], { TOOLWAY_KEEP_ALIVE: '0' }],
    ] as const)
      expect((await run(['call', 'args', ...words, ...onFixture], { more: env })).code).toBe(0);
    expect(await report()).toEqual([]);
    expect((await run(['call', 'args', ...onFixture], { more })).code).toBe(0);
    expect(await report()).toHaveLength(1);
  });
});

describe('whose question it is', () => {
  const policy = { default: 'ask' };
  const asking = (era: string, { home, log }: { home: string; log: string }, more: object = {}): string[] => {
    const servers = { shop: { command: node, args: [askingFixture, cli.kit, era, log] } };
    writeFileSync(join(home, `${era}.json`), JSON.stringify({ mcpServers: servers, ...more }));
    return ['--config', `${era}.json`];
  };

  test.each(['legacy', 'modern'])('a form of a %s server is filled in at the terminal of its line', async (era) => {
    const { home, log, env, warm } = world();
    const on = asking(era, { home, log });
    const pty = atTerminal([node, cli.main, 'call', 'confirm', '--keep-alive', ...on], { cwd: home, env });
    await pty.see('Go on?');
    pty.type(`n${ENTER}`);
    await pty.see(/\[y\]es|send/i);
    pty.type(`y${ENTER}`);
    await pty.see('"action":"accept","content":{"ok":false}');
    expect(await pty.exit()).toBe(0);
    // Nobody is there to ask, though somebody was a moment ago.
    expect((await warm(['call', 'confirm', ...on])).out).toContain('"action":"cancel"');
    expect((await warm(['call', 'confirm', '--yes', ...on])).out).toContain('"ok":true');
  });

  test('two lines at once are asked each for its own call', async () => {
    const { home, log, env } = world();
    const on = asking('modern', { home, log });
    const command = [node, cli.main, 'call', 'confirm', '--keep-alive', ...on] as [string, ...string[]];
    const [a, b] = [0, 1].map(() => atTerminal(command, { cwd: home, env }));
    if (a === undefined || b === undefined) throw new Error('no terminal');
    await Promise.all([a.see('Go on?'), b.see('Go on?')]);
    b.type(CTRL_C);
    a.type(`n${ENTER}`);
    await a.see(/\[y\]es|send/i);
    a.type(`y${ENTER}`);
    await a.see('{"ok":false}');
    await b.see('"action":"cancel"');
    expect(await Promise.all([a.exit(), b.exit()])).toEqual([0, 0]);
  });

  test('what one line approves for good is asked of the next one', async () => {
    const { home, log, env, run, warm } = world();
    const on = asking('legacy', { home, log }, { policy });
    const pty = atTerminal([node, cli.main, 'call', 'slow', '--keep-alive', ...on], { cwd: home, env });
    await pty.see('[n]o: ');
    pty.type(`a${ENTER}`);
    await pty.see('slow is over');
    const words = ['call', 'slow', ...on];
    expect((await warm([...words, '--yes'])).code).toBe(0);
    const [cold, hot] = [await run(words), await warm(words)];
    expect(hot.code).toBe(6);
    expect(hot).toEqual(cold);
  });
});
