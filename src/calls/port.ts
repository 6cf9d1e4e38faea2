/** What the toolkit hands to this room, and what it gets back. */
import type { Toolkit } from '../api.ts';
import type { Call } from '../call.ts';
import type { guarded } from '../events.ts';
import type { mayRunAgain } from '../middleware/resend.ts';
import type { qualify, splitName } from '../names.ts';
import type { CallOptions, Logger } from '../options.ts';
import type { CallToolResult } from '../protocol/types.ts';
import type { House } from '../server/server.ts';
import type { DEFAULTS } from '../server/settings.ts';
import type { Route } from '../toolkit/catalog.ts';
import type { argumentsOf, checkWanted, textOf } from '../toolkit/doors.ts';
import type { Finder } from '../toolkit/finder.ts';
import type { bounded, share } from '../waits.ts';

/** What is made of one thing that a caller asked for. */
export interface Making {
  /** The calls that were made for it, the latest last. */
  calls: Call[];
  /** True when a function of the caller gave the result. */
  ownResult?: boolean;
  /** True for what was taken in before the toolkit was closed, and is sent while it drains. */
  accepted?: boolean;
}

/** One call that a caller asks for. Name and arguments are unchecked. */
export interface Asked {
  name: string;
  args: Record<string, unknown>;
  wanted: CallOptions;
  /** When it was asked for, on the monotonic clock. */
  startedAt: number;
  making: Making | undefined;
  /** Among whose outcomes that of its idempotency key is kept. */
  keeper?: string;
}

/** Times are in milliseconds on the monotonic clock. */
export interface CallsPort {
  house: House;
  finder: Finder;
  logger: Logger | undefined;
  /** How long queued calls are collected. */
  batchWindowMs: number | undefined;
  /** A call by any of its names, with whatever stands in for it. */
  ask(asked: Asked): Promise<CallToolResult>;
  /** One call on one server, and nothing that stands in for it. */
  callAlone(route: Route, asked: Asked): Promise<CallToolResult>;
  /** True once no new call is taken. */
  closed(): boolean;
  Call: typeof Call;
  bounded: typeof bounded;
  share: typeof share;
  guarded: typeof guarded;
  textOf: typeof textOf;
  argumentsOf: typeof argumentsOf;
  checkWanted: typeof checkWanted;
  splitName: typeof splitName;
  qualify: typeof qualify;
  mayRunAgain: typeof mayRunAgain;
  DEFAULTS: typeof DEFAULTS;
}

/** The methods of a toolkit that are made here. */
export type CallsMethod = 'tryCall' | 'batch' | 'queue' | 'broadcast';

/** `startedAt` is when the method was called. */
export type Calls = {
  [M in CallsMethod]: (given: Parameters<Toolkit[M]>, startedAt: number) => ReturnType<Toolkit[M]>;
} & {
  /** A call that names what stands in for it. */
  withFallback(asked: Asked): Promise<CallToolResult>;
  /** A call to a server of a group, whose other members stand in where their tool takes the same input. */
  inGroup(route: Route, asked: Asked): Promise<CallToolResult>;
};
