/** What a line brings in beside its words: resources named as `@server:uri`, and prompts of servers as `/server:prompt key=value`. */
import type { Toolkit } from '../../api.ts';
import { ToolwayError } from '../../errors.ts';
import type { MediaPart, Message, TextPart } from '../../llm/message.ts';
import { toParts } from '../../llm/results/parts.ts';
import type { Spill } from '../../llm/results/spill.ts';
import type { TaintSource } from '../../permission.ts';
import type { ContentBlock } from '../../protocol/types.ts';
import { splitLine } from '../shell/split-line.ts';

/** Resources that one line may bring in. */
export const MAX_ATTACHMENTS = 20;

export interface AttachOptions {
  toolkit: Pick<Toolkit, 'readResource' | 'getPrompt'>;
  servers: readonly string[];
  /** Keeps whole what is cut. */
  spill: Spill;
  signal: AbortSignal;
}

export interface Attachment {
  server: string;
  uri: string;
}

const usage = (message: string): ToolwayError => new ToolwayError('invalid_arguments', message, { executed: 'no' });

/** The resources that a line names, each once. A word with `@` that names no server is a word. */
export const attachmentsIn = (line: string, servers: readonly string[]): Attachment[] => {
  const found = new Map<string, Attachment>();
  for (const [, word = ''] of line.matchAll(/(?:^|\s)@(\S+)/g)) {
    const server = servers.find((name) => word.startsWith(`${name}:`));
    if (server === undefined) continue;
    const uri = word.slice(server.length + 1).replace(/[,;!?]+$/, '');
    if (uri !== '') found.set(word, { server, uri });
  }
  return [...found.values()];
};

/** A message of the user: the line, and behind it what it names. Rejects where a resource cannot be read. */
export const messageOf = async (line: string, options: AttachOptions): Promise<Message> => {
  const attachments = attachmentsIn(line, options.servers);
  if (attachments.length > MAX_ATTACHMENTS) throw usage(`at most ${MAX_ATTACHMENTS} resources at a time`);
  const parts = await Promise.all(attachments.map((one) => partsOf(one, options)));
  return { role: 'user', content: [{ type: 'text', text: line }, ...parts.flat()] };
};

const partsOf = async (
  { server, uri }: Attachment,
  { toolkit, spill, signal }: AttachOptions,
): Promise<(TextPart | MediaPart)[]> => {
  const { contents } = await toolkit.readResource(uri, { server, signal });
  const content = contents.map((resource): ContentBlock => ({ type: 'resource', resource }));
  return marked(await toParts({ content }, { server, tool: uri }, { spill }), { kind: 'resource', server, name: uri });
};

const marked = (parts: (TextPart | MediaPart)[], source: TaintSource): (TextPart | MediaPart)[] =>
  parts.map((part) => ({ ...part, source }));

/** A prompt that a line asks for. */
export interface PromptCall {
  server: string;
  name: string;
  args: Record<string, string>;
}

/** `/server:prompt key=value …`; undefined for a line that is none. Throws `invalid_arguments` for words that are no arguments. */
export const promptCallIn = (line: string, servers: readonly string[]): PromptCall | undefined => {
  if (!line.startsWith('/')) return undefined;
  const [head = '', ...words] = splitLine(line.slice(1));
  const server = servers.find((name) => head.startsWith(`${name}:`));
  if (server === undefined) return undefined;
  const args: [string, string][] = words.map((word) => {
    const at = word.indexOf('=');
    if (at < 1) throw usage(`${JSON.stringify(word)} is no argument of a prompt; write key=value`);
    return [word.slice(0, at), word.slice(at + 1)];
  });
  return { server, name: head.slice(server.length + 1), args: Object.fromEntries(args) };
};

/** The messages of a prompt, as words of its server. */
export const messagesOfPrompt = async (
  { server, name, args }: PromptCall,
  { toolkit, spill, signal }: AttachOptions,
): Promise<Message[]> => {
  const { messages } = await toolkit.getPrompt(`${server}.${name}`, args, { signal });
  if (messages.length === 0) throw usage(`the prompt ${server}:${name} is empty`);
  const source: TaintSource = { kind: 'prompt', server, name };
  return Promise.all(
    messages.map(async ({ role, content }): Promise<Message> => {
      if (content.type === 'text') return { role, content: [{ type: 'text', text: content.text, source }] };
      return {
        role,
        content: marked(await toParts({ content: [content] }, { server, tool: name }, { spill }), source),
      };
    }),
  );
};
