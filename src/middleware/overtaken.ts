/** Which answers a change of the server concerns. */
import type { Call } from '../call.ts';
import type { Change } from './changes.ts';

const METHODS: Record<Exclude<Change['what'], 'everything'>, readonly string[]> = {
  tools: ['tools/call'],
  prompts: ['prompts/get', 'completion/complete'],
  resources: ['resources/read', 'completion/complete'],
};

/** What an answer is about. */
export interface Subject {
  readonly server: string;
  readonly scope: string;
  readonly method: string;
  readonly uri: unknown;
}

/** Of a call, no more than that: whatever else it holds must not be kept with its answer. */
export const subjectOf = ({ server, scope, method, params }: Call): Subject => ({
  server,
  scope,
  method,
  uri: params.uri,
});

/** Whether an answer that was asked for before the change may be another one now. */
export const touches = ({ server, scope, what, uri }: Change, subject: Subject): boolean => {
  if (server !== subject.server || (scope ?? subject.scope) !== subject.scope) return false;
  if (what === 'everything') return true;
  if (uri !== undefined) return subject.method === 'resources/read' && subject.uri === uri;
  return METHODS[what].includes(subject.method);
};

/** Whether the answer to a call in flight may be from before the change. What has not left asks for what is then. */
export const isOvertaken = (call: Call, change: Change): boolean =>
  call.state !== 'queued' && touches(change, subjectOf(call));
