/** A link within one process: two transports, of which each hears what the other sends. */
import { ToolwayError } from '../errors.ts';
import type { JsonRpcMessage } from '../protocol/wire.ts';
import type { Transport } from './transport.ts';

/** One side as the other one sees it. */
interface Side {
  readonly transport: Transport;
  /** Takes one message as JSON text, or the end of the link. */
  receive(item: string | typeof END): void;
  /** Ends this side; false when it had ended before. */
  end(): boolean;
}

const END = Symbol('end');

/**
 * Two ends of one link. Messages cross as JSON, so that nothing is shared, in order, and never within `send`; what comes
 * before `start` waits for it. Closing one end closes the other after what was sent to it has been delivered. Either
 * end may be given to a server of the official SDKs.
 */
export const createMemoryPair = (): [Transport, Transport] => {
  const near: Side = createSide(() => far);
  const far: Side = createSide(() => near);
  return [near.transport, far.transport];
};

const createSide = (other: () => Side): Side => {
  let inbox: (string | typeof END)[] = [];
  let started = false;
  let ended = false;
  let draining = false;

  const drain = (): void => {
    draining = false;
    const items = inbox;
    inbox = [];
    for (const item of items) {
      if (item === END) end();
      else if (started && !ended) deliver(item);
    }
  };
  const schedule = (): void => {
    if (draining || inbox.length === 0) return;
    draining = true;
    queueMicrotask(drain);
  };
  const deliver = (text: string): void => {
    try {
      transport.onmessage?.(JSON.parse(text));
    } catch (error) {
      transport.onerror?.(error as Error);
    }
  };
  const end = (): boolean => {
    if (ended) return false;
    ended = true;
    inbox = [];
    transport.onclose?.();
    return true;
  };

  const transport: Transport = {
    kind: 'memory',
    async start() {
      if (ended) throw new ToolwayError('closed', 'the link was closed before it was opened', { executed: 'no' });
      started = true;
      schedule();
    },
    async send(message) {
      const text = ended ? closed() : stringify(message);
      if (typeof text === 'string') other().receive(text);
      else if ('method' in message && 'id' in message && transport.onfail !== undefined) {
        transport.onfail(message.id, text);
      } else throw text;
    },
    async close() {
      if (!end()) return;
      other().receive(END);
      // The other end is told in the same turn, before whoever waits for this.
      await Promise.resolve();
    },
  };
  return {
    transport,
    end,
    receive(item) {
      if (ended) return;
      inbox.push(item);
      if (started || item === END) schedule();
    },
  };
};

const closed = (): ToolwayError => new ToolwayError('closed', 'the link is closed', { executed: 'no' });

const stringify = (message: JsonRpcMessage): string | ToolwayError => {
  try {
    return JSON.stringify(message);
  } catch (cause) {
    return new ToolwayError('invalid_arguments', `the message is no JSON: ${String(cause)}`, { executed: 'no', cause });
  }
};
