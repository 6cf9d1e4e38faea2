import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, folder } from '../../../test/fixtures/cli/world.ts';

const project = (files: Record<string, string> = {}): string => {
  const cwd = realpathSync(folder());
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(cwd, name, '..'), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  return cwd;
};
const read = (cwd: string, name: string): string => readFileSync(join(cwd, name), 'utf8');

describe('toolway add', () => {
  test('makes a file where there is none, and what one adds oneself is trusted', async () => {
    const cwd = project();
    const argv = ['add', 'files', '--env', 'TOKEN', '--env', 'A=${B}=c', '--', 'npx', '-y', '--flag', 'a b'];
    expect(await cli(argv, { cwd })).toMatchObject({ code: 0, out: '', err: 'toolway: files is in ./toolway.yaml\n' });
    expect(read(cwd, 'toolway.yaml')).toBe(
      'mcpServers:\n  files:\n    command: npx\n    args: ["-y", "--flag", "a b"]\n    env:\n      TOKEN: "${TOKEN}"\n      A: "${B}=c"\n',
    );
    const { out } = await cli(['list'], { cwd });
    expect(out).toContain('files  connected');
  });

  test('goes into the file that is there, as its neighbours are written', async () => {
    const before = '{\n    // mine\n    "mcpServers": {\n        "a": { "command": "x" } // first\n    }\n}\n';
    const cwd = project({ 'mcp.json': before });
    await cli(['add', 'b', '--url', 'https://h/mcp', '--header', 'Authorization: Bearer ${TOKEN}'], { cwd });
    expect(read(cwd, 'mcp.json')).toBe(
      '{\n    // mine\n    "mcpServers": {\n        "a": { "command": "x" }, // first\n        "b": {\n            "url": "https://h/mcp",\n            "headers": {\n                "Authorization": "Bearer ${TOKEN}"\n            }\n        }\n    }\n}\n',
    );
    // Whoever adds one server has agreed to no other.
    const { json } = await cli(['list', '--json'], { cwd });
    expect(json).toMatchObject({
      servers: [
        { name: 'a', state: 'untrusted' },
        { name: 'b', state: 'connected' },
      ],
    });
    expect(await cli(['remove', 'b'], { cwd })).toMatchObject({
      code: 0,
      err: 'toolway: b is no longer in ./mcp.json\n',
    });
    expect(read(cwd, 'mcp.json')).toBe(before);
  });

  test.each<[string[], string]>([
    [['add', 'a', '--', 'y'], './mcp.json has a server "a" already; --force puts this one in its place'],
    [['add', 'my server', '--', 'y'], '"my server" cannot be the name of a server; "my-server-1d33" can'],
    [['add', 'b'], 'a server is given by one of --url URL, --stdio "COMMAND ARGS", or -- COMMAND ARGS'],
    [['add', 'b', '--url', 'http://h', '--stdio', 'x'], 'a server is given by one of'],
    [['add', 'b', '--url', 'ftp://h'], '/mcpServers/b: has a url of the scheme ftp:, not http(s) or ws(s)'],
    [['add', 'b', '--url', 'http://h', '--env', 'A=b'], '--env needs a command'],
    [['add', 'b', '--header', 'a:b', '--', 'x'], '--header and --transport need --url'],
    [['add', 'b', '--url', 'http://h', '--transport', 'pigeon'], '--transport must be http, sse or ws, not "pigeon"'],
    [['add', 'b', '--url', 'http://h', '--header', 'x'], '--header "x" is not name:value'],
  ])('%j is refused with exit 2, and changes nothing', async (argv, message) => {
    const text = '{"mcpServers": {"a": {"command": "x"}}}';
    const cwd = project({ 'mcp.json': text });
    const { code, err, out } = await cli(argv, { cwd });
    expect([code, out]).toEqual([2, '']);
    expect(err.replace(/-[0-9a-f]{4}"/, '-1d33"')).toContain(`toolway: ${message}`);
    expect(read(cwd, 'mcp.json')).toBe(text);
  });

  test('--force replaces, --dry-run shows and changes nothing, --json says what was done', async () => {
    const cwd = project({ 'toolway.toml': '[mcpServers.a]\ncommand = "x"\n' });
    const trial = await cli(['add', 'a', '--force', '--dry-run', '--', 'y'], { cwd });
    expect([trial.code, trial.out]).toEqual([0, '- command = "x"\n+ command = "y"\n']);
    expect(read(cwd, 'toolway.toml')).toContain('"x"');
    const { json } = await cli(['add', 'a', '--force', '--json', '--', 'y'], { cwd });
    expect(json).toEqual({ file: join(cwd, 'toolway.toml'), name: 'a', server: { command: 'y' }, written: true });
    expect(read(cwd, 'toolway.toml')).toBe('[mcpServers.a]\ncommand = "y"\n');
  });

  test('points at a secret that is written out', async () => {
    const cwd = project();
    const { err } = await cli(['add', 'a', '--env', 'API_KEY=sk-1234567890', '--', 'x'], { cwd });
    expect(err).toContain('a: env.API_KEY holds a secret in plain text; ${VARIABLE}, ${file:path} or ${keychain:name}');
    expect(err).not.toContain('sk-1234567890');
    expect(read(cwd, 'toolway.yaml')).toContain('sk-1234567890');
  });

  test.each<[string, string, string]>([
    ['.cursor/mcp.json', '{}', '{"mcpServers":{"a":{"url":"https://h/"}}}'],
    ['.vscode/mcp.json', '{}', '{"servers":{"a":{"type":"http","url":"https://h/"}}}'],
    ['.gemini/settings.json', '{"theme": "x"}', '{"theme":"x","mcpServers":{"a":{"httpUrl":"https://h/"}}}'],
    ['windsurf/mcp_config.json', '{}', '{"mcpServers":{"a":{"serverUrl":"https://h/"}}}'],
    ['zed/settings.json', '{}', '{"context_servers":{"a":{"url":"https://h/"}}}'],
  ])('into %s in the words of its host', async (file, before, after) => {
    const cwd = project({ [file]: before });
    await cli(['add', 'a', '--url', 'https://h/', '--file', file], { cwd });
    expect(JSON.stringify(JSON.parse(read(cwd, file)))).toBe(after);
  });
});

describe('toolway remove', () => {
  test('by name or alias, and from the file of the user too', async () => {
    const cwd = project({
      'mcp.json': '{"mcpServers": {"my server": {"command": "x"}}}',
      'toolway/config.yaml': 'mcpServers:\n  mine:\n    command: x\n',
    });
    const { json } = await cli(['list', '--json'], { cwd });
    const alias =
      (json as { servers: { name: string }[] }).servers.find(({ name }) => name.startsWith('my-'))?.name ?? '';
    expect((await cli(['remove', alias], { cwd })).code).toBe(0);
    expect(read(cwd, 'mcp.json')).toBe('{"mcpServers": {}}');
    expect(await cli(['remove', 'mine', '--json'], { cwd })).toMatchObject({
      code: 0,
      json: { name: 'mine', written: true },
    });
    expect(read(cwd, 'toolway/config.yaml')).toBe('mcpServers: {}\n');
  });

  test('is refused where the name is unknown, or in two files', async () => {
    const text = '{"mcpServers": {"files": {"command": "x"}}}';
    const cwd = project({ 'mcp.json': text, '.mcp.json': text });
    const { code, err } = await cli(['remove', 'fils'], { cwd });
    expect([code, err]).toEqual([
      2,
      'toolway: there is no server "fils" in ./mcp.json, ./.mcp.json\nDid you mean: files\n',
    ]);
    expect((await cli(['remove', 'files'], { cwd })).err).toContain(
      '"files" is in ./mcp.json and ./.mcp.json; --file says which one is meant',
    );
    expect(await cli(['remove', 'files', '--file', '.mcp.json'], { cwd })).toMatchObject({ code: 0 });
    expect([read(cwd, 'mcp.json'), read(cwd, '.mcp.json')]).toEqual([text, '{"mcpServers": {}}']);
  });

  test('--dry-run shows hostile lines without obeying them', async () => {
    const cwd = project({ 'toolway.yaml': 'mcpServers:\n  a:\n    command: "\u202ex\u009b2J"\n  b: { command: y }\n' });
    const { out } = await cli(['remove', 'b', '--dry-run'], { cwd });
    expect(out).toBe('-   b: { command: y }\n');
    writeFileSync(join(cwd, 'toolway.yaml'), 'mcpServers:\n  a:\n    command: "\u202ex"\n  b: { command: y }\n');
    expect((await cli(['remove', 'a', '--dry-run'], { cwd })).out).toBe('-   a:\n-     command: "\\u{202e}x"\n');
  });
});

describe('toolway import', () => {
  const cursor = JSON.stringify({
    mcpServers: {
      github: {
        command: 'npx',
        args: ['-y', 'gh', '--token=abcdef123456'],
        env: { GITHUB_TOKEN: 'ghp_0123456789', MODE: '${env:MODE}' },
      },
      'evil\u202e': { command: 'sh', args: ['-c', '\u001b[2Jx'] },
      broken: { command: 'x', args: 5 },
    },
  });
  const vscode = `{
  // what VS Code asks for
  "inputs": [{ "id": "my-key", "type": "promptString", "description": "The key", "password": true }],
  "servers": { "search": { "type": "http", "url": "https://h/mcp", "headers": { "X-Key": "\${input:my-key}" } }, "github": { "command": "docker" } }
}`;
  const home = () => {
    const cwd = project({
      '.cursor/mcp.json': cursor,
      '.vscode/mcp.json': vscode,
      'home/.codex/config.toml': '[mcp_servers.c]\ncommand = "c"\ntool_timeout_sec = 5\n',
    });
    return { cwd, env: { HOME: join(cwd, 'home') } };
  };

  test('shows what there is, and takes nothing that nobody asked for', async () => {
    const world = home();
    const { code, out, err } = await cli(['import'], world);
    expect(code).toBe(0);
    expect(out).toContain(
      `Cursor  "${world.cwd}/.cursor/mcp.json"\n  github\n    starts    "npx" "-y" "gh" "--token=***"\n`,
    );
    expect(out).toContain('    with      "GITHUB_TOKEN"="***"\n    with      "MODE"="${env:MODE}"\n');
    expect(out).toContain('    a secret stands in plain text in env.GITHUB_TOKEN, args\n');
    expect(out).toContain('in the file: "evil\\u{202e}"');
    expect(out).toContain('"sh" "-c" "\\u{1b}[2Jx"');
    expect(out).toContain('/mcpServers/broken/args: must be a list of strings');
    expect(out).toContain('the host asks for my-key (The key); here it is the variable TOOLWAY_INPUT_MY_KEY');
    expect(out).toContain('Codex');
    for (const unwanted of ['ghp_', 'abcdef', '\u202e', '\u001b']) expect(out + err).not.toContain(unwanted);
    expect(err).toContain('nothing was taken; --server NAME (repeatable) or --all says what is');
    expect(() => read(world.cwd, 'toolway.yaml')).toThrow();
  });

  test('takes what is named, secrets as they are, and what it takes is trusted', async () => {
    const world = home();
    const { code, err } = await cli(['import', '--server', 'github', '--server', 'search', '--server', 'c'], world);
    expect(code).toBe(0);
    expect(err).toContain('toolway: taken into ./toolway.yaml: github, search, c\n');
    expect(err).toContain('github: env.GITHUB_TOKEN, args in plain text');
    expect(read(world.cwd, 'toolway.yaml')).toBe(
      `mcpServers:
  github:
    command: npx
    args: ["-y", gh, "--token=abcdef123456"]
    env:
      GITHUB_TOKEN: ghp_0123456789
      MODE: "\${env:MODE}"
  search:
    transport: http
    url: "https://h/mcp"
    headers:
      X-Key: "\${TOOLWAY_INPUT_MY_KEY}"
  c:
    command: c
    timeoutMs: 5000
`,
    );
    const { json } = await cli(['list', '--json'], world);
    expect((json as { servers: { state: string }[] }).servers.map(({ state }) => state)).toEqual(
      Array(3).fill('connected'),
    );
  });

  test('--all takes all that can be used; one that is there already stays unless --force', async () => {
    const world = home();
    const own = 'mcpServers:\n  github:\n    command: mine # really\n';
    writeFileSync(join(world.cwd, 'toolway.yaml'), own);
    const first = await cli(['import', 'cursor', '--all'], world);
    expect(first.err).toContain('github was left out: is there already; --force puts this one in its place');
    expect(read(world.cwd, 'toolway.yaml')).toMatch(
      /^mcpServers:\n {2}github:\n {4}command: mine # really\n {2}evil-[0-9a-f]{4}:\n/,
    );
    await cli(['import', 'cursor', '--server', 'github', '--force'], world);
    expect(read(world.cwd, 'toolway.yaml')).toContain('  github:\n    command: npx\n');
  });

  test('of two files that differ the first one is taken, and it is said', async () => {
    const world = home();
    const { json } = await cli(['import', '--all', '--dry-run', '--json'], world);
    expect(json).toMatchObject({
      imported: expect.arrayContaining(['github', 'search', 'c']),
      skipped: [{ name: 'github', reason: expect.stringContaining('another file has a different one') }],
      written: false,
    });
    expect(JSON.stringify(json)).not.toMatch(/ghp_|abcdef/);
    expect(() => read(world.cwd, 'toolway.yaml')).toThrow();
  });

  test('asks at a terminal which ones', async () => {
    const world = home();
    const { err, asked } = await cli(['import', 'vscode'], { ...world, typed: ['serch', 'search'] });
    expect(asked).toHaveLength(2);
    expect(err).toContain('no file has a server "serch"');
    expect(err).toContain('taken into ./toolway.yaml: search');
    expect((await cli(['import', 'vscode', '--to', 'x.json'], { ...world, typed: [''] })).err).toContain(
      'nothing was taken',
    );
    const interrupted = await cli(['import', 'vscode'], { ...world, typed: [{ ended: 'interrupt' }] });
    expect([interrupted.code, interrupted.err]).toEqual([130, 'toolway: cancelled\n']);
  });

  test('hosts are known by name; a file will do as well', async () => {
    const world = home();
    const wrong = await cli(['import', 'cusor'], world);
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('only claude-desktop, claude-code, cursor')]);
    writeFileSync(join(world.cwd, 'other.json'), '{ broken');
    expect((await cli(['import', './other.json'], world)).out).toContain('cannot be read: ');
    expect((await cli(['import', 'kiro'], world)).err).toBe('toolway: no file of another host was found\n');
    expect(await cli(['import', '--server', 'broken'], world)).toMatchObject({
      code: 2,
      err: expect.stringContaining('broken cannot be used'),
    });
  });

  test('into the file of another host, in its words', async () => {
    const world = home();
    await cli(['import', 'vscode', '--server', 'search', '--to', '.gemini/settings.json'], world);
    expect(JSON.parse(read(world.cwd, '.gemini/settings.json'))).toEqual({
      mcpServers: { search: { httpUrl: 'https://h/mcp', headers: { 'X-Key': '${TOOLWAY_INPUT_MY_KEY}' } } },
    });
  });
});
