/** `sampling/createMessage`: what a server may put before our model, and what may go back (2025-11-25 client/sampling). */
import { invalid } from './form.ts';
import { blockProblem, type Fields, fieldsProblem, ITEMS, isAbsent, isObject, itemProblem } from './shape.ts';
import type { JsonObject, SampleRequest, SampleResult } from './types.ts';

/** The most messages of one request, and the most blocks of one message. */
export const MAX_MESSAGES = 1_000;
/** The most tools of one request. */
export const MAX_TOOLS = 256;

const OPTIONAL: Fields = [
  ['systemPrompt', 'string'],
  ['includeContext', 'string'],
  ['temperature', 'number'],
  ['stopSequences', 'array'],
  ['modelPreferences', 'object'],
  ['metadata', 'object'],
  ['tools', 'array'],
  ['toolChoice', 'object'],
];
const TOOL_CHOICES = ['auto', 'required', 'none', undefined, null];

/** Reads the parameters of a request; refuses with −32602. */
export const readSample = (params: JsonObject): SampleRequest => {
  const { messages, maxTokens, stopSequences, tools, toolChoice } = params;
  const problem = fieldsProblem(params, [['maxTokens', 'number']], OPTIONAL);
  if (problem !== undefined) throw invalid(problem.slice(1));
  if ((maxTokens as number) < 1) throw invalid('maxTokens is less than 1');
  if (Array.isArray(stopSequences) && !stopSequences.every((one) => typeof one === 'string')) {
    throw invalid('stopSequences has an entry that is not a string');
  }
  if (Array.isArray(tools)) checkTools(tools);
  if (isObject(toolChoice) && !TOOL_CHOICES.some((mode) => mode === toolChoice.mode)) {
    throw invalid('toolChoice.mode is none of auto, required, none');
  }
  if (!Array.isArray(messages) || messages.length === 0) throw invalid('messages is not a list of messages');
  if (messages.length > MAX_MESSAGES) throw invalid(`more than ${MAX_MESSAGES} messages`);
  checkBalance(messages.map(readMessage));
  return params as SampleRequest;
};

const checkTools = (tools: unknown[]): void => {
  if (tools.length > MAX_TOOLS) throw invalid(`more than ${MAX_TOOLS} tools`);
  for (const [index, tool] of tools.entries()) {
    const problem = itemProblem(tool, ITEMS.tools);
    if (problem !== undefined) throw invalid(`tools[${index}]${problem}`);
  }
};

interface Message {
  role: 'user' | 'assistant';
  blocks: JsonObject[];
}

const readMessage = (message: unknown, index: number): Message => {
  const at = `messages[${index}]`;
  if (!isObject(message)) throw invalid(`${at} is not an object`);
  const { role, content } = message;
  if (role !== 'user' && role !== 'assistant') throw invalid(`${at}.role is neither user nor assistant`);
  const problem = contentProblem(role, content);
  if (problem !== undefined) throw invalid(`${at}.content${problem}`);
  return { role, blocks: (Array.isArray(content) ? content : [content]) as JsonObject[] };
};

/** One block or a list of blocks of a message; the models' side knows no others than these types. */
const contentProblem = (role: Message['role'], content: unknown): string | undefined => {
  if (!Array.isArray(content)) return partProblem(role, content);
  if (content.length > MAX_MESSAGES) return ` has more than ${MAX_MESSAGES} blocks`;
  for (const [index, part] of content.entries()) {
    const problem = partProblem(role, part);
    if (problem !== undefined) return `[${index}]${problem}`;
  }
  return undefined;
};

const partProblem = (role: Message['role'], part: unknown): string | undefined => {
  const problem = blockProblem(part);
  if (problem !== undefined) return problem;
  const block = part as JsonObject;
  switch (block.type) {
    case 'text':
    case 'image':
    case 'audio':
      return undefined;
    case 'tool_use': {
      if (role !== 'assistant') return ' is a tool_use of the user';
      const use: Fields = [
        ['id', 'string'],
        ['name', 'string'],
        ['input', 'object'],
      ];
      return fieldsProblem(block, use);
    }
    case 'tool_result':
      return role === 'user' ? resultProblem(block) : ' is a tool_result of the assistant';
    default:
      return '.type has no place in a message for a model';
  }
};

const resultProblem = (block: JsonObject): string | undefined => {
  const problem = fieldsProblem(block, [['toolUseId', 'string']], [['content', 'array']]);
  if (problem !== undefined || !Array.isArray(block.content)) return problem;
  if (block.content.length > MAX_MESSAGES) return `.content has more than ${MAX_MESSAGES} blocks`;
  for (const [index, inner] of block.content.entries()) {
    const problem = blockProblem(inner);
    if (problem !== undefined) return `.content[${index}]${problem}`;
  }
  return undefined;
};

/** Each message with tool uses is followed at once by one with exactly their results, and by nothing else. */
const checkBalance = (messages: Message[]): void => {
  let open = new Set<unknown>();
  for (const [index, { role, blocks }] of messages.entries()) {
    const at = `messages[${index}]`;
    const results = blocks.filter(({ type }) => type === 'tool_result');
    if (results.length > 0 && results.length < blocks.length) {
      throw invalid(`${at}: tool results are mixed with other content`);
    }
    for (const { toolUseId } of results) {
      if (!open.delete(toolUseId)) throw invalid(`${at}: a tool result belongs to no tool use before it`);
    }
    if (open.size > 0) throw invalid(`${at}: the result of a tool use is missing`);
    const uses = role === 'assistant' ? blocks.filter(({ type }) => type === 'tool_use') : [];
    open = new Set(uses.map(({ id }) => id));
    if (open.size < uses.length) throw invalid(`${at}: two tool uses have the same id`);
  }
  if (open.size > 0) throw invalid('the result of a tool use is missing');
};

/** What is wrong with the model's message that a handler gave, in words for its author. */
export const sampleResultProblem = (result: unknown): string | undefined => {
  if (!isObject(result)) return 'it is not an object';
  if (result.role !== 'assistant') return 'role is not assistant';
  if (typeof result.model !== 'string') return 'model is not a string';
  if (!isAbsent(result.stopReason) && typeof result.stopReason !== 'string') return 'stopReason is not a string';
  const problem = contentProblem('assistant', (result as SampleResult).content);
  return problem === undefined ? undefined : `content${problem}`;
};
