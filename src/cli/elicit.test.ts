import { describe, expect, test } from 'vitest';
import { cli, type World } from '../../test/fixtures/cli/world.ts';
import type { ElicitRequest, ElicitResult } from '../protocol/types.ts';

const ESC = String.fromCharCode(27);
const CLEAR = `\r${ESC}[2K`;
const EVIL = `${ESC}[2J${ESC}]52;c;eA==\u0007\r\u202e`;
const schema = (properties: object, required: string[] = []) => ({ type: 'object', properties, required });
const form = (properties: object, required?: string[]): ElicitRequest => ({
  message: 'please',
  requestedSchema: schema(properties, required),
});
const page: ElicitRequest = { mode: 'url', message: 'sign in', url: 'https://bank.example/a?b=%20' };

/** A call whose server asks this; what it was answered, and what the person saw. */
const asking = async (request: ElicitRequest, world: World = {}, argv: string[] = []) => {
  let answer: ElicitResult | undefined;
  const { out, err, asked, opened } = await cli(['--stdio', 'x', 'call', 'do', ...argv], {
    ...world,
    servers: {
      adhoc: {
        tools: [{ name: 'do', inputSchema: {} }],
        async call(_tool, _args, { signal = new AbortController().signal }, options) {
          const context = { server: 'adhoc', scope: '', call: { id: '1', tool: 'do' }, signal };
          answer = await options.onElicit?.(request, context);
          return { content: [] };
        },
      },
    },
  });
  return { answer, out, err, asked, opened };
};

describe('without a terminal', () => {
  test('a question is cancelled, and who asked for what is told', async () => {
    const { answer, err, out } = await asking(form({ a: { type: 'string' } }, ['a']));
    expect(answer).toEqual({ action: 'cancel' });
    expect([err, out]).toEqual([
      'toolway: adhoc asks for input (in do): please — cancelled: there is no terminal to ask on; --yes takes the defaults\n',
      '',
    ]);
    expect((await asking(page)).err).toBe(
      'toolway: adhoc asks you to visit a page (in do): sign in — cancelled: there is no terminal to ask on\n',
    );
    expect((await asking(page, {}, ['--quiet'])).err).toBe('');
  });

  test('--yes accepts the defaults of a form where all that is required has one', async () => {
    const fields = { a: { type: 'string', default: 'x' }, b: { type: 'number' } };
    expect((await asking(form(fields, ['a']), {}, ['--yes'])).answer).toEqual({
      action: 'accept',
      content: { a: 'x' },
    });
    const { answer, err } = await asking(form(fields, ['a', 'b']), {}, ['--yes']);
    expect(answer).toEqual({ action: 'cancel' });
    expect(err).toContain('not everything has a default');
    expect((await asking(page, {}, ['--yes'])).answer).toEqual({ action: 'cancel' });
  });
});

