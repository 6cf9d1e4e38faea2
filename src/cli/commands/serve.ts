/** `toolway serve`: the gateway, until Ctrl-C or SIGTERM. */
import { join } from 'node:path';
import { ToolwayError } from '../../errors.ts';
import { createApiKey } from '../../gateway/access/api-key.ts';
import type { AuditRecord } from '../../gateway/access/key-routes.ts';
import type { AccessOptions, ApiKey } from '../../gateway/access/options.ts';
import { isLoopbackAddress } from '../../gateway/access/peer.ts';
import type { CredentialAudit } from '../../gateway/credentials/add.ts';
import { createSeal } from '../../gateway/credentials/seal.ts';
import { sealedElsewhere } from '../../gateway/credentials/shelf.ts';
import { gatewayHandlers } from '../../gateway/handlers.ts';
import { createMemoryStore } from '../../gateway/store/memory.ts';
import type { Store } from '../../gateway/store/store.ts';
import type { AccessRecord } from '../../gateway/watch/access-log.ts';
import type { LoadedConfig } from '../../node/config-files.ts';
import { expandGateway } from '../../node/gateway-keys.ts';
import { type ServedGateway, serveGateway } from '../../node/serve.ts';
import { stateFolder } from '../../node/state-folder.ts';
import { readStateKey } from '../../node/state-key.ts';
import { createSqliteStore } from '../../node/store/sqlite.ts';
import type { Logger } from '../../options.ts';
import { gatewayChat } from '../chat/gateway-chat.ts';
import type { Job, Run } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { Options } from '../options.ts';
import { safeLine } from '../safe-text.ts';
import { remarkLogger, remarkServers } from '../serve-remarks.ts';

const DEFAULT_PORT = 3333;
const DEFAULT_HOST = '127.0.0.1';
/** Requests in flight may finish, then what is left is cancelled, its children are ended, and what is remembered is written. */
const DRAIN_MS = 8_000;
const GRACE_MS = 15_000;

export const run: Run = async (job) => {
  const { options, context, output, open, log } = job;
  const port = portOf(options);
  const host = options.value('host') ?? DEFAULT_HOST;
  const session = await open({ lasting: true, handlers: gatewayHandlers });
  const { toolkit } = session;
  const tell = (text: string): void => void output.note(text);
  remarkServers(toolkit, tell);
  const logger = remarkLogger(tell, log);
  const settingsOf = ({ gateway = { access: {} } }: LoadedConfig) => expandGateway(gateway, context);
  const given = await settingsOf(session.config);
  const access = await accessOf(job, host, given.access);
  context.grace?.(GRACE_MS);
  const served = await serveGateway(toolkit, {
    ...given,
    access: access.options,
    ...(await memoryOf(job, logger)),
    ...(await gatewayChat(job, session.config.chat)),
    logger,
    port,
    host,
    ...(log !== undefined && {
      onRequest: (record) => log.write(accessLine(record)),
      onAudit: (record) => log.write(auditLine(record)),
    }),
  });
  /** Keys count at once, and what is gone opens nothing any more; all else is for the next start. */
  const renew = async (config: LoadedConfig): Promise<void> => {
    const { apiKeys = [] } = (await settingsOf(config)).access;
    await served.replaceKeys([...apiKeys, ...access.own]);
    await output.note(
      'toolway: the keys of the configuration count now; what else it says of the gateway will from the next start on',
    );
  };
  session.onGateway = (config) =>
    void renew(config).catch(({ message }) => output.note(safeLine(`toolway: ${message}; the keys stay as they were`)));
  try {
    await announce(job, served, access);
    await ended(context.signal);
    await output.note('toolway: closing; what is under way may finish');
    await served.drain({ drainMs: DRAIN_MS });
  } finally {
    await toolkit.close({ drainMs: 0 });
    await served.close();
  }
  return EXIT.done;
};

/** A line of the access log looks like those of the toolkit. */
const accessLine = ({ time, ...facts }: AccessRecord): string =>
  JSON.stringify({
    time,
    level: 'info',
    event: 'request',
    ...facts,
    durationMs: Math.round(facts.durationMs * 1_000) / 1_000,
  });

const auditLine = ({ time, ...facts }: AuditRecord | CredentialAudit): string =>
  JSON.stringify({ time, level: 'info', ...facts });

