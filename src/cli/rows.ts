/** Lines of listings: one entry, one line, as wide as the terminal. */
import type { ListedPrompt, ListedResource, ListedResourceTemplate, ListedTool, ServerStatus } from '../api.ts';
import { signature } from '../schema/signature.ts';
import type { Output } from './output.ts';
import { safeLine } from './safe-text.ts';
import type { Style } from './style.ts';

const FEWEST_COLUMNS = 40;
const COLUMNS_WITHOUT_TERMINAL = 200;

const row = (
  name: string,
  about: string | undefined,
  { style, columns = COLUMNS_WITHOUT_TERMINAL }: Output,
  indent = '',
): string => {
  const width = Math.max(FEWEST_COLUMNS, columns) - indent.length;
  const left = safeLine(name);
  const right = safeLine(about?.trim().split('\n')[0] ?? '', Math.max(0, width - left.length - 2));
  return `${indent}${style.bold(left)}${right === '' ? '' : `  ${style.dim(right)}`}`;
};

/** The signature of a tool, and the first line of what it says of itself. */
export const toolRow = (tool: ListedTool, output: Output, indent = '', name = tool.qualifiedName): string =>
  row(signature({ name, inputSchema: tool.inputSchema }), tool.description ?? tool.title, output, indent);

type Described = Pick<ListedResource, 'name' | 'title' | 'mimeType' | 'description'>;

const located = (place: string, { name, title, mimeType, description }: Described, output: Output): string =>
  row(place, [title ?? name, mimeType, description].filter((part) => part !== undefined).join(' · '), output);

export const resourceRow = (resource: ListedResource, output: Output): string =>
  located(resource.uri, resource, output);

export const templateRow = (template: ListedResourceTemplate, output: Output): string =>
  located(template.uriTemplate, template, output);

export const promptRow = (prompt: ListedPrompt, output: Output): string => {
  const args = prompt.arguments ?? [];
  const shown = args.map((argument) => `${argument.name}${argument.required === true ? '' : '?'}`).join(', ');
  return row(`${prompt.qualifiedName}(${shown})`, prompt.description ?? prompt.title, output);
};

/** The state of a server in the colour of good, waiting or bad news. */
export const stateName = (state: ServerStatus['state'] | undefined, { green, yellow, red, dim }: Style): string => {
  if (state === undefined) return dim('unknown');
  if (state === 'connected') return green(state);
  if (state === 'disabled' || state === 'closed') return dim(state);
  return state === 'failed' ? red(state) : yellow(state);
};

/** `1 tool`, `2 tools`. */
export const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;
