/** The program of a stdio server: where it is, whether it can be started, and which version it is. */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, open, readdir, stat } from 'node:fs/promises';
import { basename, delimiter, isAbsolute, join, resolve } from 'node:path';
import { nearest } from '../../config/nearest.ts';
import { childEnvironment } from '../../node/child-env.ts';
import { type Finding, shellWord } from './finding.ts';

/** How to get what servers are commonly started with. */
const INSTALL: Readonly<Record<string, string>> = {
  node: 'install Node.js: https://nodejs.org/en/download',
  npx: 'install Node.js, which brings npx: https://nodejs.org/en/download',
  npm: 'install Node.js, which brings npm: https://nodejs.org/en/download',
  bun: 'curl -fsSL https://bun.sh/install | bash',
  bunx: 'curl -fsSL https://bun.sh/install | bash',
  deno: 'curl -fsSL https://deno.land/install.sh | sh',
  uv: 'curl -LsSf https://astral.sh/uv/install.sh | sh',
  uvx: 'curl -LsSf https://astral.sh/uv/install.sh | sh',
  pipx: 'python3 -m pip install --user pipx',
  python: 'install Python: https://www.python.org/downloads/',
  python3: 'install Python: https://www.python.org/downloads/',
  docker: 'install Docker: https://docs.docker.com/get-docker/',
};
/** Programs that print their version and do nothing else; any other might begin to work. */
const TELLS_VERSION = new Set([...Object.keys(INSTALL), 'pnpm', 'yarn', 'podman', 'java', 'dotnet', 'ruby', 'php']);
const VERSION_MS = 5_000;
const SHEBANG_BYTES = 256;
const MAX_NAMES = 20_000;

export interface CommandCheck {
  command: string;
  cwd: string;
  /** What the configuration adds to the environment, expanded. */
  env: Readonly<Record<string, string>>;
}

const isFile = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isFile() === true;
const isProgram = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

/** The endings that a name may have without saying so. */
const endings = ({ PATHEXT = '.COM;.EXE;.BAT;.CMD' }: Readonly<Record<string, string>>): string[] =>
  process.platform === 'win32' ? ['', ...PATHEXT.split(';')] : [''];

const candidates = (command: string, cwd: string, variables: Readonly<Record<string, string>>): string[] => {
  const places = /[/\\]/.test(command)
    ? [isAbsolute(command) ? command : resolve(cwd, command)]
    : (variables.PATH ?? '')
        .split(delimiter)
        .filter(Boolean)
        .map((folder) => join(folder, command));
  return places.flatMap((place) => endings(variables).map((ending) => place + ending));
};

const firstThat = async (
  paths: readonly string[],
  holds: (path: string) => Promise<boolean>,
): Promise<string | undefined> => {
  for (const path of paths) if (await holds(path)) return path;
  return undefined;
};

/** The interpreter that a script names in its first line. */
const interpreterOf = async (path: string): Promise<string | undefined> => {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SHEBANG_BYTES), 0, SHEBANG_BYTES, 0);
    const [, program, argument] =
      /^#!\s*(\S+)(?:[ \t]+(?:-S[ \t]+)?(\S+))?/.exec(buffer.toString('latin1', 0, bytesRead)) ?? [];
    return program !== undefined && basename(program) === 'env' ? argument : program;
  } finally {
    await file.close();
  }
};

const versionOf = (path: string, env: Record<string, string>): Promise<string | undefined> =>
  new Promise((resolve) => {
    execFile(path, ['--version'], { env, timeout: VERSION_MS, windowsHide: true }, (error, stdout, stderr) =>
      resolve(
        error === null
          ? `${stdout}\n${stderr}`
              .split('\n')
              .find((line) => /\d/.test(line))
              ?.trim()
          : undefined,
      ),
    );
  });

const similar = async (command: string, variables: Readonly<Record<string, string>>): Promise<string[]> => {
  const names: string[] = [];
  for (const folder of new Set((variables.PATH ?? '').split(delimiter))) {
    if (names.length < MAX_NAMES) names.push(...(await readdir(folder || '.').catch(() => [])));
  }
  return nearest(command, new Set(names));
};

export const checkCommand = async ({ command, cwd, env }: CommandCheck): Promise<Finding[]> => {
  const found = (level: Finding['level'], says: string, fix?: string): Finding[] => [
    { level, check: 'command', says, ...(fix !== undefined && { fix }) },
  ];
  if (!((await stat(cwd).catch(() => undefined))?.isDirectory() === true)) {
    return found('problem', `the working directory ${cwd} is not there`, `mkdir -p ${shellWord(cwd)}`);
  }
  const variables = childEnvironment(env);
  const places = candidates(command, cwd, variables);
  const files = await firstThat(places, isFile);
  const path = await firstThat(places, async (place) => (await isFile(place)) && isProgram(place));
  if (path === undefined && files !== undefined) {
    return found('problem', `${files} may not be executed`, `chmod +x ${shellWord(files)}`);
  }
  if (path === undefined) {
    const isPath = /[/\\]/.test(command);
    const names = isPath ? [] : await similar(command, variables);
    const hint = names.length === 0 ? '' : `; did you mean ${names.join(' or ')}?`;
    return found('problem', `there is no ${command}${isPath ? '' : ' on PATH'}${hint}`, INSTALL[basename(command)]);
  }
  const interpreter = await interpreterOf(path);
  if (interpreter !== undefined && (await firstThat(candidates(interpreter, cwd, variables), isFile)) === undefined) {
    const says = `${path} wants the interpreter ${interpreter}, which is not there`;
    return found('problem', says, INSTALL[basename(interpreter)]);
  }
  const known = TELLS_VERSION.has(basename(path).replace(/\.(exe|cmd|bat)$/i, ''));
  const version = known ? await versionOf(path, variables) : undefined;
  return found(
    'ok',
    `${command} is ${path}${version === undefined ? '' : `, version ${version.replace(/^v(?=\d)/, '')}`}`,
  );
};
