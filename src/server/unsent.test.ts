import { expect, test } from 'vitest';
import { type ScriptedServer, scriptedServer, text } from '../../test/fixtures/scripted-server.ts';
import { clockedToolkitOf, failure } from '../../test/fixtures/toolkits.ts';
import { ToolwayError } from '../errors.ts';
import type { ToolkitOptions } from '../options.ts';
import type { JsonRpcMessage } from '../protocol/wire.ts';
import type { Transport } from '../transport/transport.ts';

const exited = () => new ToolwayError('server_exited', 'exited with code 1', { executed: 'no', exitCode: 1 });

/** A server whose first links end under the writing of a tool call, so that nothing of it leaves. */
const world = async (dyingLinks: number, options: ToolkitOptions = {}) => {
  let ran = 0;
  let links = 0;
  const server: ScriptedServer = scriptedServer(
    { charge: () => text(`charged ${++ran}`), echo: () => text('hi') },
    { era: 'legacy' },
  );
  const make = server.config.transport as () => Transport;
  server.config.transport = () => {
    const transport = make();
    links += 1;
    if (links > dyingLinks) return transport;
    const { send } = transport;
    transport.send = async (message: JsonRpcMessage) => {
      if (!('method' in message && 'id' in message) || message.params?.name !== 'charge') return send(message);
      transport.onfail?.(message.id, exited());
      server.latest().hangUp(exited());
    };
    return transport;
  };
  const { toolkit, clock } = await clockedToolkitOf({ s: server }, options);
  // What is loaded with the first call takes real time.
  await toolkit.callTool('s.echo');
  const retries: unknown[] = [];
  toolkit.on('retry', (event) => retries.push(event));
  return { toolkit, clock, retries, ran: () => ran, links: () => links };
};

test('a call that never left waits for the next session by itself: that is no retry', async () => {
  const { toolkit, clock, retries, ran } = await world(1);
  const call = toolkit.callTool('s.charge', {}, { retry: false });
  await clock.advance(1_000);
  expect(await call).toEqual(text('charged 1'));
  expect(retries).toEqual([]);
  expect(ran()).toBe(1);
});

test('however often that happens, and how often a call may be sent again does not matter', async () => {
  const { toolkit, clock, retries, links } = await world(7);
  const call = toolkit.callTool('s.charge');
  await clock.advance(10_000);
  expect(await call).toEqual(text('charged 1'));
  expect(links()).toBe(8);
  expect(retries).toEqual([]);
});

test('it waits within its own limits only', async () => {
  const { toolkit, clock, ran } = await world(1_000);
  const outcome = failure(toolkit.callTool('s.charge', {}, { timeoutMs: 5_000 }));
  await clock.advance(5_000);
  expect(await outcome).toMatchObject({ code: 'connect_timeout', executed: 'no' });
  expect(ran()).toBe(0);
});

test('where there will be no next session it fails with the reason, and is not sent again', async () => {
  const { toolkit, clock, retries } = await world(1, { defaults: { autoReconnect: false } });
  const outcome = failure(toolkit.callTool('s.charge'));
  await clock.advance(1_000);
  expect(await outcome).toMatchObject({ code: 'server_exited', executed: 'no', exitCode: 1 });
  expect(retries).toEqual([]);
});
