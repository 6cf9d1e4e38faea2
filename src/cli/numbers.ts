/** Options that are numbers. */
import { ToolwayError } from '../errors.ts';
import type { OptionName, Options } from './options.ts';

/** A whole number from 1. Throws `invalid_arguments` for anything else. */
export const countOf = (options: Pick<Options, 'value'>, name: OptionName, byDefault: number): number => {
  const given = options.value(name);
  if (given === undefined) return byDefault;
  if (/^\d{1,9}$/.test(given) && Number(given) >= 1) return Number(given);
  throw new ToolwayError('invalid_arguments', `--${name} must be a whole number from 1, not ${JSON.stringify(given)}`, {
    executed: 'no',
  });
};
