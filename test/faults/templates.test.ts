import { describe, expect, test } from 'vitest';
import { ToolwayError } from '../../src/errors.ts';
import { drive } from '../fixtures/faults/drive.ts';
import { longestStall } from '../fixtures/faults/stall.ts';
import { FIXTURES, over } from '../fixtures/faults/worlds.ts';

const named = (uriTemplates: string[]) => uriTemplates.map((uriTemplate, i) => ({ name: `t${i}`, uriTemplate }));
const vars = (count: number, of: (i: number) => string, between = ''): string =>
  Array.from({ length: count }, (_, i) => of(i)).join(between);

/** What made the official SDK hang (CVE-2026-0621), its relatives, and what is no template at all. */
const HOSTILE = [
  '{/id*}',
  '{?tags*}',
  '{/a*}{/b*}x',
  '{;a*}{;b*}{;c*}!',
  `${'{+v}'.repeat(64)}!`,
  `${vars(64, (i) => `{+v${i}}`, 'a')}!`,
  `${'{?a}'.repeat(64)}!`,
  `{?${vars(64, (i) => `v${i}`, ',')}}!`,
  `${vars(64, (i) => `{v${i}:9999}`)}!`,
  `${'a'.repeat(2_000)}{x}b`,
  '{',
  '}',
  '{}',
  '{{x}}',
  '{x:99999999999}',
  '{__proto__}',
  '(a+)+$',
  '\u0000',
  `${'{a}'.repeat(1_000)}`,
  'x'.repeat(100_000),
];
const URIS = [
  `/${'a,'.repeat(2_000)}?`,
  '/a'.repeat(2_000),
  'a'.repeat(8_000),
  `?a=1${'&a=1'.repeat(1_000)}`,
  'x'.repeat(9_000),
  '%'.repeat(3_000),
  'ü'.repeat(1_000),
  '',
  '\ud800',
];

describe('C9: hostile templates of resources', () => {
  describe.each(over('C9'))('over $name', (fixture) => {
    test('are matched against anything without a stall; the right server is found, or none, and calls work', async () => {
      const { toolkit, expectFine } = await drive(fixture, { templates: named(HOSTILE) });
      const good = await drive(fixture, { templates: named(['good://{name}']) });
      await toolkit.addServer('other', good.world.config);
      expect(await toolkit.readResource('good://x')).toMatchObject({ contents: [{ uri: 'good://x' }] });
      const stall = await longestStall(async () => {
        for (const uri of URIS) {
          const outcome = await toolkit.readResource(uri).catch((reason: unknown) => reason);
          if (outcome instanceof ToolwayError)
            expect(['unknown_resource', 'ambiguous_resource']).toContain(outcome.code);
          else expect(outcome).toMatchObject({ contents: [{ uri, text: 'read' }] });
        }
      });
      stalls.push(stall);
      expect(await toolkit.readResource('good://y', { server: 'other' })).toMatchObject({
        contents: [{ text: 'read' }],
      });
      await expectFine();
    });
  });

  const stalls: number[] = [];
  test('no stall of them was as long as 100 ms of work', () => {
    console.log(`C9  longest stall: ${Math.max(...stalls).toFixed(1)} ms of 100`);
    expect(Math.max(...stalls)).toBeLessThan(100);
  });

  test('as many as a list may hold do not stall anybody either', async () => {
    const [stdio] = FIXTURES;
    if (stdio === undefined) throw new Error('no fixture');
    const template = `${vars(64, (i) => `{+v${i}}`, 'a')}!`;
    const { toolkit, expectFine } = await drive(stdio, { era: 'legacy', manyTemplates: { template, count: 9_000 } });
    expect(await toolkit.listResourceTemplates({ server: 's' })).toHaveLength(9_000);
    const uri = `db://customers/${'a'.repeat(40)}/orders`;
    const stall = await longestStall(() => toolkit.readResource(uri));
    console.log(`C9  longest stall with 9 000 templates: ${stall.toFixed(1)} ms of 100`);
    expect(stall).toBeLessThan(100);
    await expectFine();
  });
});
