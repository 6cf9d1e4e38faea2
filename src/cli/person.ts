/** What servers and the policy ask of the person at the command line. Loaded small: the questions come with the first one. */
import type { HandlerContext, Handlers } from '../handlers.ts';
import type { ApprovalRequest } from '../permission.ts';
import type { ElicitResult, JsonObject } from '../protocol/types.ts';
import type { CliContext } from './command.ts';
import type { Output } from './output.ts';
import type { Ask, Screen } from './screen.ts';

export interface PersonOptions {
  screen: Screen;
  context: Pick<CliContext, 'openUrl'>;
  output: Output;
  /** Every question is answered with yes, where yes is an answer. */
  yes: boolean;
  /** The person has had enough of the call with this id, and of whatever it is a part of. */
  interrupt(call: string): void;
  /** Asks for the arguments of a call that is to be approved; undefined where it is left as it is. Absent: nobody can change them. */
  edit?(request: ApprovalRequest, ask: Ask, signal: AbortSignal): Promise<JsonObject | undefined>;
}

/**
 * The handlers of a toolkit whose user may sit at a terminal. Where nobody does, servers are told so with each question
 * (`cancel`), and calls to be approved are `denied` at once. Of a message that a model should have
 * written the person is told once for each server.
 */
export const personHandlers = (options: PersonOptions): Pick<Handlers, 'onElicit' | 'onRefused' | 'onApprove'> => ({
  onElicit: async (request, context): Promise<ElicitResult> =>
    (await import('./elicit.ts')).elicit(request, context, options),
  onRefused: createRefusals(options),
  onApprove: async (request, { signal }: HandlerContext) =>
    (await import('./approve.ts')).approve(request, signal, options),
});

/** Tells once for each server that no message is written, and why. */
export const createRefusals = (
  { screen, output }: Pick<PersonOptions, 'screen' | 'output'>,
  because = () => 'no model is configured',
): NonNullable<Handlers['onRefused']> => {
  const told = new Set<string>();
  return (method, { server, call }) => {
    if (output.quiet || method !== 'sampling/createMessage' || told.has(server)) return;
    told.add(server);
    const during = call?.tool === undefined ? '' : ` (in ${call.tool})`;
    const line = `${server} asks for a message of a model${during}: refused, because ${because()}`;
    void import('./safe-text.ts').then(({ safeLine }) =>
      screen.note(output.remarks.yellow(safeLine(`toolway: ${line}`))),
    );
  };
};
