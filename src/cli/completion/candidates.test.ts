import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../commands.ts';
import { candidatesAt } from './candidates.ts';
import { type KnownServer, knownTool } from './known.ts';
import { shellWord } from './quoting.ts';
import { variableAt } from './template.ts';
import { wordsAt } from './words-at.ts';

const ESC = String.fromCharCode(27);
const inputSchema = {
  type: 'object',
  properties: {
    path: { type: 'string' },
    mode: { enum: ['read', 'write', 1] },
    force: { type: 'boolean' },
    kind: { $ref: '#/$defs/kind' },
    many: { type: 'array', items: { enum: ['x', 'y'] } },
  },
  required: ['path', 'force'],
  $defs: { kind: { anyOf: [{ const: 'a' }, { const: 'b' }] } },
};
const server = (name: string, more: Partial<KnownServer> = {}): KnownServer => ({
  name,
  tools: [],
  prompts: [],
  resources: [],
  templates: [],
  ...more,
});
const colon = { type: 'object', properties: { 'k:c': { enum: ['q:r'] } } };
const servers = [
  server('files', {
    tools: [knownTool({ name: 'open', inputSchema }), knownTool({ name: 'list', inputSchema: { type: 'object' } })],
    resources: ['demo://one', 'demo://two'],
    templates: ['demo://items/{kind}/{id}'],
  }),
  server('colons', { tools: [knownTool({ name: 'colon', inputSchema: colon })] }),
  server('mail', { prompts: [{ name: 'letter', arguments: [{ name: 'to', required: true }, { name: 'tone' }] }] }),
];
const at = (line: string, verbs?: { text: string }[]) => {
  const { words, current } = wordsAt(line);
  return candidatesAt({ commands: COMMANDS, words, current, servers, ...(verbs && { verbs }) });
};
const texts = (line: string, verbs?: { text: string }[]): string[] => at(line, verbs).found.map(({ text }) => text);

describe('what a line may go on with', () => {
  test.each<[string, string[]]>([
    ['stat', ['status']],
    ['call x --format ', ['auto', 'text', 'markdown']],
    ['call x --format=m', ['--format=markdown']],
    ['list --transport s', ['sse']],
    ['import cu', ['cursor']],
    ['types -o ', []],
    ['--nonsense=', []],
    ['hel', ['help']],
    ['help rea', ['read']],
    ['call ', ['files.open', 'files.list', 'colons.colon']],
    ['call files.o', ['files.open']],
    ['call ope', ['open']],
    ['call nothing', []],
    ['call files.open ', ['path=', 'force=', 'mode=', 'kind=', 'many=']],
    ['call open ', ['path=', 'force=', 'mode=', 'kind=', 'many=']],
    ['call files__open path=x m', ['mode=', 'many=']],
    ['call open mode:=1 m', ['many=']],
    ['call open mode:=', []],
    ['call colon k:', ['k:c=']],
    ['call colon k:c=', ['k:c=q:r']],
    ['call open mode=', ['mode=read', 'mode=write', 'mode=1']],
    ['call open force=t', ['force=true']],
    ['call open kind=', ['kind=a', 'kind=b']],
    ['call open many=x', ['many=x']],
    ['call --server files open pa', ['path=']],
    ['call open --timeout 5 pa', ['path=']],
    ['--json call open pa', ['path=']],
    ['call-tool open pa', ['path=']],
    ['ping ', ['files', 'colons', 'mail']],
    ['ping files ', []],
    ['ping --server m', ['mail']],
    ['ping --server=m', ['--server=mail']],
    ['list --transport ', ['http', 'sse', 'ws']],
    ['call --max', ['--max-output']],
    ['list --max', []],
    ['list --json --js', []],
    ['list --config a --conf', ['--config']],
    ['prompt ', ['mail.letter']],
    ['prompt letter t', ['to=', 'tone=']],
    ['prompt mail.letter to=x t', ['tone=']],
    ['read demo://', ['demo://one', 'demo://two', 'demo://items/']],
    ['complete ', ['mail.letter', 'demo://items/{kind}/{id}']],
    ['complete mail.letter t', ['to=', 'tone=']],
    ["complete 'demo://items/{kind}/{id}' ", ['kind=', 'id=']],
    ['completion f', ['fish']],
    ['nonsense ', []],
  ])('%j', (line, candidates) => {
    expect(texts(line)).toEqual(candidates);
  });

  test('many tools of several servers are first the names of the servers', () => {
    const many = Array.from({ length: 10 }, (_, index) => knownTool({ name: `t${index}`, inputSchema: {} }));
    const two = [server('aa', { tools: many }), server('ab', { tools: many })];
    const place = (current: string) =>
      candidatesAt({ commands: COMMANDS, words: ['call'], current, servers: two }).found;
    expect(place('a')).toEqual([
      { text: 'aa.', open: true },
      { text: 'ab.', open: true },
    ]);
    expect(place('aa.').length).toBe(10);
  });

  test('in the shell a tool comes first, and commands that make no sense there do not', () => {
    const verbs = [{ text: 'history' }];
    expect(texts('', verbs)).toContain('history');
    expect(texts('', verbs)).not.toContain('shell');
    expect(texts('files.', verbs)).toEqual(['files.open', 'files.list']);
    expect(texts('files.open fo', verbs)).toEqual(['force=']);
    expect(texts('files.open fo')).toEqual([]);
  });

  test('what only the server knows is asked of it, with what is known already', () => {
    expect(at('prompt mail.letter tone=warm to=a').ask).toEqual([
      {
        server: 'mail',
        ref: { type: 'ref/prompt', name: 'letter' },
        argument: { name: 'to', value: 'a' },
        context: { tone: 'warm' },
        before: 'to=',
      },
    ]);
    expect(at('read demo://items/cups/1').ask).toMatchObject([
      { argument: { name: 'id', value: '1' }, context: { kind: 'cups' }, before: 'demo://items/cups/' },
    ]);
    expect(at("complete 'demo://items/{kind}/{id}' kind=c").ask).toMatchObject([
      { ref: { type: 'ref/resource' }, argument: { name: 'kind', value: 'c' } },
    ]);
  });

  test.each<[string, string | undefined]>([
    ['list --config ', ''],
    ['list --config=a', '--config='],
    ['types -o ', ''],
    ['types --out ', ''],
    ['import --to ', ''],
    ['add a --file ', ''],
    ['call open --args @', '@'],
    ['call open path=@a', 'path=@'],
    ['call open path:=@a', 'path:=@'],
    ['prompt letter to=@a', undefined],
    ['call open path=a', undefined],
  ])('files fit in %j', (line, before) => {
    expect(at(line).filesAfter).toBe(before);
  });
});

