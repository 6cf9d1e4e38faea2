import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesPattern } from '../names.ts';
import type { ArgumentCondition, Policy, PolicyAction, PolicyRule } from '../permission.ts';
import type { JsonObject, Tool } from '../protocol/types.ts';
import { hintsOf } from './hints.ts';
import { createRuleBook, type Facts } from './rule-book.ts';

const facts = (args: JsonObject = {}, more: Partial<Facts> = {}): Facts => ({
  server: 'files',
  tool: 'write_file',
  arguments: args,
  hints: hintsOf(undefined, false),
  autoApproved: false,
  chosen: false,
  tainted: false,
  ...more,
});
const actionOf = (policy: Policy, given: Facts = facts()): PolicyAction =>
  createRuleBook(policy, matchesPattern)(given).action;
const fits = (rule: Omit<PolicyRule, 'action'>, given: Facts, action: PolicyAction = 'deny'): boolean =>
  actionOf({ default: action === 'allow' ? 'deny' : 'allow', rules: [{ ...rule, action }] }, given) === action;
const meets = (condition: ArgumentCondition, value: unknown, action: PolicyAction = 'deny'): boolean =>
  fits({ arguments: { value: condition } }, facts(value === undefined ? {} : { value }), action);

describe('which rule decides', () => {
  test('without any rule and default everything is let through', () => {
    expect(actionOf({})).toBe('allow');
  });
  test('the first that fits, whatever the later ones say', () => {
    const rules: PolicyRule[] = [
      { tool: 'read_*', action: 'deny' },
      { tool: 'write_*', action: 'ask', reason: 'writes' },
      { action: 'allow' },
    ];
    const rulingOn = createRuleBook({ default: 'deny', rules }, matchesPattern);
    expect(rulingOn(facts())).toEqual({ action: 'ask', by: 'rule 2 of the policy', reason: 'writes' });
    expect(rulingOn(facts({}, { tool: 'other' }))).toEqual({ action: 'allow', by: 'rule 3 of the policy' });
  });
  test('the default when none fits', () => {
    expect(createRuleBook({ default: 'deny' }, matchesPattern)(facts())).toEqual({
      action: 'deny',
      by: 'the default of the policy',
    });
  });
  test('autoApprove lets through what the default would ask for, and nothing that a rule asks for or anything denies', () => {
    const approved = facts({}, { autoApproved: true });
    expect(actionOf({ default: 'ask' }, approved)).toBe('allow');
    expect(actionOf({ default: 'deny' }, approved)).toBe('deny');
    expect(actionOf({ default: 'allow', rules: [{ action: 'ask' }] }, approved)).toBe('ask');
    expect(actionOf({ default: 'ask', rules: [{ action: 'deny' }] }, approved)).toBe('deny');
  });
  test('a rule that throws denies', () => {
    const trap = new Proxy(
      {},
      {
        getOwnPropertyDescriptor: () => {
          throw new Error('trapped');
        },
      },
    ) as JsonObject;
    const rules: PolicyRule[] = [{ arguments: { a: { equals: 1 } }, action: 'ask' }];
    expect(createRuleBook({ rules }, matchesPattern)(facts(trap))).toEqual({
      action: 'deny',
      by: 'a rule of the policy that failed',
      reason: 'trapped',
    });
  });
  test('a rule with an operator that there is not cannot be made', () => {
    const rules = [{ arguments: { a: { like: 1 } as ArgumentCondition }, action: 'ask' as const }];
    expect(() => createRuleBook({ rules }, matchesPattern)).toThrow();
  });
  test('what is done to the policy afterwards has no effect', () => {
    const folders = ['/a'];
    const rules: PolicyRule[] = [{ arguments: { value: { within: folders } }, action: 'allow' }];
    const policy: Policy = { default: 'deny', rules };
    const rulingOn = createRuleBook(policy, matchesPattern);
    folders.push('/');
    rules.unshift({ action: 'allow' });
    policy.default = 'allow';
    expect(rulingOn(facts({ value: '/etc' })).action).toBe('deny');
  });
});

describe('names', () => {
  test.each<[Omit<PolicyRule, 'action'>, boolean]>([
    [{}, true],
    [{ server: 'files' }, true],
    [{ server: 'file' }, false],
    [{ server: '*' }, true],
    [{ tool: 'write_*' }, true],
    [{ tool: '*_file' }, true],
    [{ tool: ['read_*', 'write_*'] }, true],
    [{ tool: ['read_*'] }, false],
    [{ server: 'files', tool: 'read_file' }, false],
    [{ server: 'other', tool: 'write_file' }, false],
    [{ tool: 'WRITE_FILE' }, false],
  ])('%j: %s', (rule, expected) => {
    expect(fits(rule, facts())).toBe(expected);
  });
});

