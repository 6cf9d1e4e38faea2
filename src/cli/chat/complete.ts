/** What a line of the chat may go on with: commands and prompts behind `/`, resources behind `@`. */
import { candidatesAt } from '../completion/candidates.ts';
import type { KnownServer } from '../completion/known.ts';
import type { LiveNames } from '../shell/live-names.ts';

export interface ChatNames {
  /** Without the slash. */
  commands: readonly string[];
  names: LiveNames;
}

/** Candidates, and the end of the line that they take the place of. */
export const completionsOf = async (line: string, { commands, names }: ChatNames): Promise<[string[], string]> => {
  const word = /\S*$/.exec(line)?.[0] ?? '';
  const isFirst = word === line;
  if (word.startsWith('@')) {
    const { texts, ask } = resourcesAt(word.slice(1), await names.servers());
    return [sorted([...texts, ...(await names.propose(ask))].map((text) => `@${text}`)), word];
  }
  if (isFirst && word.startsWith('/')) {
    const known = await names.servers();
    const prompts = known.flatMap((server) => server.prompts.map(({ name }) => `${server.name}:${name}`));
    const all = [...commands, ...prompts].map((name) => `/${name} `);
    return [sorted(all.filter((text) => text.startsWith(word))), word];
  }
  const [, server, prompt, rest = ''] = /^\/([^\s:]+):(\S+)\s(.*)$/s.exec(line) ?? [];
  if (server === undefined) return [[], word];
  const { found, ask = [] } = candidatesAt({
    commands: { prompt: { summary: '', usage: 'SERVER.PROMPT [key=value …]', example: '', load: nothing } },
    words: ['prompt', `${server}.${prompt}`, ...rest.split(/\s+/).slice(0, -1)],
    current: word,
    servers: await names.servers(),
  });
  const proposed = await names.propose(ask);
  const texts = [...found.map(({ text, open }) => `${text}${open ? '' : ' '}`), ...proposed.map((text) => `${text} `)];
  return [sorted(texts.filter((text) => !/\s./.test(text))), word];
};

const nothing = (): Promise<never> => Promise.reject(new Error('it is there for completion alone'));
const sorted = (texts: readonly string[]): string[] => [...new Set(texts)].sort();

/** `server:` first, then its URIs; what stands in a template before a variable, and what the server proposes for it. */
const resourcesAt = (typed: string, servers: readonly KnownServer[]) => {
  const server = servers.find(({ name }) => typed.startsWith(`${name}:`));
  if (server === undefined) {
    const offering = servers.filter(({ resources, templates }) => resources.length + templates.length > 0);
    return { texts: offering.map(({ name }) => `${name}:`).filter((text) => text.startsWith(typed)), ask: [] };
  }
  const before = `${server.name}:`;
  const { found, ask = [] } = candidatesAt({
    commands: { read: { summary: '', usage: 'URI', example: '', load: nothing } },
    words: ['read'],
    current: typed.slice(before.length),
    servers: [server],
  });
  return {
    texts: found.filter(({ text }) => !/\s/.test(text)).map(({ text, open }) => `${before}${text}${open ? '' : ' '}`),
    ask: ask.map((reference) => ({ ...reference, before: before + reference.before })),
  };
};
