/** The command line as a person uses it: at a real terminal, key by key, before servers that nobody should trust. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type BuiltCli, buildCli } from './fixtures/cli/built.ts';
import { atTerminal, CTRL_C, CTRL_D, ENTER, type Pty, TAB } from './fixtures/cli/pty.ts';

const fixture = fileURLToPath(new URL('fixtures/cli/terminal-server.js', import.meta.url));
const node = process.execPath;

let cli: BuiltCli;
let home = '';
let log = '';
beforeAll(() => {
  cli = buildCli('terminal');
});
afterAll(() => cli.remove());
beforeEach(({ onTestFinished }) => {
  home = mkdtempSync(join(tmpdir(), 'toolway-terminal-'));
  log = join(home, 'log');
  const made = home;
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
});

const environment = (more: Record<string, string> = {}): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  HOME: home,
  TERM: 'xterm-256color',
  ...more,
});
const start = (argv: string[], { era = 'legacy', env = {} as Record<string, string>, columns = 100 } = {}): Pty => {
  const config = join(home, 'servers.json');
  writeFileSync(
    config,
    JSON.stringify({ mcpServers: { shop: { command: node, args: [fixture, cli.kit, era, log] } } }),
  );
  return atTerminal([node, cli.main, ...argv, '--config', config], { cwd: home, env: environment(env), columns });
};
const heard = (): string[] => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : []);

/** Escape sequences that a line editor, colours and a progress line use; everything else that begins with ESC came from the server. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const OURS = /\x1b\[(\d+[ABCDGK]|[JK]|\d*[JKm]|1;1H|\?2004[hl])/g;
/** True where nothing of a server could have moved, hidden, or stolen anything. */
const harmless = (text: string): void => {
  const rest = text.replace(OURS, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  expect(rest.match(/[\x00-\x06\x07\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u200b]/g) ?? []).toEqual([]);
  expect(text).not.toContain('\x1b[2J');
  expect(text).not.toContain('\rfake>');
};

const shell = async (options: Parameters<typeof start>[1] = {}, argv: string[] = []): Promise<Pty> => {
  const pty = start(['shell', ...argv], options);
  await pty.see('toolway> ');
  // The first line waits until the server is there.
  pty.type(`ping${ENTER}`);
  await pty.see(/shop.* ms[\s\S]*toolway> /);
  return pty;
};
const run = async (pty: Pty, line: string): Promise<string> => {
  pty.type(line + ENTER);
  return pty.see(/\r\n[\s\S]*toolway> /);
};

describe('the shell', () => {
  test('runs the commands of the command line, and a tool alone is a call', async () => {
    const pty = await shell();
    expect(await run(pty, 'greet name=Ann tone=formal')).toContain('hello {"name":"Ann","tone":"formal","loud":false}');
    expect(await run(pty, 'shop.greet(name: "A B", loud: true)')).toContain('"name":"A B","loud":true');
    expect(await run(pty, `call greet {"name": "it's"}`)).toContain(`{"name":"it's","loud":false}`);
    expect(await run(pty, 'status')).toMatch(/shop.*connected/);
    expect(await run(pty, 'last')).toMatch(/shop\.greet.*ok.* ms[\s\S]*shop\.greet/);
    expect(await run(pty, 'geret name=x')).toContain('Did you mean: greet');
    expect(await run(pty, 'greet nmae=x')).toContain('nmae (did you mean name?)');
    expect(await run(pty, 'lsit')).toContain('Did you mean: list');
    expect(await run(pty, 'help call')).toContain('toolway call files.read_text_file');
    expect(await run(pty, 'help')).toContain('history [N]');
    expect(await run(pty, 'evil')).toContain('begin');
    expect(await run(pty, 'fail')).toContain('the tool answered with an error');
    expect(await run(pty, 'tools')).toContain('shop.greet(name: string');
    expect(await run(pty, 'prompts')).toContain('shop.letter(to, tone?)');
    expect(await run(pty, 'prompt letter to=Ann tone=x')).toContain('Dear Ann, x');
    expect(await run(pty, 'read demo://items/cups/7')).toContain('demo://items/cups/7');
    expect(await run(pty, 'shell')).toContain('makes no sense inside of the shell');
    expect(await run(pty, 'list --header "a: b"')).toContain('belongs to the line that starts the shell');
    harmless(pty.all);
    pty.type(`quit${ENTER}`);
    expect(await pty.exit()).toBe(0);
  });

  test('completes commands, tools, arguments and values, and what only the server knows', async () => {
    const pty = await shell();
    const after = async (typed: string, completed: string): Promise<void> => {
      pty.type(typed);
      await pty.see(typed);
      pty.type(TAB);
      await pty.see(completed);
      pty.type(CTRL_C);
      await pty.see('toolway> ');
    };
    await after('stat', 'us ');
    await after('call shop.gr', 'eet ');
    await after('gre', 'et ');
    await after('call shop.greet na', 'me=');
    await after('shop.greet lo', 'ud=');
    await after('greet tone=fr', 'iendly ');
    await after('greet tone=form', 'al ');
    await after('greet loud=t', 'rue ');
    await after('ping s', 'hop ');
    await after('prompt shop.le', 'tter ');
    await after('prompt shop.letter to=b', 'erta ');
    await after('read demo://cl', 'ock ');
    await after('read demo://items/cups/', 'cups-');
    await after('call greet --max', '-output ');
  });

  test('lists candidates at the second Tab, and of a server only what can be shown', async () => {
    const pty = await shell();
    pty.type('greet to');
    await pty.see('greet to');
    pty.type(TAB);
    await pty.see('ne=');
    pty.type(TAB);
    const shown = await pty.see(/friendly[\s\S]*toolway> greet tone=/);
    expect(shown).toContain("tone='for ever'");
    expect(shown).toContain("tone='$(touch pwned)'");
    expect(shown).not.toContain('bad');
    harmless(shown);
  });

  test('keeps its history for the next one, with nothing that looks like a secret, for this user alone', async () => {
    const state = join(home, 'state');
    const env = { TOOLWAY_STATE_DIR: state };
    const pty = await shell({ env });
    await run(pty, 'greet name=first');
    await run(pty, 'greet token=abc name=x');
    await run(pty, 'list --header "Authorization: Bearer xyz"');
    await run(pty, ' greet name=quiet');
    pty.type(CTRL_D);
    expect(await pty.exit()).toBe(0);
    const file = join(state, 'shell-history');
    expect(readFileSync(file, 'utf8')).toBe('ping\ngreet name=first\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(state).mode & 0o777).toBe(0o700);

    const next = start(['shell'], { env });
    await next.see('toolway> ');
    next.type('\x1b[A');
    await next.see('greet name=first');
    next.type(ENTER);
    await next.see('hello {"name":"first"');
    next.type(`history${ENTER}`);
    await next.see(/ping\r\ngreet name=first\r\nhistory\r\n/);
  });

  test('Ctrl-C cancels what runs, on the server too, and not the shell', async () => {
    const pty = await shell();
    pty.type(`hang${ENTER}`);
    await pty.see(/. shop\.hang \d+ s/);
    pty.type(CTRL_C);
    await pty.see(/cancelled[\s\S]*toolway> /);
    expect(await run(pty, 'greet name=still')).toContain('still');
    expect(heard()).toEqual(['hang', 'cancelled']);
    expect(await run(pty, 'last')).toMatch(/shop\.hang.*cancelled/);
  });

  test('a line is dropped by Ctrl-C; at an empty one the second ends, as Ctrl-D does', async () => {
    const pty = await shell();
    pty.type('greet nam');
    await pty.see('greet nam');
    pty.type(CTRL_C);
    await pty.see('toolway> ');
    pty.type(CTRL_C);
    await pty.see(/To leave[\s\S]*toolway> /);
    pty.type(CTRL_C);
    expect(await pty.exit()).toBe(0);

    const other = await shell();
    other.type(CTRL_D);
    expect(await other.exit()).toBe(0);
  });

  test('what servers tell stands above the line that is being typed, which stays', async () => {
    const pty = await shell();
    await run(pty, 'change');
    pty.type('greet na');
    const shown = await pty.see(/its tools have changed[\s\S]*toolway> greet na/);
    harmless(shown);
    pty.type(`me=kept${ENTER}`);
    await pty.see('hello {"name":"kept"');
    await pty.see('toolway> ');
    pty.type('adde');
    await pty.see('adde');
    pty.type(TAB);
    await pty.see('d ');
  });

  test('a server that is lost is told of, and is connected again', async () => {
    const pty = await shell();
    pty.type(`die${ENTER}`);
    await pty.see('shop: disconnected');
    await pty.see(/shop: connected again[\s\S]*toolway> /);
    expect(await run(pty, 'greet name=back')).toContain('back');
  });

  test('lines pasted at once are run one after the other', async () => {
    const pty = await shell();
    pty.type(`greet name=one${ENTER}greet name=two${ENTER}quit${ENTER}`);
    await pty.see('hello {"name":"one"');
    await pty.see('hello {"name":"two"');
    expect(await pty.exit()).toBe(0);
  });
});

describe('a question of a server', () => {
  const answering = (argv: string[] = [], options: Parameters<typeof start>[1] = {}): Pty =>
    start(['call', 'ask', ...argv], options);

  test.each(['legacy', 'modern'])('is a form that is filled in field by field (%s)', async (era) => {
    const pty = answering([], { era });
    await pty.see('shop asks for input (in ask):');
    await pty.see('What would you like?');
    await pty.see('name (text, at least 2 characters): ');
    pty.type(`A${ENTER}`);
    await pty.see('name has fewer than 2 characters');
    pty.type(ENTER);
    await pty.see('name is required');
    pty.type(`Ann${ENTER}`);
    await pty.see(/1\) Small \(s\)[\s\S]*3\) Large[\s\S]*size \(one of these\): /);
    pty.type(`9${ENTER}`);
    await pty.see('size is none of the options');
    pty.type(`2${ENTER}`);
    await pty.see('extras (some of these, with commas, optional): ');
    pty.type(`1,sleeve${ENTER}`);
    await pty.see('sugar (y/n, optional) [yes]: ');
    pty.type(`maybe${ENTER}`);
    await pty.see('sugar is not true or false');
    pty.type(`n${ENTER}`);
    await pty.see('cups (whole number, 1 to 5, optional) [1]: ');
    pty.type(`2.5${ENTER}`);
    await pty.see('cups is not a whole number');
    pty.type(ENTER);
    await pty.see('note (text, optional): ');
    pty.type(ENTER);
    await pty.see(/name: Ann[\s\S]*size: m[\s\S]*extras: lid, sleeve[\s\S]*Send this/);
    pty.type(`y${ENTER}`);
    const content = { name: 'Ann', size: 'm', extras: ['lid', 'sleeve'], sugar: false, cups: 1 };
    await pty.see(JSON.stringify({ action: 'accept', content }));
    expect(await pty.exit()).toBe(0);
    harmless(pty.all);
  });

  test.each([
    ['Ctrl-C cancels it', CTRL_C, 'cancel'],
    ['Ctrl-D declines it', CTRL_D, 'decline'],
  ])('%s, and the call goes on', async (_, key, action) => {
    const pty = answering();
    await pty.see('name (text');
    pty.type(key);
    await pty.see(`{"action":"${action}"}`);
    expect(await pty.exit()).toBe(0);
  });

  test('can be edited before it is sent, and declined at the end', async () => {
    const pty = start(['call', 'confirm']);
    await pty.see('ok (y/n, optional) [yes]: ');
    pty.type(ENTER);
    await pty.see('Send this? [y]es, [e]dit, [n]o: ');
    pty.type(`e${ENTER}`);
    await pty.see('ok (y/n, optional) [yes]: ');
    pty.type(`n${ENTER}`);
    await pty.see(/ok: no[\s\S]*Send this/);
    pty.type(`n${ENTER}`);
    await pty.see('{"action":"decline"}');
  });

  test('is asked in the shell as well, and its answers are not in the history', async () => {
    const pty = await shell();
    pty.type(`confirm${ENTER}`);
    await pty.see('ok (y/n, optional) [yes]: ');
    pty.type(`y${ENTER}`);
    await pty.see('Send this');
    pty.type(`y${ENTER}`);
    await pty.see(/"action":"accept"[\s\S]*toolway> /);
    expect(await run(pty, 'history')).toMatch(/ping\r+\nconfirm\r+\nhistory\r+\n/);
  });

  test('with --yes is answered with its defaults where everything needed has one', async () => {
    const pty = start(['call', 'confirm', '--yes']);
    await pty.see('answered with its defaults (--yes)');
    await pty.see('{"action":"accept","content":{"ok":true}}');
    const other = answering(['--yes']);
    await other.see('name (text');
    other.type(CTRL_C);
    await other.see('{"action":"cancel"}');
  });

  test('for a page shows all of its URL and its host, and opens nothing without asking', async () => {
    const bin = join(home, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'xdg-open'), `#!/bin/sh\nprintf '%s\\n' "$@" >> '${join(home, 'opened')}'\n`, {
      mode: 0o755,
    });
    const env = { PATH: `${bin}:${process.env.PATH}` };
    const pty = start(['call', 'visit'], { env });
    await pty.see('shop asks you to visit a page');
    await pty.see('http://xn--pple-43d.example:8080/pay?a=%1B[2J&b=$(id)');
    await pty.see('host: ');
    await pty.see('xn--pple-43d.example:8080');
    await pty.see('not encrypted');
    await pty.see('other letters than it looks');
    pty.type(ENTER);
    await pty.see('[d]ecline? ');
    expect(existsSync(join(home, 'opened'))).toBe(false);
    pty.type(`o${ENTER}`);
    await pty.see('{"action":"accept"}');
    expect(await pty.exit()).toBe(0);
    expect(readFileSync(join(home, 'opened'), 'utf8')).toBe('http://xn--pple-43d.example:8080/pay?a=%1B[2J&b=$(id)\n');
    harmless(pty.all);
  });

  test.each([
    ['v', 'accept'],
    ['d', 'decline'],
    [CTRL_C, 'cancel'],
  ])('for a page: %j is %s', async (key, action) => {
    const pty = start(['call', 'visit']);
    await pty.see('[d]ecline? ');
    pty.type(key === CTRL_C ? key : key + ENTER);
    await pty.see(`{"action":"${action}"}`);
  });
});

