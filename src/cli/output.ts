/** Where results and remarks go: results to stdout, everything else to stderr. */
import type { Sink } from './command.ts';
import type { Options } from './options.ts';
import { createStyle, type Style, wantsColor } from './style.ts';

export interface Output {
  /** True when the result is one JSON document. */
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** A line of stderr may be redrawn in place: nobody asked for quiet, and the terminal obeys escape sequences. */
  readonly redraws: boolean;
  /** Colours of stdout. */
  readonly style: Style;
  /** Colours of stderr. */
  readonly remarks: Style;
  /** Width of the terminal; none where stdout is not one. */
  readonly columns: number | undefined;
  /** One or more lines of the result. What a server wrote must have passed `safeText` or `safeLine`. */
  print(text: string): Promise<void>;
  /** The result as a JSON document. */
  document(value: unknown): Promise<void>;
  /** A remark, unless `--quiet`. */
  note(text: string): Promise<void>;
  /** A failure; always said. */
  complain(text: string): Promise<void>;
}

/** Characters that JSON leaves as they are and a terminal does not: DEL, C1, bidi, zero-width and tag characters. */
const UNSAFE_IN_JSON =
  /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;

const asEscapes = (found: string): string =>
  Array.from({ length: found.length }, (_, at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');

/** JSON that is the same value for a program and harmless on a terminal. */
export const safeJson = (value: unknown, indent = 2): string =>
  (JSON.stringify(value, null, indent) ?? 'null').replace(UNSAFE_IN_JSON, asEscapes);

export const createOutput = (
  { stdout, stderr, env }: { stdout: Sink; stderr: Sink; env: Readonly<Record<string, string | undefined>> },
  options: Pick<Options, 'flag'>,
): Output => {
  const quiet = options.flag('quiet');
  const line = (sink: Sink, text: string): Promise<void> => sink.write(text.endsWith('\n') ? text : `${text}\n`);
  return {
    json: options.flag('json'),
    quiet,
    verbose: options.flag('verbose') && !quiet,
    redraws: !quiet && env.TERM !== 'dumb',
    style: createStyle(wantsColor(stdout, env, options.flag('no-color'))),
    remarks: createStyle(wantsColor(stderr, env, options.flag('no-color'))),
    columns: stdout.isTty ? stdout.columns : undefined,
    print: (text) => line(stdout, text),
    document: (value) => line(stdout, safeJson(value)),
    note: (text) => (quiet ? Promise.resolve() : line(stderr, text)),
    complain: (text) => line(stderr, text),
  };
};
