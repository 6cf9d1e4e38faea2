import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandTemplate, matchTemplate, type TemplateValue } from './uri-template.ts';

/** RFC 6570 §3.2. */
const VALUES: Record<string, TemplateValue> = {
  count: ['one', 'two', 'three'],
  dom: ['example', 'com'],
  dub: 'me/too',
  hello: 'Hello World!',
  half: '50%',
  var: 'value',
  who: 'fred',
  base: 'http://example.com/home/',
  path: '/foo/bar',
  list: ['red', 'green', 'blue'],
  keys: { semi: ';', dot: '.', comma: ',' },
  v: '6',
  x: '1024',
  y: '768',
  empty: '',
  empty_keys: {},
  undef: null,
};

/** The examples of RFC 6570, §1.2 and §3.2.1 to §3.2.9. */
const EXAMPLES = `
O{empty}X → OX
O{undef}X → OX
{count} → one,two,three
{count*} → one,two,three
{/count} → /one,two,three
{/count*} → /one/two/three
{;count} → ;count=one,two,three
{;count*} → ;count=one;count=two;count=three
{?count} → ?count=one,two,three
{?count*} → ?count=one&count=two&count=three
{&count*} → &count=one&count=two&count=three
{var} → value
{hello} → Hello%20World%21
{half} → 50%25
{x,y} → 1024,768
{x,hello,y} → 1024,Hello%20World%21,768
?{x,empty} → ?1024,
?{x,undef} → ?1024
?{undef,y} → ?768
{var:3} → val
{var:30} → value
{list} → red,green,blue
{list*} → red,green,blue
{keys} → semi,%3B,dot,.,comma,%2C
{keys*} → semi=%3B,dot=.,comma=%2C
{+var} → value
{+hello} → Hello%20World!
{+half} → 50%25
{base}index → http%3A%2F%2Fexample.com%2Fhome%2Findex
{+base}index → http://example.com/home/index
O{+empty}X → OX
O{+undef}X → OX
{+path}/here → /foo/bar/here
here?ref={+path} → here?ref=/foo/bar
up{+path}{var}/here → up/foo/barvalue/here
{+x,hello,y} → 1024,Hello%20World!,768
{+path,x}/here → /foo/bar,1024/here
{+path:6}/here → /foo/b/here
{+list} → red,green,blue
{+list*} → red,green,blue
{+keys} → semi,;,dot,.,comma,,
{+keys*} → semi=;,dot=.,comma=,
{#var} → #value
{#hello} → #Hello%20World!
{#half} → #50%25
foo{#empty} → foo#
foo{#undef} → foo
{#x,hello,y} → #1024,Hello%20World!,768
{#path,x}/here → #/foo/bar,1024/here
{#path:6}/here → #/foo/b/here
{#list} → #red,green,blue
{#list*} → #red,green,blue
{#keys} → #semi,;,dot,.,comma,,
{#keys*} → #semi=;,dot=.,comma=,
{.who} → .fred
{.who,who} → .fred.fred
{.half,who} → .50%25.fred
www{.dom*} → www.example.com
X{.var} → X.value
X{.empty} → X.
X{.undef} → X
X{.var:3} → X.val
X{.list} → X.red,green,blue
X{.list*} → X.red.green.blue
X{.keys} → X.semi,%3B,dot,.,comma,%2C
X{.keys*} → X.semi=%3B.dot=..comma=%2C
X{.empty_keys} → X
X{.empty_keys*} → X
{/who} → /fred
{/who,who} → /fred/fred
{/half,who} → /50%25/fred
{/who,dub} → /fred/me%2Ftoo
{/var} → /value
{/var,empty} → /value/
{/var,undef} → /value
{/var,x}/here → /value/1024/here
{/var:1,var} → /v/value
{/list} → /red,green,blue
{/list*} → /red/green/blue
{/list*,path:4} → /red/green/blue/%2Ffoo
{/keys} → /semi,%3B,dot,.,comma,%2C
{/keys*} → /semi=%3B/dot=./comma=%2C
{;who} → ;who=fred
{;half} → ;half=50%25
{;empty} → ;empty
{;v,empty,who} → ;v=6;empty;who=fred
{;v,bar,who} → ;v=6;who=fred
{;x,y} → ;x=1024;y=768
{;x,y,empty} → ;x=1024;y=768;empty
{;x,y,undef} → ;x=1024;y=768
{;hello:5} → ;hello=Hello
{;list} → ;list=red,green,blue
{;list*} → ;list=red;list=green;list=blue
{;keys} → ;keys=semi,%3B,dot,.,comma,%2C
{;keys*} → ;semi=%3B;dot=.;comma=%2C
{?who} → ?who=fred
{?half} → ?half=50%25
{?x,y} → ?x=1024&y=768
{?x,y,empty} → ?x=1024&y=768&empty=
{?x,y,undef} → ?x=1024&y=768
{?var:3} → ?var=val
{?list} → ?list=red,green,blue
{?list*} → ?list=red&list=green&list=blue
{?keys} → ?keys=semi,%3B,dot,.,comma,%2C
{?keys*} → ?semi=%3B&dot=.&comma=%2C
{&who} → &who=fred
{&half} → &half=50%25
?fixed=yes{&x} → ?fixed=yes&x=1024
{&x,y,empty} → &x=1024&y=768&empty=
{&x,y,undef} → &x=1024&y=768
{&var:3} → &var=val
{&list} → &list=red,green,blue
{&list*} → &list=red&list=green&list=blue
{&keys} → &keys=semi,%3B,dot,.,comma,%2C
{&keys*} → &semi=%3B&dot=.&comma=%2C
`;

