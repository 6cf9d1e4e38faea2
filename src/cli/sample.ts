/** A server's request for a message of the model, for which a person's word is wanted (2025-11-25 client/sampling). */
import type { HandlerContext } from '../handlers.ts';
import { isObject } from '../protocol/shape.ts';
import type { SampleRequest } from '../protocol/types.ts';
import type { PersonOptions } from './person.ts';
import { safeLine } from './safe-text.ts';

export interface SampleQuestion extends Pick<PersonOptions, 'screen' | 'output' | 'yes'> {
  /** The model that would write. */
  model: string;
  /** Tokens of the answer, at most. */
  longest: number;
  /** Servers that need not ask again; gains those of which the person says so. */
  agreed: Set<string>;
  /** The person has had enough of the turn. */
  interrupt(): void;
}

/** Of a text of the server, in columns; what is longer is cut. */
const MOST_COLUMNS = 600;

/** Shows who wants what written at whose expense; once, always for this server in the conversation, or not. */
export const agreeToSample = async (
  request: SampleRequest,
  { server, call, signal }: Pick<HandlerContext, 'server' | 'call' | 'signal'>,
  { screen, output, yes, model, longest, agreed, interrupt }: SampleQuestion,
): Promise<boolean> => {
  const name = safeLine(server);
  if (yes) {
    if (!output.quiet) await screen.note(`toolway: ${name} gets a message of the model (--yes)`);
    return true;
  }
  return screen.converse(async (ask) => {
    if (signal.aborted) return false;
    // Another of its requests may have been answered while this one waited.
    if (agreed.has(server)) return true;
    const { above } = await screen.terminal();
    const { remarks } = output;
    const during = call?.tool === undefined ? '' : safeLine(` (in ${call.tool})`);
    above(
      `${remarks.bold(`May ${name} have a message of the model?`)}${during} ${remarks.dim(safeLine(`${model} writes it; the tokens are on your account.`))}`,
    );
    const { systemPrompt, messages, tools } = request;
    if (typeof systemPrompt === 'string') above(safeLine(`  system prompt: ${systemPrompt}`, MOST_COLUMNS));
    if (Array.isArray(tools) && tools.length > 0) {
      const names = tools.map(({ name }) => name).join(', ');
      above(safeLine(`  tools of its own, which it runs itself: ${names}`, MOST_COLUMNS));
    }
    const which = messages.length > 1 ? `the last of ${messages.length} messages` : 'message';
    above(safeLine(`  ${which}: ${textOf(messages.at(-1)?.content)}`, MOST_COLUMNS));
    above(remarks.dim(`  The answer has at most ${longest} tokens, and goes to the server.`));
    for (;;) {
      const prompt = `  [y]es once, [a]lways for ${name} in this conversation, [n]o: `;
      const reply = await ask({ prompt, fresh: true, signal });
      if ('ended' in reply && reply.ended === 'interrupt') interrupt();
      if (!('line' in reply)) return false;
      const word = reply.line.trim().toLowerCase();
      if (['a', 'always'].includes(word)) agreed.add(server);
      if (['y', 'yes', 'once', 'a', 'always'].includes(word)) return true;
      if (['n', 'no'].includes(word)) return false;
    }
  });
};

/** What is no text is named by its kind. */
const textOf = (content: unknown): string =>
  (Array.isArray(content) ? content : [content])
    .map((block) => {
      if (!isObject(block)) return '';
      return block.type === 'text' && typeof block.text === 'string' ? block.text : `[${String(block.type)}]`;
    })
    .join(' ');
