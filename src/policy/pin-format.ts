/** How pinned definitions are written down: by the SHA-256 of how the server is launched, its name, and the tool. */
import { ToolwayError } from '../errors.ts';

/** Definitions as JSON text, by tool, by name of the server, by launch. */
export type PinnedServers = Map<string, Map<string, Map<string, string>>>;

const VERSION = 1;

/** Throws `invalid_config` for anything that was not written by `writePins`. */
export const readPins = (text: string): PinnedServers => {
  const root = objectOf(parsed(text), 'the file');
  if (root.version !== VERSION) throw broken(`its version is ${JSON.stringify(root.version)}, not ${VERSION}`);
  const pins: PinnedServers = new Map();
  for (const [launch, names] of Object.entries(objectOf(root.launches, 'launches'))) {
    const servers = new Map<string, Map<string, string>>();
    for (const [name, tools] of Object.entries(objectOf(names, launch))) {
      const definitions = Object.entries(objectOf(tools, name));
      servers.set(name, new Map(definitions.map(([tool, pin]) => [tool, JSON.stringify(objectOf(pin, tool))])));
    }
    pins.set(launch, servers);
  }
  return pins;
};

export const writePins = (pins: PinnedServers): string => {
  const launches = fromMap(pins, (names) => fromMap(names, (tools) => fromMap(tools, (text) => JSON.parse(text))));
  return `${JSON.stringify({ version: VERSION, launches }, undefined, 1)}\n`;
};

const fromMap = <V>(map: ReadonlyMap<string, V>, turn: (value: V) => unknown): Record<string, unknown> =>
  Object.fromEntries([...map].map(([key, value]) => [key, turn(value)]));

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw broken('it is not JSON', cause);
  }
};

const objectOf = (value: unknown, what: string): Record<string, unknown> => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw broken(`${what.slice(0, 100)} is not an object`);
};

const broken = (why: string, cause?: unknown): ToolwayError =>
  new ToolwayError('invalid_config', `no file of pins: ${why}`, { executed: 'no', cause });