const table = EXAMPLES.trim()
  .split('\n')
  .map((line) => line.split(' → ') as [string, string]);

describe('expansion', () => {
  test.each(table)('%s → %s', (template, uri) => {
    expect(expandTemplate(template, VALUES)).toBe(uri);
  });

  test.each<[string, Record<string, TemplateValue>, string]>([
    ['{?list}', { list: [] }, ''],
    ['{;map}', { map: { a: null } }, ''],
    ['{?list*}', { list: [null, 'a', undefined] }, '?list=a'],
    ['{x:1}', { x: '😀a' }, '%F0%9F%98%80'],
    ['{x}', { x: '\ud800' }, '%EF%BF%BD'],
    ['{n,b}', { n: 0, b: false }, '0,false'],
    ['{constructor}{toString*}{__proto__}', {}, ''],
    ['files/ü {x}%2f', { x: 1 }, 'files/%C3%BC%201%2F'],
    ['{user-id}', { 'user-id': 'a' }, 'a'],
    ['{+x}', { x: '%zz%2f' }, '%25zz%2F'],
    ['plain', {}, 'plain'],
  ])('%s with %j is %s', (template, values, uri) => {
    expect(expandTemplate(template, values)).toBe(uri);
  });

  test.each([
    '{',
    '}',
    'a{b',
    'a}b',
    '{}',
    '{{a}}',
    '{a b}',
    '{=a}',
    '{!a}',
    '{|a}',
    '{a:0}',
    '{a:10000}',
    '{a:x}',
    '{a*b}',
    '{a,}',
    '{*}',
  ])('%s is malformed: it expands to nothing and fits nothing', (template) => {
    expect(() => expandTemplate(template, { a: 1, b: 1 })).toThrow(
      expect.objectContaining({ code: 'invalid_arguments', executed: 'no' }),
    );
    expect(matchTemplate(template, template)).toBeUndefined();
  });

  test('a template has at most 2048 characters and 64 variables', () => {
    expect(expandTemplate('x'.repeat(2048), {})).toHaveLength(2048);
    expect(() => expandTemplate('x'.repeat(2049), {})).toThrow();
    expect(expandTemplate('{a}'.repeat(64), { a: 'b' })).toHaveLength(64);
    expect(() => expandTemplate('{a}'.repeat(65), { a: 'b' })).toThrow();
    expect(() => expandTemplate(`{${'a,'.repeat(64)}a}`, { a: 'b' })).toThrow();
  });
});

