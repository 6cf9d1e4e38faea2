import { describe, expect, test } from 'vitest';
import { mergeConfigs } from './merge.ts';
import { parseConfig } from './parse.ts';

const RULES = [
  { server: 'files', tool: ['write_*', 'move_*'], action: 'ask', reason: 'it writes' },
  { annotations: { destructiveHint: true }, arguments: { '/path': { within: '/etc' } }, action: 'deny' },
  { arguments: { a: { equals: null, present: true }, b: { oneOf: [1, 'x'] }, c: { lessThan: 3 } }, action: 'allow' },
];

test('a policy and pins are read from a file as they stand', async () => {
  const policy = { default: 'ask', rules: RULES };
  const parsed = await parseConfig({
    mcpServers: { s: { command: 'x', pins: 'warn', autoApprove: ['a*'], trustHints: true } },
    policy,
    pins: 'off',
    limits: { approvalTimeoutMs: 1_000 },
  });
  expect(parsed.problems).toEqual([]);
  expect(parsed.policy).toEqual(policy);
  expect(parsed.pins).toBe('off');
  expect(parsed.limits).toEqual({ approvalTimeoutMs: 1_000 });
  expect(parsed.servers.s).toMatchObject({ pins: 'warn', autoApprove: ['a*'], trustHints: true });
});

describe('what is wrong', () => {
  test.each<[unknown, string]>([
    ['ask', '/policy must be an object of default, rules, not a string'],
    [{ default: 'yes' }, '/policy/default must be one of allow, ask, deny'],
    [{ defaults: 'ask' }, '/policy/defaults is not known; did you mean default?'],
    [{ rules: {} }, '/policy/rules must be a list of rules, not an object'],
    [
      { rules: ['x'] },
      '/policy/rules/0 must be an object of server, tool, annotations, arguments, tainted, action, reason, not a string',
    ],
    [{ rules: [{ tool: 'x' }] }, '/policy/rules/0 needs an action: allow, ask, deny'],
    [{ rules: [{ action: 'alow' }] }, '/policy/rules/0/action must be one of allow, ask, deny'],
    [{ rules: [{ tol: 'x', action: 'ask' }] }, '/policy/rules/0/tol is not known; did you mean tool?'],
    [
      { rules: [{ tool: [], action: 'ask' }] },
      '/policy/rules/0/tool must be a text that is not empty, or a list of such',
    ],
    [
      { rules: [{ tool: ['a', ''], action: 'ask' }] },
      '/policy/rules/0/tool/1 must be a text that is not empty, or a list of such',
    ],
    [{ rules: [{ reason: 1, action: 'ask' }] }, '/policy/rules/0/reason must be a string, not a number'],
    [
      { rules: [{ annotations: { destructivHint: true }, action: 'ask' }] },
      '/policy/rules/0/annotations/destructivHint is not known; did you mean destructiveHint?',
    ],
    [
      { rules: [{ annotations: { readOnlyHint: 'yes' }, action: 'ask' }] },
      '/policy/rules/0/annotations/readOnlyHint must be true or false, not a string',
    ],
    [
      { rules: [{ arguments: { 'a/b': 1 }, action: 'ask' }] },
      '/policy/rules/0/arguments/a~1b must be an object of equals, oneOf, matches, startsWith, within, lessThan, greaterThan, present, not a number',
    ],
    [
      { rules: [{ arguments: { a: {} }, action: 'ask' }] },
      '/policy/rules/0/arguments/a says nothing: it needs an operator',
    ],
    [
      { rules: [{ arguments: { a: { matchs: 'x' } }, action: 'ask' }] },
      '/policy/rules/0/arguments/a/matchs is not known; did you mean matches?',
    ],
    [
      { rules: [{ arguments: { a: { oneOf: 'x' } }, action: 'ask' }] },
      '/policy/rules/0/arguments/a/oneOf must be a list that is not empty',
    ],
    [
      { rules: [{ arguments: { a: { lessThan: '3' } }, action: 'ask' }] },
      '/policy/rules/0/arguments/a/lessThan must be a number, not a string',
    ],
    [
      { rules: [{ arguments: [], action: 'ask' }] },
      '/policy/rules/0/arguments must be an object of conditions by path, not a list',
    ],
  ])('in the policy %j', async (policy, said) => {
    const { problems } = await parseConfig({ mcpServers: {}, policy });
    expect(problems.map(({ level, path, message }) => `${level} ${path} ${message}`)).toEqual([`error ${said}`]);
  });

  test('in pins', async () => {
    const { problems } = await parseConfig({ mcpServers: { s: { command: 'x', pins: 'blok' } }, pins: true });
    expect(problems.map(({ path, message }) => `${path} ${message}`)).toEqual([
      '/mcpServers/s/pins must be one of block, warn, off',
      '/pins must be one of block, warn, off',
    ]);
  });
});

test('the policy of a later file replaces that of an earlier one as a whole', async () => {
  const first = await parseConfig({ mcpServers: {}, policy: { default: 'deny', rules: RULES }, pins: 'warn' });
  const second = await parseConfig({ mcpServers: {}, policy: { default: 'ask' } });
  expect(mergeConfigs([first, second])).toMatchObject({ policy: { default: 'ask' }, pins: 'warn' });
  expect(mergeConfigs([first, second]).policy?.rules).toBeUndefined();
  expect(mergeConfigs([second, first]).policy?.rules).toHaveLength(3);
});
