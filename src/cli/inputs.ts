/**
 * The values that a configuration wants asked for: from the line, the environment, or the person who sits here. They are
 * asked for before the servers start, so that no time limit of theirs runs meanwhile, and each once for all of them.
 */
import { inputVariable } from '../config/inputs.ts';
import { nearest } from '../config/nearest.ts';
import { inputsOf } from '../config/references.ts';
import { ToolwayError } from '../errors.ts';
import type { InputDefinition, ServerConfig, ToolkitOptions } from '../options.ts';
import { choiceLines, chosen } from './choices.ts';
import type { PersonOptions } from './person.ts';
import { safeLine, safeText } from './safe-text.ts';
import type { Ask } from './screen.ts';
import { refuseInterrupt } from './until.ts';

type Asking = Pick<PersonOptions, 'screen' | 'output' | 'yes'> & { signal: AbortSignal };
type Choices = ReturnType<typeof choicesOf>;

const MAX_NAME_COLUMNS = 60;

/**
 * Gives what answers the inputs of a toolkit; `given` are those of the line, as `ID=VALUE`. Throws `invalid_arguments`
 * for one that is unknown or does not fit, and `cancelled` at an interrupt. An input that is not to be had fails with
 * the servers that need it.
 */
export const settleInputs = async (
  { mcpServers = {}, defaults, inputs = [], env = {} }: ToolkitOptions,
  given: readonly string[],
  asking: Asking,
): Promise<Pick<ToolkitOptions, 'env' | 'onInput'>> => {
  const answers = answersOfLine(given, inputs);
  const refused = new Map<string, string>();
  const overridden = new Set([...answers.keys()].map(inputVariable));
  for (const [id, servers] of wanted(mcpServers, defaults)) {
    const input = inputs.find((known) => known.id === id);
    if (input === undefined || answers.has(id) || env[inputVariable(id)] !== undefined) continue;
    const answer = await answerOf(input, servers, asking);
    if ('value' in answer) answers.set(id, answer.value);
    else if (answer.refusal !== undefined) refused.set(id, answer.refusal);
  }
  return {
    // The line counts for more than the environment.
    env: Object.fromEntries(Object.entries(env).filter(([name]) => !overridden.has(name))),
    onInput(input) {
      const answer = answers.get(input.id);
      if (answer !== undefined) return answer;
      const refusal = refused.get(input.id) ?? (input.default === undefined ? 'nobody was asked for it' : undefined);
      if (refusal === undefined) return undefined;
      throw new ToolwayError(
        'invalid_config',
        `the input ${named(input)} was not given: ${refusal}; ${meansOf(input)}`,
        {
          executed: 'no',
        },
      );
    },
  };
};

const named = ({ id, description }: InputDefinition): string =>
  JSON.stringify(id) + (description === undefined ? '' : ` (${description})`);

/** Other users of the machine can read a line, so what is secret is not to stand there. */
const meansOf = ({ id, password }: InputDefinition): string =>
  password === true ? `${inputVariable(id)} can hold it` : `--input ${id}=VALUE gives it, or ${inputVariable(id)}`;

const usage = (message: string): ToolwayError => new ToolwayError('invalid_arguments', message, { executed: 'no' });

const answersOfLine = (given: readonly string[], inputs: readonly InputDefinition[]): Map<string, string> => {
  const answers = new Map<string, string>();
  for (const text of given) {
    const at = text.indexOf('=');
    // Without the value, which may be a secret.
    if (at < 1) throw usage('--input must be ID=VALUE');
    const id = text.slice(0, at);
    const input = inputs.find((known) => known.id === id);
    if (input === undefined) {
      const ids = inputs.map((known) => known.id);
      const [close] = nearest(id, ids);
      const hint =
        close === undefined ? (ids.length > 0 ? `; there are ${ids.join(', ')}` : '') : `; did you mean ${close}?`;
      throw usage(`--input: the configuration has no input ${JSON.stringify(id)}${hint}`);
    }
    const choices = choicesOf(input);
    const value = text.slice(at + 1);
    if (!fits(value, choices)) {
      throw usage(`--input ${id} must be one of ${choices?.map((choice) => JSON.stringify(choice.value)).join(', ')}`);
    }
    answers.set(id, value);
  }
  return answers;
};

/** The inputs that servers need which will be started, with these servers. */
const wanted = (
  servers: Readonly<Record<string, ServerConfig>>,
  defaults: Partial<ServerConfig> | undefined,
): Map<string, string[]> => {
  const names = new Map<string, string[]>();
  for (const [name, server] of Object.entries(servers)) {
    if (server.disabled === true || server.untrusted === true || typeof server.transport === 'function') continue;
    for (const id of new Set(inputsOf({ ...defaults, ...server }).map((reference) => reference.id))) {
      names.set(id, [...(names.get(id) ?? []), name]);
    }
  }
  return names;
};

/** Titles as the line editor may draw them: it writes what it completes as it is. */
const choicesOf = ({ type, options }: InputDefinition) =>
  type === 'pickString' ? options?.map(({ value, label }) => ({ value, title: safeLine(label ?? value) })) : undefined;

const fits = (value: string, choices: Choices): boolean =>
  choices === undefined || choices.some((choice) => choice.value === value);

/** A value, or why there is none; neither where the input has a default that will do. */
type Answer = { value: string } | { refusal: string | undefined };

const answerOf = async (input: InputDefinition, servers: readonly string[], asking: Asking): Promise<Answer> => {
  const { screen, yes } = asking;
  if (screen.interactive && !yes) return screen.converse((ask) => askPerson(input, servers, ask, asking));
  if (input.default !== undefined) return { refusal: undefined };
  return { refusal: yes ? 'it has no default that --yes could take' : 'there is no terminal to ask at' };
};

const askPerson = async (
  input: InputDefinition,
  servers: readonly string[],
  ask: Ask,
  { screen, output: { remarks }, signal }: Asking,
): Promise<Answer> => {
  const { above } = await screen.terminal();
  const { id, description, password: hidden = false, default: preset } = input;
  const choices = choicesOf(input);
  const name = safeLine(id, MAX_NAME_COLUMNS);
  above(remarks.bold(safeLine(`${servers.join(', ')} ${servers.length > 1 ? 'need' : 'needs'} a value for ${name}:`)));
  if (description !== undefined) above(safeText(description.trim()).replace(/^/gm, '  '));
  if (choices !== undefined) for (const line of choiceLines(choices)) above(line);
  const shownPreset = preset === undefined ? '' : ` [${hidden ? 'default' : safeLine(preset, MAX_NAME_COLUMNS)}]`;
  const kind = choices === undefined ? (hidden ? ' (hidden)' : '') : ' (one of these)';
  const prompt = `  ${remarks.bold(name)}${kind}${shownPreset}: `;
  const titles = choices?.map(({ title }) => title) ?? [];
  for (;;) {
    const reply = await ask({
      prompt,
      hidden,
      signal,
      history: titles,
      complete: async (line) => [titles.filter((title) => title.toLowerCase().startsWith(line.toLowerCase())), line],
    });
    refuseInterrupt(reply);
    if (!('line' in reply)) return { refusal: 'the question was not answered' };
    const value = reply.line === '' ? preset : choices === undefined ? reply.line : chosen(reply.line.trim(), choices);
    if (value === undefined) return { refusal: 'the answer was empty' };
    if (fits(value, choices)) return { value };
    above(remarks.red(`  ${name} is none of the options`));
  }
};
