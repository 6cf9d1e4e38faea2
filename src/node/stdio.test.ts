import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { fixture, type Link, lives, openLink, scratch, until } from '../../test/fixtures/stdio/harness.ts';
import type { ToolwayError } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import { createStdioTransport, type StdioOptions } from './stdio.ts';

const MIB = 2 ** 20;
const links: Link[] = [];
const open = async (options: Partial<StdioOptions> = {}): Promise<Link> => {
  const link = await openLink(options);
  links.push(link);
  return link;
};
const failure = (promise: Promise<unknown>): Promise<ToolwayError> =>
  promise.then(
    () => expect.unreachable('it did not fail'),
    (error: ToolwayError) => error,
  );
const base64 = (bytes: string | Buffer): string => Buffer.from(bytes as string).toString('base64');

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(links.splice(0).map(({ transport }) => transport.close()));
});

describe('starting', () => {
  test('a missing command is named at once', async () => {
    const error = await failure(open({ command: 'no-such-program-x', server: 'files' }));
    expect(error).toMatchObject({ code: 'spawn_failed', server: 'files', executed: 'no' });
    expect(error.message).toBe('files: cannot start "no-such-program-x": there is no such command on PATH');
  });

  test.each([
    ['there is no such file', { command: '/no/such/file' }],
    ['permission denied, or not a program', { command: fixture('server.js') }],
    ['the working directory "/no/such/folder" does not exist', { cwd: '/no/such/folder' }],
    ['its arguments and environment are too long for this system', { args: ['x'.repeat(4 * MIB)] }],
  ])('it says why: %s', async (reason, options) => {
    const error = await failure(open(options));
    expect(error.code).toBe('spawn_failed');
    expect(error.message).toContain(reason);
  });

  test.each([
    { command: ' ' },
    { command: 'a\0b' },
    { args: ['a\0b'] },
    { args: ['fine', 'a\nb'] },
    { args: ['a\rb'] },
    { env: { A: 'x\0y' } },
  ])('%o is refused', async (options) => {
    expect(await failure(open(options))).toMatchObject({ code: 'invalid_config' });
  });

  test('a link that is closed while it starts leaves no child', async () => {
    const transport = createStdioTransport({ command: process.execPath, args: [fixture('server.js')] });
    const started = failure(transport.start());
    await transport.close();
    expect(await started).toMatchObject({ code: 'closed' });
    expect(transport.pid).toBeUndefined();
  });

  test('arguments arrive byte for byte', async () => {
    const args = [
      '$(touch x)',
      '; touch x',
      '& calc',
      '--upload-pack=touch x',
      '`x`',
      '"',
      "'",
      '\\',
      '',
      ' ',
      '*',
      '%PATH%',
      'é😀',
      '\u001b[31m',
    ];
    const { call } = await open({ args: [fixture('server.js'), ...args] });
    expect(await call('argv')).toEqual({ argv: args });
  });

  test('the environment of the child is the safe list and what was declared', async () => {
    const secrets = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`CANARY_SECRET_${i}`, `canary-${i}`]));
    const added = { ...secrets, NODE_OPTIONS: '--no-warnings', LD_X: 'x', LC_TIME: 'C', USER: 'somebody' };
    for (const [name, value] of Object.entries(added)) vi.stubEnv(name, value);
    // Node itself passes this one on to its children, past the environment that it was given.
    vi.stubEnv('NODE_V8_COVERAGE', undefined);
    const safe = ['HOME', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'USER', 'LANG', 'TMPDIR', 'TZ'];
    const expected = Object.entries(process.env).filter(([name]) => safe.includes(name) || name.startsWith('LC_'));
    const { call } = await open({ env: { DECLARED: 'a=b c', NODE_OPTIONS: '--no-deprecation' } });
    const { env } = await call('env');
    expect(env).toEqual({ ...Object.fromEntries(expected), DECLARED: 'a=b c', NODE_OPTIONS: '--no-deprecation' });
    expect(env).toMatchObject({ USER: 'somebody', LC_TIME: 'C' });
  });
});