describe('hints', () => {
  const tool = (annotations: unknown) => ({ name: 't', inputSchema: {}, annotations }) as Tool;
  const worst = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true };

  test('a tool that says nothing is taken for the worst, and so is one of a server that is not trusted', () => {
    expect(hintsOf(undefined, true)).toEqual(worst);
    expect(hintsOf(tool({}), true)).toEqual(worst);
    const harmless = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };
    expect(hintsOf(tool(harmless), false)).toEqual(worst);
    expect(hintsOf(tool(harmless), true)).toEqual(harmless);
  });
  test('what only reads is not destructive unless it says so', () => {
    expect(hintsOf(tool({ readOnlyHint: true }), true).destructiveHint).toBe(false);
    expect(hintsOf(tool({ readOnlyHint: true, destructiveHint: true }), true).destructiveHint).toBe(true);
  });
  test.each([null, 'yes', [], { readOnlyHint: 'true', destructiveHint: 0 }])('%j says nothing', (annotations) => {
    expect(hintsOf(tool(annotations), true)).toEqual(worst);
  });
  test('a rule compares each hint that it names', () => {
    const given = facts({}, { hints: { ...worst, idempotentHint: true } });
    expect(fits({ annotations: { destructiveHint: true } }, given)).toBe(true);
    expect(fits({ annotations: { destructiveHint: true, idempotentHint: true } }, given)).toBe(true);
    expect(fits({ annotations: { destructiveHint: true, readOnlyHint: true } }, given)).toBe(false);
  });
});

describe('conditions', () => {
  test.each<[ArgumentCondition, unknown, boolean]>([
    [{ equals: 1 }, 1, true],
    [{ equals: 1 }, '1', false],
    [{ equals: null }, null, true],
    [{ equals: null }, undefined, false],
    [{ equals: { a: 1, b: [2] } }, { b: [2], a: 1 }, true],
    [{ equals: { a: 1 } }, { a: 1, b: 2 }, false],
    [{ oneOf: ['a', 'b'] }, 'b', true],
    [{ oneOf: ['a', 'b'] }, ['b'], false],
    [{ matches: '*.txt' }, 'a.txt', true],
    [{ matches: '*.txt' }, 'a.txt.exe', false],
    [{ matches: ['*.md', '*.txt'] }, 'a.txt', true],
    [{ matches: '.*' }, 'anything', false],
    [{ startsWith: '/a/' }, '/a/b', true],
    [{ startsWith: '/a/' }, '/b', false],
    [{ startsWith: 'a' }, 1, false],
    [{ within: '/a' }, '/a/b', true],
    [{ within: '/a' }, 1, false],
    [{ lessThan: 10 }, 9, true],
    [{ lessThan: 10 }, 10, false],
    [{ lessThan: 10 }, 'nine', false],
    [{ lessThan: 10 }, '', false],
    [{ lessThan: 10 }, null, false],
    [{ greaterThan: 10 }, 11, true],
    [{ greaterThan: 10 }, 10, false],
    [{ greaterThan: 1, lessThan: 3 }, 2, true],
    [{ greaterThan: 1, lessThan: 3 }, 3, false],
    [{ present: true }, null, true],
    [{ present: true }, undefined, false],
    [{ present: false }, undefined, true],
    [{ present: false }, 0, false],
  ])('%j of %j: %s', (condition, value, expected) => {
    for (const action of ['allow', 'ask', 'deny'] as const) expect(meets(condition, value, action)).toBe(expected);
  });

  test('a path with `..` is no way into a folder, and no way out of one', () => {
    for (const condition of [{ startsWith: '/a/' }, { matches: '/a/*' }, { within: '/a' }]) {
      expect(meets(condition, '/a/../b', 'allow')).toBe(false);
      expect(meets(condition, '/a/./b', 'allow')).toBe(true);
      expect(meets(condition, '/b/../a/x', 'deny')).toBe(true);
      expect(meets(condition, '/b/../a/x', 'ask')).toBe(true);
    }
  });
  test('of a list all entries have to fit a rule that allows, one is enough for a rule that asks or denies', () => {
    const list = ['/a/x', '/b/x'];
    expect(meets({ within: '/a' }, list, 'allow')).toBe(false);
    expect(meets({ within: ['/a', '/b'] }, list, 'allow')).toBe(true);
    expect(meets({ within: '/b' }, list, 'deny')).toBe(true);
    expect(meets({ startsWith: '/c' }, list, 'ask')).toBe(false);
    expect(meets({ startsWith: '/a' }, [], 'allow')).toBe(false);
    expect(meets({ greaterThan: 5 }, [1, 9], 'deny')).toBe(true);
    expect(meets({ greaterThan: 5 }, [1, 9], 'allow')).toBe(false);
  });
  test('a text that is a number may be read as one: a rule that asks or denies fits, one that allows does not', () => {
    for (const value of ['1000', ' 1e3 ', '0x3e8']) {
      expect(meets({ greaterThan: 100 }, value, 'deny')).toBe(true);
      expect(meets({ greaterThan: 100 }, value, 'ask')).toBe(true);
      expect(meets({ greaterThan: 100 }, value, 'allow')).toBe(false);
    }
    expect(meets({ greaterThan: 100 }, '99', 'deny')).toBe(false);
  });
  test('lists in lists are lists as well', () => {
    expect(meets({ within: '/b' }, [['/a'], [['/b/x']]], 'deny')).toBe(true);
    expect(meets({ within: '/a' }, [['/a'], [['/b/x']]], 'allow')).toBe(false);
    expect(meets({ within: '/a' }, [['/a'], [['/a/x']]], 'allow')).toBe(true);
    expect(meets({ within: '/a' }, [['/a'], []], 'allow')).toBe(false);
  });
  test.each<[path: string, args: JsonObject, found: boolean]>([
    ['a.b', { a: { b: 1 } }, true],
    ['/a/b', { a: { b: 1 } }, true],
    ['a.b', { 'a.b': 1 }, false],
    ['/a.b', { 'a.b': 1 }, true],
    ['/a~1b/c~0d', { 'a/b': { 'c~d': 1 } }, true],
    ['a.0', { a: [1] }, true],
    ['a.1', { a: [1] }, false],
    ['a.length', { a: 'text' }, false],
    ['constructor', {}, false],
    ['__proto__', {}, false],
    ['toString', { a: 1 }, false],
  ])('the path %s of %j leads somewhere: %s', (path, args, found) => {
    expect(fits({ arguments: { [path]: { present: true } } }, facts(args))).toBe(found);
  });
});

