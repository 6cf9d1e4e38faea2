import { describe, expect, test } from 'vitest';
import { cli, type World } from '../../test/fixtures/cli/world.ts';
import { ToolwayError } from '../errors.ts';
import type { ApprovalAnswer, ApprovalRequest } from '../permission.ts';

const ESC = String.fromCharCode(27);
const request: ApprovalRequest = {
  id: '1',
  server: 'adhoc',
  tool: `do${ESC}[2J`,
  arguments: { path: `a${ESC}[2Jb\u202e`, lines: 'x\ny' },
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  reason: `rule 1${ESC}]0;x\u0007`,
  timeoutMs: 300_000,
  warnings: [`odd\u202e`],
  diff: [{ path: '/description', before: 'a\r', after: `b${ESC}[1m` }],
};

const approving = async (world: World, argv: string[] = [], more: Partial<ApprovalRequest> = {}) => {
  let answer: ApprovalAnswer | undefined | 'no handler' = 'no handler';
  const { code, err, asked } = await cli(['--stdio', 'x', 'call', 'do', ...argv], {
    ...world,
    servers: {
      adhoc: {
        tools: [{ name: 'do', inputSchema: {} }],
        async call(_tool, _args, { signal }, { onApprove }) {
          const context = { server: 'adhoc', scope: '', signal: new AbortController().signal };
          if (onApprove !== undefined) answer = await onApprove({ ...request, ...more }, context);
          if (signal?.aborted === true) throw new ToolwayError('cancelled', 'the call was cancelled');
          return { content: [] };
        },
      },
    },
  });
  return { answer, code, err, asked };
};

describe('a call that wants approval', () => {
  const tty: World = { tty: true, env: { NO_COLOR: '1' } };

  test.each<[World['typed'], ApprovalAnswer]>([
    [['y'], true],
    [['', 'what', 'YES'], true],
    [['a'], { approved: true, remember: 'tool' }],
    [['n'], { approved: false, reason: 'the user said no' }],
    [[{ ended: 'end' }], { approved: false, reason: 'the user did not answer' }],
  ])('%j', async (typed, expected) => {
    expect((await approving({ ...tty, typed })).answer).toEqual(expected);
  });

  test('is cancelled by Ctrl-C, and the command with it; Ctrl-D is a no', async () => {
    expect((await approving({ ...tty, typed: [{ ended: 'interrupt' }] })).code).toBe(130);
    expect((await approving({ ...tty, typed: [{ ended: 'end' }] })).code).toBe(0);
  });

  test('shows what would be sent, harmlessly', async () => {
    const { err, asked } = await approving({ ...tty, typed: ['n'] });
    expect(`${err.replaceAll(`\r${ESC}[2K`, '')}${asked.join('')}`).toMatchInlineSnapshot(`
      "May adhoc.do be called? (rule 1)
        {
          "path": "a\\u001b[2Jb\\u202e",
          "lines": "x\\ny"
        }
        warning: odd\\u{202e}
        changed since first seen: /description: a → b
        [y]es once, [a]lways for this session, [n]o: "
    `);
  });

  test('is approved by --yes, and has nobody to ask without a terminal', async () => {
    const { answer, err } = await approving({}, ['--yes']);
    expect([answer, err]).toEqual([true, 'toolway: adhoc.do is approved (--yes)\n']);
    expect((await approving({})).answer).toEqual({
      approved: false,
      reason: 'there is no terminal to ask at; --yes agrees, or a rule of the policy',
    });
  });

  describe('of a model that had read what others wrote', () => {
    const taint: ApprovalRequest['taint'] = [
      { kind: 'history', server: '' },
      ...Array.from({ length: 10 }, (_, n) => ({ kind: 'result' as const, server: 'fetch', name: `page${n}` })),
      { kind: 'error', server: `evil${ESC}[2J` },
    ];

    test('says what that was, and keeps a yes for the same arguments only', async () => {
      const { err, asked, answer } = await approving({ ...tty, typed: ['a'] }, [], { taint });
      const shown = err.replaceAll(`\r${ESC}[2K`, '');
      expect(shown).toContain('  the model had read: fetch.page1 (result), ');
      expect(shown).toContain('fetch.page9 (result), evil (error), 2 more\n');
      expect(shown).not.toContain(ESC);
      expect(asked).toEqual(['  [y]es once, [a]lways with these arguments, [n]o: ']);
      expect(answer).toEqual({ approved: true, remember: 'tool' });
    });

    test('is not approved by --yes: it is asked about at a terminal, and refused without one', async () => {
      expect((await approving({ ...tty, typed: ['n'] }, ['--yes'], { taint })).answer).toMatchObject({
        approved: false,
      });
      for (const argv of [['--yes'], []]) {
        const { answer, err } = await approving({}, argv, { taint });
        expect(answer).toMatchObject({
          approved: false,
          reason: expect.stringMatching(/--yes does not answer.*"tainted: true".*"action: allow".*first/),
        });
        expect(err).not.toContain('approved');
      }
    });
  });
});
