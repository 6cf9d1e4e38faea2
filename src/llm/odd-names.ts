/** Options whose names were mistyped: what they were meant to do would silently not be done. */
import { nearest } from '../config/nearest.ts';
import { type Problem, ToolwayError } from '../errors.ts';

const SHORTEST_BEGINNING = 4;

/** A problem for each name that is none of `known`, and that one of them was probably meant by. */
export const oddNames = (given: object, known: readonly string[]): Problem[] =>
  Object.entries(given).flatMap(([name, value]) => {
    if (value === undefined || known.includes(name)) return [];
    const longer = name.length < SHORTEST_BEGINNING ? undefined : known.find((one) => one.startsWith(name));
    const meant = nearest(name, known)[0] ?? longer;
    return meant === undefined ? [] : [{ path: `/${name}`, message: `is no option; did you mean ${meant}?` }];
  });

/** Throws `invalid_arguments` where what a model is made of names none, or has a mistyped option. */
export const checkModelOptions = (maker: string, given: unknown, known: readonly string[]): void => {
  const options: { model?: unknown } = typeof given === 'object' && given !== null ? given : {};
  const problems = oddNames(options, known);
  if (typeof options.model !== 'string' || options.model === '')
    problems.push({ path: '/model', message: `must be the name of a model: ${maker}({ model: '…' })` });
  refuse(problems);
};

/** Throws `invalid_arguments` that names every problem, where there is one. */
export const refuse = (problems: readonly Problem[]): void => {
  if (problems.length === 0) return;
  const told = problems.map(({ path, message }) => `${path.slice(1)} ${message}`).join('; ');
  throw new ToolwayError('invalid_arguments', told, { executed: 'no', problems: [...problems] });
};
