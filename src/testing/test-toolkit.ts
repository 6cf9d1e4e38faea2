/** A toolkit whose time is the test's own. */
import type { Toolkit } from '../api.ts';
import type { Clock } from '../clock.ts';
import { nodeRuntime } from '../node/runtime.ts';
import type { ToolkitOptions } from '../options.ts';
import { assembleToolkit } from '../toolkit.ts';

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
  const toolkit = await assembleToolkit(options, nodeRuntime(options.env, clock));
  const close: Toolkit['close'] = (wanted) => toolkit.close({ drainMs: 0, ...wanted });
  return { ...toolkit, close, [Symbol.asyncDispose]: () => close() };
};

/** What a toolkit otherwise loads when it first needs it: the disk knows nothing of a clock that stands still. */
const loadAll = (): Promise<unknown> =>
  Promise.all([
    import('ajv/dist/2020.js'),
    import('../calls/calls.ts'),
    import('../config/expand.ts'),
    import('../connection/health.ts'),
    import('../config/settle.ts'),
    import('../node/schema-engine.ts'),
    import('../protocol/asking.ts'),
    import('../protocol/listener.ts'),
    import('../protocol/negotiate-channel.ts'),
    import('../protocol/reading.ts'),
    import('../protocol/revival.ts'),
    import('../server/scopes.ts'),
    import('../shared-answers.ts'),
  ]);