test('what a server says of its tools and arguments is one short line without controls', () => {
  const description = `Opens.${ESC}[2J\nThen ${'x'.repeat(100)}`;
  const entry = knownTool({ name: 'open', description, inputSchema: { properties: { path: { description } } } });
  const about = `Opens. Then ${'x'.repeat(59)}…`;
  expect(entry).toEqual({ name: 'open', about, arguments: [{ name: 'path', about }] });
});

describe('words of a line that is not finished', () => {
  test.each<[string, object]>([
    ['', { words: [], current: '' }],
    ['a b', { words: ['a'], current: 'b' }],
    ['a b ', { words: ['a', 'b'], current: '' }],
    [`a 'b c`, { words: ['a'], current: 'b c', quote: "'", beforeQuote: 0 }],
    [`a k="b \\" c`, { words: ['a'], current: 'k=b " c', quote: '"', beforeQuote: 2 }],
    [`a b\\ c 'd'e`, { words: ['a', 'b c'], current: 'de' }],
    ['a \\', { words: ['a'], current: '' }],
    ["a 'it\\' s", { words: ['a', 'it\\'], current: 's' }],
  ])('%j', (line, words) => {
    expect(wordsAt(line)).toEqual(words);
  });

  test('in fish a backslash counts between single quotes as well', () => {
    expect(wordsAt("a 'it\\'s \\\\' b", { fish: true })).toEqual({ words: ['a', "it's \\"], current: 'b' });
  });
});

describe('a word that a shell will read', () => {
  test.each<[string, "'" | '"' | undefined, string | undefined]>([
    ['a.b-c=1', undefined, 'a.b-c=1'],
    ['k=a b', undefined, "k='a b'"],
    ["it's", undefined, "'it'\\''s'"],
    ['$(id)', undefined, "'$(id)'"],
    ['a b', "'", 'a b'],
    ["it's", "'", undefined],
    ['$(id)', '"', undefined],
    ['!!', '"', undefined],
    [`a${ESC}[2J`, undefined, undefined],
    ['a\nb', undefined, undefined],
    ['a\u202eb', undefined, undefined],
  ])('%j within %j', (text, quote, word) => {
    expect(shellWord(text, quote)).toBe(word);
  });
});

describe('the variable of a template', () => {
  test.each<[string, string, object | undefined]>([
    ['a/{x}', 'a/b', { name: 'x', value: 'b', before: 'a/', earlier: {} }],
    ['a/{x}/c/{y}', 'a/1/c/2', { name: 'y', value: '2', before: 'a/1/c/', earlier: { x: '1' } }],
    ['a/{+x}', 'a/', { name: 'x', value: '', before: 'a/', earlier: {} }],
    ['a/{x}/c', 'a/1/c', undefined],
    ['a/{x}', 'b/', undefined],
    ['a/{?x}', 'a/', undefined],
    ['plain', 'plain', undefined],
  ])('%j at %j', (template, text, place) => {
    expect(variableAt(template, text)).toEqual(place);
  });
});
