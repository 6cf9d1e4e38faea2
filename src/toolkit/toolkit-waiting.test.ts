import { describe, expect, test, vi } from 'vitest';
import { type ScriptedServer, scriptedServer, text } from '../../test/fixtures/scripted-server.ts';
import { failure, toolkitOf } from '../../test/fixtures/toolkits.ts';
import type { Call } from '../call.ts';
import type { Middleware } from '../middleware/middleware.ts';
import type { Transport } from '../transport/transport.ts';

/** A server whose link is made when the test says so. */
const held = (): { server: ScriptedServer; connect: () => void } => {
  const server = scriptedServer({ echo: () => text('hi') });
  const make = server.config.transport as () => Transport;
  let connect: () => void = () => {};
  const allowed = new Promise<void>((resolve) => {
    connect = resolve;
  });
  server.config.transport = () => allowed.then(make);
  return { server, connect };
};
const toolkitWith = async ({ server }: { server: ScriptedServer }) => {
  const toolkit = await toolkitOf({ s: server }, { connect: 'lazy' });
  const told: string[] = [];
  toolkit.on('tool_call_start', ({ tool }) => void told.push(`start ${tool}`));
  toolkit.on('tool_call_error', ({ tool, error }) => void told.push(`error ${tool} ${error.code}`));
  toolkit.on('tool_call_success', ({ tool }) => void told.push(`success ${tool}`));
  return { toolkit, told };
};

describe('a call that waits for its server', () => {
  test('is seen, and goes on when the server is there', async () => {
    const server = held();
    const { toolkit, told } = await toolkitWith(server);
    const result = toolkit.callTool('s.echo');
    expect(toolkit.calls()).toMatchObject([{ server: 's', tool: 'echo', state: 'queued' }]);
    expect(told).toEqual(['start echo']);
    server.connect();
    expect(await result).toEqual(text('hi'));
    expect([toolkit.calls(), told]).toEqual([[], ['start echo', 'success echo']]);
  });

  test('can be cancelled: by its id, and by the signal of its caller', async () => {
    const { toolkit, told } = await toolkitWith(held());
    const outcome = failure(toolkit.callTool('s.echo'));
    expect(toolkit.cancel(toolkit.calls()[0]?.id ?? '')).toBe(true);
    expect(await outcome).toMatchObject({ code: 'cancelled', executed: 'no', server: 's', tool: 'echo' });
    expect(told).toEqual(['start echo', 'error echo cancelled']);
    const controller = new AbortController();
    const aborted = failure(toolkit.callTool('s.echo', {}, { signal: controller.signal }));
    controller.abort();
    expect(await aborted).toMatchObject({ code: 'cancelled', executed: 'no' });
    expect(toolkit.calls()).toEqual([]);
  });

  test('ends with its own limit as one that never reached its server', async () => {
    const { toolkit, told } = await toolkitWith(held());
    const error = await failure(toolkit.callTool('s.echo', {}, { timeoutMs: 20 }));
    expect(error).toMatchObject({ code: 'connect_timeout', executed: 'no', limit: 20, server: 's', tool: 'echo' });
    expect(error.message).toContain('while the server was being connected (no connection within 20 ms)');
    expect(told).toEqual(['start echo', 'error echo connect_timeout']);
  });

  test('ends when the toolkit closes, which gives it its time before', async () => {
    const server = held();
    const { toolkit } = await toolkitWith(server);
    const lost = failure(toolkit.callTool('s.echo'));
    await toolkit.close({ drainMs: 10 });
    expect(await lost).toMatchObject({ code: 'closed', executed: 'no' });
    const other = held();
    const { toolkit: patient } = await toolkitWith(other);
    const result = patient.callTool('s.echo');
    const closed = patient.close({ drainMs: 10_000 });
    other.connect();
    expect(await result).toEqual(text('hi'));
    await closed;
  });

  test('shows a step of the user behind the route the definition of its tool', async () => {
    const server = held();
    const { toolkit } = await toolkitWith(server);
    const seen = vi.fn();
    const look: Middleware = (next) => (call: Call) => {
      seen(call.tool?.name, call.state);
      return next(call);
    };
    toolkit.use(look, { after: 'route' });
    const result = toolkit.callTool('s.echo');
    expect(seen).not.toHaveBeenCalled();
    server.connect();
    await result;
    expect(seen.mock.calls).toEqual([['echo', 'queued']]);
  });

  test('of a tool that there is not fails as such, with the nearest names', async () => {
    const server = held();
    const { toolkit, told } = await toolkitWith(server);
    const outcome = failure(toolkit.callTool('s.ecoh'));
    server.connect();
    expect(await outcome).toMatchObject({ code: 'unknown_tool', matches: ['s.echo'], executed: 'no' });
    expect(told).toEqual(['start ecoh', 'error ecoh unknown_tool']);
  });
});
