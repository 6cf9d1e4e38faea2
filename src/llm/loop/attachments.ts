/** Resources of servers as parts of a message: what a person means by `@server:uri`. */
import type { Toolkit } from '../../api.ts';
import type { RequestOptions } from '../../options.ts';
import type { TaintSource } from '../../permission.ts';
import type { ContentBlock } from '../../protocol/types.ts';
import type { MediaPart, Message, TextPart } from '../message.ts';
import { type ResultOptions, toParts } from '../results/parts.ts';

/** How much of what is brought in the model is given; see `toParts`. */
export type PartsOptions = Pick<ResultOptions, 'maxTokens' | 'spill'>;

/** Resources that one message may bring in. */
const MAX_RESOURCES = 20;

/**
 * A message of the user: the text, and behind it each resource that it names as `@server:uri`, once. A word with `@`
 * that names no server is a word. What is brought in is introduced as data, and the model counts as having read it.
 * Rejects as `readResource` does; of more than 20 resources, only that many are read.
 */
export const userMessage = async (
  toolkit: Pick<Toolkit, 'readResource' | 'has'>,
  text: string,
  options: PartsOptions & RequestOptions = {},
): Promise<Message> => {
  const { maxTokens, spill, ...wanted } = options;
  const named = [...new Set(namedIn(text))].flatMap((word) => {
    const [, server = '', uri = ''] = /^([^:]+):(.+)$/.exec(word) ?? [];
    return uri !== '' && toolkit.has(server) ? [{ server, uri }] : [];
  });
  const parts = await Promise.all(
    named.slice(0, MAX_RESOURCES).map(async ({ server, uri }) => {
      const { contents } = await toolkit.readResource(uri, { server, ...wanted });
      const blocks = contents.map((resource): ContentBlock => ({ type: 'resource', resource }));
      return markedParts(blocks, { kind: 'resource', server, name: uri }, { maxTokens, spill });
    }),
  );
  return { role: 'user', content: [{ type: 'text', text }, ...parts.flat()] };
};

const namedIn = (text: string): string[] =>
  [...text.matchAll(/(?:^|\s)@(\S+)/g)].map(([, word = '']) => word.replace(/[,;!?]+$/, ''));

/** Blocks of a server as parts that say whose they are. */
export const markedParts = async (
  content: ContentBlock[],
  source: TaintSource & { name: string },
  options: PartsOptions,
): Promise<(TextPart | MediaPart)[]> => {
  const parts = await toParts({ content }, { server: source.server, tool: source.name }, options);
  return parts.map((part) => ({ ...part, source }));
};
