/** What was said, as text: for the terminal, and as a file of Markdown. */
import type { Message, Part } from '../../llm/message.ts';
import { safeJson } from '../output.ts';
import { safeLine } from '../safe-text.ts';
import type { Style } from '../style.ts';

const LONGEST_LINE = 200;

/** The first words of what a user's side said: what it brings in from servers is named, not told. */
export const saidBy = (content: readonly Part[]): string =>
  content
    .flatMap((part) => {
      if (part.type === 'text')
        return part.source === undefined ? [part.text] : [`[${part.source.server}: ${part.source.name ?? ''}]`];
      return part.type === 'media' ? [`[${part.mediaType}]`] : [];
    })
    .join(' ');

const textIn = (content: readonly Part[]): string =>
  content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');

/** A line for each thing that was said or done, harmless for a terminal. */
export const historyLines = (messages: readonly Message[], style: Style): string[] =>
  messages.flatMap(({ role, content }) => {
    if (role === 'tool') return [];
    const said = role === 'user' ? saidBy(content) : textIn(content);
    const mark = role === 'user' ? style.bold('you') : style.cyan('model');
    const calls = content.flatMap((part) =>
      part.type === 'call'
        ? [style.dim(safeLine(`  called ${part.name} ${safeJson(part.arguments ?? {}, 0)}`, LONGEST_LINE))]
        : [],
    );
    return [...(said.trim() === '' ? [] : [`${mark}  ${safeLine(said.trim(), LONGEST_LINE)}`]), ...calls];
  });

/** The whole conversation, with what was called and what came of it. */
export const transcriptOf = (messages: readonly Message[], title: string): string => {
  const blocks = messages.flatMap(({ role, content }): string[] => {
    if (role === 'user') return [`## You\n\n${saidBy(content)}`];
    const parts = content.flatMap((part): string[] => {
      if (part.type === 'text') return [part.text];
      if (part.type === 'call') return [`**${part.name}**\n\n${fenced(safeJson(part.arguments ?? {}), 'json')}`];
      return part.type === 'result' ? [fenced(textIn(part.content), '')] : [];
    });
    if (parts.length === 0) return [];
    return [role === 'assistant' ? `## Model\n\n${parts.join('\n\n')}` : parts.join('\n\n')];
  });
  return `${[`# ${title}`, ...blocks].join('\n\n')}\n`;
};

/** In a fence that nothing within can close. */
const fenced = (text: string, language: string): string => {
  const longest = [...text.matchAll(/`+/g)].reduce((most, [marks]) => Math.max(most, marks.length), 2);
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
};
