/** The body of `POST /api/chat`. */
import type { Problem } from '../../errors.ts';
import type { JsonObject } from '../../protocol/types.ts';
import { unfit } from '../rest/body.ts';
import type { ChatRequest } from './port.ts';

/** Messages of one request. */
const MAX_MESSAGES = 1_000;
const KNOWN = ['messages', 'conversation', 'system', 'servers', 'maxSteps', 'maxToolCalls', 'maxOutputTokens'] as const;

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value) && value >= 1;
const isMessage = (value: unknown): value is ChatRequest['messages'][number] =>
  isObject(value) && (value.role === 'user' || value.role === 'assistant') && isText(value.content);

/** Throws `invalid_arguments` with every field that is wrong. A text is one message of the user. */
export const readRequest = (body: JsonObject): ChatRequest => {
  const problems: Problem[] = [];
  const must = (field: string, fits: boolean, message: string): void => {
    if (!fits) problems.push({ path: `/${field}`, message });
  };
  const { conversation, system, servers } = body;
  const messages = isText(body.messages) ? [{ role: 'user' as const, content: body.messages }] : body.messages;
  const isList = Array.isArray(messages) && messages.length > 0 && messages.length <= MAX_MESSAGES;
  const shape = `must be a text, or a list of 1 to ${MAX_MESSAGES} messages, each with a role (user or assistant) and a content`;
  must('messages', isList && messages.every(isMessage), shape);
  must('conversation', conversation === undefined || isObject(conversation), 'must be what an earlier answer gave');
  must('system', system === undefined || isText(system), 'must be a text');
  const areNames = servers === undefined || (Array.isArray(servers) && servers.every(isText));
  must('servers', areNames, 'must be a list of names of servers');
  for (const name of ['maxSteps', 'maxToolCalls', 'maxOutputTokens'] as const)
    must(name, body[name] === undefined || isCount(body[name]), 'must be a whole number from 1');
  for (const name of Object.keys(body))
    must(name, (KNOWN as readonly string[]).includes(name), `is none of ${KNOWN.join(', ')}`);
  const told = problems.map(({ path, message }) => `${path.slice(1)} ${message}`).join('; ');
  if (problems.length > 0) throw unfit(told, problems);
  return { ...body, messages } as unknown as ChatRequest;
};
