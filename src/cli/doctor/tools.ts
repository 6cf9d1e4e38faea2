/** Tools as model providers take them: what they refuse, by the profiles that tools are rewritten by. */
import { lint } from '../../llm/conversion/lint.ts';
import type { Finding as Refused } from '../../llm/conversion/types.ts';
import type { LintCode, Profile } from '../../llm/profiles/profile.ts';
import { profileOf } from '../../llm/profiles/profile-of.ts';
import type { Tool } from '../../protocol/types.ts';
import type { Finding } from './finding.ts';

/** The profiles that are looked at, and whose they are. What is strict is left out: nobody has it without asking. */
const PROVIDERS: readonly (readonly [profile: string, provider: string])[] = [
  ['anthropic', 'Anthropic'],
  ['openai-chat', 'OpenAI'],
  ['gemini', 'Gemini'],
  ['mistral', 'Mistral'],
  ['openai-compatible', 'hosts that speak as OpenAI'],
];

const SHOWN = 5;
const MAX_KEYWORD = 40;

/** The same thing, refused in some tools by some providers. */
interface Group {
  says: string;
  providers: Set<string>;
  keywords: Set<string>;
  tools: Set<string>;
  see: string;
}

/** The tools of a server against the profiles: one finding for each thing that some do not keep. */
export const checkTools = async (server: string, tools: readonly Tool[]): Promise<Finding[]> => {
  const groups = new Map<string, Group>();
  for (const [id, provider] of PROVIDERS) {
    const profile = await profileOf(id);
    for (const { name, description, inputSchema } of tools) {
      // As models are given it.
      for (const refused of lint(profile, { name: `${server}__${name}`, description, inputSchema })) {
        const says = SAYS[refused.code](profile);
        const keywords = keywordOf(refused);
        const see = sourceOf(profile, refused);
        const group = { says, keywords, providers: new Set([provider]), tools: new Set([name]), see };
        join(groups, JSON.stringify([says, ...keywords]), group);
      }
    }
  }
  // Keywords that the same providers refuse at the same place are told together.
  const told = new Map<string, Group>();
  for (const group of groups.values()) join(told, JSON.stringify([group.says, ...group.providers]), group);
  const undescribed = tools.filter(({ description }) => typeof description !== 'string' || description.trim() === '');
  const findings: Finding[] = [...told.values()].map((group) => noted(inWords(group), group.see));
  if (undescribed.length > 0) {
    const names = undescribed.map(({ name }) => name);
    findings.push(noted(`without a description no model knows when to call: ${named(names)}`));
  }
  if (findings.length > 0 || tools.length === 0) return findings;
  const says = `nothing is known that a model provider would refuse in ${tools.length} tools`;
  return [{ level: 'ok', check: 'tools', says }];
};

const noted = (says: string, see?: string): Finding => ({ level: 'note', check: 'tools', says, ...(see && { see }) });

const join = (groups: Map<string, Group>, key: string, group: Group): void => {
  const same = groups.get(key);
  if (same === undefined) groups.set(key, group);
  else for (const of of ['providers', 'keywords', 'tools'] as const) for (const item of group[of]) same[of].add(item);
};

const inWords = ({ providers, says, keywords, tools }: Group): string => {
  const what = keywords.size === 0 ? says : `${named([...keywords])} ${says}`;
  return `${[...providers].join(', ')} may refuse ${what}: ${named([...tools])}`;
};

const named = (names: readonly string[]): string =>
  names.slice(0, SHOWN).join(', ') + (names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '');

/** The keyword that a finding is about, where that is told. */
const keywordOf = ({ code, path }: Pick<Refused, 'code' | 'path'>): Set<string> =>
  new Set(KEYWORDS.includes(code) ? [path.slice(path.lastIndexOf('/') + 1).slice(0, MAX_KEYWORD)] : []);

/** Where the refusal was recorded; else what the provider says of its rules. */
const sourceOf = ({ rejections, sources }: Profile, refused: Refused): string => {
  const [keyword] = keywordOf(refused);
  const recorded = rejections.find(
    ({ finds }) => finds.code === refused.code && (keyword === undefined || keywordOf(finds).has(keyword)),
  );
  return recorded?.source ?? (sources.find(({ kind }) => kind === 'page') ?? sources[0])?.url ?? '';
};

/** Findings that are told with the keyword. */
const KEYWORDS: readonly LintCode[] = ['keyword', 'root_keyword', 'reference'];

/** What is refused, after "may refuse". */
const SAYS: Readonly<Record<LintCode, (profile: Profile) => string>> = {
  name: ({ name }) =>
    `a name that is not ${name.pattern} or has more than ${name.max} characters, with its server before it`,
  name_reserved: () => 'a name of its own tools',
  description_length: ({ descriptionChars }) => `a description of more than ${descriptionChars} characters`,
  root_type: () => 'arguments that are no object',
  root_keyword: () => 'at the top of the arguments',
  root_properties: () => 'arguments without "properties"',
  property_key: ({ propertyKey }) => `an argument whose name is not ${propertyKey}`,
  keyword: () => 'in the arguments',
  malformed: () => 'what is no JSON Schema of 2020-12',
  format: () => 'a format that it does not know',
  pattern: () => 'a pattern that looks around, refers back or is too large',
  type_list: () => 'several types in one',
  enum_value: ({ schema: { enumOf } }) => `an enum of anything but ${[enumOf].flat().join(', ')}`,
  reference: ({ schema: { refs } }) => (refs === 'inline' ? 'in the arguments' : 'that leads nowhere'),
  items_missing: () => 'an array that does not say what it holds',
  union_siblings: () => 'anyOf with something beside it',
  open_object: () => 'an object that is open to other keys',
  not_required: () => 'a property that is not required',
  any_value: () => 'a value that may be anything',
  min_items: ({ schema: { maxMinItems } }) => `minItems above ${maxMinItems}`,
  too_large: () => 'a schema of that size',
  too_deep: () => 'a schema of that depth',
};