describe('reading', () => {
  test('1000 random messages survive a server that writes byte by byte', async () => {
    const { call, transport } = await open({ args: [fixture('server.js'), '--one-byte-writes'] });
    const value = fc.dictionary(fc.string({ unit: 'binary' }), fc.constantFrom('😀', 'é', 1e21, null));
    const property = fc.asyncProperty(fc.array(value, { minLength: 1000, maxLength: 1000 }), async (values) => {
      const sent = values.map((one) => JSON.parse(JSON.stringify(one)) as JsonObject);
      expect(await Promise.all(sent.map((params) => call('echo', params)))).toEqual(sent);
    });
    await fc.assert(property, { numRuns: 1, endOnFailure: true });
    expect(transport.noise).toBe(0);
  });

  test('junk is counted, told once, and hurts nobody', async () => {
    const { call, transport, errors, others } = await open({ server: 'files' });
    await call('raw', { base64: base64('Starting \x1b[1mserver\x1b[0m...\n\nnull\n[]\n42\n"x"\n{"a":\n') });
    expect(await call('echo', { a: 1 })).toEqual({ a: 1 });
    expect(transport.noise).toBe(7);
    expect(errors.map(({ message }) => message)).toEqual([
      'files: wrote to stdout what is no MCP message: "Starting server..."',
    ]);
    expect(others).toEqual([]);
  });

  test('what is JSON but not JSON-RPC is left to the engine', async () => {
    const { call, others } = await open();
    await call('raw', { base64: base64('{"jsonrpc":"1.0","id":1}\n') });
    expect(others).toEqual([{ jsonrpc: '1.0', id: 1 }]);
  });

  test('more than 1 MiB of junk closes the link with its reason', async () => {
    const link = await open();
    const error = await failure(link.call('raw', { base64: base64('junk\n'.repeat(MIB / 4)) }));
    expect(error.cause).toMatchObject({ code: 'protocol_error', limit: MIB });
    expect(link.closes).toEqual([error.cause]);
    await link.transport.close();
    expect(lives(link.transport.pid ?? 0)).toBe(false);
  });

  test('an answer of 11 MiB fails its own call only, an answer of 256 MiB too, and neither is held', async () => {
    const { call } = await open();
    await call('echo');
    const before = process.memoryUsage().rss;
    for (const mib of [11, 256]) {
      const [large, small] = await Promise.all([failure(call('large', { mib })), call('echo', { mib })]);
      expect(large).toMatchObject({ code: 'message_too_large', limit: 10 * MIB, executed: 'yes' });
      expect(small).toEqual({ mib });
    }
    // Not 64: what passed by may wait for the collector a moment longer, in a process that runs other tests too.
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * MIB);
  });

  test('a handler that throws is reported, and the next message is heard', async () => {
    const { call, transport, errors } = await open();
    const { onmessage } = transport;
    transport.onmessage = (message) => {
      onmessage?.(message);
      throw new Error('a defect of ours');
    };
    await call('echo');
    await call('echo');
    expect(errors.map(({ message }) => message)).toEqual(['a defect of ours', 'a defect of ours']);
  });

  test('64 MiB of stderr are drained, the end is kept, and calls are answered', async () => {
    const { call, transport } = await open();
    const done = call('stderr', { mib: 64 });
    await done;
    expect(await call('echo', { a: 1 })).toEqual({ a: 1 });
    await until(() => transport.stderrTail().endsWith('\nthe last line\n'));
    expect(Buffer.byteLength(transport.stderrTail())).toBe(64 * 1024);
  });
});

