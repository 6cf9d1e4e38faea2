/** Where a user's daemon listens, and whether that place is the user's own. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ToolwayError } from '../../errors.ts';
import { stateFolder } from '../../node/state-folder.ts';
import { VERSION } from '../../version.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The place of one daemon. */
export interface Place {
  folder: string;
  /** A Unix socket, or a named pipe. */
  socket: string;
  /** The secrets, for the user alone. */
  token: string;
  /** There while somebody starts it. */
  starting: string;
  log: string;
}

/** What both sides show each other: the first is shown to the daemon, the second by it. */
export interface Secrets {
  token: string;
  proof: string;
}

/** Unix sockets have about 104 bytes for their path. */
const MAX_SOCKET_BYTES = 100;
const OTHERS = 0o077;
/** What a process takes from its environment for itself: lines that differ in it cannot share one, and the daemon has them as its first line did. */
export const OF_THE_PROCESS = [
  'HOME',
  'NODE_OPTIONS',
  'NODE_EXTRA_CA_CERTS',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'NODE_USE_SYSTEM_CA',
  'OPENSSL_CONF',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'TMPDIR',
  'TOOLWAY_IDLE_TIMEOUT_MS',
];

const isWindows = (): boolean => process.platform === 'win32';

/** A short name for a text. It keeps things apart that are no secret; loading a real hash would take longer. */
const nameOf = (text: string): string => {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
};

/**
 * The folder of the sockets: in `TOOLWAY_STATE_DIR` where that is set, else in `$XDG_RUNTIME_DIR`, else in the state
 * folder; where the path would be too long for a socket, in the folder for temporary files of the system.
 */
export const daemonFolder = (env: Env): string => {
  const state = stateFolder({ env });
  const runtime = env.XDG_RUNTIME_DIR;
  const folder = !env.TOOLWAY_STATE_DIR && runtime?.startsWith('/') ? join(runtime, 'toolway') : join(state, 'daemon');
  if (isWindows() || Buffer.byteLength(folder) + '/0123456789abcdef.sock'.length <= MAX_SOCKET_BYTES) return folder;
  return `/tmp/toolway-${process.getuid?.()}-${nameOf(folder)}`;
};

/** The place of the daemon that has this name in the folder. */
export const placeNamed = (name: string, folder: string, env: Env): Place => ({
  folder,
  socket: isWindows() ? `\\\\.\\pipe\\toolway-${nameOf(folder)}-${name}` : join(folder, `${name}.sock`),
  token: join(folder, `${name}.token`),
  starting: join(folder, `${name}.starting`),
  log: join(stateFolder({ env }), 'daemon.log'),
});

/** What else a process cannot have twice: rights on files that it makes, and the machine, where the folder is shared by several. */
const facts = (env: Env): unknown => [
  OF_THE_PROCESS.map((name) => env[name] ?? null),
  process.umask(),
  process.getgid?.(),
  hostname(),
];

/** The place of the daemon for lines of this program: of this version, as it was installed, with this state folder. */
export const placeOf = (env: Env, program: string): Place => {
  const { statSync } = process.getBuiltinModule('node:fs');
  const installed = statSync(program).mtimeMs;
  const name = nameOf(
    JSON.stringify([VERSION, process.execPath, program, installed, stateFolder({ env }), facts(env)]),
  );
  return placeNamed(name, daemonFolder(env), env);
};

const refused = (what: string): ToolwayError => new ToolwayError('forbidden', what, { executed: 'no' });

/**
 * Throws `forbidden` where the folder or a file in it belongs to somebody else, or others can use it. Gives false where
 * it is not there.
 */
export const isOwn = (path: string): boolean => {
  const { lstatSync } = process.getBuiltinModule('node:fs');
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (found.isSymbolicLink()) throw refused(`${path} is a link`);
  const own = process.getuid?.();
  if (own === undefined) return true;
  if (found.uid !== own) throw refused(`${path} belongs to another user`);
  if ((found.mode & OTHERS) !== 0) throw refused(`other users can use ${path}`);
  return true;
};

/** The secrets of the daemon; undefined where there is none. Throws `forbidden` where they are not the user's own. */
export const readSecrets = ({ folder, token }: Pick<Place, 'folder' | 'token'>): Secrets | undefined => {
  const { readFileSync } = process.getBuiltinModule('node:fs');
  if (!isOwn(folder) || !isOwn(token)) return undefined;
  try {
    const [shown = '', proof = ''] = readFileSync(token, 'utf8').split('\n');
    return shown === '' || proof === '' ? undefined : { token: shown, proof };
  } catch {
    return undefined;
  }
};
