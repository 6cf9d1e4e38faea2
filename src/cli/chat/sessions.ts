/** Conversations that are kept: one file each in the folder of state, which only its user can read. */
import { randomBytes } from 'node:crypto';
import { lstat, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ToolwayError } from '../../errors.ts';
import { nodeFiles } from '../../node/files.ts';

/** Conversations that are kept, and as many of `--print`; the one that was not used for longest goes first. */
export const MAX_SESSIONS = 200;
/** Of one file; a conversation that is longer is not kept any more, nor read. */
export const MAX_SESSION_BYTES = 64 * 1024 * 1024;

/** What a process that was killed left of a file it was writing goes after this time. */
export const MAX_DRAFT_AGE_MS = 24 * 60 * 60 * 1_000;

/** What is known of a conversation without reading all of it. */
export interface SessionFacts {
  id: string;
  /** How it began. */
  title: string;
  /** Where it was held. */
  cwd: string;
  /** Its last model, as `--model` takes it. */
  model: string;
  createdAt: string;
  updatedAt: string;
  /** Held with `--print` alone: it takes no place among those that were held at a terminal. */
  print?: true;
}

export interface Sessions {
  /** Puts the file in the place of the one before. Rejects where it cannot be written. */
  save(facts: SessionFacts, conversation: unknown): Promise<void>;
  /** Throws `invalid_arguments` for one that is not there or cannot be read. */
  load(id: string): Promise<{ facts: SessionFacts; conversation: unknown }>;
  /** When it was last written; none where there is none to read. */
  writtenAt(id: string): Promise<string | undefined>;
  /** The last used one first. */
  list(): Promise<SessionFacts[]>;
}

const ID = /^\d{8}-[0-9a-f]{6}$/;
/** Of `nodeFiles`, beside the file that it was to become. */
const DRAFT = /^\.\d{8}-[0-9a-f]{6}\.json\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MAX_FACTS_BYTES = 8_192;
const MAX_TITLE_CHARS = 80;

/** True for what can be the name of a conversation. */
export const isSessionId = (word: string): boolean => ID.test(word);

/** How a conversation is called that begins with this question. */
export const titleOf = (question: string): string => question.trim().replace(/\s+/g, ' ').slice(0, MAX_TITLE_CHARS);

const newId = (now: string): string => `${now.slice(0, 10).replaceAll('-', '')}-${randomBytes(3).toString('hex')}`;

/** The same conversation, which goes its own way from here. */
export const fork = (facts: SessionFacts): SessionFacts => ({ ...facts, id: newId(new Date().toISOString()) });

/** The facts of a conversation that begins now. */
export const newSession = ({
  question,
  cwd,
  model,
  print,
}: {
  question: string;
  cwd: string;
  model: string;
  print: boolean;
}): SessionFacts => {
  const now = new Date().toISOString();
  return {
    id: newId(now),
    title: titleOf(question),
    cwd,
    model,
    createdAt: now,
    updatedAt: now,
    ...(print && { print }),
  };
};

const unusable = (id: string, why: string): ToolwayError =>
  new ToolwayError('invalid_arguments', `there is no conversation ${id} to go on with: ${why}`, { executed: 'no' });

const factsOf = (text: string, id: string): SessionFacts | undefined => {
  try {
    const facts = JSON.parse(text) as Record<string, unknown>;
    const isText = (name: string): boolean => typeof facts[name] === 'string';
    const isWhole = ['title', 'cwd', 'model', 'createdAt', 'updatedAt'].every(isText);
    if (facts.print !== true) delete facts.print;
    return isWhole && facts.id === id ? (facts as unknown as SessionFacts) : undefined;
  } catch {
    return undefined;
  }
};

/** `folder` is made when the first one is saved. The first line of each file are its facts, the second the conversation. */
export const createSessions = (folder: string): Sessions => {
  const pathOf = (id: string): string => join(folder, `${id}.json`);

  const sweep = async (draft: string): Promise<void> => {
    const path = join(folder, draft);
    const found = await lstat(path).catch(() => undefined);
    if (found?.isFile() !== true || Date.now() - found.mtimeMs < MAX_DRAFT_AGE_MS) return;
    await rm(path, { force: true }).catch(() => {});
  };
  const names = async (): Promise<string[]> => {
    const all = await readdir(folder).catch(() => []);
    await Promise.all(all.filter((name) => DRAFT.test(name)).map(sweep));
    return all;
  };
  const ids = async (): Promise<string[]> =>
    (await names()).map((name) => /^(.*)\.json$/.exec(name)?.[1] ?? '').filter((name) => ID.test(name));
  const firstLine = async (id: string): Promise<SessionFacts | undefined> => {
    const file = await open(pathOf(id), 'r').catch(() => undefined);
    if (file === undefined) return undefined;
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_FACTS_BYTES), 0, MAX_FACTS_BYTES, 0);
      const [line = ''] = buffer.subarray(0, bytesRead).toString('utf8').split('\n');
      return factsOf(line, id);
    } catch {
      return undefined;
    } finally {
      await file.close();
    }
  };
  const list = async (): Promise<SessionFacts[]> => {
    const all = await Promise.all((await ids()).map(firstLine));
    return all.filter((facts) => facts !== undefined).sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1));
  };
  const makeRoom = async ({ print }: SessionFacts): Promise<void> => {
    if ((await ids()).length < MAX_SESSIONS) return;
    const old = (await list()).filter((facts) => facts.print === print).slice(MAX_SESSIONS - 1);
    await Promise.all(old.map(({ id }) => rm(pathOf(id), { force: true })));
  };

  return {
    list,
    writtenAt: async (id) => (await firstLine(id))?.updatedAt,
    async save(facts, conversation) {
      const text = `${JSON.stringify(facts)}\n${JSON.stringify(conversation)}\n`;
      if (Buffer.byteLength(text) > MAX_SESSION_BYTES) throw new Error(`it has more than ${MAX_SESSION_BYTES} bytes`);
      const isNew = await stat(pathOf(facts.id)).then(
        () => false,
        () => true,
      );
      if (isNew) await makeRoom(facts);
      await nodeFiles.write(pathOf(facts.id), text);
    },
    async load(id) {
      if (!ID.test(id)) throw unusable(JSON.stringify(id), 'that is no name of one');
      await names();
      const found = await stat(pathOf(id)).catch(() => undefined);
      if (found === undefined) throw unusable(id, '"toolway chat --sessions" lists those that are kept');
      if (found.size > MAX_SESSION_BYTES) throw unusable(id, `its file has more than ${MAX_SESSION_BYTES} bytes`);
      const [head = '', rest = ''] = (await readFile(pathOf(id), 'utf8')).split('\n');
      const facts = factsOf(head, id);
      if (facts === undefined) throw unusable(id, 'its file is not one of ours');
      try {
        return { facts, conversation: JSON.parse(rest) as unknown };
      } catch {
        throw unusable(id, 'its file is damaged');
      }
    },
  };
};
