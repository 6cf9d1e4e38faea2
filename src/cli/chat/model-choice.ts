/** Which model is spoken with: what the line says, then the environment, then the configuration, then whose key there is. */
import type { ChatSettings } from '../../config/chat.ts';
import { ToolwayError } from '../../errors.ts';

/** A model, and how it is reached. */
export type ModelChoice =
  /** The one by rules. `fallback`: nobody asked for it, there is just no other. */
  | { provider: 'planner'; fallback: boolean }
  | { provider: 'anthropic'; model: string; baseUrl?: string; apiKey: string }
  | { provider: 'openai'; api: 'responses' | 'chat'; model: string; baseUrl?: string; apiKey: string };

export interface ModelWishes {
  /** `--model`. */
  model: string | undefined;
  /** `--base-url`. */
  baseUrl: string | undefined;
  settings: ChatSettings;
  env: Readonly<Record<string, string | undefined>>;
}

/** Of the provider whose key is in the environment, where nothing else is said. */
const USUAL = { anthropic: 'claude-sonnet-5-5', openai: 'gpt-6-sol' } as const;
const PROVIDERS = ['anthropic', 'openai', 'openai-chat', 'openai-responses', 'planner'] as const;
type Provider = (typeof PROVIDERS)[number];
/** For servers that want no key, of libraries that want one. */
const NO_KEY = 'none';
const SHAPES =
  'give it as anthropic/NAME, openai/NAME, openai-chat/NAME, openai-responses/NAME, or planner; a model of Ollama, llama.cpp or the like needs its address as well: --base-url http://localhost:11434/v1';

const usage = (message: string): ToolwayError => new ToolwayError('invalid_arguments', message, { executed: 'no' });
const given = (value: string | undefined): string | undefined => (value === '' ? undefined : value);

/** The choice as `--model` takes it. */
export const nameOfChoice = (choice: ModelChoice): string => {
  if (choice.provider !== 'openai') return choice.provider === 'planner' ? 'planner' : `anthropic/${choice.model}`;
  const usual = choice.baseUrl === undefined ? 'responses' : 'chat';
  return `openai${choice.api === usual ? '' : `-${choice.api}`}/${choice.model}`;
};

/** Throws `invalid_arguments` for a name that says no provider, and `auth_required` where the key is missing. */
export const chooseModel = ({ model, baseUrl, settings, env }: ModelWishes): ModelChoice => {
  const name = given(model) ?? given(env.TOOLWAY_MODEL) ?? settings.model;
  if (baseUrl !== undefined && !/^https?:\/\//.test(baseUrl))
    throw usage(`--base-url must be an http(s) URL, not ${JSON.stringify(baseUrl)}`);
  const at = baseUrl ?? settings.baseUrl;
  if (name === undefined) {
    if (at !== undefined) throw usage('which model is there at that address? Name it with --model');
    if (given(env.ANTHROPIC_API_KEY) !== undefined) return reach('anthropic', USUAL.anthropic, at, settings, env);
    if (given(env.OPENAI_BASE_URL) !== undefined)
      throw usage('OPENAI_BASE_URL is set: name the model that is there with --model or TOOLWAY_MODEL');
    if (given(env.OPENAI_API_KEY) !== undefined) return reach('openai', USUAL.openai, at, settings, env);
    return { provider: 'planner', fallback: true };
  }
  const [provider, rest] = readName(name, at ?? given(env.OPENAI_BASE_URL));
  return provider === 'planner' ? { provider, fallback: false } : reach(provider, rest, at, settings, env);
};

const isProvider = (word: string): word is Provider => (PROVIDERS as readonly string[]).includes(word);

/** A name alone says its provider where only one has such names, or where an address is given. */
const readName = (name: string, baseUrl: string | undefined): [Provider, string] => {
  if (name === 'planner') return ['planner', ''];
  const [, head = '', rest = ''] = /^([^/]+)\/(.+)$/s.exec(name) ?? [];
  if (isProvider(head) && head !== 'planner') return [head, rest];
  if (/^claude-/.test(name)) return ['anthropic', name];
  if (baseUrl !== undefined || /^(gpt-|chatgpt-|o\d)/.test(name)) return ['openai', name];
  throw usage(`of which provider is the model ${JSON.stringify(name)}? ${SHAPES}`);
};

const reach = (
  provider: Exclude<Provider, 'planner'>,
  model: string,
  baseUrl: string | undefined,
  { apiKeyEnv }: ChatSettings,
  env: ModelWishes['env'],
): ModelChoice => {
  const isAnthropic = provider === 'anthropic';
  const variable = apiKeyEnv ?? (isAnthropic ? 'ANTHROPIC_API_KEY' : 'OPENAI_API_KEY');
  const at = baseUrl ?? given(isAnthropic ? env.ANTHROPIC_BASE_URL : env.OPENAI_BASE_URL);
  const key = given(env[variable]);
  if (key === undefined && (at === undefined || apiKeyEnv !== undefined)) {
    throw new ToolwayError(
      'auth_required',
      `${provider}/${model} needs a key: set ${variable}, or use --model planner`,
      {
        executed: 'no',
      },
    );
  }
  const facts = { model, apiKey: key ?? NO_KEY, ...(at !== undefined && { baseUrl: at }) };
  if (isAnthropic) return { provider, ...facts };
  // Servers that are compatible with OpenAI's speak its older API.
  const usual = at === undefined ? 'responses' : 'chat';
  const api = provider === 'openai' ? usual : provider === 'openai-chat' ? 'chat' : 'responses';
  return { provider: 'openai', api, ...facts };
};
