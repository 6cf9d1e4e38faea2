/** Hears of changes of files that may come and go, be replaced as a whole, and stand behind links. Asks the operating system; nothing is polled. */
import { type FSWatcher, watch } from 'node:fs';
import { lstat, readlink, stat } from 'node:fs/promises';
import { basename, join, parse, resolve, sep } from 'node:path';

export interface FileWatchOptions {
  paths: readonly string[];
  /** The files have to be still for so long. Under steady change it is told after ten times as much. */
  debounceMs: number;
  /** What the files say may be another thing now. The next one comes when this has settled. */
  onChange(): Promise<void>;
  /** A folder cannot be watched. */
  onError(error: unknown): void;
}

export interface FileWatch {
  close(): void;
}

const MAX_LINKS = 40;
const PATIENCE = 10;

/** Where it shows that a path leads to something else: entries of folders, by folder. */
const entriesOf = async (path: string, entries: Map<string, Set<string>>): Promise<void> => {
  const add = (folder: string, name: string): void => {
    entries.set(folder, (entries.get(folder) ?? new Set()).add(name));
  };
  const { root } = parse(path);
  let steps = path.slice(root.length).split(sep).filter(Boolean);
  let here = root;
  for (let links = 0; steps.length > 0; ) {
    const [step = '', ...rest] = steps;
    const next = join(here, step);
    const found = await lstat(next).catch(() => undefined);
    if (found === undefined || rest.length === 0 || found.isSymbolicLink()) add(here, step);
    if (found === undefined) return;
    if (!found.isSymbolicLink()) {
      here = next;
      steps = rest;
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) return;
    const target = resolve(here, await readlink(next).catch(() => step));
    const origin = parse(target).root;
    steps = [...target.slice(origin.length).split(sep).filter(Boolean), ...rest];
    here = origin;
  }
};

interface Watched {
  watcher: FSWatcher;
  names: ReadonlySet<string>;
  /** Of the folder: another one may have taken its place. */
  inode: number;
}

/** Resolves when every change from now on is heard. It does not keep the program alive. */
export const watchFiles = async ({ paths, debounceMs, onChange, onError }: FileWatchOptions): Promise<FileWatch> => {
  const folders = new Map<string, Watched>();
  let timer: NodeJS.Timeout | undefined;
  let firstAt: number | undefined;
  let running = false;
  let closed = false;

  const heard = (): void => {
    if (closed) return;
    const now = performance.now();
    firstAt ??= now;
    if (timer !== undefined && now - firstAt > debounceMs * PATIENCE) return;
    clearTimeout(timer);
    timer = setTimeout(() => void settle(), debounceMs);
    timer.unref();
  };
  const settle = async (): Promise<void> => {
    timer = undefined;
    // What is heard meanwhile is looked at afterwards.
    if (running) return heard();
    firstAt = undefined;
    running = true;
    try {
      await arm();
      if (!closed) await onChange();
    } finally {
      running = false;
    }
  };
  const drop = (folder: string): void => {
    folders.get(folder)?.watcher.close();
    folders.delete(folder);
  };
  const open = (folder: string, names: ReadonlySet<string>, inode: number): void => {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        const known = folders.get(folder)?.names;
        // A folder tells of its own end under its own name.
        if (name === null || known?.has(name) || name === basename(folder)) heard();
      });
      watcher.on('error', () => {
        drop(folder);
        heard();
      });
      folders.set(folder, { watcher, names, inode });
    } catch (error) {
      onError(error);
    }
  };
  const arm = async (): Promise<void> => {
    const wanted = new Map<string, Set<string>>();
    for (const path of paths) await entriesOf(path, wanted);
    for (const folder of [...folders.keys()]) if (!wanted.has(folder)) drop(folder);
    for (const [folder, names] of wanted) {
      const inode = await stat(folder).then(
        ({ ino }) => ino,
        () => undefined,
      );
      const before = folders.get(folder);
      if (before !== undefined && before.inode !== inode) drop(folder);
      else if (before !== undefined) before.names = names;
      if (closed || inode === undefined || folders.has(folder)) continue;
      open(folder, names, inode);
    }
  };

  await arm();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      for (const folder of [...folders.keys()]) drop(folder);
    },
  };
};
