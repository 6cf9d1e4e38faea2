// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are references of configurations.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { LOCALHOST } from '../../test/fixtures/http/tls.ts';
import type { InputDefinition, ServerConfig } from '../options.ts';
import { createExpander, type ExpanderOptions, type Keyring } from './expansion.ts';
import { createToolkit } from './index.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toolway-expansion-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const file = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};
const expanding = (config: ServerConfig, options: Partial<ExpanderOptions> = {}) =>
  createExpander({ env: {}, ...options })('s', config);
const failure = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    (value) => Promise.reject(new Error(`it resolved: ${JSON.stringify(value)}`)),
    (error) => {
      expect(error).toMatchObject({ code: 'invalid_config', server: 's', executed: 'no' });
      return error.message;
    },
  );

describe('files', () => {
  test('${file:…} is the text without its last line break, below the home folder too', async () => {
    const path = await file('token', 'abc\n');
    const config = { command: 'x', args: [`\${file:${path}}`, '${file:~/token}'] };
    expect((await expanding(config, { env: { HOME: folder } })).args).toEqual(['abc', 'abc']);
  });

  test('one that is not there can have a default, and is an error without', async () => {
    expect((await expanding({ command: 'x', args: ['${file:/nowhere/at/all:-none}'] })).args).toEqual(['none']);
    expect(await failure(expanding({ command: 'x', args: ['${file:/nowhere}'] }))).toBe(
      's: args.0: ${file:/nowhere} was not found',
    );
  });

  test('one of more than a mebibyte is refused', async () => {
    const path = await file('big', ' '.repeat(1024 * 1024 + 1));
    expect(await failure(expanding({ command: `\${file:${path}}` }))).toContain('has more than 1048576 bytes');
    expect(await failure(expanding({ command: 'x', envFile: path }))).toContain('has more than 1048576 bytes');
  });
});

describe('envFile', () => {
  test('its variables are taken as they are; env wins over it', async () => {
    const envFile = await file('.env', 'A=file\nB="${A}"\nC=3\n');
    const config = { command: 'x', env: { A: '${OWN}' }, envFile };
    expect((await expanding(config, { env: { OWN: 'own' } })).env).toEqual({ A: 'own', B: '${A}', C: '3' });
  });

  test('its path may hold references, and what it gave is known as secret', async () => {
    await mkdir(join(folder, 'x'));
    await file('x/.env', 'TOKEN=abcdefgh\n');
    const found: unknown[] = [];
    await createExpander({ env: { FOLDER: join(folder, 'x') } })(
      's',
      { command: 'x', envFile: '${FOLDER}/.env' },
      (reference) => found.push(reference),
    );
    expect(found).toContainEqual({ name: `file:${folder}/x/.env`, value: 'abcdefgh', path: '/env/TOKEN' });
  });

  test('one that is not there is an error that names it', async () => {
    expect(await failure(expanding({ command: 'x', envFile: '/nowhere/.env' }))).toBe(
      's: envFile: there is no file /nowhere/.env',
    );
  });

  test('it reaches the server that is started', async () => {
    const envFile = await file('.env', 'FROM_FILE=yes\n');
    const command = process.execPath;
    const script = 'process.stderr.write("got " + process.env.FROM_FILE); process.exit(3)';
    await using toolkit = await createToolkit({
      mcpServers: { s: { command, args: ['-e', script], envFile, maxRetries: 0 } },
      connect: 'wait',
    });
    expect(toolkit.status().s?.lastError?.message).toContain('got yes');
  });
});

