/** What needs no tool: greetings, thanks, help, the state of the servers. */
import type { Toolkit } from '../../api.ts';
import type { Candidate } from './catalogue.ts';

const MOST_TOOLS = 12;

const GREETING = /^(?:hi|hello|hey|hallo|good (?:morning|day|afternoon|evening)|greetings)(?: there)?[\s!.,]*$/i;
const THANKS = /^(?:thanks?|thank you|thx|great|perfect|nice|cool)(?: (?:a lot|very much|you|so much))?[\s!.,]*$/i;
const BYE = /^(?:bye|goodbye|good night|see you)[\s!.,]*$/i;
const HELP =
  /^(?:\?|(?:please )?help(?: me)?|what can you do|what tools (?:are there|do you have)|(?:list|show)(?: me)?(?: all)?(?: the| your| available)* tools)[\s?!.]*$/i;
const STATUS = /^(?:(?:server )?status|(?:list|show)(?: me)?(?: all)?(?: the)? servers|how are the servers)[\s?!.]*$/i;

const serversText = (toolkit: Pick<Toolkit, 'status'>): string => {
  const lines = Object.entries(toolkit.status()).map(
    ([name, { state, toolsCount, lastError }]) =>
      `- ${name}: ${state}, ${toolsCount} ${toolsCount === 1 ? 'tool' : 'tools'}${state === 'failed' && lastError ? ` (${lastError.code})` : ''}`,
  );
  return lines.length === 0 ? 'No server is configured.' : ['Servers:', ...lines].join('\n');
};

const helpText = (toolkit: Pick<Toolkit, 'status'>, candidates: readonly Candidate[]): string => {
  const byServer = new Map<string, string[]>();
  for (const { server, tool } of candidates) byServer.set(server, [...(byServer.get(server) ?? []), tool.name]);
  const lines = [...byServer].map(([server, names]) => {
    const more = names.length > MOST_TOOLS ? `, and ${names.length - MOST_TOOLS} more` : '';
    return `- ${server === '' ? 'this program' : server}: ${names.slice(0, MOST_TOOLS).join(', ')}${more}`;
  });
  return [
    'I run tools when your words are near theirs. Name the thing to do and what to do it with, as in: read the first 10 lines of "notes.txt".',
    'Several steps work with "then"; "it" is what the step before gave. `server.tool name=value` is always understood.',
    serversText(toolkit),
    ...(lines.length > 0 ? ['Tools:', ...lines] : []),
  ].join('\n');
};

/** The answer to what is said for politeness, or about the program itself. */
export const smallTalk = (
  text: string,
  toolkit: Pick<Toolkit, 'status'>,
  candidates: readonly Candidate[],
): string | undefined => {
  const said = text.trim();
  if (GREETING.test(said)) return `Hello. ${candidates.length} tools are at hand; "help" lists them.`;
  if (THANKS.test(said)) return 'You are welcome.';
  if (BYE.test(said)) return 'Goodbye.';
  if (HELP.test(said)) return helpText(toolkit, candidates);
  return STATUS.test(said) ? serversText(toolkit) : undefined;
};
