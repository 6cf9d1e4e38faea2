/** `toolway chat` as a person uses it: at a real terminal, with real servers of tools, and models that speak by a script over real sockets. */
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type BuiltCli, buildCli } from './fixtures/cli/built.ts';
import { atTerminal, CTRL_C, CTRL_D, CTRL_U, ENTER, type Pty, TAB } from './fixtures/cli/pty.ts';
import { type ScriptedProvider, scriptedAnthropic, scriptedOpenAI } from './fixtures/llm/scripted-providers.ts';
import type { Turn } from './fixtures/llm/turns.ts';

const fixture = fileURLToPath(new URL('fixtures/cli/terminal-server.js', import.meta.url));
const modules = fileURLToPath(new URL('../node_modules/@modelcontextprotocol', import.meta.url));
const node = process.execPath;

let cli: BuiltCli;
let home = '';
let log = '';
beforeAll(() => {
  cli = buildCli('chat');
});
afterAll(() => cli.remove());
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'toolway-chat-'));
  log = join(home, 'log');
  const made = home;
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  const servers = { shop: { command: node, args: [fixture, cli.kit, 'legacy', log] } };
  writeFileSync(join(home, 'servers.json'), JSON.stringify({ mcpServers: servers }));
});

const environment = (more: Record<string, string>): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  HOME: home,
  TERM: 'xterm-256color',
  TOOLWAY_STATE_DIR: join(home, 'state'),
  ...more,
});
const chats = (): string[] => {
  const folder = join(home, 'state/chats');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
};
const heard = (): string[] => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : []);

const model = async (...turns: Turn[]): Promise<{ said: ScriptedProvider; env: Record<string, string> }> => {
  const said = await scriptedAnthropic(...turns);
  onTestFinished(() => said.close());
  return { said, env: { ANTHROPIC_API_KEY: 'sk-secret-key', ANTHROPIC_BASE_URL: said.baseURL } };
};

const start = (argv: string[], env: Record<string, string> = {}): Pty =>
  atTerminal([node, cli.main, 'chat', ...argv, '--config', join(home, 'servers.json')], {
    cwd: home,
    env: environment(env),
    columns: 120,
  });
const talk = async (env: Record<string, string>, argv: string[] = []): Promise<Pty> => {
  const pty = start(argv, env);
  await pty.see('chat> ');
  return pty;
};
const ask = async (pty: Pty, line: string): Promise<string> => {
  pty.type(line + ENTER);
  return pty.see(/\r\n[\s\S]*chat> /);
};

interface Ended {
  code: number | null;
  out: string;
  err: string;
}
/** Without a terminal. */
const once = (argv: string[], env: Record<string, string> = {}, stdin = ''): Promise<Ended> =>
  new Promise((resolve) => {
    const config = argv.includes('--stdio') ? [] : ['--config', join(home, 'servers.json')];
    const child = spawn(node, [cli.main, 'chat', ...argv, ...config], { cwd: home, env: environment(env) });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => (out += chunk));
    child.stderr.on('data', (chunk) => (err += chunk));
    child.on('close', (code) => resolve({ code, out, err }));
    child.stdin.end(stdin);
  });

