/** A turn as it is seen: what the model writes, and a line for each call. */
import type { LoopEvent } from '../../llm/loop/events.ts';
import type { CallToolResult, ContentBlock, JsonObject } from '../../protocol/types.ts';
import type { Job } from '../command.ts';
import { printContent } from '../content.ts';
import { isFormat, markdownView } from '../markdown/view.ts';
import { safeJson } from '../output.ts';
import { createResultView } from '../result-view.ts';
import { safeLine } from '../safe-text.ts';
import { type Answer, createAnswer } from './answer.ts';
import { createRoom } from './room.ts';
import { timeName } from './summary.ts';
import { createTurnLine } from './turn-line.ts';

export interface TurnView {
  onEvent(event: LoopEvent): void;
  /** Resolves once what the model has written so far is shown. */
  shown(): Promise<void>;
  /** Shows what is left, and takes the last line away. */
  end(): Promise<void>;
}

const COLUMNS_WITHOUT_WIDTH = 100;
const LONGEST_REASON = 300;

export interface TurnViewOptions {
  /** What the model writes goes to stdout as it comes; else only what it writes before its calls is told, as a remark. */
  answers: boolean;
  /** What it writes is no Markdown, unless the user says that it is. */
  plain?: boolean;
  /** Servers that are being connected: the model is asked once they are there. */
  waitsFor?(): readonly string[];
}

export const createTurnView = (job: Job, { answers, plain = false, waitsFor }: TurnViewOptions): TurnView => {
  const { context, output, screen } = job;
  const room = createRoom(screen);
  const line = createTurnLine({
    sink: context.stderr,
    screen: room,
    enabled: output.redraws,
    ...(waitsFor && { waitsFor }),
  });
  const calls = new Map<string, { arguments: JsonObject; parent?: string }>();
  const aside = (write: () => Promise<void>): Promise<void> => room.print(() => line.aside(write));
  const answer = answers ? streamed(job, aside, plain) : remarked(job);
  let writing: Promise<void> = Promise.resolve();
  const next = (write: () => Promise<void>): void => {
    writing = writing.then(write);
  };
  const note = (text: string): void => next(() => (output.quiet ? Promise.resolve() : screen.note(text)));

  const images = (result: CallToolResult): void => {
    const shown = result.content.filter(({ type }) => type === 'image' || type === 'audio');
    if (shown.length === 0 || !answers) return;
    next(() => aside(() => createResultView(job, 'image').print((way) => printContent(shown as ContentBlock[], way))));
  };
  const finished = ({ id, name, durationMs, result, error }: Extract<LoopEvent, { type: 'result' }>): void => {
    const { arguments: args = {}, parent } = calls.get(id) ?? {};
    calls.delete(id);
    const { remarks } = output;
    const fault = error?.reason ?? (result?.isError === true ? faultIn(result) : undefined);
    const tail = `  ${timeName(durationMs)}`;
    const indent = parent === undefined ? '' : '  ';
    const columns = Math.max(40, (context.stderr.columns ?? COLUMNS_WITHOUT_WIDTH) - 1 - indent.length - tail.length);
    const head = safeLine(`${name} ${shownArguments(args)}`.trimEnd(), columns - 2);
    const mark = fault === undefined ? remarks.green('✓') : remarks.red('✗');
    const named = head.startsWith(`${name} `) ? name + remarks.dim(head.slice(name.length)) : head;
    note(`${indent}${mark} ${named}${remarks.dim(tail)}`);
    if (fault !== undefined) note(remarks.red(safeLine(`${indent}  ${fault}`, LONGEST_REASON)));
    if (result !== undefined) images(result);
  };

  return {
    onEvent(event) {
      switch (event.type) {
        case 'step':
        case 'reasoning':
          line.phase('thinking');
          break;
        case 'text':
          line.phase('writing');
          next(async () => answer.add(event.delta));
          break;
        case 'call':
          next(answer.end);
          calls.set(event.id, event);
          line.begin(event.id, event.name);
          break;
        case 'progress':
          line.progress(event.id, event.progress);
          break;
        case 'result':
          line.finish(event.id);
          finished(event);
          break;
        case 'retry': {
          const { error, waitMs } = event;
          note(output.remarks.yellow(safeLine(`toolway: ${error.message}; once more in ${timeName(waitMs)}`)));
          break;
        }
        case 'warning':
          note(output.remarks.yellow(safeLine(`toolway: ${event.message}`)));
      }
    },
    shown: () => writing,
    async end() {
      if (answers) next(answer.end);
      await writing;
      await line.end();
    },
  };
};

/** As short as a line wants it. */
const shownArguments = (args: JsonObject): string => {
  const text = Object.keys(args).length === 0 ? '' : safeJson(args, 0);
  return text.length > 1_000 ? `${text.slice(0, 1_000)}…` : text;
};

const faultIn = ({ content }: CallToolResult): string => {
  const said = content.find((block) => block.type === 'text');
  const [first = ''] = said?.type === 'text' ? said.text.trim().split('\n') : [];
  return first === '' ? 'the tool answered with an error' : first;
};

const streamed = (
  { options, output, context }: Job,
  aside: (write: () => Promise<void>) => Promise<void>,
  plain: boolean,
): Answer => {
  const format = options.value('format') ?? 'auto';
  const wanted = plain && format === 'auto' ? 'text' : format;
  const markdown = markdownView(isFormat(wanted) ? wanted : 'auto', context.stdout, output, context.env);
  return createAnswer({ output, aside, ...(markdown !== undefined && { markdown }) });
};

/** What stands before calls; what stands behind the last one is the answer, for somebody else to print. */
const remarked = ({ output, screen }: Job): Answer => {
  let text = '';
  return {
    add(delta) {
      text += delta;
    },
    async end() {
      const said = text.trim();
      text = '';
      if (said !== '' && !output.quiet) await screen.note(output.remarks.dim(safeLine(said)));
    },
  };
};
