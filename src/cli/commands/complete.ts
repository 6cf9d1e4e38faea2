/** `toolway complete`: what a server proposes for an argument of a prompt, or a variable of a resource template. */
import type { ListedPrompt, ListedResourceTemplate } from '../../api.ts';
import { nearest } from '../../config/nearest.ts';
import { ToolwayError } from '../../errors.ts';
import type { CompletionReference } from '../../protocol/types.ts';
import type { Run, Session } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { safeLine } from '../safe-text.ts';
import { askServers, noneConnected } from '../servers.ts';
import { serversOf, timeoutOf } from '../session.ts';
import { untilAborted } from '../until.ts';

interface Target {
  server: string;
  ref: CompletionReference;
  arguments: string[];
}

const usage = (message: string, matches: string[] = []): ToolwayError =>
  new ToolwayError('invalid_arguments', message, { executed: 'no', matches });

export const run: Run = async ({ args, options, output, context, open }) => {
  const [name = '', wanted = '', ...known] = args;
  const { signal } = context;
  const [key, value] = pairOf(wanted, '');
  const others = Object.fromEntries(known.map((word) => pairOf(word)));
  const session = await open({ choose: (servers) => serversOf(name, servers) });
  const target = await findTarget(session, name, signal);
  for (const argument of [key, ...Object.keys(others)]) {
    if (target.arguments.length === 0 || target.arguments.includes(argument)) continue;
    throw usage(`${name} has no argument ${JSON.stringify(argument)}`, nearest(argument, target.arguments));
  }
  const startedAt = performance.now();
  const asked = session.toolkit.complete(
    target.ref,
    { name: key, value },
    {
      server: target.server,
      signal,
      ...(known.length > 0 && { context: { arguments: others } }),
      ...(options.flag('timeout') && { timeoutMs: timeoutOf(options) }),
    },
  );
  const completion = await untilAborted(asked, signal);
  if (output.json) {
    const { server, ref } = target;
    await output.document({
      server,
      ref,
      argument: { name: key, value },
      completion,
      durationMs: performance.now() - startedAt,
    });
    return EXIT.done;
  }
  const { values, total, hasMore } = completion;
  for (const one of values) await output.print(safeLine(one));
  if (hasMore === true) await output.note(`toolway: there are more${total === undefined ? '' : `: ${total} in all`}`);
  return EXIT.done;
};

const pairOf = (word: string, otherwise?: string): [string, string] => {
  const at = word.indexOf('=');
  if (at > 0) return [word.slice(0, at), word.slice(at + 1)];
  if (otherwise !== undefined && at === -1) return [word, otherwise];
  throw usage(`${JSON.stringify(word)} is no argument; write key=value`);
};

const variablesOf = (template: string): string[] =>
  [...template.matchAll(/\{[+#./;?&]?([^}]*)\}/g)].flatMap(([, list = '']) =>
    list.split(',').map((name) => name.replace(/[:*].*$/, '')),
  );

/** A prompt by its full or bare name, or a template by its URI template or name. */
const findTarget = async (session: Session, name: string, signal: AbortSignal): Promise<Target> => {
  const answers = await askServers(session, signal, async (toolkit, server) => {
    const filter = { server, signal };
    const [prompts, templates] = await Promise.all([
      toolkit.listPrompts(filter),
      toolkit.listResourceTemplates(filter),
    ]);
    return [...prompts.map(ofPrompt), ...templates.map(ofTemplate)];
  });
  const all = answers.flatMap(({ value = [] }) => value);
  const exact = all.filter(({ names }) => names[0] === name);
  const fitting = exact.length > 0 ? exact : all.filter(({ names }) => names.includes(name));
  const [only, ...more] = fitting;
  if (only === undefined) {
    const [failed] = answers.filter(({ error }) => error !== undefined);
    if (failed?.error !== undefined && (noneConnected(answers) || answers.length === 1)) throw failed.error;
    const matches = nearest(
      name,
      all.flatMap(({ names }) => names),
    );
    throw new ToolwayError('unknown_prompt', `there is no prompt or resource template ${JSON.stringify(name)}`, {
      executed: 'no',
      matches,
    });
  }
  if (more.length > 0) {
    const matches = fitting.map(({ names }) => names[0] ?? name);
    throw new ToolwayError('ambiguous_resource', `${name} could be ${matches.join(' or ')}`, {
      executed: 'no',
      matches,
    });
  }
  return only;
};

/** The first of the names is the full one. */
type Named = Target & { names: string[] };

const ofPrompt = ({ server, name, qualifiedName, arguments: given = [] }: ListedPrompt): Named => ({
  server,
  ref: { type: 'ref/prompt', name },
  arguments: given.map((argument) => argument.name),
  names: [qualifiedName, `${server}__${name}`, name],
});

const ofTemplate = ({ server, name, qualifiedName, uriTemplate }: ListedResourceTemplate): Named => ({
  server,
  ref: { type: 'ref/resource', uri: uriTemplate },
  arguments: variablesOf(uriTemplate),
  names: [uriTemplate, qualifiedName, name],
});
