/** The requests a server sends to its client: answered once each, bounded in number, cancellable by the server. Loaded with the first. */
import type { Call } from '../call.ts';
import { type Asker, askerOf } from './asker.ts';
import * as RPC from './rpc-codes.ts';
import { RpcFault } from './rpc-fault.ts';
import type { JsonObject } from './types.ts';
import type { JsonRpcMessage, RequestId } from './wire.ts';

export interface InboxOptions {
  answer: (
    method: string,
    params: JsonObject,
    context: { requestId: RequestId; signal: AbortSignal } & Asker,
  ) => Promise<JsonObject>;
  send: (message: JsonRpcMessage) => void;
  onWarning: (message: string, cause?: unknown) => void;
  now: () => number;
}

export interface Inbox {
  answer: InboxOptions['answer'];
  /** `asking` are the calls in whose course it may be. False when the id is none that can be answered, or is in use. */
  receive(id: unknown, method: string, params: JsonObject, asking: readonly Call[]): boolean;
  cancel(id: unknown): void;
  close(): void;
}

/** Requests of one server that are being answered at a time; one more is refused. */
const MAX_OPEN = 64;

export const createInbox = ({ answer, send, onWarning, now }: InboxOptions): Inbox => {
  const open = new Map<RequestId, AbortController>();

  const refuse = (id: RequestId, fault: RpcFault): void =>
    send({
      jsonrpc: '2.0',
      id,
      error: { code: fault.code, message: fault.message, ...(fault.data === undefined ? {} : { data: fault.data }) },
    });

  const work = async (id: RequestId, method: string, params: JsonObject, asking: readonly Call[]): Promise<void> => {
    const controller = new AbortController();
    open.set(id, controller);
    const { pause, ...asker } = askerOf(asking, now);
    const resume = pause?.();
    try {
      const context = { ...asker, requestId: id, signal: controller.signal };
      const result = await answer(method, params, context);
      if (!controller.signal.aborted) send({ jsonrpc: '2.0', id, result });
    } catch (error) {
      if (controller.signal.aborted) return;
      if (error instanceof RpcFault) refuse(id, error);
      else {
        onWarning(`answering ${method} failed`, error);
        refuse(id, new RpcFault(RPC.internalError, 'internal error of the client'));
      }
    } finally {
      resume?.();
      open.delete(id);
    }
  };

  return {
    answer,
    receive(id, method, params, asking) {
      if ((typeof id !== 'string' && typeof id !== 'number') || open.has(id)) return false;
      if (open.size >= MAX_OPEN)
        refuse(id, new RpcFault(RPC.internalError, `more than ${MAX_OPEN} requests at a time`));
      else void work(id, method, params, asking);
      return true;
    },
    cancel(id) {
      open.get(id as RequestId)?.abort();
    },
    close() {
      for (const controller of open.values()) controller.abort();
      open.clear();
    },
  };
};
