// What is done to each client, what of its doing is shown, and what would be right.
/**
 * @typedef {{ step: string, ok: boolean, ms: number, code?: string, message?: string }} Outcome
 * @typedef {{ steps: Map<string, Outcome[]>, runs: number, left: number }} Seen
 * @typedef {{
 *   name: string,
 *   link: 'stdio' | 'http',
 *   fault?: string,
 *   steps: string[],
 *   end?: NodeJS.Signals,
 *   show(seen: Seen): string,
 *   right(seen: Seen, fails: Fails): boolean | undefined,
 * }} Scenario
 * @typedef {(outcome: Outcome | undefined, code: string) => boolean} Fails whether it failed; of Toolway the code is asked as well
 */

/** How long a client is waited for in one scenario: the usual 60 s, and a little. */
export const PATIENCE_MS = 75_000;

/** @param {Seen} seen @param {string} step */
const first = (seen, step) => seen.steps.get(step)?.[0];
/** @param {Outcome | undefined} outcome */
const said = (outcome) => {
  if (outcome === undefined) return `nothing within ${PATIENCE_MS / 1000} s`;
  const seconds = outcome.ms < 1000 ? `${outcome.ms} ms` : `${(outcome.ms / 1000).toFixed(1)} s`;
  return outcome.ok ? `ok, ${seconds}` : `${outcome.code ?? 'fails'}, ${seconds}`;
};
/** @param {number} runs */
const ran = (runs) => (runs === 1 ? 'ran once' : runs === 0 ? 'did not run' : `RAN ${runs} TIMES`);
/** @param {Seen} seen */
const secondCall = ({ steps }) => steps.get('call')?.[1];

/** @type {Scenario[]} */
export const SCENARIOS = [
  {
    name: 'server exits in the middle of a call',
    link: 'stdio',
    steps: ['exit'],
    show: (seen) => `${said(first(seen, 'exit'))}, ${ran(seen.runs)}`,
    right: (seen, fails) => fails(first(seen, 'exit'), 'outcome_unknown') && seen.runs === 1,
  },
  {
    name: 'the next call after it',
    link: 'stdio',
    steps: ['exit', 'wait', 'call'],
    show: (seen) => said(first(seen, 'call')),
    right: (seen) => first(seen, 'call')?.ok === true,
  },
  {
    name: 'server never answers initialize',
    link: 'stdio',
    fault: 'mute',
    steps: [],
    show: (seen) => said(first(seen, 'connect')),
    right: (seen, fails) => fails(first(seen, 'connect'), 'connect_timeout'),
  },
  {
    name: 'tool never answers',
    link: 'stdio',
    steps: ['silence'],
    show: (seen) => said(first(seen, 'silence')),
    right: (seen, fails) => fails(first(seen, 'silence'), 'timeout'),
  },
  {
    name: 'close() on a server that ignores SIGTERM, with a child',
    link: 'stdio',
    fault: 'stubborn',
    steps: ['close'],
    show: (seen) => `${said(first(seen, 'close'))}, ${seen.left} of 2 left`,
    right: (seen) => seen.left === 0 && (first(seen, 'close')?.ms ?? Number.POSITIVE_INFINITY) <= 5_000,
  },
  .../** @type {const} */ (['SIGTERM', 'SIGKILL']).map(
    (signal) =>
      /** @type {Scenario} */ ({
        name: `${signal} to the host of such a server`,
        link: 'stdio',
        fault: 'stubborn',
        steps: ['stay'],
        end: signal,
        show: (seen) => `${seen.left} of 2 left`,
        right: (seen) => seen.left === 0,
      }),
  ),
  {
    name: 'an answer of 12 MB, then the next call',
    link: 'stdio',
    steps: ['large', 'call'],
    show: (seen) => `${said(first(seen, 'large'))}; ${said(first(seen, 'call'))}`,
    right: (seen, fails) =>
      (first(seen, 'large')?.ok || fails(first(seen, 'large'), 'message_too_large')) &&
      first(seen, 'call')?.ok === true,
  },
  {
    name: 'junk on stdout before the handshake',
    link: 'stdio',
    fault: 'junk',
    steps: ['call'],
    show: (seen) => said(first(seen, 'call') ?? first(seen, 'connect')),
    right: (seen) => first(seen, 'call')?.ok === true,
  },
  {
    name: 'server forgets the session (404): two calls',
    link: 'http',
    fault: 'forget',
    steps: ['call', 'call'],
    show: (seen) => `${said(first(seen, 'call'))}; ${said(secondCall(seen))}; ${seen.runs} of 2 ran`,
    right: (seen) => first(seen, 'call')?.ok === true && secondCall(seen)?.ok === true && seen.runs === 2,
  },
  {
    name: 'one 429 with Retry-After: 1',
    link: 'http',
    fault: '429',
    steps: ['call'],
    show: (seen) => `${said(first(seen, 'call'))}, ${ran(seen.runs)}`,
    right: (seen) => first(seen, 'call')?.ok === true && (first(seen, 'call')?.ms ?? 0) >= 1_000 && seen.runs === 1,
  },
  {
    name: 'one 503 with Retry-After: 1, then the next call',
    link: 'http',
    fault: '503',
    steps: ['call', 'call'],
    show: (seen) => `${said(first(seen, 'call'))}; ${said(secondCall(seen))}`,
    right: (seen, fails) =>
      fails(first(seen, 'call'), 'outcome_unknown') && secondCall(seen)?.ok === true && seen.runs === 1,
  },
  {
    name: 'connection reset after the tool ran, then the next call',
    link: 'http',
    fault: 'reset',
    steps: ['call', 'call'],
    show: (seen) => `${said(first(seen, 'call'))}; ${said(secondCall(seen))}; ${ran(seen.runs - 1)} for the first`,
    right: (seen, fails) =>
      fails(first(seen, 'call'), 'outcome_unknown') && secondCall(seen)?.ok === true && seen.runs === 2,
  },
];
