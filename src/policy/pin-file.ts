/** What was first seen of tools, in a file that outlives the program. */
import { ToolwayError } from '../errors.ts';
import type { ServerConfig } from '../options.ts';
import type { FirstSeen } from './first-seen.ts';
import { hashed } from './hashed.ts';
import { launchText } from './launch.ts';
import { type PinnedServers, readPins, writePins } from './pin-format.ts';
import { sha256 } from './sha256.ts';

/** Bytes of the file. */
export const MAX_PIN_FILE_BYTES = 32 * 1024 * 1024;

/** The files of the machine. */
export interface PinFilePort {
  /** The text of a file; nothing where there is none. Rejects when it cannot be read, or has more bytes. */
  read(path: string, maxBytes: number): Promise<string | undefined>;
  /** Replaces a file as a whole or leaves it as it was. */
  write(path: string, text: string): Promise<void>;
  /** Runs while no other program runs under the same path. Absent where no other program has the file. */
  alone?<T>(path: string, run: () => Promise<T>): Promise<T>;
}

export interface PinFileOptions {
  path: string;
  files: PinFilePort;
  createFirstSeen(): FirstSeen;
  /** Takes the secrets out of a text: of a definition that holds one the hash is kept. Default: there are none. */
  masked?(text: string): string;
  warn(server: string, message: string, cause?: unknown): void;
}

export interface PinFile {
  /** What was first seen of one server's tools, under this name and launch. */
  shelf(name: string, config: ServerConfig): FirstSeen;
  /** Resolves when nothing is left to be written. */
  saved(): Promise<void>;
}

/** What this program has to add for one server: a tool that was seen, or one that was decided on. */
interface News {
  launch: string;
  name: string;
  tool: string;
  text: string;
  decided: boolean;
}

/** Rejects with `invalid_config` where the file is there and cannot be read: it is somebody's to look at, not ours to replace. */
export const openPinFile = async ({
  path,
  files,
  createFirstSeen,
  masked = (text) => text,
  warn,
}: PinFileOptions): Promise<PinFile> => {
  const load = async (): Promise<PinnedServers> => {
    const text = await files.read(path, MAX_PIN_FILE_BYTES);
    return text === undefined ? new Map() : readPins(text);
  };
  const known = await load().catch((cause: unknown) => {
    throw unusable(path, cause);
  });
  const write = async (added: Iterable<News>): Promise<void> => {
    const present = await load();
    for (const one of added)
      add(present, masked(one.text) === one.text ? one : { ...one, text: await hashed(one.text) });
    const text = writePins(present);
    if (text.length > MAX_PIN_FILE_BYTES) throw tooLarge(path);
    await files.write(path, text);
  };
  let news = new Map<string, News>();
  let saving: Promise<void> | undefined;
  let isTold = false;
  /** What one server's tools meet the others' meet as well: it is told once. */
  const tell = (server: string, failure: ToolwayError): void => {
    if (isTold) return;
    isTold = true;
    const { message } = failure.cause instanceof Error ? failure.cause : failure;
    warn(server, `the pin file ${path} could not be written: ${message}`, failure);
  };

  const save = async (): Promise<void> => {
    const added = news;
    news = new Map();
    try {
      await (files.alone?.(path, () => write(added.values())) ?? write(added.values()));
    } catch (cause) {
      news = new Map([...added, ...news]);
      throw cause instanceof ToolwayError && cause.limit !== undefined ? cause : unusable(path, cause);
    }
  };
  /** One writing at a time; what comes meanwhile is written after it. */
  const saveAll = (): Promise<void> => {
    saving ??= (async () => {
      while (news.size > 0) await save();
    })().finally(() => {
      saving = undefined;
    });
    return saving;
  };

  return {
    shelf(name, config) {
      const own = createFirstSeen();
      const launch = launchText(config);
      if (launch === undefined) {
        warn(name, 'what is seen of this server is not kept: it has no launch definition to keep it under');
        return own;
      }
      let key = '';
      const ready = sha256(launch).then((hash) => {
        key = hash;
        for (const [tool, text] of known.get(key)?.get(name) ?? []) own.set(tool, text);
      });
      return {
        ready,
        get: own.get,
        get full() {
          return own.full;
        },
        set(tool, text) {
          const decided = own.get(tool) !== undefined;
          own.set(tool, text);
          news.set(JSON.stringify([key, name, tool]), { launch: key, name, tool, text, decided });
          // Together with what else comes of the same list.
          void Promise.resolve()
            .then(saveAll)
            .catch((failure: ToolwayError) => tell(name, failure));
        },
        saved: saveAll,
      };
    },
    saved: () => saveAll().catch(() => {}),
  };
};

/** What another program has pinned meanwhile stays, unless somebody decided on something else here. */
const add = (pins: PinnedServers, { launch, name, tool, text, decided }: News): void => {
  const servers = pins.get(launch) ?? new Map<string, Map<string, string>>();
  const tools = servers.get(name) ?? new Map<string, string>();
  if (decided || !tools.has(tool)) tools.set(tool, text);
  pins.set(launch, servers.set(name, tools));
};

const unusable = (path: string, cause: unknown): ToolwayError =>
  new ToolwayError(
    'invalid_config',
    `the pin file ${path} cannot be used: ${(cause as Error)?.message ?? cause}; it is left as it is: mend it, or move it away to pin the tools anew`,
    { executed: 'no', cause },
  );

const tooLarge = (path: string): ToolwayError =>
  new ToolwayError('invalid_config', `the pin file ${path} would have more than ${MAX_PIN_FILE_BYTES} bytes`, {
    executed: 'no',
    limit: MAX_PIN_FILE_BYTES,
  });
