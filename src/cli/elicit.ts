/** A server's question to the person at the terminal (2026-07-28 client/elicitation): a form, or a page to visit. */
import type { HandlerContext } from '../handlers.ts';
import type { ElicitRequest, ElicitResult, ElicitUrlRequest } from '../protocol/types.ts';
import { askForm, defaultsOf } from './elicit-form.ts';
import type { PersonOptions } from './person.ts';
import { safeLine, safeText } from './safe-text.ts';
import type { Ask } from './screen.ts';

type Asker = Pick<HandlerContext, 'server' | 'call' | 'signal'>;

const CANCEL: ElicitResult = { action: 'cancel' };

/** Who asks, in the course of what. */
const headOf = ({ server, call }: Asker, what: string): string =>
  safeLine(`${server} ${what}${call?.tool === undefined ? '' : ` (in ${call.tool})`}`);

const indented = (text: string): string => safeText(text.trim()).replace(/^/gm, '  ');

/** Puts the question to the person and gives the answer; where nobody can be asked, that is `cancel`. */
export const elicit = async (request: ElicitRequest, asker: Asker, options: PersonOptions): Promise<ElicitResult> => {
  const { screen, output, yes } = options;
  if (request.mode !== 'url' && yes) {
    const content = defaultsOf(request.requestedSchema);
    if (content !== undefined) {
      await screen.note(`toolway: ${headOf(asker, 'asks for input')}: answered with its defaults (--yes)`);
      return { action: 'accept', content };
    }
  }
  if (!screen.interactive) {
    const why = yes ? 'not everything has a default' : 'there is no terminal to ask on; --yes takes the defaults';
    const asks = request.mode === 'url' ? 'asks you to visit a page' : 'asks for input';
    const hint = request.mode === 'url' ? 'there is no terminal to ask on' : why;
    const said = safeLine(request.message, 200);
    if (!output.quiet) await screen.note(safeLine(`toolway: ${headOf(asker, asks)}: ${said} — cancelled: ${hint}`));
    return CANCEL;
  }
  const { signal } = asker;
  const answer = await screen.converse(async (ask) => {
    if (signal.aborted) return CANCEL;
    return request.mode === 'url' ? askVisit(request, asker, ask, options) : askInForm(request, asker, ask, options);
  });
  if (signal.aborted) await screen.note(`toolway: ${headOf(asker, 'no longer asks')}`);
  return answer;
};

const askInForm = async (
  { message, requestedSchema }: Exclude<ElicitRequest, { mode: 'url' }>,
  asker: Asker,
  ask: Ask,
  { screen, output: { remarks } }: PersonOptions,
): Promise<ElicitResult> => {
  const { above } = await screen.terminal();
  above(remarks.bold(`${headOf(asker, 'asks for input')}:`));
  above(indented(message));
  above(remarks.dim('  Ctrl-C cancels, Ctrl-D declines.'));
  return askForm(requestedSchema, { ask, say: above, style: remarks, signal: asker.signal });
};

/** What about an address is worth a second look. */
const warningsOf = ({ protocol, hostname }: URL): string[] => [
  ...(protocol === 'http:' ? ['it is not encrypted (http)'] : []),
  ...(/(^|\.)xn--/.test(hostname) ? ['its host is written in other letters than it looks (xn--)'] : []),
];

const askVisit = async (
  { message, url }: ElicitUrlRequest,
  asker: Asker,
  ask: Ask,
  { screen, context, output: { remarks } }: PersonOptions,
): Promise<ElicitResult> => {
  const { above } = await screen.terminal();
  const target = new URL(url);
  above(remarks.bold(`${headOf(asker, 'asks you to visit a page')}:`));
  above(indented(message));
  above(`  ${safeText(target.href)}`);
  above(`  host: ${remarks.bold(safeLine(target.host))}`);
  for (const warning of warningsOf(target)) above(remarks.yellow(`  warning: ${warning}`));
  for (;;) {
    const prompt = '  [o]pen it in the browser, [v]isit it yourself, [d]ecline? ';
    const reply = await ask({ prompt, signal: asker.signal });
    if (!('line' in reply)) return reply.ended === 'end' ? { action: 'decline' } : CANCEL;
    const word = reply.line.trim().toLowerCase();
    if (['d', 'decline', 'n', 'no'].includes(word)) return { action: 'decline' };
    if (['v', 'visit'].includes(word)) return { action: 'accept' };
    if (!['o', 'open'].includes(word)) continue;
    try {
      await context.openUrl(target.href);
      return { action: 'accept' };
    } catch (error) {
      above(remarks.red(safeLine(`  it could not be opened: ${(error as Error).message}`)));
    }
  }
};