/** What is remembered outlives the gateway, unless another one that runs has the file. */
const memoryOf = async (
  { context, output }: Job,
  logger: Pick<Logger, 'warn'>,
): Promise<{ store: Store; stateKey?: Uint8Array }> => {
  const note = (message: string): Promise<void> => output.note(safeLine(`toolway: ${message}`));
  const folder = stateFolder(context);
  const path = join(folder, 'gateway.db');
  let stateKey: Uint8Array | undefined;
  try {
    stateKey = await readStateKey({ path: join(folder, 'gateway.key'), env: context.env });
    const store = await createSqliteStore({ path, logger });
    const locked = await sealedElsewhere(store.records, await createSeal(stateKey).key);
    if (locked > 0)
      await note(
        `credentials of ${locked} callers were sealed with another key than gateway.key or TOOLWAY_STATE_KEY: nothing is lost, bring that key back`,
      );
    return { store, stateKey };
  } catch (error) {
    // What is there and is no key is for its owner to mend; a folder in which nothing can be kept stops nothing.
    if (stateKey === undefined && (error as Error).cause === undefined) throw error;
    await note(
      `${(error as Error).message}: what is in it counts for nothing here, and keys, credentials, calls, jobs and approvals are remembered until this gateway ends`,
    );
    return { store: createMemoryStore() };
  }
};

const usage = (message: string): ToolwayError => new ToolwayError('invalid_arguments', message, { executed: 'no' });

const portOf = (options: Options): number => {
  const given = options.value('port');
  if (given === undefined) return DEFAULT_PORT;
  const port = Number(given);
  if (given.trim() !== '' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw usage(`--port must be a number from 0 to 65535, not ${JSON.stringify(given)}`);
};

const isLoopback = (host: string): boolean => host === 'localhost' || isLoopbackAddress(host);

/** Who may come in, and the key that was made because there was none. */
interface Door {
  options: AccessOptions;
  /** The keys that are in no file. */
  own: ApiKey[];
  made: string | undefined;
}

/** Beyond the machine itself nothing is open without a key that somebody chose. */
const accessOf = async ({ options, context }: Job, host: string, given: AccessOptions): Promise<Door> => {
  const keys = [...options.values('api-key'), context.env.TOOLWAY_API_KEY ?? ''].filter((key) => key !== '');
  const named = keys.map(
    (key, index): ApiKey => ({ name: index === 0 ? 'cli' : `cli-${index + 1}`, key, scopes: ['admin', 'approve'] }),
  );
  const apiKeys = [...(given.apiKeys ?? []), ...named];
  const open = options.flag('no-auth');
  const { jwt } = given;
  if (open && !isLoopback(host)) throw usage('--no-auth is for 127.0.0.1, ::1 or localhost: anybody could come in');
  if (open && keys.length > 0) throw usage('--no-auth and a key contradict each other');
  if (open) return { options: { ...given, auth: 'none' }, own: [], made: undefined };
  if (apiKeys.length > 0 || jwt !== undefined) return { options: { ...given, apiKeys }, own: named, made: undefined };
  if (!isLoopback(host))
    throw usage(
      `--host ${host} is open to other machines: give a key with --api-key, TOOLWAY_API_KEY or in the configuration`,
    );
  const { key } = await createApiKey();
  const own: ApiKey[] = [{ name: 'local', key, scopes: ['admin', 'approve'] }];
  return { options: { ...given, apiKeys: own }, own, made: key };
};

const announce = async (
  { output }: Job,
  { url, createLink }: ServedGateway,
  { options, made }: Door,
): Promise<void> => {
  const link = options.auth === 'none' ? undefined : `${url}${createLink()}`;
  if (output.json)
    return output.document({ url, ...(made !== undefined && { key: made }), ...(link !== undefined && { link }) });
  const { style } = output;
  const header = options.auth === 'none' ? '' : ` -H 'Authorization: Bearer ${made ?? 'YOUR_KEY'}'`;
  const lines = [
    `${style.bold('Toolway')} listens on ${style.bold(url)}`,
    ...(made === undefined ? [] : [`  key    ${made}`]),
    ...(link === undefined ? [] : [`  open   ${link}  ${style.dim('(once, within 60 s)')}`]),
    `  REST   curl${header} ${url}/api/tools`,
    `  docs   ${url}/docs`,
    `  MCP    ${url}/mcp`,
  ];
  await output.print(lines.join('\n'));
};

const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
