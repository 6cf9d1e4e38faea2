/** Refusals of a tool call that tell what the server wants first; the call can be sent again afterwards. */
import type { Call } from '../call.ts';
import type { ToolwayError } from '../errors.ts';
import { begun } from './begun.ts';
import * as RPC from './rpc-codes.ts';
import type { JsonObject } from './types.ts';
import { type VisitOptions, visitUrls } from './url-elicitation.ts';

export interface WishOptions extends VisitOptions {
  /** Reads the tools anew. */
  readTools: () => Promise<unknown>;
  sendAgain: () => Promise<JsonObject>;
}

/** Does what the server wants and sends the call again. Rejects where that cannot be done, or the user does not want it. */
export const meetWish = async (options: WishOptions, call: Call, refusal: ToolwayError): Promise<JsonObject> => {
  if (refusal.rpcCode === RPC.urlElicitationRequired) {
    // A tool may find out half way that it needs them.
    return visitUrls(options, call, refusal)
      .then(options.sendAgain)
      .catch((error: unknown) => {
        throw begun(error);
      });
  }
  // Our definition of the tool is older than the server's (2026-07-28 basic/transports/streamable-http).
  await options.readTools().catch(() => {
    throw call.stopped?.with({ executed: 'no' }) ?? refusal;
  });
  return options.sendAgain();
};
