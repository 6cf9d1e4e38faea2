/** A toolkit whose time is the test's own. */
import { existsSync, readdirSync } from 'node:fs';
import type { Toolkit } from '../api.ts';
import type { Clock } from '../clock.ts';
import { nodeRuntime } from '../node/runtime.ts';
import type { ToolkitOptions } from '../options.ts';
import { assembleToolkit } from '../toolkit/toolkit.ts';

/** What a test sets beside the options of the toolkit. */
export interface TestToolkitOptions {
  /** Where the toolkit's deadlines, pauses and durations come from. Default: the clock of the system. */
  clock?: Clock;
}

/**
 * `createToolkit` of `toolway/node` on another clock: with `createFakeClock()` timeouts and retries pass as fast as the
 * test wants. Child processes and the network take the time they take. `close()` does not wait for calls in flight
 * unless `drainMs` is given, since a clock that stands still would never end that wait.
 */
export const createTestToolkit = async (
  options: ToolkitOptions = {},
  { clock }: TestToolkitOptions = {},
): Promise<Toolkit> => {
  if (clock !== undefined) await loadAll();
  const toolkit = await assembleToolkit(options, (checked) => nodeRuntime(checked, clock));
  const close: Toolkit['close'] = (wanted) => toolkit.close({ drainMs: 0, ...wanted });
  return { ...toolkit, close, [Symbol.asyncDispose]: () => close() };
};

/** Rooms of which a toolkit loads nothing by itself. */
const NOT_OF_THE_TOOLKIT: ReadonlySet<string> = new Set(['cli', 'gateway', 'llm', 'node', 'testing']);
let loaded: Promise<unknown> | undefined;

/** The disk knows nothing of a clock that stands still, so nothing may be left to load when time begins to pass. */
const loadAll = (): Promise<unknown> => {
  loaded ??= Promise.all([
    import('ajv/dist/2020.js'),
    import('../node/schema-engine.ts'),
    ...modulesIn(new URL('../', import.meta.url)).map((url) => import(url.href)),
  ]);
  return loaded;
};

/** Built or not; of a program that is bundled there are none to be found, and none to be loaded. */
const modulesIn = (folder: URL): URL[] => {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory())
      return NOT_OF_THE_TOOLKIT.has(entry.name) ? [] : modulesIn(new URL(`${entry.name}/`, folder));
    return /^(?!.*\.(?:test|d)\.ts$).*\.(?:ts|js)$/.test(entry.name) ? [new URL(entry.name, folder)] : [];
  });
};