/** Escape sequences that a line editor, colours and a progress line use; everything else that begins with ESC came from elsewhere. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const OURS = /\x1b\[(\d+[ABCDGK]|[JK]|\d*[JKm]|1;1H|\?2004[hl])|\r\x1b\[2K/g;
/** The last line, as it is drawn again in place. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
const STATUS = /\r\x1b\[2K([⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏][^\r]*)?/g;
const harmless = (text: string): void => {
  const rest = text.replace(OURS, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  expect(rest.match(/[\x00-\x06\x07\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u200b]/g) ?? []).toEqual([]);
  expect(rest).not.toContain('\rfake>');
};

const greet = (args: Record<string, unknown>): Turn => ({ calls: [{ name: 'shop__greet', arguments: args }] });
const EVIL = '\x1b[2J\x1b]0;owned\x07\x1b]52;c;cm0gLXJm\x07\u202ereversed';

describe('without a key', () => {
  test('the planner answers, says what it is, and asks before it calls', async () => {
    const pty = start([]);
    expect(await pty.see('chat> ')).toMatch(/planner with shop\.[\s\S]*No key of a model is set/);
    pty.type(`greet name "*Ann*"${ENTER}`);
    expect(await pty.see('May shop.greet be called?')).toContain('1. shop.greet(name: "*Ann*")');
    await pty.see('"name": "*Ann*"');
    await pty.see('[n]o: ');
    pty.type(`y${ENTER}`);
    const shown = await pty.see(/✓ shop\.greet[\s\S]*1 call[\s\S]*chat> /);
    // What the planner shows is as it came, and no Markdown.
    expect(shown).toContain('hello {"name":"*Ann*"');
    pty.type(`quit${ENTER}`);
    expect(await pty.exit()).toBe(0);
    harmless(pty.all);
  });

  test('a file is read by a real server, for a script', async () => {
    mkdirSync(join(home, 'files'));
    writeFileSync(join(home, 'files/notes.txt'), 'buy seven cups');
    const files = `${node} ${join(modules, 'server-filesystem/dist/index.js')} ${join(home, 'files')}`;
    const question = `read the text file "${join(home, 'files/notes.txt')}"`;
    const { code, out, err } = await once(['--print', question, '--stdio', files, '--yes']);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('buy seven cups') });
    expect(err).toContain('✓ adhoc.read_text_file');
  });
});

describe('with a model', () => {
  test('its answer is shown piece by piece as it comes, harmless, with what it took', async () => {
    const { said, env } = await model({
      text: `First **part**.\n\nSecond ${EVIL}.\n\n\`\`\`js\nconst one = 1;\n\`\`\`\n`,
      usage: { input: 5_200, cacheRead: 4_000, output: 310 },
    });
    const pty = await talk(env);
    const shown = (await ask(pty, 'hello?')).replace(STATUS, '');
    expect(shown).toMatch(/First part\.\r\n\r\n {2}Second [^\r]*\.\r\n\r\n {6}const one = 1;/);
    expect(shown).toMatch(/· 9\.2 k in \(4\.0 k cached\) · 310 out/);
    harmless(pty.all);
    expect(said.bodies[0]).toMatchObject({ model: 'claude-sonnet-5-5', stream: true });
  });

  test('what has come is there before the rest is', async () => {
    const { env } = await model({ text: 'Early words.\n\nLate.', fault: { stallAfter: 5 } });
    const pty = await talk(env);
    pty.type(`hello?${ENTER}`);
    await pty.see('Early words.');
    await pty.see(/writing \d s/);
    pty.type(CTRL_C);
    await pty.see(/the turn is cancelled[\s\S]*chat> /);
  });

  test('its calls are asked for: no, then yes, then always', async () => {
    const { said, env } = await model(greet({ name: 'Ann' }), { text: 'As you wish.' }, greet({ name: 'Bob' }), {
      text: 'Bob is greeted.',
    });
    const pty = await talk(env);
    // A line that was pasted along agrees to nothing.
    pty.type(`greet Ann${ENTER}y${ENTER}`);
    await pty.see('May shop.greet be called?');
    await pty.see('[n]o: ');
    pty.type(`n${ENTER}`);
    expect(await pty.see(/As you wish\.[\s\S]*chat> /)).toContain('✗ shop.greet');
    expect(JSON.stringify(said.bodies[1])).toContain('the user said no');
    pty.type(`greet Bob${ENTER}`);
    await pty.see('[n]o: ');
    pty.type(`y${ENTER}`);
    expect(await pty.see(/Bob is greeted\.[\s\S]*chat> /)).toContain('✓ shop.greet {"name":"Bob"}');
    expect(JSON.stringify(said.bodies[3])).toContain('hello {\\"name\\":\\"Bob\\"');
  });

  test('always holds for the calls that follow, until the model has read what others wrote', async () => {
    const { env } = await model(
      { calls: [{ name: 'shop__greet', arguments: { name: 'Ann' }, id: 'a' }] },
      { calls: [{ name: 'shop__greet', arguments: { name: 'Bob' }, id: 'b' }] },
      { text: 'Both.' },
    );
    const pty = await talk(env);
    pty.type(`greet both${ENTER}`);
    await pty.see('[a]lways for this session, [e]dit, [n]o: ');
    pty.type(`a${ENTER}`);
    await pty.see('the model had read: shop.greet');
    await pty.see('[a]lways with these arguments, [e]dit, [n]o: ');
    pty.type(`y${ENTER}`);
    await pty.see(/Both\.[\s\S]*2 calls[\s\S]*chat> /);
  });

  test('the arguments of a call can be changed, and the model is told', async () => {
    const { said, env } = await model(greet({ name: 'Ann' }), { text: 'Done.' });
    const pty = await talk(env);
    pty.type(`greet Ann${ENTER}`);
    await pty.see('[n]o: ');
    pty.type(`e${ENTER}`);
    await pty.see('arguments: {"name":"Ann"}');
    pty.type(`${CTRL_U}loud=perhaps${ENTER}`);
    await pty.see('loud must be boolean');
    await pty.see('arguments: loud=perhaps');
    pty.type(`${CTRL_U}name=Zoe tone=formal${ENTER}`);
    await pty.see(/✓ shop\.greet[\s\S]*Done\.[\s\S]*chat> /);
    const sent = JSON.stringify(said.bodies[1]);
    expect(sent).toContain('The user changed the arguments');
    expect(sent).toContain('hello {\\"name\\":\\"Zoe\\",\\"tone\\":\\"formal\\"');
  });

  test('a call shows how far it is; Ctrl-C ends the turn, the call on its server too, and not the chat', async () => {
    const { said, env } = await model(
      { calls: [{ name: 'shop__steps', arguments: { n: 8, ms: 150 } }] },
      { calls: [{ name: 'shop__hang' }] },
      { text: 'I am still here.' },
    );
    const pty = await talk(env, ['--max-steps', '9']);
    pty.type(`go${ENTER}`);
    await pty.see('[n]o: ');
    pty.type(`y${ENTER}`);
    await pty.see(/shop\.steps \[#+-+\] .*step \d/);
    await pty.see('May shop.hang be called?');
    await pty.see('[n]o: ');
    pty.type(`y${ENTER}`);
    await pty.see(/shop\.hang \d s/);
    pty.type(CTRL_C);
    await pty.see(/the turn is cancelled; what is done stays[\s\S]*chat> /);
    await expect.poll(heard).toEqual(['hang', 'cancelled']);
    expect(await ask(pty, 'are you there?')).toContain('I am still here.');
    // The history is one that the provider takes: each call has its result.
    const { messages } = said.bodies[2] as { messages: { role: string; content: { type: string }[] }[] };
    const types = messages.flatMap(({ content }) => content.map(({ type }) => type));
    expect(types.filter((type) => type === 'tool_result')).toHaveLength(2);
    harmless(pty.all);
  });

  test('a line is dropped by Ctrl-C; at an empty one the second ends, as Ctrl-D does', async () => {
    const { env } = await model();
    const pty = await talk(env);
    pty.type('half a que');
    await pty.see('half a que');
    pty.type(CTRL_C);
    await pty.see('chat> ');
    pty.type(CTRL_C);
    await pty.see(/To leave[\s\S]*chat> /);
    pty.type(CTRL_C);
    expect(await pty.exit()).toBe(0);
    const other = await talk(env);
    other.type(CTRL_D);
    expect(await other.exit()).toBe(0);
  });

  test('resources and prompts of servers are completed, brought in, and remembered as words of others', async () => {
    const { said, env } = await model({ text: 'A clock.' }, { text: 'A letter.' });
    const pty = await talk(env);
    // Completion knows what is connected.
    await ask(pty, 'tools');
    const completed = async (typed: string, more: string): Promise<void> => {
      pty.type(typed);
      await pty.see(typed);
      pty.type(TAB);
      await pty.see(more);
    };
    await completed('what is @sh', 'op:');
    await completed('demo://cl', 'ock ');
    pty.type(ENTER);
    await pty.see(/A clock\.[\s\S]*chat> /);
    await completed('/stat', 'us ');
    pty.type(ENTER);
    await pty.see(/has read.*shop: demo:\/\/clock|has read.*demo:\/\/clock/);
    await pty.see('chat> ');
    await completed('/shop:le', 'tter ');
    await completed('to=b', 'erta ');
    pty.type(`tone=warm${ENTER}`);
    await pty.see(/A letter\.[\s\S]*chat> /);
    expect(JSON.stringify(said.bodies[0])).toContain('Data from shop.demo://clock');
    expect(JSON.stringify(said.bodies[1])).toContain('Dear berta, warm');
    harmless(pty.all);
  });

  test('commands need no slash, and say what there is', async () => {
    const { env } = await model({ text: 'Four.' });
    const pty = await talk(env);
    expect(await ask(pty, 'help')).toMatch(/\/status[\s\S]*\/SERVER:PROMPT[\s\S]*@SERVER:URI/);
    expect(await ask(pty, 'history')).toContain('Nothing was said yet.');
    await ask(pty, 'how much is two and two?');
    expect(await ask(pty, 'history')).toMatch(/you {2}how much is two and two\?[\s\S]*model {2}Four\./);
    expect(await ask(pty, 'tools')).toContain('shop.greet(name: string');
    expect(await ask(pty, 'status')).toMatch(/model +anthropic\/claude-sonnet-5-5 at http[\s\S]*shop {2}connected/);
    expect(await ask(pty, 'model')).toContain('anthropic/claude-sonnet-5-5');
    expect(await ask(pty, '/model planner')).toContain('planner');
    expect(await ask(pty, '/model nobody/x')).toContain('of which provider');
    expect(await ask(pty, '/modle')).toContain('Did you mean: model');
    await ask(pty, '/save talk.md');
    expect(readFileSync(join(home, 'talk.md'), 'utf8')).toMatch(/## You\n\nhow much[\s\S]*## Model\n\nFour\./);
    expect(await ask(pty, '/save talk.md')).toContain('is there already');
    expect(await ask(pty, 'clear')).toContain('A new conversation.');
    expect(await ask(pty, 'history')).toContain('Nothing was said yet.');
    expect(await ask(pty, 'sessions')).toContain('how much is two and two?');
  });
});

describe('a conversation', () => {
  test('is kept for its user alone, and goes on where it was', async () => {
    const { said, env } = await model({ text: 'Noted.' }, { text: 'Seven.' }, { text: 'Still seven.' });
    const pty = await talk(env);
    await ask(pty, 'remember seven');
    pty.type(CTRL_D);
    expect(await pty.exit()).toBe(0);
    const [name = ''] = chats();
    const file = join(home, 'state/chats', name);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toContain('sk-secret-key');

    const next = await talk(env, ['--continue']);
    expect(next.all).toContain('Going on with');
    await ask(next, 'which number?');
    next.type(`quit${ENTER}`);
    expect(await next.exit()).toBe(0);
    const id = name.replace('.json', '');
    const { code, out } = await once(['--resume', id, '-p', 'and now?'], env);
    expect({ code, out }).toEqual({ code: 0, out: 'Still seven.\n' });
    expect(JSON.stringify(said.bodies[2])).toMatch(/remember seven.*Noted.*which number.*Seven.*and now/);
    expect(chats()).toEqual([name]);
    expect((await once(['--sessions'])).out).toContain(`${id}  `);
  });

  test('that cannot be kept is told of once, and goes on', async () => {
    const { env } = await model({ text: 'One.' }, { text: 'Two.' });
    mkdirSync(join(home, 'state'));
    writeFileSync(join(home, 'state/chats'), '');
    const pty = await talk(env);
    expect(await ask(pty, 'first')).toMatch(/One\.[\s\S]*is not kept|is not kept[\s\S]*One\./);
    expect(await ask(pty, 'second')).toContain('Two.');
    expect(pty.all.match(/is not kept/g)).toHaveLength(1);
  });

  test('on a disk that is full is told of, and what was kept before stays whole', async () => {
    const { env } = await model({ text: 'One.' }, { text: 'x'.repeat(9_000) }, { text: 'Three.' });
    // No file may have more than four blocks of 1 024 bytes.
    const command = `ulimit -f 4; exec '${node}' '${cli.main}' chat --config servers.json`;
    const pty = atTerminal(['bash', '-c', command], { cwd: home, env: environment(env), columns: 120 });
    await pty.see('chat> ');
    await ask(pty, 'first');
    const folder = join(home, 'state/chats');
    expect(await ask(pty, 'second')).toContain('is not kept: EFBIG');
    const [, kept = ''] = readFileSync(join(folder, chats()[0] ?? ''), 'utf8').split('\n');
    expect(JSON.stringify(JSON.parse(kept))).toMatch(/first.*One\..*second/);
    expect(readdirSync(folder)).toHaveLength(1);
    expect(await ask(pty, 'third')).toContain('Three.');
  });

  test.each([
    [['--resume'], 'needs the ID'],
    [['--resume', '20200101-abcdef', 'x'], 'there is no conversation'],
    [['--continue', 'x'], 'no conversation of this folder'],
    [['--continue', '--resume', '20200101-abcdef'], 'contradict'],
  ])('%j is told to lead nowhere', async (argv, words) => {
    const { code, out, err } = await once(argv);
    expect({ code, out, err }).toEqual({ code: 2, out: '', err: expect.stringContaining(words) });
  });
});

describe('for a script', () => {
  test('the answer alone is on stdout', async () => {
    const { env } = await model(
      { text: 'Let me see.', calls: [{ name: 'shop__greet', arguments: { name: 'Ann' } }] },
      { text: 'Ann is **greeted**.' },
    );
    const { code, out, err } = await once(['-p', 'greet', 'Ann', '--yes'], env);
    expect({ code, out }).toEqual({ code: 0, out: 'Ann is **greeted**.\n' });
    expect(err).toMatch(/Let me see\.[\s\S]*✓ shop\.greet/);
    expect(await once(['-p', 'greet', '--quiet'], (await model({ text: 'Hi.' })).env)).toEqual({
      code: 0,
      out: 'Hi.\n',
      err: '',
    });
  });

  test('the question comes from stdin too, alone or behind the line', async () => {
    const { said, env } = await model({ text: 'a' }, { text: 'b' });
    await once([], env, 'from stdin\n');
    await once(['-p', 'what is this?', '-'], env, 'some text');
    expect(JSON.stringify(said.bodies[0])).toContain('from stdin');
    expect(JSON.stringify(said.bodies[1])).toContain('what is this?\\n\\nsome text');
    expect(await once(['-p'], env, '')).toMatchObject({
      code: 2,
      err: expect.stringContaining('what is the question?'),
    });
  });

  test('calls that nobody is asked about are refused, and a turn of nothing else has failed', async () => {
    const { said, env } = await model(greet({ name: 'Ann' }), { text: 'I may not.' });
    const { code, out, err } = await once(['-p', 'greet Ann'], env);
    expect({ code, out }).toEqual({ code: 6, out: 'I may not.\n' });
    expect(err).toContain('there is no terminal to ask at; --yes agrees');
    expect(JSON.stringify(said.bodies[1])).toContain('denied');
    expect(heard()).toEqual([]);
  });

  test('--yes does not answer for what a model chose that had read what others wrote', async () => {
    const { said, env } = await model(
      { calls: [{ name: 'shop__greet', arguments: { name: 'Ann' }, id: 'a' }] },
      { calls: [{ name: 'shop__greet', arguments: { name: 'Eve' }, id: 'b' }] },
      { text: 'Only one.' },
    );
    const { code, err } = await once(['-p', 'go', '--yes'], env);
    expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/✓ shop\.greet[\s\S]*✗ shop\.greet/) });
    expect(err).toContain('--yes does not answer for such calls');
    expect(err).not.toContain('--yes agrees');
    expect(JSON.stringify(said.bodies[2])).not.toContain('Eve\\",\\"loud');
  });

  test('--json gives the whole of it, and no secret', async () => {
    const { env } = await model(greet({ name: 'Ann' }), { text: 'Done.' });
    const { code, out } = await once(['--json', 'greet Ann', '--yes'], env);
    expect(code).toBe(0);
    expect(out).not.toContain('sk-secret-key');
    const result = JSON.parse(out);
    expect(result).toMatchObject({
      text: 'Done.',
      stop: 'end',
      steps: 2,
      toolCalls: 1,
      usage: { input: 20, output: 10 },
      model: 'anthropic/claude-sonnet-5-5',
      taint: [{ kind: 'result', server: 'shop', name: 'greet' }],
    });
    expect(result.messages).toHaveLength(4);
  });

  test('a server that speaks as OpenAI does needs an address, a name, and no key', async () => {
    const said = await scriptedOpenAI(greet({ name: 'Ann' }), { text: 'Done.' });
    onTestFinished(() => said.close());
    const argv = ['-p', 'greet Ann', '--yes', '--base-url', said.baseURL, '--model', 'llama3.3'];
    expect(await once(argv)).toMatchObject({ code: 0, out: 'Done.\n' });
    expect(said.requests.map(({ path }) => path)).toEqual(['/v1/chat/completions', '/v1/chat/completions']);
    expect(said.bodies[0]).toMatchObject({ model: 'llama3.3' });
  });

  test('a configuration names the model, and one of the working directory does not say where words go', async () => {
    const { env, said } = await model({ text: 'Yes.' });
    writeFileSync(
      join(home, 'mine.json'),
      JSON.stringify({ chat: { model: 'anthropic/claude-mine', system: 'Be brief.' } }),
    );
    writeFileSync(join(home, 'toolway.json'), JSON.stringify({ chat: { baseUrl: 'http://127.0.0.1:9' } }));
    expect((await once(['-p', 'hello', '--config', join(home, 'mine.json')], env)).out).toBe('Yes.\n');
    expect(said.bodies[0]).toMatchObject({ model: 'claude-mine' });
    expect(JSON.stringify(said.bodies[0]?.system)).toContain('Be brief.');
    const { err } = await once(['-p', 'hello', '--model', 'planner', '--stdio', `${node} ${fixture} ${cli.kit}`]);
    expect(err).not.toContain('127.0.0.1:9');
  });

  const FAULTS: [string, Turn, number, string][] = [
    [
      'a wrong key',
      { fault: { status: 401, type: 'authentication_error', message: 'invalid x-api-key' } },
      4,
      'invalid x-api-key',
    ],
    [
      'an unknown model',
      { fault: { status: 404, type: 'not_found_error', message: 'model: claude-nope' } },
      2,
      'claude-nope',
    ],
    ['an answer that breaks off', { text: 'half of it', fault: { cutAfter: 3 } }, 9, 'toolway: '],
    ['a refusal', { text: 'No.', stop: 'refusal' }, 6, 'refused to answer'],
  ];
  test.each(FAULTS)('%s is told on stderr, and is no success', async (_, turn, code, words) => {
    const { env } = await model(turn);
    const ended = await once(['-p', 'hello'], env);
    expect({ code: ended.code, err: ended.err }).toEqual({ code, err: expect.stringContaining(words) });
    expect(ended.err).not.toContain('sk-secret-key');
  });

  test('a limit that is reached is no success', async () => {
    const again = (): Turn => ({ calls: [{ name: 'shop__greet', arguments: { name: `${Math.random()}` } }] });
    const { env } = await model(again(), again(), again());
    const { code, err } = await once(['-p', 'go', '--yes', '--max-steps', '1'], env);
    expect({ code, err }).toEqual({ code: 9, err: expect.stringContaining('--max-steps') });
  });

  test.each([
    [['-p', 'x', '--model', 'mistral-large'], 2, 'of which provider'],
    [['-p', 'x', '--model', 'anthropic/claude'], 4, 'set ANTHROPIC_API_KEY'],
    [['-p', 'x', '--max-cost', 'much'], 2, '--max-cost must be'],
    [['-p', 'x', '--max-steps', '0'], 2, '--max-steps must be'],
    [['-p', 'x', '--model', 'llama', '--base-url', 'http://127.0.0.1:9/v1'], 3, 'toolway: '],
  ])('%j is refused', async (argv, code, words) => {
    const ended = await once(argv);
    expect({ code: ended.code, err: ended.err }).toEqual({ code, err: expect.stringContaining(words) });
  });
});
