import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, folder } from '../../../test/fixtures/cli/world.ts';

const project = (servers: object, name = 'mcp.json', more: object = {}): string => {
  const cwd = realpathSync(folder());
  write(cwd, servers, name, more);
  return cwd;
};
const write = (cwd: string, servers: object, name = 'mcp.json', more: object = {}): void =>
  writeFileSync(join(cwd, name), JSON.stringify({ ...more, mcpServers: servers }));
const files = { tools: [{ name: 'list', inputSchema: { type: 'object' } }] };
const stateOf = async (cwd: string, name = 'a') => {
  const { json } = await cli(['list', '--json'], { cwd });
  return (json as { servers: { name: string; state: string }[] }).servers.find((server) => server.name === name)?.state;
};

describe('toolway trust', () => {
  test('shows what would be started and asks; what is agreed to is kept', async () => {
    const cwd = project({ a: { command: 'npx', args: ['-y', 'x y'], env: { A: '${HOME}', B: 'literal' } } });
    expect(await stateOf(cwd)).toBe('untrusted');
    const { code, err, out, options, asked } = await cli(['trust'], { cwd, typed: ['what?', '', 'y'] });
    expect([code, out, options]).toEqual([0, '', undefined]);
    expect(err.split('\n')).toEqual([
      `a  "${cwd}/mcp.json"`,
      '  starts    "npx" "-y" "x y"',
      `  in        "${cwd}"`,
      '  with      "A"="${HOME}"',
      '  with      "B"="literal"',
      '  is given  ${HOME}',
      'toolway: a is trusted',
      '',
    ]);
    expect(asked).toEqual(Array(3).fill('  Do you trust a? [y]es, [n]o: '));
    expect(await stateOf(cwd)).toBe('connected');
    expect((await cli(['trust'], { cwd })).err).toBe('toolway: nothing that was found here waits for your word\n');
  });

  test('whoever says no, or nothing, has agreed to nothing: exit 6', async () => {
    const cwd = project({ a: { command: 'x' }, b: { command: 'y' } });
    expect(await cli(['trust'], { cwd, typed: ['n', 'yes'] })).toMatchObject({
      code: 6,
      err: expect.stringContaining('toolway: b is trusted\ntoolway: not trusted: a\n'),
    });
    expect([await stateOf(cwd), await stateOf(cwd, 'b')]).toEqual(['untrusted', 'connected']);
    expect(await cli(['trust', 'a'], { cwd, typed: [] })).toMatchObject({ code: 6 });
    expect(await stateOf(cwd)).toBe('untrusted');
  });

  test('Ctrl-C ends it with 130; what was agreed to before stays so', async () => {
    const cwd = project({ a: { command: 'x' }, b: { command: 'y' } });
    const { code, err } = await cli(['trust'], { cwd, typed: ['y', { ended: 'interrupt' }] });
    expect([code, err]).toEqual([130, expect.stringContaining('toolway: cancelled\n')]);
    expect([await stateOf(cwd), await stateOf(cwd, 'b')]).toEqual(['connected', 'untrusted']);
  });

  test('without a terminal it says what to run, and agrees to nothing', async () => {
    const cwd = project({ a: { command: 'x', args: ['evil\u202e\u001b[2J'] } });
    const { code, out, err } = await cli(['trust', 'a'], { cwd });
    expect([code, out]).toEqual([6, '']);
    expect(err).toBe(
      `a  "${cwd}/mcp.json"\n  starts  "x" "evil\\u{202e}\\u{1b}[2J"\n  in      "${cwd}"\ntoolway: there is no terminal to ask at; whoever has read the above may run "toolway trust a --yes"\n`,
    );
    const { json, code: exit } = await cli(['trust', '--json'], { cwd });
    expect([exit, json]).toEqual([6, { error: expect.objectContaining({ code: 'denied', executed: 'no' }) }]);
    expect(await stateOf(cwd)).toBe('untrusted');
  });

  test('--yes agrees, and says to what', async () => {
    const cwd = project({
      a: {
        url: 'https://me:pa55word@h/mcp?api_key=qwertyuiop12',
        headers: { Authorization: 'Bearer s3cr3t-value ${T}', 'X-Mode': 'fast' },
      },
    });
    const { code, err } = await cli(['trust', 'a', '--yes'], { cwd });
    expect(code).toBe(0);
    expect(err).toContain('  connects to  "https://me:***@h/mcp?api_key=***"\n');
    expect(err).toContain('  header       "Authorization": "Bearer ***${T}"\n');
    expect(err).toContain('  header       "X-Mode": "fast"\n');
    expect(err).toContain('toolway: a is trusted from now on (--yes)\n');
    expect(err).not.toMatch(/pa55word|qwertyuiop12|s3cr3t/);
    expect(await stateOf(cwd)).toBe('connected');
    expect(readFileSync(join(cwd, '.state/trust.json'), 'utf8')).not.toMatch(/pa55word|qwertyuiop12|s3cr3t/);
  });

  test('as a document', async () => {
    const cwd = project({ a: { command: 'x' } });
    const { json } = await cli(['trust', '--yes', '--json'], { cwd });
    expect(json).toEqual({
      trust: [
        {
          name: 'a',
          file: join(cwd, 'mcp.json'),
          hash: expect.stringMatching(/^[0-9a-f]{64}$/),
          state: 'trusted',
          definition: { folder: cwd, server: { command: 'x' } },
        },
      ],
    });
    const listed = (await cli(['trust', '--list', '--json'], { cwd })).json;
    expect(listed).toEqual({
      trusted: [{ name: 'a', file: join(cwd, 'mcp.json'), hash: expect.any(String), at: expect.any(String) }],
    });
    expect((await cli(['trust', '--list'], { cwd })).out).toMatch(/^a {2}".*mcp\.json" {2}\d{4}-/);
  });

  test('--revoke takes it back, also of a definition that is not there any more', async () => {
    const cwd = project({ a: { command: 'x' }, b: { command: 'y' } });
    await cli(['trust', '--yes'], { cwd });
    write(cwd, { a: { command: 'other' }, b: { command: 'y' } });
    expect((await cli(['trust', 'a', '--revoke'], { cwd })).err).toBe('toolway: no longer trusted: a\n');
    write(cwd, { a: { command: 'x' }, b: { command: 'y' } });
    expect([await stateOf(cwd), await stateOf(cwd, 'b')]).toEqual(['untrusted', 'connected']);
    expect((await cli(['trust', '--revoke', '--json'], { cwd })).json).toMatchObject({ revoked: [{ name: 'b' }] });
    expect(await cli(['trust', '--revoke'], { cwd })).toMatchObject({
      code: 0,
      err: expect.stringContaining('nothing to take back'),
    });
  });

  test('a change of the definition is asked about again', async () => {
    const cwd = project({ a: { command: 'x', args: ['1'] } });
    await cli(['trust', '--yes'], { cwd });
    write(cwd, { a: { command: 'x', args: ['2'] } });
    expect(await stateOf(cwd)).toBe('untrusted');
    const { err } = await cli(['trust', 'a'], { cwd, typed: ['y'] });
    expect(err).toContain('\n  starts  "x" "2"\n');
    expect(await stateOf(cwd)).toBe('connected');
  });

  test('what a file says of all servers is agreed to under its name', async () => {
    const cwd = project({}, 'toolway.json', {
      policy: { default: 'allow' },
      defaults: { env: { 'A\u202e': '\u001b[2J' } },
    });
    const { err, code } = await cli(['trust', 'toolway.json'], { cwd, typed: ['y'] });
    expect(code).toBe(0);
    expect(err).toContain('  policy           {"default":"allow"}\n');
    expect(err).toContain('  defaults         {"env":{"A\\u{202e}":"\\u001b[2J"}}');
    expect((await cli(['list'], { cwd })).options?.policy).toEqual({ default: 'allow' });
  });

  test('by the name in the file, and unknown names are told', async () => {
    const cwd = project({ 'my server': { command: 'x' } });
    expect(await cli(['trust', 'my server', '--yes'], { cwd })).toMatchObject({ code: 0 });
    expect(await cli(['trust', 'mcp.jsn'], { cwd: project({}, 'mcp.json', { pins: 'off' }) })).toMatchObject({
      code: 2,
      err: 'toolway: there is no server "mcp.jsn"\nDid you mean: mcp.json\n',
    });
  });

  test('a list of agreements that is broken is an error that names it, and is left as it is', async () => {
    const cwd = project({ a: { command: 'x' } });
    await cli(['trust', '--yes'], { cwd });
    const path = join(cwd, '.state/trust.json');
    writeFileSync(path, '{"version": 1, ');
    const { code, err } = await cli(['trust', '--yes'], { cwd });
    expect([code, err]).toEqual([
      2,
      expect.stringContaining(`toolway: the list of what is trusted cannot be used: ${path}: `),
    ]);
    expect(readFileSync(path, 'utf8')).toBe('{"version": 1, ');
    const listed = await cli(['list', '--json'], { cwd });
    expect(listed.json).toMatchObject({ servers: [{ state: 'untrusted' }] });
    expect(listed.err).toContain('nothing is trusted until it is mended');
  });

  test('a letter of another alphabet is pointed out, and so is a host that is another one', async () => {
    const cwd = project({
      a: { command: 'nр\u0445', args: [] },
      b: { url: 'https://github.com\u2044x@evil.example/' },
    });
    const { err } = await cli(['trust'], { cwd });
    expect(err).toContain('  warning  "nр\u0445" has letters of other alphabets that look like "npx"\n');
    expect(err).toContain('its host is "evil.example"\n');
  });
});

