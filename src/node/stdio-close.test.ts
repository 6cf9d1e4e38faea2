import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fixture, lives, openLink, pidsIn, scratch } from '../../test/fixtures/stdio/harness.ts';
import { supervisor } from './supervisor.ts';

describe('close()', () => {
  test('ends within 5 s a server that ignores everything but SIGKILL, its child, and an orphan that holds the pipes', async () => {
    const file = join(scratch(), 'pids');
    const { transport, closes } = await openLink({ args: [fixture('stubborn.js'), file] });
    const pids = await pidsIn(file, 3);
    expect(pids).toContain(transport.pid);
    expect(pids.map(lives)).toEqual([true, true, true]);
    const start = performance.now();
    await transport.close();
    expect(performance.now() - start).toBeLessThan(5000);
    expect(pids.map(lives)).toEqual([false, false, false]);
    expect(closes).toEqual([undefined]);
    expect(supervisor.pid).toBeUndefined();
  });

  test('ends as soon as a server has left by itself, and sends what was still waiting', async () => {
    const { transport, call, closes } = await openLink({ waits: { eofMs: 60_000 } });
    const seen: unknown[] = [];
    const { onmessage } = transport;
    transport.onmessage = (message) => {
      seen.push(message);
      onmessage?.(message);
    };
    await call('echo');
    const exit = call('exit', { code: 0 });
    exit.catch(() => {});
    await transport.close();
    await expect(exit).rejects.toMatchObject({ code: 'outcome_unknown' });
    expect(lives(transport.pid ?? 0)).toBe(false);
    expect(seen).toHaveLength(1);
    expect(closes).toEqual([undefined]);
  });

  test('ends early, too, when only a grandchild had to be told', async () => {
    const script = 'sleep 600 & echo "{\\"jsonrpc\\":\\"2.0\\",\\"method\\":\\"$!\\"}"; cat';
    const waits = { eofMs: 200, termMs: 60_000 };
    const { transport, others } = await openLink({ command: '/bin/sh', args: ['-c', script], waits });
    while (others.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const pid = Number((others[0] as { method: string }).method);
    expect(lives(pid)).toBe(true);
    await transport.close();
    expect(lives(pid)).toBe(false);
  });

  test('may be called twice, and before the start', async () => {
    const { transport, closes } = await openLink();
    await Promise.all([transport.close(), transport.close()]);
    await transport.close();
    expect(closes).toEqual([undefined]);
  });

  test('leaves nothing to hear from the server afterwards', async () => {
    const { transport, call, others, errors } = await openLink();
    await call('echo');
    const closing = transport.close();
    const late = expect(call('echo')).rejects.toMatchObject({ code: 'closed', executed: 'no' });
    await Promise.all([closing, late]);
    expect([others, errors]).toEqual([[], []]);
  });
});
