/** The file that `record` writes and `replay` reads: one line of JSON for each thing that happened on a link. */
import { readFileSync } from 'node:fs';
import { ToolwayError } from '../errors.ts';
import type { JsonObject } from '../protocol/types.ts';
import { isObject } from '../protocol/wire.ts';

interface Line {
  /** Milliseconds since the recording began. */
  at: number;
  /** Which connection, counted from 1. */
  link: number;
}
export type RecordedLine =
  | (Line & { type: 'opened'; transport: string })
  | (Line & { type: 'sent'; message: unknown })
  | (Line & { type: 'received'; message: unknown; status?: number })
  /** A request that got no JSON-RPC answer, and why. */
  | (Line & { type: 'failed'; id: unknown; error: JsonObject })
  | (Line & { type: 'closed'; by: 'client' | 'server' });

/** The first line of a recording. */
export const HEADER = { recording: 'toolway', version: 1 };

/** Reads a recording. Throws `invalid_config` that names the file and the line. */
export const readRecording = (file: string): { line: number; entry: RecordedLine }[] => {
  const fail = (why: string, cause?: unknown): never => {
    throw new ToolwayError('invalid_config', `${file}: ${why}`, { cause });
  };
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    fail('the recording cannot be read', error);
  }
  const parsed = text
    .split('\n')
    .map((line, index) => ({ line: index + 1, text: line }))
    .filter((each) => each.text.trim() !== '')
    .map((each) => {
      try {
        return { line: each.line, entry: JSON.parse(each.text) as unknown };
      } catch (error) {
        return fail(`line ${each.line} is no JSON`, error);
      }
    });
  const [header, ...entries] = parsed;
  const { recording, version } = (isObject(header?.entry) ? header.entry : {}) as Partial<typeof HEADER>;
  if (recording !== HEADER.recording) fail('it is no recording of toolway');
  if (version !== HEADER.version) fail(`it has format ${version}, and only ${HEADER.version} is known`);
  return entries as { line: number; entry: RecordedLine }[];
};
