/** Whatever face a call comes by, it ends in the same way: one code, and on each face what the contract makes of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuiltCli, buildCli } from '../fixtures/cli/built.ts';
import { FACES, type Face, type Seen } from '../fixtures/one-road/faces.ts';
import { until } from '../fixtures/servers/launch.ts';

interface Outcome {
  code: string;
  executed: 'no' | 'yes' | 'unknown';
  /** What the command exits with. */
  exit: number;
  /** The status of the problem over HTTP. */
  status: number;
  /** The code of the JSON-RPC error; a tool's own error is none. */
  rpcCode?: number;
  provoke(face: Face): Promise<Seen>;
}

const outcome = (
  code: string,
  executed: Outcome['executed'],
  [exit, status, rpcCode]: [exit: number, status: number, rpcCode?: number],
  provoke: Outcome['provoke'],
): Outcome => ({ code, executed, exit, status, ...(rpcCode !== undefined && { rpcCode }), provoke });

const OUTCOMES: Outcome[] = [
  outcome('denied', 'no', [6, 403, -32000], (face) => face.call('plain', 'big')),
  outcome('tool_changed', 'no', [6, 409, -32000], async (face) => {
    await face.call('changing', 'fine');
    await face.call('changing', 'change');
    // The list is fetched anew a moment after the server has said that it is another one.
    return until(async () => {
      const seen = await face.call('changing', 'fine');
      return seen.code !== undefined && seen;
    }, 'the tool is another one');
  }),
  outcome('invalid_arguments', 'no', [2, 400, -32602], (face) => face.call('plain', 'fine', { n: 'many' })),
  outcome('outcome_unknown', 'unknown', [8, 502, -32000], (face) => face.call('mortal', 'die')),
  outcome('breaker_open', 'no', [3, 503, -32000], (face) =>
    until(async () => {
      const seen = await face.call('fragile', 'die');
      return seen.code !== 'outcome_unknown' && seen;
    }, 'the breaker is open'),
  ),
  outcome('rate_limited', 'no', [9, 429, -32000], (face) => face.call('busy', 'fine')),
  outcome('timeout', 'unknown', [7, 504, -32000], (face) => face.call('impatient', 'hang')),
  outcome('cancelled', 'unknown', [130, 499, -32000], async (face) => {
    const before = face.hanging();
    const call = face.call('plain', 'hang');
    await until(() => face.hanging() > before, 'the call hangs');
    await face.cancel();
    return call;
  }),
  outcome('isError', 'yes', [5, 422], (face) => face.call('plain', 'fail')),
  outcome('unknown_tool', 'no', [2, 404, -32602], (face) => face.call('plain', 'nothing')),
  outcome('message_too_large', 'yes', [9, 502, -32000], (face) => face.call('narrow', 'big')),
  outcome('backpressure', 'no', [9, 429, -32000], async (face) => {
    // One is under way, one waits: of three, whichever comes last finds no place.
    const calls = [1, 2, 3].map(() => face.call('crowded', 'hang'));
    const refused = await Promise.race(calls);
    let left = calls.length;
    for (const call of calls) void call.then(() => (left -= 1));
    await until(async () => {
      await face.cancel();
      return left === 0;
    }, 'the others are cancelled');
    return refused;
  }),
];

let cli: BuiltCli;
beforeAll(() => {
  cli = buildCli('one-road');
}, 240_000);
afterAll(() => cli.remove());

/** What of an outcome is seen on a face. */
const SHOWN: Record<keyof typeof FACES, readonly (keyof Outcome)[]> = {
  library: [],
  'the command line': ['exit'],
  REST: ['status'],
  'MCP legacy': ['rpcCode'],
  'MCP modern': ['rpcCode'],
};

describe.each(Object.keys(FACES))('over %s', (name) => {
  let face: Face;
  beforeAll(async () => {
    face = await (FACES[name] as (typeof FACES)[string])(cli.main);
  });
  afterAll(() => face.close());

  test.each(OUTCOMES)(
    'a call ends with $code',
    async (expected) => {
      const shown = ['code', 'executed', ...(SHOWN[name] ?? [])] as const;
      const wanted = Object.fromEntries(
        shown.filter((key) => key in expected).map((key) => [key, expected[key as keyof Outcome]]),
      );
      expect(await expected.provoke(face)).toEqual(wanted);
    },
    60_000,
  );
});
