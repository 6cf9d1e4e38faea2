/** Refusals of a tool call that tell what the server wants first; the call can be sent again afterwards. */
import type { Call } from '../call.ts';
import type { ToolwayError } from '../errors.ts';
import * as RPC from './rpc-codes.ts';
import { type VisitOptions, visitUrls } from './url-elicitation.ts';

export interface WishOptions extends VisitOptions {
  /** Reads the tools anew. */
  readTools: () => Promise<unknown>;
}

/** Does what the server wants. Rejects where that cannot be done, or the user does not want it. */
export const meetWish = async (options: WishOptions, call: Call, refusal: ToolwayError): Promise<void> => {
  if (refusal.rpcCode === RPC.urlElicitationRequired) return visitUrls(options, call, refusal);
  // Our definition of the tool is older than the server's (2026-07-28 basic/transports/streamable-http).
  await options.readTools().catch(() => {
    throw call.stopped?.with({ executed: 'no' }) ?? refusal;
  });
};
