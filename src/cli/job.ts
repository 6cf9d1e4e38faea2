/** One command at work: what it is given beside its words, and what is done for it before and after. */
import type { ToolkitOptions } from '../options.ts';
import type { CliContext, Job, Open, Run, ToolkitSource } from './command.ts';
import { createRecollection } from './completion/recollection.ts';
import { personHandlers } from './person.ts';
import { createScreen } from './screen.ts';
import { type Admit, createOpener, type Follow } from './session.ts';
import { tellOfWait } from './waiting.ts';

/** Runs a command: its servers can ask the person who sits here, and what they list is kept for completion. */
export const perform = async (run: Run, job: Omit<Job, 'screen' | 'open' | 'log'>): Promise<number> => {
  const { context, options, output } = job;
  const screen = createScreen(context);
  const recollection = createRecollection(context.env);
  // A toolkit that others go on with is logged by none of them.
  const wantsLog = Boolean(context.env.TOOLWAY_LOG) && context.keepsToolkits !== true;
  const log = wantsLog ? (await import('./log-file.ts')).openLog(context) : undefined;
  const yes = options.flag('yes');
  const inputsOf = async (given: ToolkitOptions): Promise<Pick<ToolkitOptions, 'env' | 'onInput'>> => {
    if (given.inputs === undefined && !options.flag('input')) return {};
    const { settleInputs } = await import('./inputs.ts');
    return settleInputs(given, options.values('input'), { screen, output, yes, signal: context.signal });
  };
  let lasting = false;
  const stop = new AbortController();
  const world: CliContext = {
    ...context,
    signal: AbortSignal.any([context.signal, stop.signal]),
    async toolkit(given, source) {
      // Where more lines may follow, only the call is over.
      const interrupt = (call: string): void => (lasting ? void made.then(({ cancel }) => cancel(call)) : stop.abort());
      const handlers = personHandlers({ screen, context, output, yes, interrupt });
      const { keepsToolkits = false } = context;
      // Servers that are there already have their answers.
      const answers = keepsToolkits ? {} : await inputsOf(given);
      const answer: ToolkitSource['answer'] = (mcpServers) => inputsOf({ ...given, mcpServers });
      const made = context.toolkit(
        { ...handlers, ...given, ...answers, ...(log && { log }) },
        source && { ...source, answer },
      );
      return recollection.attach(await made, given.mcpServers);
    },
  };
  const admit: Admit = async (config, servers, about) => {
    if (config.untrusted.length === 0) return;
    const { createAdmission } = await import('./trust/admit.ts');
    await createAdmission({ screen, context, output, yes })(config, servers, about);
  };
  const ends: (() => Promise<void>)[] = [];
  const follow: Follow = async (following) => {
    const { followFiles } = await import('./follow.ts');
    const note = (text: string): Promise<void> => (output.quiet ? Promise.resolve() : screen.note(text));
    ends.push(await followFiles(following, note));
  };
  const opener = createOpener(world, options, output, { admit, follow });
  const open: Open = async (wish) => {
    lasting = wish?.lasting === true;
    const session = await opener(wish);
    // What lasts shows itself who is there.
    if (!lasting && !output.quiet) {
      const tellNoMore = tellOfWait(session, (text) => void screen.note(output.remarks.dim(text)));
      ends.push(async () => tellNoMore());
    }
    return session;
  };
  try {
    return await run({ ...job, context: { ...context, signal: world.signal }, screen, log, open });
  } finally {
    await Promise.all(ends.map((end) => end()));
    await recollection.save();
    log?.flush();
  }
};
