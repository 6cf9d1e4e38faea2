/** `chat`, as files give it: which model `toolway chat` and the gateway speak with, and how far a turn may go. */
import { type Report, readParts } from './parts.ts';
import type { ConfigProblem } from './problem.ts';
import { limitMs, positive, type Reader, some, someText } from './readers.ts';
import type { Suggest } from './server.ts';

/** What files say of the model, and of one turn with it. */
export interface ChatSettings {
  /** `anthropic/NAME`, `openai/NAME`, … or `planner`: see `--model`. */
  model?: string;
  /** Where the model is asked instead of its provider's own address. */
  baseUrl?: string;
  /** The variable that holds the key. */
  apiKeyEnv?: string;
  /** Instructions for the model. */
  system?: string;
  maxSteps?: number;
  maxToolCalls?: number;
  /** Tokens that one turn may read and write. */
  maxTokens?: number;
  /** US dollars that one turn may cost. */
  maxCost?: number;
  /** Longest answer, in tokens. */
  maxOutputTokens?: number;
  /** Of one turn, in milliseconds. */
  timeoutMs?: number;
}

const webUrl: Reader<string> = (value) => {
  const read = someText(value);
  const fits = !read.ok || (URL.canParse(read.value) && /^https?:$/.test(new URL(read.value).protocol));
  return fits ? read : { ok: false, message: 'must be a URL, https://…' };
};
const variable: Reader<string> = (value) => {
  const read = someText(value);
  if (!read.ok || /^[A-Za-z_][A-Za-z0-9_]*$/.test(read.value)) return read;
  return { ok: false, message: 'must be the name of a variable, such as OPENROUTER_API_KEY, not the key itself' };
};

/** Reads `chat` where it is given. With an error among the problems nothing of it can be used. */
export const readChat = (value: unknown, suggest: Suggest): { chat?: ChatSettings; problems: ConfigProblem[] } => {
  const problems: ConfigProblem[] = [];
  if (value === undefined || value === null) return { problems };
  const push = (path: string, message: string): void => void problems.push({ level: 'error', path, message });
  const report: Report = Object.assign(push, { suggest });
  const chat = readParts<ChatSettings>(
    value,
    '/chat',
    {
      model: someText,
      baseUrl: webUrl,
      apiKeyEnv: variable,
      system: someText,
      maxSteps: some,
      maxToolCalls: some,
      maxTokens: some,
      maxCost: positive,
      maxOutputTokens: some,
      timeoutMs: limitMs,
    },
    report,
  );
  return { ...(chat !== undefined && { chat }), problems };
};
