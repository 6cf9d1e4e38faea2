/** A toolkit whose servers are started as if by another process of the same user. */
import type { Toolkit } from '../api.ts';
import type { ToolkitOptions } from '../options.ts';
import { assembleToolkit } from '../toolkit/toolkit.ts';
import { type Launch, nodeRuntime } from './runtime.ts';

/** As `createToolkit`, but children inherit the variables of `launch`, and start in its working directory. */
export const createLaunchedToolkit = (options: ToolkitOptions, launch: Launch): Promise<Toolkit> =>
  assembleToolkit(options, (checked) => nodeRuntime(checked, undefined, launch));
