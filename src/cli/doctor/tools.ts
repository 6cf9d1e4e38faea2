/** Tools as model providers take them: what they refuse, as far as they say so. */
import type { JsonObject, Tool } from '../../protocol/types.ts';
import type { Finding } from './finding.ts';

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One thing that a provider does not take. */
interface Rule {
  /** Who refuses it. */
  providers: string;
  says: string;
  /** Where that was met. */
  source: string;
  applies(tool: Tool, name: string): boolean;
}

const COMBINATORS = ['anyOf', 'oneOf', 'allOf'];
const MAX_NODES = 5_000;

/** True when one of the schemas within a schema is such. */
const some = (schema: unknown, is: (schema: JsonObject) => boolean): boolean => {
  const open: unknown[] = [schema];
  for (let seen = 0; open.length > 0 && seen < MAX_NODES; seen += 1) {
    const value = open.pop();
    if (isObject(value) && is(value)) return true;
    if (typeof value === 'object' && value !== null) open.push(...Object.values(value).slice(0, MAX_NODES));
  }
  return false;
};

/** Names are those that models are given: `server__tool`. */
const RULES: readonly Rule[] = [
  {
    providers: 'OpenAI',
    says: 'a name of more than 64 characters, with its server before it',
    source: 'https://github.com/cline/cline/pull/11885',
    applies: (_tool, name) => name.length > 64,
  },
  {
    providers: 'OpenAI, Anthropic',
    says: 'a name with characters other than letters, digits, _ and -',
    source: 'https://github.com/github/copilot-cli/issues/1879',
    applies: (_tool, name) => !/^[\w-]+$/.test(name),
  },
  {
    providers: 'Anthropic',
    says: 'arguments that are no object',
    source: 'https://github.com/dearlordylord/huly-mcp/issues/66',
    applies: ({ inputSchema }) => !isObject(inputSchema) || inputSchema.type !== 'object',
  },
  {
    providers: 'Anthropic',
    says: `${COMBINATORS.join(', ')} at the top of the arguments`,
    source: 'https://github.com/anomalyco/opencode/issues/47543',
    applies: ({ inputSchema }) => isObject(inputSchema) && COMBINATORS.some((key) => Object.hasOwn(inputSchema, key)),
  },
  {
    providers: 'OpenAI',
    says: 'an array that does not say what it holds',
    source: 'https://github.com/apify/apify-mcp-server/issues/36',
    applies: ({ inputSchema }) =>
      some(inputSchema, ({ type, items, prefixItems }) => type === 'array' && items === undefined && !prefixItems),
  },
  {
    providers: 'Gemini',
    says: 'references in the arguments',
    source: 'https://github.com/google-gemini/gemini-cli/issues/13326',
    applies: ({ inputSchema }) => some(inputSchema, ({ $ref }) => typeof $ref === 'string'),
  },
  {
    providers: 'Gemini',
    says: 'const in the arguments',
    source: 'https://github.com/taylorwilsdon/google_workspace_mcp/issues/1099',
    applies: ({ inputSchema }) => some(inputSchema, (schema) => Object.hasOwn(schema, 'const')),
  },
];

const SHOWN = 5;

const named = (names: readonly string[]): string =>
  names.slice(0, SHOWN).join(', ') + (names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '');

/** The tools of a server against the rules: one finding for each rule that some do not keep. */
export const checkTools = (server: string, tools: readonly Tool[]): Finding[] => {
  const note = (says: string, names: readonly string[], see?: string): Finding[] =>
    names.length === 0
      ? []
      : [{ level: 'note', check: 'tools', says: `${says}: ${named(names)}`, ...(see && { see }) }];
  const namesOf = (is: (tool: Tool) => boolean): string[] => tools.filter(is).map(({ name }) => name);
  const findings = [
    ...RULES.flatMap(({ providers, says, applies, source }) =>
      note(
        `${providers} may refuse ${says}`,
        namesOf((tool) => applies(tool, `${server}__${tool.name}`)),
        source,
      ),
    ),
    ...note(
      'without a description no model knows when to call',
      namesOf(({ description }) => typeof description !== 'string' || description.trim() === ''),
    ),
  ];
  if (findings.length > 0 || tools.length === 0) return findings;
  return [
    {
      level: 'ok',
      check: 'tools',
      says: `nothing is known that a model provider would refuse in ${tools.length} tools`,
    },
  ];
};
