/** What a model is told of tools: a line, or all that it needs to call one. */
import type { ListedTool } from '../../api.ts';
import { signature } from '../../schema/signature.ts';
import { oneLine } from '../results/blocks.ts';

const LONGEST_LINE = 160;
const LONGEST_DESCRIPTION = 1_000;
const LONGEST_SIGNATURE = 600;
/** A longer schema is told by its signature; `describe_tool` gives it whole. */
const LONGEST_SCHEMA = 6_000;

const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most)}…`);
const said = ({ description, title }: ListedTool): string => oneLine(description ?? title ?? '');
const signatureOf = ({ qualifiedName, inputSchema }: ListedTool): string =>
  cut(oneLine(signature({ name: qualifiedName, inputSchema })), LONGEST_SIGNATURE);

/** A tool in two lines. */
export const briefly = (tool: ListedTool): string => `${signatureOf(tool)}\n  ${cut(said(tool), LONGEST_LINE)}`;

/** A tool with its input schema. */
export const fully = (tool: ListedTool): string => {
  const schema = JSON.stringify(tool.inputSchema);
  const shown = schema.length <= LONGEST_SCHEMA ? schema : 'long: ask describe_tool for it';
  return `${signatureOf(tool)}\n  ${cut(said(tool), LONGEST_DESCRIPTION)}\n  input schema: ${shown}`;
};

/** All there is to say of one tool. */
export const wholly = (tool: ListedTool): string => {
  const { description = '', inputSchema, outputSchema } = tool;
  return [
    signatureOf(tool),
    description,
    `input schema: ${JSON.stringify(inputSchema)}`,
    ...(outputSchema === undefined ? [] : [`output schema: ${JSON.stringify(outputSchema)}`]),
  ].join('\n');
};
