/** `POST /api/tools/{server}/{tool}`: one call, as plain as HTTP has it. What a plain call does not need is loaded when it is asked for. */
import type { JsonObject } from '../../protocol/types.ts';
import type { GatewayApp, GatewayContext } from '../context.ts';
import type { Target } from '../dispatch.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Caller } from '../principal.ts';
import { requestSignal } from '../request-signal.ts';
import { readForm, readObject } from './body.ts';
import { callStream } from './event-stream.ts';
import { resultResponse } from './result.ts';
import { traceOf } from './trace.ts';

export const addToolRoute = (app: GatewayApp, context: GatewayContext, jobs: Jobs): void => {
  const { dispatch, limits, clock, lasting } = context;

  const formOf = async (request: Request, caller: Caller, { server, name }: Target): Promise<JsonObject> => {
    const form = await readForm(request, limits.maxBodyBytes);
    const tools = await dispatch.tools(caller, server);
    const { formArguments } = await import('./form.ts');
    return formArguments(form, tools.find((tool) => tool.name === name)?.inputSchema ?? {});
  };

  app.post('/api/tools/:server/:tool', async (c) => {
    const caller = c.get('caller');
    const request = c.req.raw;
    const { headers } = request;
    const target: Target = { server: c.req.param('server'), name: c.req.param('tool') };
    const isForm = headers.get('content-type')?.toLowerCase().startsWith('multipart/form-data') === true;
    const args = await (isForm ? formOf(request, caller, target) : readObject(request, limits.maxBodyBytes));
    const key = headers.get('idempotency-key');
    const accept = headers.get('accept');
    const prefer = headers.get('prefer');
    if (prefer !== null) {
      const { preferred } = await import('./preferred.ts');
      const answer = await preferred({ ...context, jobs, caller, target, args, request });
      if (answer !== undefined) return answer;
    }
    const own = { ...traceOf(headers), ...(key !== null && { idempotencyKey: key }) };
    if (accept?.includes('text/event-stream'))
      return callStream({
        target,
        clock,
        signal: request.signal,
        hold: (onEnded) =>
          lasting.hold(
            () => caller.principal,
            (how) => how === 'gone' && onEnded(),
          ),
        run: (wishes) => dispatch.callTool(caller, target, args, { ...own, ...wishes }),
      });
    const result = await dispatch.callTool(caller, target, args, {
      ...own,
      signal: requestSignal(request, c.env),
    });
    return resultResponse(result, target, accept);
  });
};
