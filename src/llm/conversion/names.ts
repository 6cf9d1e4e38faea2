/**
 * Names that a provider takes, one for each tool and never the same for two. `server__tool`, of a tool without a server
 * its own name, wherever that fits; else a readable stem and a hash of both names, so that a name does not depend on what
 * other tools there are.
 */
import type { NameRules } from '../profiles/profile.ts';
import { hash8 } from './hash.ts';

interface Named {
  server: string;
  name: string;
}

export const plainName = ({ server, name }: Named): string => (server === '' ? name : `${server}__${name}`);

/** What is left of a long name of a server, so that something of the tool's is seen. */
const SERVER_STEM = 20;
const HASH = 9;

/** The names for all tools, in their order. `taken` are avoided. */
export const nameTools = (tools: readonly Named[], rules: NameRules, taken: readonly string[] = []): string[] => {
  const fits = fitting(rules);
  const used = new Set([...(rules.reserved ?? []), ...taken]);
  const names = new Array<string>(tools.length);
  const others: number[] = [];
  for (const [index, tool] of tools.entries()) {
    const plain = plainName(tool);
    if (!fits(plain) || used.has(plain)) {
      others.push(index);
      continue;
    }
    used.add(plain);
    names[index] = plain;
  }
  // In an order of their own: which of two gets the plain hash must not hang on the order of servers.
  const key = (index: number): string => JSON.stringify([tools[index]?.server, tools[index]?.name]);
  const keys = new Map(others.map((index) => [index, key(index)]));
  others.sort((a, b) => ((keys.get(a) ?? '') < (keys.get(b) ?? '') ? -1 : 1));
  const salts = new Map<string, number>();
  for (const index of others) {
    const { server, name } = tools[index] as Named;
    const stem = stemOf(server, name, rules);
    const own = keys.get(index) ?? '';
    let hashed = `${stem}_${hash8(own)}`;
    // Of tools that are given more than once, each goes on where the one before it ended.
    for (let salt = salts.get(own) ?? 1; used.has(hashed); salt += 1) {
      hashed = `${stem}_${hash8(`${own}${salt}`)}`;
      salts.set(own, salt + 1);
    }
    used.add(hashed);
    names[index] = hashed;
  }
  return names;
};

const fitting = ({ pattern, max }: NameRules): ((name: string) => boolean) => {
  const expression = new RegExp(`^(?:${pattern})$`);
  return (name) => name.length <= max && expression.test(name);
};

/** Letters, digits and `_` are in every alphabet; a name begins with a letter or `_` where any alphabet asks for it. */
const stemOf = (server: string, tool: string, { max }: NameRules): string => {
  const room = max - HASH;
  const whole = plainName({ server: plain(server), name: plain(tool) });
  const stem =
    whole.length <= room ? whole : plainName({ server: plain(server).slice(0, SERVER_STEM), name: plain(tool) });
  return (/^[0-9]/.test(stem) ? `_${stem}` : stem).slice(0, room);
};

/** Long enough for every provider, and not longer: a name may be as long as its server likes. */
const READ = 200;

const plain = (name: string): string => name.slice(0, READ).replaceAll(/[^A-Za-z0-9]+/g, '_');
