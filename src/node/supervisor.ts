/**
 * The lifeline: one small shell per host process that ends our servers when the host is gone, however it went. It
 * holds the other end of a pipe; the kernel closes that pipe even after `kill -9`.
 */
import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Reads `+GROUP` and `-GROUP`, then ends the groups it still knows. Without a word of release the host has died: TERM
 * at once, KILL after 1 s. After `release` the servers have just been told to leave: 2 s, TERM, 2 s, KILL.
 * Plain POSIX sh, and constant: nothing is ever put into it. Only whole lines with a plain number above 1 count, for
 * `kill -- -1` would reach every process of the user, and a line cut off by the host's death could name a stranger.
 */
export const SUPERVISOR_SCRIPT = `
exec 2>/dev/null
trap '' HUP INT QUIT TERM
groups=' ' eof=0 term=10
while IFS= read -r line; do
  if [ "$line" = release ]; then eof=20 term=20; break; fi
  id=\${line#?}
  case $id in '' | 0* | 1 | *[!0-9]* | ???????????*) continue ;; esac
  case $line in
    +*) groups="$groups$id " ;;
    -*) case $groups in *" $id "*) groups="\${groups%%" $id "*} \${groups#*" $id "}" ;; esac ;;
  esac
done
lives() { for id in $groups; do kill -s 0 -- "-$id" && return 0; done; return 1; }
end() { for id in $groups; do kill -s "$1" -- "-$id"; done; }
wait_tenths() {
  left=$1
  while [ "$left" -gt 0 ]; do
    lives || exit 0
    left=$((left - 1))
    sleep 0.1 || { sleep 1; left=$((left - 9)); }
  done
}
wait_tenths $eof
end TERM
wait_tenths $term
end KILL
`;

export interface Supervisor {
  /** From now on the process group `leader` does not outlive this process. `onlost` hears why that cannot be promised. */
  add(leader: number, onlost: (error: Error) => void): void;
  /** The group is gone, and its number may soon belong to somebody else. */
  remove(leader: number): void;
  /** Hands all groups over, to be ended in order, whether this process lives or not; their stdin must be closed by now. */
  release(): void;
  /** Of the shell, while there is one. */
  readonly pid: number | undefined;
}

/** Starts the shell with the first group and ends it with the last. Does nothing on Windows, which has no process groups. */
export const createSupervisor = ({ shellPath = '/bin/sh' } = {}): Supervisor => {
  const groups = new Set<number>();
  let shell: ChildProcess | undefined;

  const tell = (line: string): void => void shell?.stdin?.write(`${line}\n`);
  const start = (onlost: (error: Error) => void): void => {
    const started = spawn(shellPath, ['-c', SUPERVISOR_SCRIPT, 'toolway-supervisor'], {
      // A session of its own: Ctrl-C in the terminal must not end it before its time.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      cwd: '/',
      env: { PATH: process.env.PATH },
    });
    const gone = (): void => {
      if (shell === started) shell = undefined;
    };
    started.on('error', (error) => {
      gone();
      onlost(error);
    });
    started.on('exit', gone);
    started.stdin.on('error', gone);
    started.unref();
    (started.stdin as unknown as { unref(): void }).unref();
    shell = started;
    for (const leader of groups) tell(`+${leader}`);
  };

  return {
    get pid() {
      return shell?.pid;
    },
    add(leader, onlost) {
      if (process.platform === 'win32') return;
      groups.add(leader);
      if (shell !== undefined) {
        tell(`+${leader}`);
        return;
      }
      try {
        start(onlost);
      } catch (error) {
        onlost(error as Error);
      }
    },
    remove(leader) {
      if (!groups.delete(leader)) return;
      tell(`-${leader}`);
      if (groups.size > 0) return;
      shell?.kill('SIGKILL');
      shell = undefined;
    },
    release() {
      tell('release');
      groups.clear();
      shell = undefined;
    },
  };
};

/** The one supervisor of this process. */
export const supervisor: Supervisor = createSupervisor();
