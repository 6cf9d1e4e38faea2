/** Everything that is found out about one server. */
import { resolve } from 'node:path';
import type { ListedTool, ServerStatus } from '../../api.ts';
import { expandServer } from '../../config/expand.ts';
import { type ConfigProblem, describeProblem } from '../../config/problem.ts';
import type { ToolwayError } from '../../errors.ts';
import { createExpander } from '../../node/expansion.ts';
import type { ServerConfig } from '../../options.ts';
import { LEGACY_VERSIONS, MODERN_VERSIONS } from '../../protocol/wire.ts';
import { beyondMessage } from '../last-words.ts';
import { checkCommand } from './command.ts';
import { type Finding, shellWord } from './finding.ts';
import { checkNetwork } from './network.ts';
import { placeOf } from './place.ts';
import { checkTools } from './tools.ts';
import { checkVariables } from './variables.ts';

/** What is known of a server after it was asked. */
export interface Patient {
  name: string;
  config: ServerConfig;
  status: ServerStatus | undefined;
  error: ToolwayError | undefined;
  tools: readonly ListedTool[];
  /** What was said of it meanwhile: noise on stdout, schemas that cannot be used. */
  warnings: readonly { message: string; isNoise: boolean }[];
  problems: readonly ConfigProblem[];
}

const SLOW_MS = 10_000;
const STDERR_LINES = 8;
const SHOWN_WARNINGS = 5;

/** The revisions that are offered to every server, the newest first. */
export const OFFERED = [...MODERN_VERSIONS, ...LEGACY_VERSIONS];

export const examine = async (
  patient: Patient,
  { env, cwd }: { env: Readonly<Record<string, string | undefined>>; cwd: string },
): Promise<Finding[]> => {
  const { name, config, status } = patient;
  if (status?.state === 'disabled') return [{ level: 'note', check: 'configuration', says: 'it is disabled' }];
  const configured = [
    ...patient.problems.map(
      (problem): Finding => ({
        level: problem.level === 'error' ? 'problem' : 'note',
        check: 'configuration',
        says: describeProblem(problem),
      }),
    ),
    ...checkVariables(config, env),
  ];
  if (status?.state === 'untrusted') {
    const fix = `toolway trust ${shellWord(name)}`;
    return [
      ...configured,
      { level: 'problem', check: 'configuration', says: 'nobody has agreed to what it starts', fix },
    ];
  }
  // What cannot be looked up now was said above; the rest of it can be looked at all the same.
  const expanded = await expandServer(name, config, { env, resolve: async () => '' }).catch(() => undefined);
  const before = expanded === undefined ? [] : await beforeConnecting(patient, expanded, env, cwd);
  const tools = await checkTools(name, patient.tools);
  return [...configured, ...before, ...connecting(patient), ...messages(patient), ...tools];
};

const beforeConnecting = async (
  { name, config }: Patient,
  { command, url, env, cwd: folder, proxy, tls }: ServerConfig,
  environment: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Promise<Finding[]> => {
  if (command !== undefined) return checkCommand({ command, env: env ?? {}, cwd: resolve(cwd, folder ?? '.') });
  if (url === undefined || !/^(https?|wss?):/.test(url) || !URL.canParse(url)) return [];
  try {
    // The files of `tls`, as the connection reads them.
    const read = tls === undefined ? {} : await createExpander({ env: environment })(name, { tls });
    return await checkNetwork({ url, written: config.url, proxy, tls: read.tls, env: environment });
  } catch (error) {
    return [{ level: 'problem', check: 'tls', says: error instanceof Error ? error.message : String(error) }];
  }
};

const connecting = ({ name, config, status, error, warnings }: Patient): Finding[] => {
  if (status?.connected !== true) return failure(name, config, error);
  const { connectMs = 0, era, protocolVersion, serverInfo } = status;
  const who = serverInfo === undefined ? 'it' : `${serverInfo.name} ${serverInfo.version}`;
  const isSlow = connectMs > SLOW_MS;
  const isFetched = /^(npx|uvx|bunx)$/.test(config.command ?? '');
  return [
    {
      level: isSlow ? 'note' : 'ok',
      check: 'start',
      says: `${who} answered after ${Math.round(connectMs)} ms`,
      ...(isSlow && isFetched && { fix: `install it: ${config.command} may fetch it at every start` }),
    },
    {
      level: protocolVersion === OFFERED[0] || protocolVersion === LEGACY_VERSIONS[0] ? 'ok' : 'note',
      check: 'protocol',
      says: `speaks ${protocolVersion} (${era}); offered were ${OFFERED.join(', ')}`,
    },
    ...(warnings.length === 0 ? [{ level: 'ok', check: 'messages', says: 'nothing but messages came' } as const] : []),
  ];
};

const failure = (name: string, config: ServerConfig, error: ToolwayError | undefined): Finding[] => {
  if (error === undefined) return [{ level: 'problem', check: 'start', says: 'it is not connected' }];
  const tail = beyondMessage(error.stderr?.trim().split('\n').slice(-STDERR_LINES).join('\n'), error.message);
  const said = tail === undefined ? '' : `\nits last words:\n${tail}`;
  const where = config.url === undefined ? '' : ` at ${placeOf(config.url)}`;
  const isAuthorization = error.code === 'auth_required' || error.code === 'auth_failed' || error.code === 'forbidden';
  const finding: Finding = {
    level: 'problem',
    check: isAuthorization ? 'authorization' : 'start',
    says: `${error.code}${where}: ${error.message}${said}`,
  };
  if (isAuthorization) finding.fix = 'give it "headers": { "Authorization": "Bearer ${TOKEN}" }';
  if (error.code === 'connect_timeout') finding.fix = `toolway doctor ${shellWord(name)} --timeout 120000`;
  return [finding];
};

const messages = ({ warnings }: Patient): Finding[] => {
  const shown = warnings.slice(0, SHOWN_WARNINGS).map(
    ({ message, isNoise }): Finding => ({
      level: 'note',
      check: 'messages',
      says: message,
      ...(isNoise && { fix: 'what a server has to say belongs on stderr; on stdout it breaks other clients' }),
    }),
  );
  const left = warnings.length - shown.length;
  return left <= 0 ? shown : [...shown, { level: 'note', check: 'messages', says: `and ${left} more of the kind` }];
};