describe('the way back', () => {
  test.each<[string, string, Record<string, string>]>([
    ['file:///{path}', 'file:///a.txt', { path: 'a.txt' }],
    ['file:///{+path}', 'file:///a/b/c.txt', { path: 'a/b/c.txt' }],
    ['file://{/path*}', 'file:///a/b/c.txt', { path: 'a/b/c.txt' }],
    ['users://{id}/profile', 'users://a%20b/profile', { id: 'a b' }],
    ['users://{id}/profile', 'users://a@b.example/profile', { id: 'a@b.example' }],
    ['users://{user-id}', 'users://7', { 'user-id': '7' }],
    ['docs://{lang}/{page}', 'docs://日本語/ü', { lang: '日本語', page: 'ü' }],
    ['docs://ü/{page}', 'docs://%c3%bc/x', { page: 'x' }],
    ['geo:{lat},{lon}', 'geo:1.5,-2', { lat: '1.5', lon: '-2' }],
    ['geo:{lat,lon}', 'geo:1.5,-2', { lat: '1.5', lon: '-2' }],
    ['tags:{list}', 'tags:a,b', { list: 'a,b' }],
    ['{name}.{ext}', 'a.tar.gz', { name: 'a.tar', ext: 'gz' }],
    ['logs/{+path}/tail', 'logs/a/tail/b/tail', { path: 'a/tail/b' }],
    ['search{?q,page}', 'search', {}],
    ['search{?q,page}', 'search?q=x%26y', { q: 'x&y' }],
    ['search{?q,page}', 'search?page=2', { page: '2' }],
    ['search{?q,page}', 'search?q=a=b&page=2', { q: 'a=b', page: '2' }],
    ['search{?q,page}', 'search?q=&page', { q: '', page: '' }],
    ['search{?rest*}', 'search?a=1&b=%20', { rest: 'a=1&b=%20' }],
    ['s?fixed=1{&q}', 's?fixed=1&q=2', { q: '2' }],
    ['m{;x,y}', 'm;x=1;y', { x: '1', y: '' }],
    ['p{#part}', 'p#a/b?c', { part: 'a/b?c' }],
    ['www{.a,b}', 'www.x.y', { a: 'x', b: 'y' }],
    ['{/a,b}', '/x', { a: 'x' }],
    ['{/a:1,a}', '/v/value', { a: 'value' }],
    ['{a}/{a:1}', 'value/v', { a: 'value' }],
    ['{a}/{a}', 'x/x', { a: 'x' }],
    ['{x:2}{y}', 'abcd', { x: 'ab', y: 'cd' }],
    ['{x:2}{y}', '%C3%BC%C3%A4cd', { x: 'üä', y: 'cd' }],
    ['{x}', '%ff', { x: '%FF' }],
    ['plain', 'plain', {}],
    ['{__proto__}', 'x', JSON.parse('{"__proto__":"x"}')],
  ])('%s fits %s', (template, uri, values) => {
    const found = matchTemplate(template, uri);
    expect(found).toBeDefined();
    expect(Object.getPrototypeOf(found)).toBeNull();
    expect(Object.entries(found ?? {})).toEqual(Object.entries(values));
  });

  test.each([
    ['file:///{path}', 'file:///'],
    ['file:///{path}', 'file:///a/b'],
    ['file:///{path}', 'file:///a?b'],
    ['file:///{path}', 'FILE:///a'],
    ['file:///{path}.txt', 'file:///a.txt2'],
    ['{a}/{a}', 'x/y'],
    ['{a}/{a:1}', 'value/w'],
    ['{x:2}', 'abc'],
    ['search{?q}', 'search?x=1'],
    ['search{?q}', 'searchq=1'],
    ['{x}5', '%45'],
    ['plain', 'plain2'],
    ['', 'x'],
  ])('%s does not fit %s', (template, uri) => {
    expect(matchTemplate(template, uri)).toBeUndefined();
  });

  test('a URI has at most 8192 characters', () => {
    expect(matchTemplate('{a}', 'x'.repeat(8192))).toEqual({ a: 'x'.repeat(8192) });
    expect(matchTemplate('{a}', 'x'.repeat(8193))).toBeUndefined();
    expect(matchTemplate('{a}', 'ü'.repeat(8192))).toBeUndefined();
  });

  const name = fc.constantFrom('id', 'user', 'x', 'y_1', 'a.b');
  const text = fc.string({ unit: 'grapheme', minLength: 1 });

  test('gives the values back from which a URI was made', () => {
    const operator = fc.constantFrom('{', '{+', '{#', '{.', '{/', '{;', '{?', '{&');
    fc.assert(
      fc.property(operator, name, text, (open, variable, value) => {
        const template = `app://${open}${variable}}`;
        // What is already percent-encoded stays so under + and #, and is then one with what it stands for.
        fc.pre(!((open === '{+' || open === '{#') && /%[\da-f]{2}/i.test(value)));
        const uri = expandTemplate(template, { [variable]: value });
        expect({ ...matchTemplate(template, uri) }).toEqual({ [variable]: value });
      }),
    );
  });

  test('gives several values back where slashes stand between them', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), fc.string({ unit: 'grapheme' }), (values, query) => {
        const named = Object.fromEntries(values.map((value, index) => [`v${index}`, value]));
        const template = `app:/${Object.keys(named)
          .map((key) => `/{${key}}`)
          .join('')}{?query}`;
        const uri = expandTemplate(template, { ...named, query });
        expect({ ...matchTemplate(template, uri) }).toEqual({ ...named, query });
      }),
    );
  });

  test('takes the longest values first, as a regular expression of the same meaning does', () => {
    const same = /^(.+)-([^/?#]+)\.([^/?#]+?)(?:\?q=([^&#]*))?$/;
    fc.assert(
      fc.property(fc.stringMatching(/^[ab./-]{0,14}(\?q=[a.]{0,3})?$/), (uri) => {
        const [, a, b, c, q] = same.exec(uri) ?? [];
        const values = a === undefined ? undefined : { a, b, c, ...(q === undefined ? {} : { q }) };
        const found = matchTemplate('{+a}-{b}.{c}{?q}', uri);
        expect(found === undefined ? undefined : { ...found }).toEqual(values);
      }),
      { numRuns: 2_000 },
    );
  });

  test('nothing that a server or a caller writes makes it throw', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '{x}',
      '{+y*}',
      '{?a,b:2}',
      '{/p*}',
      '%',
      '%2',
      '%c3',
      '/',
      '?a=',
      'ü',
      '\ud800',
      'x',
    );
    const odd = fc.array(pieces, { maxLength: 10 }).map((some) => some.join(''));
    fc.assert(
      fc.property(odd, odd, (template, uri) => {
        expect(['object', 'undefined']).toContain(typeof matchTemplate(template, uri));
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['exploded lists (CVE-2026-0621)', '{/id*}', `/${'a,'.repeat(4000)}?`],
    ['two exploded lists', '{/a*}{/b*}x', '/a'.repeat(4000)],
    ['many greedy variables', `${'{+a}'.replace('a', 'v').repeat(64)}!`, 'a'.repeat(8192)],
    [
      'greedy variables with a separator',
      `${Array.from({ length: 64 }, (_, i) => `{+v${i}}`).join('a')}!`,
      'a'.repeat(8192),
    ],
    ['many optional queries', `${Array.from({ length: 64 }, () => '{?a}').join('')}!`, '?a=1'.repeat(2000)],
    [
      'one expression of many',
      `{?${Array.from({ length: 64 }, (_, i) => `v${i}`).join(',')}}!`,
      `?v0=${'&v1=1'.repeat(1500)}`,
    ],
    ['long fixed text', `${'a'.repeat(2000)}{x}b`, 'a'.repeat(8192)],
    ['prefixes', `${Array.from({ length: 64 }, (_, i) => `{v${i}:9999}`).join('')}!`, '%C3%BC'.repeat(1300)],
    ['long fixed text within', `{+y}${'a'.repeat(2000)}{x}b`, 'a'.repeat(8192)],
  ])('%s take time in proportion', (_, template, uri) => {
    const startedAt = performance.now();
    expect(matchTemplate(template, uri)).toBeUndefined();
    // Trying all ways would take longer than the universe has.
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  test('the longer the URI, the fewer variables are tried', () => {
    const template = (count: number): string => `x${Array.from({ length: count }, (_, i) => `/{v${i}}`).join('')}`;
    const uri = (count: number, length: number): string => `x${'/a'.repeat(count - 1)}/`.padEnd(length, 'a');
    expect(matchTemplate(template(15), uri(15, 8192))).toBeDefined();
    expect(matchTemplate(template(64), uri(64, 1900))).toBeDefined();
    expect(matchTemplate(template(64), uri(64, 8192))).toBeUndefined();
  });
});