describe('a command that needs a server which nobody agreed to', () => {
  test('asks at a terminal, and goes on', async () => {
    const cwd = project({ a: { command: 'x' }, b: { command: 'y' } });
    const outcome = await cli(['call', 'a.list'], { cwd, servers: { a: files }, typed: ['y'] });
    expect(outcome).toMatchObject({ code: 0, out: '{}\n', err: expect.stringContaining('\n  starts  "x"\n') });
    expect(outcome.options?.mcpServers?.a).toEqual({ command: 'x', maxRetries: 0 });
    expect([await stateOf(cwd), await stateOf(cwd, 'b')]).toEqual(['connected', 'untrusted']);
  });

  test('is refused when the answer is no: exit 6', async () => {
    const cwd = project({ a: { command: 'x' } });
    const outcome = await cli(['call', 'a.list'], { cwd, servers: { a: files }, typed: ['n'] });
    expect([outcome.code, outcome.calls]).toEqual([6, []]);
  });

  test('is cancelled at Ctrl-C: exit 130', async () => {
    const cwd = project({ a: { command: 'x' } });
    const { code, options } = await cli(['call', 'a.list'], { cwd, typed: [{ ended: 'interrupt' }] });
    expect([code, options]).toEqual([130, undefined]);
  });

  test('is refused without a terminal, by name of the command that agrees: exit 6', async () => {
    const cwd = project({ a: { command: 'x' } });
    const { code, err, calls } = await cli(['call', 'a.list'], { cwd, servers: { a: files } });
    expect([code, calls]).toEqual([6, []]);
    expect(err).toContain('"toolway trust" shows it and asks');
  });

  test('asks nothing where it is about many servers', async () => {
    const cwd = project({ a: { command: 'x' }, b: { command: 'y' } });
    for (const line of [['list'], ['status'], ['list', 'a']]) {
      expect((await cli(line, { cwd, typed: ['y'] })).asked).toEqual([]);
    }
    expect((await cli(['list', '--yes'], { cwd })).out).toMatch(/a {2}connected[\s\S]*b {2}connected/);
  });

  test('files that are named are trusted by being named', async () => {
    const cwd = project({ a: { command: 'x' } });
    const { options, code } = await cli(['call', 'a.list', '--config', 'mcp.json'], { cwd, servers: { a: files } });
    expect([code, options?.mcpServers?.a?.untrusted]).toEqual([0, undefined]);
    const adhoc = await cli(['call', 'list', '--stdio', 'x'], { cwd, servers: { adhoc: files } });
    expect(adhoc.code).toBe(0);
  });
});