describe('inputs', () => {
  const token: InputDefinition = { id: 'api-key', type: 'promptString', description: 'API key', password: true };
  const config = { command: 'x', env: { A: '${input:api-key}', B: '${input:api-key}' } };

  test('each is asked for once, with what the file says about it', async () => {
    const asked: unknown[] = [];
    const onInput: ExpanderOptions['onInput'] = (input, context) => {
      asked.push([input, context]);
      return '${NOT_EXPANDED}';
    };
    const expander = createExpander({ env: {}, inputs: [token], onInput });
    expect((await expander('s', config)).env).toEqual({ A: '${NOT_EXPANDED}', B: '${NOT_EXPANDED}' });
    await expander('other', config);
    expect(asked).toEqual([[token, { server: 's' }]]);
  });

  test('a variable answers in the place of the user; a default where nobody does', async () => {
    const inputs = [{ ...token, default: 'default' }];
    const ofVariable = await expanding(config, { inputs, env: { TOOLWAY_INPUT_API_KEY: 'variable' } });
    expect(ofVariable.env?.A).toBe('variable');
    expect((await expanding(config, { inputs })).env?.A).toBe('default');
  });

  test('without an answer the server fails, and can be answered later', async () => {
    expect(await failure(expanding({ command: '${input:api-key}' }, { inputs: [token] }))).toBe(
      's: command: the input "api-key" (API key) was not given; TOOLWAY_INPUT_API_KEY can hold it',
    );
    const given: (string | undefined)[] = [undefined, 'later'];
    const expander = createExpander({ env: {}, inputs: [token], onInput: () => given.shift() });
    await failure(expander('s', { command: '${input:api-key}' }));
    expect((await expander('s', { command: '${input:api-key}' })).command).toBe('later');
  });

  test('of a list only what is on it will do', async () => {
    const inputs: InputDefinition[] = [{ id: 'where', type: 'pickString', options: [{ value: 'a' }, { value: 'b' }] }];
    const picking = (answer: string) => expanding({ command: '${input:where}' }, { inputs, onInput: () => answer });
    expect((await picking('b')).command).toBe('b');
    expect(await failure(picking('c'))).toBe('s: command: the input "where" must be one of "a", "b"');
  });

  test('one that nobody defined is an error', async () => {
    expect(await failure(expanding({ command: '${input:x}' }))).toBe('s: command: no input "x" is defined');
  });
});

describe('the keychain', () => {
  const entries = new Map([['toolway token', 'secret']]);
  const loadKeyring = async (): Promise<Keyring> => ({
    AsyncEntry: class {
      readonly #key: string;
      constructor(service: string, account: string) {
        this.#key = `${service} ${account}`;
      }
      async getPassword() {
        return entries.get(this.#key) ?? null;
      }
    },
  });

  test('has entries of the service toolway', async () => {
    expect((await expanding({ command: '${keychain:token}' }, { loadKeyring })).command).toBe('secret');
    expect(await failure(expanding({ command: '${keychain:none}' }, { loadKeyring }))).toBe(
      's: command: ${keychain:none} was not found',
    );
  });

  test('without its package the error says which one', async () => {
    expect(await failure(expanding({ command: '${keychain:token}' }))).toBe(
      's: command: ${keychain:…} needs the package @napi-rs/keyring, which cannot be loaded; npm install @napi-rs/keyring',
    );
  });
});

describe('tls and proxy', () => {
  const errorOf = async (server: ServerConfig): Promise<string> => {
    await using toolkit = await createToolkit({
      mcpServers: { s: { ...server, maxRetries: 0, connectTimeoutMs: 5_000 } },
      connect: 'wait',
    });
    return toolkit.status().s?.lastError?.message ?? 'connected';
  };

  test.each(['https', 'wss'])('%s: an authority in a file is trusted', async (scheme) => {
    const secure = createServer({ ...LOCALHOST }, (_, response) => response.writeHead(418).end());
    const sockets = new WebSocketServer({ server: secure });
    sockets.on('connection', (socket) => socket.close(4000, 'teapot'));
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    const url = `${scheme}://localhost:${(secure.address() as AddressInfo).port}/mcp`;
    const ca = await file('ca.pem', String(LOCALHOST.cert));
    try {
      expect(await errorOf({ url })).toContain('self-signed certificate');
      const trusted = await errorOf({ url, tls: { ca } });
      expect(trusted).not.toContain('certificate');
      expect(trusted).toMatch(/418|4000|closed/);
    } finally {
      sockets.close();
      secure.closeAllConnections();
      secure.close();
    }
  });

  test('a WebSocket is not opened past a proxy', async () => {
    expect(await errorOf({ url: 'ws://127.0.0.1:1', proxy: 'http://127.0.0.1:1' })).toContain(
      'a proxy is for http and https, not for WebSockets',
    );
  });

  test('a file that is not there is named', async () => {
    expect(await failure(expanding({ url: 'https://h', tls: { ca: '/nowhere.pem' } }))).toBe(
      's: tls.ca: there is no file /nowhere.pem',
    );
  });
});
