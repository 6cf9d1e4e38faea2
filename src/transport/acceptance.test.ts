import { expect, test } from 'vitest';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createHttpTransport } from './http.ts';
import { httpParts } from './http-parts.ts';
import type { HttpPort, HttpReceiver } from './http-port.ts';
import { createSseTransport } from './sse.ts';

/** A network in which a POST is answered as the test says, or never; `sse` opens the stream that HTTP+SSE begins with. */
const network = () => {
  const posts: HttpReceiver[] = [];
  const open = new Set<HttpReceiver>();
  const port: HttpPort = ({ method }, receiver) => {
    if (method === 'POST') {
      posts.push(receiver);
      open.add(receiver);
    } else {
      receiver.onhead(200, () => 'text/event-stream');
      receiver.onbytes(new TextEncoder().encode('event: endpoint\ndata: /messages\n\n'));
    }
    return () => void open.delete(receiver);
  };
  return { posts, open, port };
};

const url = 'http://127.0.0.1/mcp';
const KINDS = ['http', 'sse'] as const;
const connect = async (kind: (typeof KINDS)[number]) => {
  const { port, ...seen } = network();
  const clock = createFakeClock();
  const transport =
    kind === 'http'
      ? createHttpTransport({ url, port, clock })
      : createSseTransport({ url, port, clock, limits: { maxMessageBytes: 1_024 } }, httpParts);
  await transport.start();
  const notify = (method: string): Promise<unknown> => {
    const sent = transport.send({ jsonrpc: '2.0', method }).then(
      () => 'accepted',
      ({ code, limit }) => ({ code, limit }),
    );
    return sent;
  };
  return { ...seen, clock, transport, notify };
};

test.each(
  KINDS.flatMap((kind) => [
    [kind, 'notifications/cancelled', 1_000] as const,
    [kind, 'notifications/roots/list_changed', 60_000] as const,
  ]),
)('over %s a server that does not accept %s holds its socket for %i ms', async (kind, method, limit) => {
  const { open, clock, notify, transport } = await connect(kind);
  const outcome = notify(method);
  await clock.advance(limit - 1);
  expect(open.size).toBe(1);
  await clock.advance(1);
  expect(open.size).toBe(0);
  expect(await outcome).toEqual({ code: 'timeout', limit });
  await transport.close();
});

test.each(KINDS)('over %s one that was accepted, or refused, leaves no timer of its own', async (kind) => {
  const { posts, clock, notify, transport } = await connect(kind);
  const accepted = notify('notifications/roots/list_changed');
  await clock.settle();
  posts[0]?.onhead(202, () => undefined);
  posts[0]?.onend();
  expect(await accepted).toBe('accepted');
  const refused = notify('notifications/roots/list_changed');
  await clock.settle();
  posts[1]?.onhead(500, () => undefined);
  posts[1]?.onend();
  expect(await refused).toMatchObject({ code: 'outcome_unknown' });
  await transport.close();
  expect(clock.pendingTimers).toBe(0);
});
