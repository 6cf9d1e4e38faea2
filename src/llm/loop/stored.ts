/** A conversation as it comes from a file: anything, until it has been looked at. */
import { ToolwayError } from '../../errors.ts';
import type { Taint } from '../../permission.ts';
import type { Message } from '../message.ts';
import type { Usage } from '../model.ts';
import type { Seen } from './sightings.ts';
import { readTaint } from './taint.ts';

/** Throws `invalid_arguments` for what is no conversation. */
export const readConversation = (
  stored: unknown,
): { id?: string; messages: Message[]; taint: Taint; usage: Usage; costUsd?: number; seen: Seen } => {
  const { version, id, messages, taint, usage, costUsd, seen } = objectOf(stored, '');
  if (version !== 1) refuse('/version', 'must be 1');
  const known = objectOf(usage ?? {}, '/usage');
  return {
    ...(typeof id === 'string' && id !== '' && { id }),
    messages: checkMessages(messages),
    taint: readTaint(taint),
    usage: Object.fromEntries(Object.entries(known).filter(([, tokens]) => isAmount(tokens))),
    ...(isAmount(costUsd) && { costUsd }),
    seen: readSeen(seen),
  };
};

/** Each server that is named has shown its tools; what cannot be read of them is something else than what it shows next. */
const readSeen = (seen: unknown): Seen =>
  Object.fromEntries(
    Object.entries(seen === undefined ? {} : objectOf(seen, '/seen')).map(([server, hashes]) => [
      server,
      Array.isArray(hashes) ? hashes.filter((hash) => typeof hash === 'string') : [],
    ]),
  );

/** Messages as they are given: each part has what it needs to be sent. Throws `invalid_arguments`. */
export const checkMessages = (given: unknown): Message[] => {
  if (!Array.isArray(given)) refuse('/messages', 'must be a list');
  for (const [index, message] of (given as unknown[]).entries()) {
    const path = `/messages/${index}`;
    const { role, content } = objectOf(message, path);
    if (role !== 'user' && role !== 'assistant' && role !== 'tool')
      refuse(`${path}/role`, 'must be user, assistant or tool');
    if (!Array.isArray(content)) refuse(`${path}/content`, 'must be a list');
    for (const [at, part] of (content as unknown[]).entries()) checkPart(part, `${path}/content/${at}`);
  }
  return given as Message[];
};

const NEEDED: Record<string, readonly string[]> = {
  text: ['text'],
  reasoning: ['text'],
  media: ['mediaType', 'data'],
  call: ['id', 'name'],
  result: ['id', 'name'],
  opaque: [],
};

const checkPart = (given: unknown, path: string): void => {
  const part = objectOf(given, path);
  const needed = typeof part.type === 'string' && Object.hasOwn(NEEDED, part.type) ? NEEDED[part.type] : undefined;
  if (needed === undefined) refuse(`${path}/type`, `must be ${Object.keys(NEEDED).join(', ')}`);
  for (const name of needed ?? []) if (typeof part[name] !== 'string') refuse(`${path}/${name}`, 'must be a text');
  if (part.type === 'call' && part.arguments !== undefined) objectOf(part.arguments, `${path}/arguments`);
  if (part.type === 'opaque') objectOf(part.raw, `${path}/raw`);
  if (part.type !== 'result') return;
  if (!Array.isArray(part.content)) refuse(`${path}/content`, 'must be a list');
  for (const [at, inner] of (part.content as unknown[]).entries()) {
    const { type } = objectOf(inner, `${path}/content/${at}`);
    if (type !== 'text' && type !== 'media') refuse(`${path}/content/${at}/type`, 'must be text or media');
    checkPart(inner, `${path}/content/${at}`);
  }
};

const objectOf = (given: unknown, path: string): Record<string, unknown> => {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) refuse(path, 'must be an object');
  return given as Record<string, unknown>;
};

const isAmount = (given: unknown): given is number => typeof given === 'number' && Number.isFinite(given) && given >= 0;

const refuse = (path: string, message: string): never => {
  throw new ToolwayError('invalid_arguments', `this is no conversation: ${path} ${message}`, {
    executed: 'no',
    problems: [{ path, message }],
  });
};