describe('a form', () => {
  const fill = (properties: object, typed: World['typed'], required?: string[]) =>
    asking(form(properties, required), { typed, tty: true, env: { NO_COLOR: '1' } });

  test.each<[string, object, string[], unknown]>([
    ['a text', { a: { type: 'string' } }, ['x y'], 'x y'],
    ['a text with its default', { a: { type: 'string', default: 'd' } }, [''], 'd'],
    ['an email', { a: { type: 'string', format: 'email' } }, ['no', 'a@b'], 'a@b'],
    ['a date', { a: { type: 'string', format: 'date' } }, ['2026-02-30', '2026-02-28'], '2026-02-28'],
    ['a number', { a: { type: 'number', minimum: 1 } }, ['x', '0', '1.5e1'], 15],
    ['yes', { a: { type: 'boolean' } }, ['perhaps', 'Y'], true],
    ['no', { a: { type: 'boolean', default: true } }, ['no'], false],
    ['an option by its number', { a: { type: 'string', enum: ['x', 'y'] } }, ['2'], 'y'],
    ['an option by its name', { a: { type: 'string', enum: ['x', 'y'] } }, ['3', 'X'], 'x'],
    ['an option by its title', { a: { type: 'string', oneOf: [{ const: 'x', title: 'The X' }] } }, ['the x'], 'x'],
    ['an option that is a number', { a: { type: 'string', enum: ['2', '1'] } }, ['1'], '1'],
    ['several', { a: { type: 'array', items: { enum: ['x', 'y', 'z'] } } }, ['3, x'], ['z', 'x']],
    ['at least two', { a: { type: 'array', items: { enum: ['x', 'y'] }, minItems: 2 } }, ['1', '1,2'], ['x', 'y']],
  ])('%s', async (_, properties, typed, value) => {
    const { answer, asked } = await fill(properties, [...typed, 'y'], ['a']);
    expect(answer).toEqual({ action: 'accept', content: { a: value } });
    expect(asked.length).toBe(typed.length + 1);
  });

  test('nothing is an answer where it is optional, and none where it is required', async () => {
    expect((await fill({ a: { type: 'string' } }, ['', 'y'])).answer).toEqual({ action: 'accept', content: {} });
    const { err, answer } = await fill({ a: { type: 'string' } }, ['', 'x', 'y'], ['a']);
    expect(err).toContain('a is required');
    expect(answer?.content).toEqual({ a: 'x' });
  });

  test.each<[World['typed'], ElicitResult['action']]>([
    [[{ ended: 'interrupt' }], 'cancel'],
    [[{ ended: 'end' }], 'decline'],
    [[{ ended: 'aborted' }], 'cancel'],
    [['x', 'n'], 'decline'],
    [['x', { ended: 'interrupt' }], 'cancel'],
  ])('%j is %s', async (typed, action) => {
    expect((await fill({ a: { type: 'string' } }, typed)).answer).toEqual({ action });
  });

  test('editing begins again with what was typed', async () => {
    const { answer, asked } = await fill({ a: { type: 'string' }, b: { type: 'boolean' } }, [
      'x',
      'y',
      'e',
      '',
      'n',
      'y',
    ]);
    expect(answer?.content).toEqual({ a: 'x', b: false });
    expect(asked[3]).toContain('[x]');
    expect(asked[4]).toContain('[yes]');
  });

  test('a form without fields is a question that Enter does not answer', async () => {
    expect(await fill({}, ['', 'yes'])).toMatchObject({ answer: { action: 'accept', content: {} } });
    expect((await fill({}, ['n'])).answer).toEqual({ action: 'decline' });
  });

  test('names that an object inherits are names like others', async () => {
    const properties = JSON.parse('{"__proto__": {"type": "string"}, "constructor": {"type": "string"}}');
    const { answer } = await fill(properties, ['x', 'y', 'y']);
    expect(Object.entries(answer?.content ?? {})).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });

  test('what the server wrote is harmless everywhere', async () => {
    const fields = {
      [`n${EVIL}`]: { type: 'string', title: EVIL, description: EVIL, format: EVIL, default: `d${EVIL}` },
      b: { type: 'string', enum: [`v${EVIL}`], enumNames: [EVIL] },
    };
    const request = { message: EVIL, requestedSchema: schema(fields) };
    const { asked, err } = await asking(request, { typed: ['', '1', 'y'], tty: true, env: { NO_COLOR: '1' } });
    for (const text of [...asked, err.replaceAll(`\r${ESC}[2K`, '')]) {
      expect(text).not.toContain(ESC);
      for (const character of ['\r', '\u0007', '\u202e', '\u009b']) expect(text).not.toContain(character);
    }
    const screen = [...err.split('\n').filter((line) => !line.includes(CLEAR)), ...asked].join('\n');
    expect(screen).toMatchInlineSnapshot(`
      "adhoc asks for input (in do):
        \\u{202e}
        Ctrl-C cancels, Ctrl-D declines.
        \\u{202e}: \\u{202e}
          1) \\u{202e} (v\\u{202e})
        n\\u{202e}: d\\u{202e}
        b: v\\u{202e}

        n\\u{202e} (\\u{202e}, optional) [d\\u{202e}]: 
        b (one of these, optional): 
        Send this? [y]es, [e]dit, [n]o: "
    `);
  });
});

describe('a page', () => {
  const visit = (typed: World['typed'], request: ElicitRequest = page) =>
    asking(request, { typed, tty: true, env: { NO_COLOR: '1' } });

  test('is shown with its host, and opened when the person says so', async () => {
    const { answer, err, opened } = await visit(['', 'perhaps', 'o']);
    expect(answer).toEqual({ action: 'accept' });
    expect(opened).toEqual(['https://bank.example/a?b=%20']);
    expect(err).toContain('  https://bank.example/a?b=%20\n  host: bank.example\n');
    expect(err).not.toContain('warning');
  });

  test.each<[World['typed'], ElicitResult['action']]>([
    [['v'], 'accept'],
    [['d'], 'decline'],
    [[{ ended: 'interrupt' }], 'cancel'],
    [[{ ended: 'end' }], 'decline'],
  ])('%j is %s, and nothing is opened', async (typed, action) => {
    expect(await visit(typed)).toMatchObject({ answer: { action }, opened: [] });
  });

  test('is warned of where it is not encrypted, or its host hides its letters', async () => {
    const { err } = await visit(['d'], { ...page, url: 'http://xn--pple-43d.example/' } as ElicitRequest);
    expect(err).toContain('warning: it is not encrypted');
    expect(err).toContain('warning: its host is written in other letters');
  });
});
