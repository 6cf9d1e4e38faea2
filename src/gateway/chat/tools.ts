/** The toolkit as one caller of the gateway sees it, for whoever acts on that one's behalf. */
import type { ListedTool, Toolkit } from '../../api.ts';
import { ToolwayError } from '../../errors.ts';
import type { Approval } from '../approvals/approval.ts';
import type { GatewayContext } from '../context.ts';
import type { Caller } from '../principal.ts';
import { Waiting } from './waiting.ts';

/**
 * Lists, searches and calls as the caller may: what that one does not see is not there, and every call is charged,
 * judged and asked for as the caller's own; one that waits for somebody's word says so by a `Waiting`. Whatever else a toolkit does is missing.
 */
export const toolsOf = (
  { dispatch, toolkit }: Pick<GatewayContext, 'dispatch' | 'toolkit'>,
  caller: Caller,
): Toolkit => {
  const sees = ({ server, name }: Pick<ListedTool, 'server' | 'name'>): boolean => caller.principal.sees(server, name);
  const seen: Partial<Toolkit> = {
    has: (server) => toolkit.has(server) && caller.principal.sees(server),
    status: (principal) =>
      Object.fromEntries(Object.entries(toolkit.status(principal)).filter(([server]) => caller.principal.sees(server))),
    listTools: ({ server, timeoutMs, signal } = {}) => dispatch.tools(caller, server, { timeoutMs, signal }),
    async searchTools(query, options) {
      return (await toolkit.searchTools(query, { ...options, principal: caller.principal.id })).filter(sees);
    },
    async callTool(name, args = {}, { signal, timeoutMs, totalTimeoutMs, onProgress, meta, taint } = {}) {
      const server = dispatch.servers(caller).find((each) => name.startsWith(`${each}.`));
      if (server === undefined)
        throw new ToolwayError('unknown_tool', `there is no tool ${JSON.stringify(name.slice(0, 200))}`, {
          executed: 'no',
        });
      const target = { server, name: name.slice(server.length + 1) };
      const onApproval = onProgress && ((approval: Approval) => onProgress(new Waiting(approval)));
      const wishes = { signal, timeoutMs, totalTimeoutMs, onProgress, meta, taint, onApproval };
      return dispatch.callTool(caller, target, args, wishes);
    },
  };
  return seen as Toolkit;
};