test('tools are pinned in the state folder', async () => {
  const cwd = folder();
  mkdirSync(join(cwd, 's'));
  const { options } = await cli(['list', '--stdio', 'x'], { cwd, env: { TOOLWAY_STATE_DIR: join(cwd, 's') } });
  expect(options?.pinFile).toBe(join(cwd, 's/pins.json'));
});

test('where they are kept can be said by a file that is named', async () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'c.json'), '{"mcpServers": {"a": {"command": "x"}}, "pinFile": "here.json"}');
  for (const line of ['tools', 'trust a']) {
    const { options } = await cli([...line.split(' '), '--config', 'c.json'], { cwd });
    expect([line, options?.pinFile]).toEqual([line, join(cwd, 'here.json')]);
  }
});

test('the inputs of a server are asked for where its tools are looked at', async () => {
  const cwd = folder();
  const config = {
    inputs: [{ id: 'token', type: 'promptString', password: true }],
    mcpServers: { a: { command: 'x', env: { TOKEN: '${input:token}' } } },
  };
  writeFileSync(join(cwd, 'c.json'), JSON.stringify(config));
  const { asked, options } = await cli(['trust', 'a', '--config', 'c.json'], { cwd, typed: ['t'], tty: true });
  expect(asked).toEqual([expect.stringContaining('token')]);
  expect(await options?.onInput?.({ id: 'token', type: 'promptString' }, { server: 'a' })).toBe('t');
});
