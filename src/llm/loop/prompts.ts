/** Prompts of servers as messages: what a person means by `/server:prompt key=value`. */
import type { Toolkit } from '../../api.ts';
import { ToolwayError } from '../../errors.ts';
import type { RequestOptions } from '../../options.ts';
import type { Message } from '../message.ts';
import { markedParts, type PartsOptions } from './attachments.ts';
import { wordsOf } from './words.ts';

/**
 * The messages of a prompt, for `messages` of a run: the server's words, and marked as such, so that the model counts as
 * having read them. `call` is `/server:prompt`, with arguments as `key=value`, or as values in the order of the prompt's
 * arguments, the last of which takes what is left. Rejects with `invalid_arguments` for a call that is none, and as
 * `getPrompt` does.
 */
export const promptMessages = async (
  toolkit: Pick<Toolkit, 'getPrompt' | 'listPrompts'>,
  call: string,
  options: PartsOptions & RequestOptions = {},
): Promise<Message[]> => {
  const { maxTokens, spill, ...wanted } = options;
  const [, server = '', name = '', rest = ''] = /^\/([^\s:]+):(\S+)\s*([\s\S]*)$/.exec(call.trim()) ?? [];
  if (name === '') throw refusal(`${JSON.stringify(call)} is no prompt; write /server:prompt key=value`);
  const args = await argumentsOf(toolkit, { server, name, words: wordsOf(rest) }, wanted);
  const { messages } = await toolkit.getPrompt(`${server}.${name}`, args, wanted);
  if (messages.length === 0) throw refusal(`the prompt ${server}:${name} is empty`);
  const source = { kind: 'prompt', server, name } as const;
  return Promise.all(
    messages.map(async ({ role, content }): Promise<Message> => {
      // The person wants it to be followed: it is not introduced as data.
      if (content.type === 'text') return { role, content: [{ type: 'text', text: content.text, source }] };
      return { role, content: await markedParts([content], source, { maxTokens, spill }) };
    }),
  );
};

const argumentsOf = async (
  toolkit: Pick<Toolkit, 'listPrompts'>,
  { server, name, words }: { server: string; name: string; words: string[] },
  wanted: RequestOptions,
): Promise<Record<string, string>> => {
  if (words.length === 0) return {};
  const prompt = (await toolkit.listPrompts({ server, ...wanted })).find((each) => each.name === name);
  const known = prompt?.arguments?.map((argument) => argument.name) ?? [];
  const named = words.filter((word) => known.some((key) => word.startsWith(`${key}=`)));
  if (named.length === words.length || prompt === undefined) {
    return Object.fromEntries(words.map((word) => pairOf(word)));
  }
  if (named.length > 0 || known.length === 0) {
    const told = known.length === 0 ? 'takes no arguments' : `takes ${known.join(', ')}`;
    throw refusal(`the prompt ${server}:${name} ${told}`);
  }
  const last = known.length - 1;
  return Object.fromEntries(
    known.slice(0, words.length).map((key, at) => [key, at === last ? words.slice(at).join(' ') : (words[at] ?? '')]),
  );
};

const pairOf = (word: string): [string, string] => {
  const at = word.indexOf('=');
  if (at < 1) throw refusal(`${JSON.stringify(word)} is no argument of a prompt; write key=value`);
  return [word.slice(0, at), word.slice(at + 1)];
};

const refusal = (message: string): ToolwayError => new ToolwayError('invalid_arguments', message, { executed: 'no' });