describe('rules against a plain reading of them', () => {
  const word = fc.constantFrom('a', 'b', 'ab', 'ba', '');
  const pattern = fc.constantFrom('a', 'b', 'a*', '*b', '*', 'ab');
  const action = fc.constantFrom<PolicyAction>('allow', 'ask', 'deny');
  const condition = fc.oneof(
    word.map((equals) => ({ equals })),
    fc.array(word, { minLength: 1, maxLength: 3 }).map((oneOf) => ({ oneOf })),
    pattern.map((matches) => ({ matches })),
    word.map((startsWith) => ({ startsWith })),
    fc.boolean().map((present) => ({ present })),
    fc.integer({ min: 0, max: 3 }).map((lessThan) => ({ lessThan })),
    fc.integer({ min: 0, max: 3 }).map((greaterThan) => ({ greaterThan })),
  );
  const rule = fc.record(
    {
      server: pattern,
      tool: fc.array(pattern, { minLength: 1, maxLength: 2 }),
      annotations: fc.record({ readOnlyHint: fc.boolean(), openWorldHint: fc.boolean() }, { requiredKeys: [] }),
      arguments: fc.dictionary(fc.constantFrom('x', 'y'), condition, { maxKeys: 2 }),
      tainted: fc.boolean(),
      action,
    },
    { requiredKeys: ['action'] },
  );
  const call = fc.record({
    server: word,
    tool: word,
    arguments: fc.dictionary(fc.constantFrom('x', 'y'), fc.oneof(word, fc.integer({ min: 0, max: 3 }))),
    hints: fc.record({
      readOnlyHint: fc.boolean(),
      destructiveHint: fc.boolean(),
      idempotentHint: fc.boolean(),
      openWorldHint: fc.boolean(),
    }),
    autoApproved: fc.boolean(),
    chosen: fc.boolean(),
    tainted: fc.boolean(),
  });

  const glob = (text: string, fitting: string): boolean => new RegExp(`^${fitting.replaceAll('*', '.*')}$`).test(text);
  const plainly = (wanted: ArgumentCondition, value: unknown): boolean => {
    const [[operator, operand]] = Object.entries(wanted) as [[string, never]];
    if (operator === 'present') return (value !== undefined) === operand;
    if (operator === 'equals') return value === operand;
    if (operator === 'oneOf') return (operand as unknown[]).includes(value);
    if (operator === 'lessThan') return typeof value === 'number' && value < operand;
    if (operator === 'greaterThan') return typeof value === 'number' && value > operand;
    if (typeof value !== 'string') return false;
    return operator === 'matches' ? glob(value, operand) : value.startsWith(operand);
  };
  const reference = ({ default: said, rules = [] }: Policy, given: Facts): PolicyAction => {
    const found = rules.find(
      (one) =>
        (one.server === undefined || [one.server].flat().some((each) => glob(given.server, each))) &&
        (one.tool === undefined || [one.tool].flat().some((each) => glob(given.tool, each))) &&
        (one.tainted === undefined || one.tainted === given.tainted) &&
        Object.entries(one.annotations ?? {}).every(([hint, value]) => given.hints[hint as 'readOnlyHint'] === value) &&
        Object.entries(one.arguments ?? {}).every(([path, wanted]) => plainly(wanted, given.arguments[path])),
    );
    if (found !== undefined) return found.action;
    const fallback = said ?? (given.chosen ? 'ask' : 'allow');
    return fallback === 'ask' && given.autoApproved && !given.tainted ? 'allow' : fallback;
  };

  test('both decide alike', () => {
    fc.assert(
      fc.property(
        fc.record({ default: action, rules: fc.array(rule, { maxLength: 4 }) }, { requiredKeys: ['rules'] }),
        call,
        (policy, given) => {
          expect(actionOf(policy as Policy, given as Facts)).toBe(reference(policy as Policy, given as Facts));
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
