import { describe, expect, test } from 'vitest';
import { chooseModel, type ModelChoice, type ModelWishes, nameOfChoice } from './model-choice.ts';

const chosen = (wishes: Partial<ModelWishes>): ModelChoice =>
  chooseModel({ model: undefined, baseUrl: undefined, settings: {}, env: {}, ...wishes });
const KEYS = { ANTHROPIC_API_KEY: 'a', OPENAI_API_KEY: 'o' };
const LOCAL = 'http://localhost:11434/v1';

describe('the model', () => {
  test('is the one by rules where there is no key, and says that nobody asked for it', () => {
    expect(chosen({})).toEqual({ provider: 'planner', fallback: true });
    expect(chosen({ env: { ANTHROPIC_API_KEY: '' } })).toEqual({ provider: 'planner', fallback: true });
    expect(chosen({ model: 'planner', env: KEYS })).toEqual({ provider: 'planner', fallback: false });
  });

  test('is one of whose key there is', () => {
    expect(chosen({ env: KEYS })).toMatchObject({ provider: 'anthropic', apiKey: 'a' });
    expect(chosen({ env: { OPENAI_API_KEY: 'o' } })).toMatchObject({ provider: 'openai', api: 'responses' });
  });

  test('is the one of the line before the one of the environment, and that before the one of the configuration', () => {
    const settings = { model: 'anthropic/c' };
    const env = { ...KEYS, TOOLWAY_MODEL: 'openai/b' };
    expect(chosen({ model: 'openai/a', env, settings })).toMatchObject({ model: 'a' });
    expect(chosen({ env, settings })).toMatchObject({ model: 'b' });
    expect(chosen({ env: KEYS, settings })).toMatchObject({ model: 'c' });
  });

  test.each<[Partial<ModelWishes>, Partial<ModelChoice>]>([
    [
      { model: 'claude-x', env: KEYS },
      { provider: 'anthropic', model: 'claude-x' },
    ],
    [
      { model: 'gpt-9', env: KEYS },
      { provider: 'openai', api: 'responses', model: 'gpt-9' },
    ],
    [
      { model: 'openai-chat/gpt-9', env: KEYS },
      { provider: 'openai', api: 'chat' },
    ],
    [
      { model: 'llama3', baseUrl: LOCAL },
      { provider: 'openai', api: 'chat', baseUrl: LOCAL, apiKey: 'none' },
    ],
    [
      { model: 'meta/llama3', baseUrl: LOCAL },
      { provider: 'openai', model: 'meta/llama3' },
    ],
    [
      { model: 'openai-responses/x', baseUrl: LOCAL },
      { provider: 'openai', api: 'responses', baseUrl: LOCAL },
    ],
    [
      { model: 'anthropic/x', env: { ANTHROPIC_BASE_URL: LOCAL } },
      { provider: 'anthropic', baseUrl: LOCAL },
    ],
    [
      { model: 'llama3', env: { OPENAI_BASE_URL: LOCAL } },
      { provider: 'openai', api: 'chat', baseUrl: LOCAL },
    ],
    [{ settings: { model: 'x', baseUrl: LOCAL, apiKeyEnv: 'K' }, env: { K: 'k' } }, { apiKey: 'k' }],
  ])('of %j is found', (wishes, choice) => {
    expect(chosen(wishes)).toMatchObject(choice);
  });

  test.each<[Partial<ModelWishes>, string, string]>([
    [{ model: 'mistral-large' }, 'invalid_arguments', 'of which provider'],
    [{ model: 'nobody/x' }, 'invalid_arguments', 'of which provider'],
    [{ baseUrl: LOCAL }, 'invalid_arguments', 'which model is there'],
    [{ baseUrl: 'localhost' }, 'invalid_arguments', '--base-url must be'],
    [{ env: { OPENAI_API_KEY: 'o', OPENAI_BASE_URL: LOCAL } }, 'invalid_arguments', 'name the model'],
    [{ model: 'anthropic/x' }, 'auth_required', 'set ANTHROPIC_API_KEY'],
    [{ model: 'gpt-9', env: { OPENAI_API_KEY: '' } }, 'auth_required', 'set OPENAI_API_KEY'],
    [{ settings: { model: 'x', baseUrl: LOCAL, apiKeyEnv: 'K' } }, 'auth_required', 'set K'],
  ])('of %j is refused with what is missing', (wishes, code, words) => {
    expect(() => chosen(wishes)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(words) }));
  });

  test.each(['planner', 'anthropic/x', 'openai/x', 'openai-chat/x'])('%s is told as it is given', (model) => {
    expect(nameOfChoice(chosen({ model, env: KEYS }))).toBe(model);
  });
});
