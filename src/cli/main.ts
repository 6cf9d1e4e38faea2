#!/usr/bin/env node
/** The command `toolway`: help, version and Tab from one small file each, everything else from what is compiled once and kept (Node 22.8 and later). */
import { compileCacheFolder } from './compile-cache.ts';

/** The types are those of the oldest Node. */
type WithCache = { enableCompileCache?(folder: string): unknown };

const words = process.argv.slice(2);
const asks = words.some((word) => ['help', '--help', '-h', '--version'].includes(word));
const runsWarm = words.includes('--keep-alive') || !['', '0', undefined].includes(process.env.TOOLWAY_KEEP_ALIVE);

/** Runs the line here. */
const runHere = async (): Promise<void> => {
  const folder = compileCacheFolder(process.env, process.platform);
  if (folder !== undefined) (process.getBuiltinModule('node:module') as WithCache).enableCompileCache?.(folder);
  await import('./process.ts');
};

if (words[0] === '__complete') await (await import('./at-tab.ts')).answerTab(words.slice(1));
else if (asks && (await (await import('./quick.ts')).answerQuickly(words))) {
  // That was all.
} else if (!runsWarm || !(await (await import('./daemon/client.ts')).runWarm(words))) await runHere();
