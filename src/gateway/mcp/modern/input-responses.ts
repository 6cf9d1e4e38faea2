/** Answers of a client, checked before the server that asked gets them (2026-07-28 basic/patterns/mrtr#error-handling). */
import { readElicitation } from '../../../protocol/elicitation.ts';
import { fillForm } from '../../../protocol/form.ts';
import { sampleResultProblem } from '../../../protocol/sampling.ts';
import type { JsonObject } from '../../../protocol/types.ts';
import { isObject } from '../../../protocol/wire.ts';
import type { Question } from './asked.ts';

/** What is wrong with an answer, in words for its author; undefined where it can be used. */
export const responseProblem = ({ method, params }: Question, answer: unknown): string | undefined => {
  if (!isObject(answer)) return 'is not an object';
  switch (method) {
    case 'elicitation/create':
      return elicitProblem(params, answer);
    case 'sampling/createMessage': {
      const problem = sampleResultProblem(answer);
      return problem === undefined ? undefined : `: ${problem}`;
    }
    case 'roots/list':
      return rootsProblem(answer);
  }
};

const elicitProblem = (params: JsonObject, { action, content }: JsonObject): string | undefined => {
  if (action === 'decline' || action === 'cancel') return undefined;
  if (action !== 'accept') return '.action is none of accept, decline, cancel';
  const asked = readElicitation(params);
  if (asked.mode === 'url') return undefined;
  if (content !== undefined && content !== null && !isObject(content)) return '.content is not an object';
  const filled = fillForm(asked.form, content ?? {});
  if ('content' in filled) return undefined;
  return `.content: ${filled.problems.map(({ path, message }) => `${path} ${message}`).join(', ')}`;
};

const rootsProblem = ({ roots }: JsonObject): string | undefined => {
  if (!Array.isArray(roots)) return '.roots is not a list';
  const isRoot = (root: unknown): boolean =>
    isObject(root) && typeof root.uri === 'string' && /^file:\/\//i.test(root.uri);
  return roots.every(isRoot) ? undefined : '.roots has an entry without a file:// URI';
};
