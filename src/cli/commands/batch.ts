/** `toolway batch`: many calls from a file, one result per line, and a run that was killed goes on where it was. */
import { resolve } from 'node:path';
import { ToolwayError } from '../../errors.ts';
import { matchesPattern } from '../../names.ts';
import type { LineCall } from '../batch/call-line.ts';
import { type BatchFiles, journalOf, openFiles } from '../batch/files.ts';
import { type Input, openInput, streamInput } from '../batch/input.ts';
import { createUnwritten } from '../batch/ledger.ts';
import { createBatchProgress, durationName } from '../batch/progress.ts';
import { nothingDone } from '../batch/recovery.ts';
import type { Tally } from '../batch/result-line.ts';
import { workThrough } from '../batch/workers.ts';
import type { Job, Run, Session } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { findTool } from '../find-tool.ts';
import { countOf } from '../numbers.ts';
import { reportFailure } from '../report.ts';
import { askServers, noteFailures } from '../servers.ts';

const CONCURRENCY = 16;
/** Above it a server's own queue would be full, and calls would fail for that alone. */
const MAX_CONCURRENCY = 256;
/** Names of tools that are remembered: they come from the input. */
const MAX_KNOWN = 10_000;
const STDOUT = '-';

const usage = (message: string): ToolwayError => new ToolwayError('invalid_arguments', message, { executed: 'no' });

export const run: Run = async (job) => {
  const { args, options, output, context } = job;
  const { signal } = context;
  const concurrency = countOf(options, 'concurrency', CONCURRENCY);
  if (concurrency > MAX_CONCURRENCY) throw usage(`--concurrency must be at most ${MAX_CONCURRENCY}`);
  const { input, files } = await openBatch(job, args[0] ?? '');
  const startedAt = performance.now();
  try {
    const { recovered, ledger } = files;
    const { tally } = recovered;
    const before = tally.total;
    if (tally.total < (input.total ?? Number.POSITIVE_INFINITY)) {
      const session = await openSession(job);
      const { toolkit, servers } = session;
      const progress = createBatchProgress(context.stderr, output.redraws, () => ({
        finished: tally.total,
        now: tally.total - before,
        failed: tally.failed,
        total: input.total,
        elapsedMs: performance.now() - startedAt,
      }));
      await workThrough({
        lines: input.lines(),
        servers,
        recovered,
        ledger,
        concurrency,
        signal,
        call: ({ name, args: given }, wanted) => toolkit.tryCall(name, given, wanted),
        isRepeatable: createRepeatable(session, signal),
        rescue: (result) => context.stdout.write(result),
        onResult: progress.touch,
      }).finally(progress.end);
    }
    await files.close();
    const durationMs = performance.now() - startedAt;
    if (ledger.failure !== undefined) return await reportFailure(withAdvice(ledger.failure, job), output);
    if (signal.aborted) {
      await output.note(`toolway: interrupted; ${tally.total} lines have their result${onward(job)}`);
      await noteDoubt(output, tally);
      return EXIT.cancelled;
    }
    await summarize(job, tally, durationMs, before);
    return tally.exitCode();
  } finally {
    await files.close();
  }
};

const isFile = (path: string | undefined): path is string => path !== undefined && path !== STDOUT;

const openBatch = async (
  { options, output, context }: Job,
  path: string,
): Promise<{ input: Input; files: BatchFiles }> => {
  const { cwd, stdout, bytes } = context;
  const shown = options.value('out');
  const resume = options.flag('resume');
  if (resume && path === '-') throw usage('--resume reads the input again: give it as a file');
  if (resume && !isFile(shown)) throw usage('--resume needs --out: the journal is beside the results');
  if (output.json && !isFile(shown))
    throw usage('--json prints a summary on stdout: give the results a file with --out');
  if (!isFile(shown) || path === '-') {
    if (isFile(shown)) throw usage('results of stdin go to stdout: give the input as a file, or redirect the output');
    const input = path === '-' ? streamInput(bytes()) : await openInput(resolve(cwd, path), path);
    const ledger = createUnwritten((text) => stdout.write(text));
    return { input, files: { ledger, recovered: nothingDone(), close: ledger.close } };
  }
  const out = resolve(cwd, shown);
  if ([out, journalOf(out)].includes(resolve(cwd, path)))
    throw usage('the results cannot go where the input comes from');
  const input = await openInput(resolve(cwd, path), path);
  return { input, files: await openFiles({ out, shown, input, resume, overwrite: options.flag('yes') }) };
};

