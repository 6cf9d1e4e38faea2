/** WebSockets in Node: over `ws`, because Node 20 has none of its own and no platform's own one sends headers. */
import type { ClientOptions, WebSocket } from 'ws';
import { ToolwayError } from '../errors.ts';
import { hostOf, reasonOf, type SocketPort, type SocketReceiver } from '../transport/websocket-port.ts';

export interface NodeWebSocketOptions {
  /** Sent with the handshake. */
  headers?: Readonly<Record<string, string>>;
  /** PEM texts: trusted authorities instead of the system's, and this client's own certificate. */
  tls?: { ca?: string; cert?: string; key?: string };
}

/**
 * How much larger than the limit a message may be to fail its own call alone; a larger one ends the link before its
 * body is read. `ws` holds the chunks and their concatenation at once, so that at most four times the limit is in memory.
 */
const HELD_PER_LIMIT = 2;
/** `ws` counts with 32 bits. */
const LARGEST_PAYLOAD = 2 ** 31 - 1;
/** How long `ws` waits for the other half of the closing handshake before it destroys the connection. */
const CLOSE_WAIT_MS = 1_000;

/** Opens sockets with `headers`; a refused handshake is `auth_required` (401), `forbidden` (403) or `connect_failed` with the status. */
export const createNodeWebSocketPort =
  ({ headers = {}, tls = {} }: NodeWebSocketOptions = {}): SocketPort =>
  (url, protocol, maxMessageBytes, receiver) => {
    const options: ClientOptions & { closeTimeout: number } = {
      ...tls,
      headers: { ...headers },
      perMessageDeflate: false,
      followRedirects: false,
      maxPayload: Math.min(HELD_PER_LIMIT * maxMessageBytes, LARGEST_PAYLOAD),
      // The transport decodes, and drops what is no UTF-8 instead of ending the link.
      skipUTF8Validation: true,
      closeTimeout: CLOSE_WAIT_MS,
    };
    let socket: WebSocket | undefined;
    let given = false;
    const giveUp = (cause: unknown): void => receiver.onclose(unreachable(url, cause), 1006, '');
    const open = async (): Promise<void> => {
      const ws = await import('ws');
      if (given) return receiver.onclose(undefined, 1006, '');
      socket = new ws.WebSocket(url, protocol, options);
      listen(socket, url, maxMessageBytes, receiver);
    };
    open().catch(giveUp);
    return {
      send(text) {
        if (socket?.readyState !== 1) return false;
        socket.send(text);
        return true;
      },
      ping(onpong) {
        if (socket?.readyState !== 1) return;
        socket.once('pong', onpong);
        socket.ping();
      },
      close(code) {
        given = true;
        socket?.close(code);
      },
      destroy() {
        given = true;
        socket?.terminate();
      },
    };
  };

const listen = (socket: WebSocket, url: string, limit: number, receiver: SocketReceiver): void => {
  let cause: ToolwayError | undefined;
  let opened = false;
  socket.on('open', () => {
    opened = true;
    receiver.onopen();
  });
  socket.on('message', (data, binary) => receiver.onmessage(data as Buffer, binary));
  socket.on('unexpected-response', (_request, response) => {
    cause = refused(url, response.statusCode ?? 0);
    socket.terminate();
  });
  socket.on('error', (error) => {
    cause ??= opened ? broken(error, limit) : unreachable(url, error);
  });
  socket.on('close', (code, reason) => receiver.onclose(cause, code, reason.toString()));
};

const refused = (url: string, status: number): ToolwayError => {
  const code = status === 401 ? 'auth_required' : status === 403 ? 'forbidden' : 'connect_failed';
  return new ToolwayError(code, `${hostOf(url)} answered HTTP ${status} instead of opening a WebSocket`, { status });
};

const unreachable = (url: string, cause: unknown): ToolwayError =>
  new ToolwayError('connect_failed', `no WebSocket to ${hostOf(url)} could be opened: ${reasonOf(cause)}`, { cause });

/** What ended an open socket. `ws` marks what it objected to itself with a code of its own. */
const broken = (error: Error & { code?: unknown }, limit: number): ToolwayError => {
  if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
    const reason = `a message of more than ${HELD_PER_LIMIT} times the limit of ${limit} bytes ended the WebSocket`;
    return new ToolwayError('message_too_large', reason, { limit, cause: error });
  }
  const ours = typeof error.code === 'string' && error.code.startsWith('WS_ERR_');
  return new ToolwayError(ours ? 'protocol_error' : 'not_connected', `the WebSocket broke: ${reasonOf(error)}`, {
    cause: error,
  });
};
