/** A toolkit whose calls a person may look at, and change before they are sent. */
import type { Toolkit } from '../../api.ts';
import type { RequestHandlers } from '../../handlers.ts';
import type { ApprovalRequest } from '../../permission.ts';
import type { CallToolResult, JsonObject } from '../../protocol/types.ts';
import { gatherArguments, settleArguments } from '../call-arguments.ts';
import type { Job } from '../command.ts';
import { safeJson } from '../output.ts';
import { type PersonOptions, personHandlers } from '../person.ts';
import { safeLine } from '../safe-text.ts';
import type { Ask, Screen } from '../screen.ts';
import { splitLine } from '../shell/split-line.ts';

export interface PersonToolkitOptions {
  job: Job;
  /** The person has had enough of the turn. */
  interrupt(): void;
  /** Resolves once all that was said before a question is shown. */
  shown(): Promise<void>;
  /** Resolves once it is written down that a call may run from now on. */
  kept(): Promise<void>;
  /** Who answers what servers ask of a model, at the time of a call. */
  sampling(): Pick<RequestHandlers, 'onSample' | 'onRefused'>;
}

/**
 * Calls that the policy asks about are shown with the arguments as they would be sent. Where the person writes others,
 * those are sent in their place, and the model is told.
 */
export const withPerson = (
  toolkit: Toolkit,
  { job, interrupt, shown, kept, sampling }: PersonToolkitOptions,
): Toolkit => {
  const { context, output, options } = job;
  const screen: Screen = {
    ...job.screen,
    async converse(talk) {
      await shown();
      return job.screen.converse(talk);
    },
  };
  const person: PersonOptions = { screen, context, output, yes: options.flag('yes'), interrupt: () => interrupt() };
  // One person is behind all calls of a turn, so that servers may ask in the course of any of them.
  const conversation = {};

  const callTool: Toolkit['callTool'] = async (name, args, wanted = {}) => {
    let written: JsonObject | undefined;
    const edit: PersonOptions['edit'] = async (request, ask, signal) => {
      written = await askArguments(request, ask, signal, job);
      return written;
    };
    const handlers: RequestHandlers = { ...personHandlers({ ...person, edit }), ...sampling(), conversation };
    await kept();
    const result = await toolkit.callTool(name, args, { ...wanted, handlers });
    return written === undefined ? result : told(result, written);
  };
  return Object.assign(Object.create(toolkit) as Toolkit, { callTool });
};

const told = (result: CallToolResult, args: JsonObject): CallToolResult => ({
  ...result,
  content: [
    { type: 'text', text: `The user changed the arguments of this call before it was sent: ${JSON.stringify(args)}` },
    ...result.content,
  ],
});

/** The arguments that the person wants instead; none where that one thinks better of it. */
const askArguments = async (
  { arguments: before, definition }: ApprovalRequest,
  ask: Ask,
  signal: AbortSignal,
  { screen, context, output }: Job,
): Promise<JsonObject | undefined> => {
  const { above } = await screen.terminal();
  above(
    output.remarks.dim(
      '  Change them, or clear the line (Ctrl-U) and type key=value for some of them; an empty line goes back.',
    ),
  );
  let initial = safeJson(before, 0);
  for (;;) {
    const reply = await ask({ prompt: '  arguments: ', initial, signal });
    if (!('line' in reply) || reply.line.trim() === '') return undefined;
    initial = reply.line;
    try {
      const words = splitLine(reply.line);
      const schema = definition?.inputSchema ?? { type: 'object' };
      const isWhole = words.length === 1 && words[0]?.startsWith('{') === true;
      const given = settleArguments(await gatherArguments({ words, json: undefined }, context), schema);
      return isWhole ? given : { ...before, ...given };
    } catch (error) {
      above(output.remarks.red(safeLine(`  ${(error as Error).message}`)));
    }
  }
};