/** Starts the servers. Throws when none of them is there: every line would fail for that. */
const openSession = async ({ open, output, context }: Job): Promise<Session> => {
  const session = await open();
  const answers = await askServers(session, context.signal, (toolkit, server) => toolkit.waitForConnection(server));
  await noteFailures(answers, output);
  return session;
};

/** Tells of calls whether their tool may run twice: the operator named it in `retrySafe`, or its own hints are trusted. Each name is looked up once. */
const createRepeatable = (session: Session, signal: AbortSignal): ((call: LineCall) => Promise<boolean>) => {
  const known = new Map<string, boolean>();
  const lookUp = async (name: string): Promise<boolean> => {
    const tool = await findTool(session, name, signal).catch(() => undefined);
    if (tool === undefined || tool.execution?.taskSupport === 'required') return false;
    const { retrySafe, trustHints } = session.config.mcpServers[tool.server] ?? {};
    if (retrySafe?.some((pattern) => matchesPattern(pattern, tool.name))) return true;
    const { readOnlyHint, idempotentHint } = (trustHints === true && tool.annotations) || {};
    return readOnlyHint === true || idempotentHint === true;
  };
  let turn: Promise<unknown> = Promise.resolve();
  return ({ name }) => {
    const answer = turn.then(async () => {
      const repeatable = known.get(name) ?? (await lookUp(name));
      if (known.size < MAX_KNOWN) known.set(name, repeatable);
      return repeatable;
    });
    turn = answer;
    return answer;
  };
};

/** How to go on after an end before the end. */
const onward = ({ options }: Job): string =>
  isFile(options.value('out')) ? '; the same line with --resume goes on' : '';

const withAdvice = (failure: ToolwayError, job: Job): ToolwayError =>
  failure.mapped((part) =>
    typeof part === 'string'
      ? (`${part}; results that found no room are on stdout, and no further call was begun${onward(job)}` as typeof part)
      : part,
  );

/** The table of outcomes; or the document, for programs. */
const summarize = async (
  { output, options }: Job,
  { counts, total, failed, inDoubt }: Tally,
  durationMs: number,
  before: number,
): Promise<void> => {
  const rows = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  if (output.json) {
    const out = options.value('out');
    await output.document({ lines: total, failed, outcomes: Object.fromEntries(rows), before, durationMs, out });
    return;
  }
  const width = Math.max(7, ...rows.map(([word]) => word.length));
  const row = (word: string, count: number | string): string => `${word.padEnd(width)}  ${String(count).padStart(9)}`;
  const { remarks } = output;
  const shown = rows.map(([word, count]) => (word === 'done' ? row(word, count) : remarks.red(row(word, count))));
  const since = before === 0 ? '' : `, ${before} of them in earlier runs`;
  await output.note(
    [remarks.dim(row('outcome', 'lines')), ...shown, row('all', total), `in ${durationName(durationMs)}${since}`].join(
      '\n',
    ),
  );
  await noteDoubt(output, { inDoubt });
};

/** Lines in doubt are the reader's to look at: no run sends them again. */
const noteDoubt = async ({ note, remarks }: Job['output'], { inDoubt }: Pick<Tally, 'inDoubt'>): Promise<void> => {
  if (inDoubt === 0) return;
  const [lines, whose, they] =
    inDoubt === 1 ? ['1 line', 'its call', 'it is'] : [`${inDoubt} lines`, 'their calls', 'they are'];
  const told = `toolway: of ${lines} nobody knows whether ${whose} ran; ${they} not sent again ("toolway batch --help" says what to do)`;
  await note(remarks.red(told));
};
