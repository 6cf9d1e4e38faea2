/** Questions about things that have a path or a name, as what would be asked of a tool. */
import type { Scanned } from './spans.ts';

/** A thing that was named: a span, which is blank here, or one bare word. */
const THING = String.raw`(?:the |my )?(?:(?:file|document|folder|directory) )?(?:\ufffc|[\p{L}\p{N}_-]+(?=\W*$))`;
const SPAN = String.raw`(?:the |my )?(?:(?:file|document|folder|directory) )?\ufffc`;

type Asked = 'content' | 'list' | 'info' | 'search';

const QUESTIONS: [RegExp, Asked][] = [
  [
    new RegExp(
      String.raw`\bwhat(?:['’]?s| is| are| was)(?: there)? (?:written |stored |kept )?(?:in|inside|within|under) ${THING}`,
      'iu',
    ),
    'content',
  ],
  [new RegExp(String.raw`\bwhat (?:does|do|is) ${SPAN} (?:say|contain|hold|have|include|look)`, 'iu'), 'content'],
  [
    /\b(?:which|what|how many|are there any) (?:\p{L}+ )?(?:files?|folders?|director(?:y|ies)|documents?|things)\b.*\b(?:in|inside|within|under)\b/iu,
    'list',
  ],
  [
    /^(?:\W|please|can|could|you|show|give|tell|print|display|read|get|see|me)*\b(?:the )?(?:first|last|top|bottom|final) (?:\ufffc )?lines?\b/iu,
    'content',
  ],
  [new RegExp(String.raw`\bhow (?:big|large|heavy|old|long) (?:is|are|was) ${SPAN}`, 'iu'), 'info'],
  [new RegExp(String.raw`\bwhen (?:was|is|did|has|were) ${SPAN}`, 'iu'), 'info'],
  [/\bwhat (?:do|does) .*\b(?:know|remember) about\b/iu, 'search'],
];
const TERMS: Record<Asked, string[]> = {
  content: ['read', 'file'],
  list: ['list', 'directory'],
  info: ['get', 'file', 'info'],
  search: ['search'],
};

/** What a question is after, in the terms of a request for it; undefined where the step is none that is known. */
export const askedIn = ({ words, spans }: Scanned): string[] | undefined => {
  const said = words.replace(/\ufffc+/g, '\ufffc');
  const kind = QUESTIONS.find(([pattern]) => pattern.test(said))?.[1];
  if (kind !== 'content') return kind && TERMS[kind];
  const isFile = spans.some(({ value }) => /[^/\s]\.\w+$/.test(value));
  return TERMS[isFile ? 'content' : 'list'];
};
