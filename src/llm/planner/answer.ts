/** What the planner says. Words of servers are shown as they came, and never followed. */
import { signature } from '../../schema/signature.ts';
import type { Message } from '../message.ts';
import { failureForPerson } from '../results/failure.ts';
import type { Candidate } from './catalogue.ts';
import { type Plan, resultOf, type Step } from './plan.ts';
import { structureOf, textOfResult } from './refer.ts';

export const HEADER = 'No model is configured: this planner matches words; it does not understand.';

const LONGEST_VALUE = 60;
const LONGEST_LINE = 140;
const MOST_ROWS = 50;

const brief = (value: unknown, most: number): string => shortened(JSON.stringify(value) ?? 'undefined', most);

/** `files.read(path: "/a")`. */
const callLine = ({ label, arguments: given, referred }: Step): string => {
  const said = Object.entries(given).map(([name, value]) => `${name}: ${brief(value, LONGEST_VALUE)}`);
  const later = referred.map((name) => `${name}: what the step before gives`);
  return `${label}(${[...said, ...later].join(', ')})`;
};

export const planText = (steps: readonly Step[], left: readonly string[]): string => {
  const lines = steps.map((step, at) => `${at + 1}. ${callLine(step)}${step.why ? ` — because of ${step.why}` : ''}`);
  return [...(lines.length > 0 ? ['Plan:', ...lines] : []), ...left].join('\n');
};

const shortened = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most)}…`);

const firstLine = (text: string | undefined): string => {
  const [first = ''] = (text ?? '').trim().split('\n');
  return shortened(first, LONGEST_LINE);
};

/** A tool in one line. */
const toolLine = ({ label, tool }: Candidate): string => {
  const shown = signature({ name: label, inputSchema: tool.inputSchema });
  const said = firstLine(tool.description ?? tool.title);
  return said === '' ? shown : `${shown} — ${said}`;
};

export const whichTool = (text: string, choices: readonly Candidate[]): string =>
  [
    `Which tool do you mean for ${JSON.stringify(text)}?`,
    ...choices.map((one, at) => `${at + 1}. ${toolLine(one)}`),
    'Answer with a number, or "cancel".',
  ].join('\n');

export const whichValue = (label: string, property: string, choices: readonly string[]): string =>
  [
    `Which ${property} do you mean for ${label}?`,
    ...choices.map((one, at) => `${at + 1}. ${brief(one, LONGEST_LINE)}`),
    'Answer with a number, or with another value.',
  ].join('\n');

export const whatArgument = (label: string, property: string, type: string, said: string, why?: string): string => {
  const about = firstLine(said);
  return `${label} needs \`${property}\` (${type}${about === '' ? '' : `: ${about}`})${why ? `; ${why}` : ''}. What shall it be? "skip" leaves the step out, "cancel" all of it.`;
};

export const notSure = (text: string, nearest: readonly Candidate[]): string => {
  const lines = nearest.map((one) => `- ${toolLine(one)}`);
  const near =
    lines.length === 0
      ? ['No tool has any of its words; "help" lists what there is.']
      : ['The nearest tools:', ...lines];
  return [`I am not sure what to do with ${JSON.stringify(text)}.`, ...near].join('\n');
};

export const notPlaced = ({ label, text }: { label: string; text: string }): string =>
  `I do not know what ${text} is to ${label}. Say it as name=value; "help" and the tool's name show what it takes.`;

/** A list of like objects as a table in Markdown; everything else as it came. */
const shown = (text: string): string => {
  const structure = structureOf(text);
  const lists = Array.isArray(structure) ? [structure] : Object.values((structure as object | undefined) ?? {});
  const [rows, ...others] = lists;
  if (others.length > 0 || !Array.isArray(rows) || rows.length === 0 || rows.length > MOST_ROWS) return text;
  const keys = Object.keys((rows[0] as object | null) ?? {});
  const isRow = (row: unknown): row is Record<string, unknown> =>
    typeof row === 'object' &&
    row !== null &&
    !Array.isArray(row) &&
    Object.values(row).every((cell) => typeof cell !== 'object' || cell === null);
  if (keys.length === 0 || !rows.every(isRow)) return text;
  const cell = (value: unknown): string =>
    String(value ?? '')
      .replaceAll('|', '\\|')
      .replaceAll('\n', ' ');
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(keys), line(keys.map(() => '---')), ...rows.map((row) => line(keys.map((key) => cell(row[key]))))].join(
    '\n',
  );
};

const outcome = (step: Step, at: number, plan: Plan, messages: readonly Message[]): string => {
  const number = plan.steps.length > 1 ? `${at + 1}. ` : '';
  if (step.state === 'skipped') return `${number}${step.label}: left out.`;
  const result = resultOf(messages, plan.id, at);
  const text = textOfResult(result).trim();
  const media = (result?.content ?? []).flatMap((part) =>
    part.type === 'media' ? [`[${part.name ?? part.mediaType}]`] : [],
  );
  const body = [text === '' ? '' : shown(text), ...media].filter((one) => one !== '').join('\n');
  if (step.state === 'failed') {
    const unknown = result?.executed === 'unknown' ? '\nIt may have run: find out before you ask for it again.' : '';
    const failure = failureForPerson(text, step.label);
    return `${number}${step.label} failed${failure === undefined ? `.\n${body}` : ` ${failure}`}${unknown}`;
  }
  return `${number}${step.label}:\n${body === '' ? 'Done; it gave nothing.' : body}`;
};

/** What came of a plan, step by step. */
export const answerText = (plan: Plan, messages: readonly Message[]): string =>
  plan.steps.map((step, at) => outcome(step, at, plan, messages)).join('\n\n');
