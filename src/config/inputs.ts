/** `inputs`: values that a configuration wants asked for. */
import type { InputDefinition } from '../options.ts';
import { pointerStep } from './places.ts';
import type { ConfigProblem } from './problem.ts';
import { flag, isObject, kindOf, type Read, type Reader, someText, text } from './readers.ts';

/** The inputs of a file. `refused` says why one that is defined cannot be had, by id. */
export interface Inputs {
  definitions: InputDefinition[];
  refused: Map<string, string>;
  problems: ConfigProblem[];
}

/** The variable of the environment that answers an input in the place of the user. */
export const inputVariable = (id: string): string => `TOOLWAY_INPUT_${id.replace(/\W/g, '_').toUpperCase()}`;

const TYPES = ['promptString', 'pickString'] as const;

/** Reads `inputs`. One that is wrong is refused alone. */
export const readInputs = (value: unknown, path: string): Inputs => {
  const inputs: Inputs = { definitions: [], refused: new Map(), problems: [] };
  if (value === undefined || value === null) return inputs;
  if (!Array.isArray(value)) {
    inputs.problems.push({ level: 'warning', path, message: `must be a list of inputs, not ${kindOf(value)}` });
    return inputs;
  }
  for (const [index, entry] of value.entries()) {
    const here = path + pointerStep(index);
    const read = readInput(entry);
    const id = isObject(entry) && typeof entry.id === 'string' ? entry.id : undefined;
    if (read.ok) inputs.definitions.push(read.value);
    else {
      const at = read.step === undefined ? here : here + pointerStep(read.step);
      inputs.problems.push({ level: 'warning', path: at, message: read.message });
      const isCommand = isObject(entry) && entry.type === 'command';
      if (id !== undefined) inputs.refused.set(id, isCommand ? read.message : `is defined wrongly at ${at}`);
    }
  }
  return inputs;
};

const readInput: Reader<InputDefinition> = (entry) => {
  if (!isObject(entry)) return { ok: false, message: `must be an object { id, type, … }, not ${kindOf(entry)}` };
  const { id, type, description, password, options } = entry;
  if (type === 'command') {
    return { ok: false, step: 'type', message: 'runs a command of the editor, which only the editor has' };
  }
  const kind = TYPES.find((known) => known === type);
  if (kind === undefined) return { ok: false, step: 'type', message: `must be one of ${TYPES.join(', ')}` };
  const parts = {
    id: someText(id),
    description: optional(text, description),
    default: optional(text, entry.default),
    password: optional(flag, password),
    options: kind === 'pickString' ? readOptions(options) : optional(readOptions, undefined),
  };
  for (const [step, part] of Object.entries(parts)) if (!part.ok) return { ...part, step };
  const given = Object.entries(parts).flatMap(([key, part]) =>
    part.ok && part.value !== undefined ? [[key, part.value]] : [],
  );
  return { ok: true, value: { type: kind, ...Object.fromEntries(given) } as InputDefinition };
};

const optional = <T>(read: Reader<T>, value: unknown): Read<T | undefined> =>
  value === undefined || value === null ? { ok: true, value: undefined } : read(value);

const readOptions: Reader<NonNullable<InputDefinition['options']>> = (value) => {
  const wrong = { ok: false, message: 'must be a list of strings or { label, value }, with one at least' } as const;
  if (!Array.isArray(value) || value.length === 0) return wrong;
  const options: { value: string; label?: string }[] = [];
  for (const option of value) {
    if (typeof option === 'string') options.push({ value: option });
    else if (isObject(option) && typeof option.value === 'string') {
      options.push({ value: option.value, ...(typeof option.label === 'string' && { label: option.label }) });
    } else return wrong;
  }
  return { ok: true, value: options };
};