describe('a call', () => {
  test('shows how far it is, how fast and how long it takes', async () => {
    const pty = start(['call', 'steps', 'n=8', 'ms=250']);
    await pty.see(/\[#####-+\] {2}25 % 2\/8 step 2/);
    await pty.see(/[34]\.\d\/s 1 s left step 5/);
    const shown = await pty.see('all steps done');
    expect(shown).toContain('\r\x1b[2K');
    expect(await pty.exit()).toBe(0);
    harmless(pty.all.replaceAll('\x1b[2K', ''));
  });

  test('shows that it runs, and for how long, where the server says nothing', async () => {
    const pty = start(['call', 'slow']);
    await pty.see(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] shop\.slow \d s/);
    expect(await pty.see('slow is over')).toContain('\r\x1b[2K');
  });

  test('Ctrl-C cancels it on the server and exits 130', async () => {
    const pty = start(['call', 'hang']);
    await pty.see(/shop\.hang \d s/);
    pty.type(CTRL_C);
    expect(await pty.exit()).toBe(130);
    await expect.poll(heard).toEqual(['hang', 'cancelled']);
  });

  test('shows rows as a table, as wide as the terminal, and harmless', async () => {
    const pty = start(['call', 'rows', '--no-color'], { columns: 40 });
    await pty.see(/id {2}name\r+\n 1 {2}one\r+\n20 {2}two/);
    expect(await pty.exit()).toBe(0);
    harmless(pty.all);
  });

  test('asks where the policy says so: once, always in this session, or not', async () => {
    const policy = { default: 'allow', rules: [{ tool: 'greet', action: 'ask', reason: 'greetings matter' }] };
    const config = join(home, 'asking.json');
    writeFileSync(config, JSON.stringify({ mcpServers: {}, policy }));
    const pty = await shell({}, ['--config', config]);
    pty.type(`greet {"name": "a\\u001b[2Jb"}${ENTER}`);
    await pty.see('May shop.greet be called?');
    await pty.see('greetings matter');
    await pty.see('"name": "a\\u001b[2Jb"');
    pty.type(`n${ENTER}`);
    await pty.see(/denied|said no/);
    await pty.see('toolway> ');
    pty.type(`greet name=b${ENTER}`);
    await pty.see('[n]o: ');
    pty.type(`a${ENTER}`);
    await pty.see('hello {"name":"b"');
    await pty.see('toolway> ');
    expect(await run(pty, 'greet name=c')).toContain('hello {"name":"c"');
    harmless(pty.all);
  });

  test('for which the policy asks is approved by --yes', async () => {
    const config = join(home, 'asking.json');
    writeFileSync(config, JSON.stringify({ mcpServers: {}, policy: { default: 'ask' } }));
    const pty = start(['call', 'greet', 'name=x', '--yes', '--config', config]);
    await pty.see('hello {"name":"x"');
  });
});

describe('a watch', () => {
  const ticking = (): string[] => ['--stdio', `'${node}' '${fixture}' '${cli.kit}' legacy '${log}' ticks`];

  test('prints a line for each update, until Ctrl-C', async () => {
    const pty = atTerminal([node, cli.main, 'watch', 'demo://clock', ...ticking()], { cwd: home, env: environment() });
    await pty.see('watching demo://clock');
    await pty.see(/Z {2}adhoc {2}demo:\/\/clock[\s\S]*Z {2}adhoc {2}demo:\/\/clock/);
    pty.type(CTRL_C);
    expect(await pty.exit()).toBe(130);
  });

  test('in the shell is ended by Ctrl-C alone', async () => {
    const pty = await shell();
    pty.type(`watch demo://clock${ENTER}`);
    await pty.see('watching demo://clock');
    pty.type(CTRL_C);
    await pty.see('toolway> ');
    expect(await run(pty, 'greet name=after')).toContain('after');
  });

  test('in a pipe prints a document a line, exits 130 at an interrupt, and ends quietly when nobody reads', async () => {
    const watch = () =>
      spawn(node, [cli.main, 'watch', 'demo://clock', '--json', ...ticking()], {
        cwd: home,
        env: environment(),
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    const child = watch();
    const [chunk] = await once(child.stdout, 'data');
    expect(JSON.parse(String(chunk).split('\n')[0] ?? '')).toMatchObject({ server: 'adhoc', uri: 'demo://clock' });
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);

    const other = watch();
    let err = '';
    other.stderr.on('data', (text) => {
      err += text;
    });
    other.stdout.once('data', () => other.stdout.destroy());
    expect(await once(other, 'close')).toEqual([0, null]);
    expect(err).toBe('toolway: watching demo://clock; Ctrl-C ends\n');
  });
});

describe('in a pipe', () => {
  const piped = async (argv: string[], input: string) => {
    const config = join(home, 'servers.json');
    const shop = { command: node, args: [fixture, cli.kit, 'legacy', log] };
    writeFileSync(config, JSON.stringify({ mcpServers: { shop } }));
    const child = spawn(node, [cli.main, ...argv, '--config', config], { cwd: home, env: environment() });
    const said = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      said.out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said.err += text;
    });
    child.stdin.end(input);
    const [code] = await once(child, 'close');
    return { code, ...said };
  };

  test('the shell runs the lines of stdin, and exits as the last that failed', async () => {
    const lines = 'greet name=a\nfail\nevil\nstatus\nquit\nhang\n';
    const { code, out, err } = await piped(['shell'], lines);
    expect([code, err]).toEqual([5, 'toolway: the tool answered with an error\n']);
    expect(out).toContain('hello {"name":"a"');
    expect(out).toMatch(/shop {2}connected/);
    harmless(out);
  });

  test('nothing is drawn, asked or coloured', async () => {
    const { code, out, err } = await piped(['call', 'ask'], '');
    expect([code, out]).toEqual([0, '{"action":"cancel"}\n']);
    expect(err).toContain('there is no terminal to ask on');
    harmless(err);
    expect((await piped(['call', 'steps', 'n=2', 'ms=1'], '')).err).toBe('');
    expect((await piped(['call', 'rows'], '')).out).toContain('{"rows":');
  });

  test('the policy asks nobody: denied', async () => {
    const config = join(home, 'asking.json');
    writeFileSync(config, JSON.stringify({ mcpServers: {}, policy: { default: 'ask' } }));
    const { code, err } = await piped(['call', 'greet', 'name=x', '--config', config], '');
    expect([code, err]).toEqual([6, expect.stringContaining('shop.greet')]);
  });
});