describe('an end that nobody asked for', () => {
  test('tells the exit code and the last lines of stderr', async () => {
    const { call, closes } = await open({ server: 'db' });
    const stderr = `${'line\n'.repeat(20_000)}\x1b[31mError: no database\x1b[0m\n  at db.js:1\n\n`;
    const { cause } = await failure(call('exit', { code: 13, stderr }));
    expect(cause).toMatchObject({ code: 'server_exited', server: 'db', exitCode: 13 });
    expect((cause as ToolwayError).message).toBe(
      'db: exited with code 13: line\nline\nline\nError: no database\n  at db.js:1',
    );
    expect(stderr.endsWith((cause as ToolwayError).stderr ?? '-')).toBe(true);
    expect(closes).toHaveLength(1);
  });

  test('tells the signal', async () => {
    const { call } = await open();
    const { cause } = await failure(call('kill'));
    expect(cause).toMatchObject({ code: 'server_exited', exitCode: 'SIGKILL', message: 'was ended by SIGKILL' });
  });

  test('comes after the last answer', async () => {
    const { call, closes } = await open();
    expect(await call('exit', { code: 1, answered: true })).toEqual({});
    await until(() => closes.length > 0);
    expect(closes).toMatchObject([{ code: 'server_exited', exitCode: 1 }]);
  });

  test('is not kept back by a grandchild that holds the pipes, which ends as well', async () => {
    const { call, closes, transport } = await open();
    const { pid } = await call('abandon');
    await until(() => closes.length > 0);
    expect(closes).toMatchObject([{ code: 'server_exited', exitCode: 3 }]);
    await transport.close();
    expect(lives(pid as number)).toBe(false);
    expect(closes).toHaveLength(1);
  });

  test.each(['stdout', 'stdin'])('is the end, too, when a running server closes its %s', async (pipe) => {
    const { call, closes, transport } = await open({ waits: { eofMs: 100 } });
    await call('closePipe', { pipe });
    await until(() => {
      // A closed stdin shows when something is written to it.
      if (pipe === 'stdin') call('echo').catch(() => {});
      return closes.length > 0;
    });
    expect(closes).toMatchObject([{ code: 'protocol_error', message: `closed its ${pipe} while it was running` }]);
    await transport.close();
    expect(lives(transport.pid ?? 0)).toBe(false);
  });

  test('what is sent afterwards fails as not sent', async () => {
    const { call, closes, transport } = await open();
    await failure(call('exit', { code: 0 }));
    expect(closes).toHaveLength(1);
    expect(await failure(call('echo'))).toMatchObject({ code: 'server_exited', executed: 'no' });
    await expect(transport.send({ jsonrpc: '2.0', method: 'x' })).rejects.toMatchObject({ code: 'server_exited' });
  });
});

describe('a server that does not read', () => {
  const calls = (link: Link, count: number, size: number): Promise<PromiseSettledResult<JsonObject>[]> =>
    Promise.allSettled(Array.from({ length: count }, () => link.call('echo', { text: 'x'.repeat(size) })));

  test('and dies: 500 sends settle, and those called unsent never arrived', async () => {
    const file = join(scratch(), 'seen');
    const link = await open({ args: [fixture('deaf.js'), file, '300000'] });
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const settled = calls(link, 500, 10_000);
    await until(() => {
      try {
        return readFileSync(file).length === 300_000;
      } catch {
        return false;
      }
    });
    process.kill(link.transport.pid ?? 0, 'SIGUSR2');
    const errors = (await settled).map((outcome) => (outcome as PromiseRejectedResult).reason as ToolwayError);
    process.off('warning', onWarning);

    const unsent = errors.filter(({ code }) => code === 'server_exited');
    const unknown = errors.filter(({ code }) => code === 'outcome_unknown');
    expect(unsent.length + unknown.length).toBe(500);
    expect(unsent[0]).toMatchObject({ executed: 'no', exitCode: 7, stderr: 'too much for me\n' });
    expect(unsent.length).toBeGreaterThan(300);
    const seen = readFileSync(file, 'utf8').match(/"echo-\d+"/g) ?? [];
    expect(seen.length).toBeGreaterThan(20);
    expect(seen).toEqual(errors.slice(0, seen.length).map((_, i) => `"echo-${i + 1}"`));
    expect(errors.slice(0, seen.length).every(({ code }) => code === 'outcome_unknown')).toBe(true);
    expect(link.closes).toHaveLength(1);
    expect(warnings).toEqual([]);
  });

  test('and lets more than 64 MiB wait: what is too much fails with backpressure', async () => {
    const link = await open({ args: [fixture('deaf.js'), join(scratch(), 'seen')], waits: { eofMs: 0 } });
    const settled = calls(link, 70, MIB);
    await new Promise((resolve) => setImmediate(resolve));
    await link.transport.close();
    const codes = (await settled).map((outcome) => ((outcome as PromiseRejectedResult).reason as ToolwayError).code);
    expect(codes.filter((code) => code === 'backpressure').length).toBeGreaterThan(4);
    expect(codes.filter((code) => code === 'closed').length).toBeGreaterThan(60);
  });

  test('a message that is no JSON is refused and was not sent', async () => {
    const { call } = await open();
    expect(await failure(call('echo', { n: 1n }))).toMatchObject({ code: 'invalid_arguments', executed: 'no' });
    expect(await call('echo', { n: 1 })).toEqual({ n: 1 });
  });
});
