/**
 * The narrow way through which the WebSocket transport reaches a socket: it is opened at once and answers by
 * callbacks. Browsers and workers use `webSocketPort`; Node supplies one that can send headers and tells why it failed.
 */
import { ToolwayError } from '../errors.ts';

/** Receives what one socket has to say. `onclose` comes exactly once and last, also where `onopen` never came. */
export interface SocketReceiver {
  onopen(): void;
  /** One whole message. Text may come as bytes that were not checked, which spares decoding what is refused. */
  onmessage(data: string | Uint8Array, binary: boolean): void;
  /** `cause` where the platform knows more than the close code and reason (RFC 6455 §7.1.5). */
  onclose(cause: ToolwayError | undefined, code: number, reason: string): void;
}

export interface Socket {
  /** False when the socket took nothing because it is not open. */
  send(text: string): boolean;
  /** Sends a ping frame (RFC 6455 §5.5.2), where the platform can; `onpong` hears of the answer. */
  ping?(onpong: () => void): void;
  /** Begins the closing handshake; an opening that is under way is given up. */
  close(code: number): void;
  /** Gives the connection up without the closing handshake, where the platform can. */
  destroy(): void;
}

/**
 * Opens a socket. `maxMessageBytes` is the limit of the transport, which a port may use to bound what it holds.
 * Throws where the URL cannot be used at all.
 */
export type SocketPort = (url: string, protocol: string, maxMessageBytes: number, receiver: SocketReceiver) => Socket;

/** The platform's own `WebSocket`. It delivers whole messages of any size and in browsers hides why a connection failed. */
export const webSocketPort: SocketPort = (url, protocol, _maxMessageBytes, receiver) => {
  const socket = new WebSocket(url, protocol);
  let opened = false;
  let failure: unknown;
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => {
    opened = true;
    receiver.onopen();
  };
  socket.onerror = (event: Event & { error?: unknown }) => {
    failure = event.error;
  };
  socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (typeof data === 'string') receiver.onmessage(data, false);
    else receiver.onmessage(new Uint8Array(data), true);
  };
  socket.onclose = ({ code, reason }) => receiver.onclose(explain(url, opened, failure), code, reason);
  return {
    send(text) {
      if (socket.readyState !== WebSocket.OPEN) return false;
      socket.send(text);
      return true;
    },
    close: (code) => socket.close(code),
    destroy: () => undefined,
  };
};

const explain = (url: string, opened: boolean, cause: unknown): ToolwayError | undefined => {
  if (cause === undefined) return undefined;
  return opened
    ? new ToolwayError('not_connected', `the WebSocket broke: ${reasonOf(cause)}`, { cause })
    : new ToolwayError('connect_failed', `no WebSocket to ${hostOf(url)} could be opened: ${reasonOf(cause)}`, {
        cause,
      });
};

/** What an error says of itself; an `AggregateError` of Node (refused on every address) has a code and no message. */
export const reasonOf = (error: unknown): string => {
  const { message, code } = Object(error) as { message?: unknown; code?: unknown };
  return String(message || code || error);
};

/** The host of a URL for messages; the rest of it may hold secrets. */
export const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : 'an invalid URL');
