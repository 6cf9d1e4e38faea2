/** A request of the server that we refuse, or cannot answer: it becomes a JSON-RPC error. */
import * as RPC from './rpc-codes.ts';

export class RpcFault extends Error {
  readonly code: number;
  readonly data: unknown;

  /** `message` is read by the server: nothing of ours that it does not know already may stand in it. */
  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

Object.defineProperty(RpcFault.prototype, 'name', { value: 'RpcFault', configurable: true });

/** The refusal of a request that has no handler. */
export const notOffered = (method: string): RpcFault =>
  new RpcFault(RPC.methodNotFound, `this client does not offer ${method.slice(0, 80)}`);
