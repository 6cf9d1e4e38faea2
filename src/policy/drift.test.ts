import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../canonical.ts';
import { differences, MAX_CHANGES, MAX_TEXT } from './differences.ts';
import { findDrift } from './drift.ts';
import { createDriftWatch, type DriftNews } from './drift-watch.ts';
import { createFirstSeen } from './first-seen.ts';

describe('differences', () => {
  test.each<[unknown, unknown, object[]]>([
    [{ a: 1 }, { a: 1 }, []],
    [{ a: 1 }, { a: 2 }, [{ path: '/a', before: '1', after: '2' }]],
    [{ a: 1 }, {}, [{ path: '/a', before: '1' }]],
    [{}, { a: null }, [{ path: '/a', after: 'null' }]],
    [
      { a: { b: [1, 2] } },
      { a: { b: [1, 3, 4] } },
      [
        { path: '/a/b/1', before: '2', after: '3' },
        { path: '/a/b/2', after: '4' },
      ],
    ],
    [{ a: [] }, { a: {} }, [{ path: '/a', before: '[]', after: '{}' }]],
    [{ 'a/b~c': 1 }, { 'a/b~c': 2 }, [{ path: '/a~1b~0c', before: '1', after: '2' }]],
    [
      JSON.parse('{"__proto__":{"x":1}}'),
      JSON.parse('{"__proto__":{"x":2}}'),
      [{ path: '/__proto__/x', before: '1', after: '2' }],
    ],
    [{}, JSON.parse('{"__proto__":1}'), [{ path: '/__proto__', after: '1' }]],
  ])('%j and %j', (before, after, changes) => {
    expect(differences(before, after)).toEqual({ changes, more: 0 });
  });

  test('of long texts the part is shown that differs', () => {
    const common = 'x'.repeat(5_000);
    const [change] = differences({ a: `${common}one` }, { a: `${common}two` }).changes;
    expect(change?.before).toMatch(/^…x{1,60}one"$/);
    expect(change?.after).toMatch(/^…x{1,60}two"$/);
  });

  test('there are no more and no longer ones than the limits say', () => {
    const many = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`${index}`.repeat(500), 'y'.repeat(9_999)]),
    );
    const { changes, more } = differences({}, many);
    expect(changes).toHaveLength(MAX_CHANGES);
    expect(more).toBe(100 - MAX_CHANGES);
    for (const { path, after } of changes) {
      expect(path.length).toBeLessThanOrEqual(MAX_TEXT + 1);
      expect(after?.length).toBeLessThanOrEqual(MAX_TEXT + 2);
    }
  });

  test('there are some exactly where the canonical texts differ', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.boolean(), (one, other, same) => {
        const [before, after] = [{ v: one }, { v: same ? JSON.parse(JSON.stringify(one)) : other }];
        const { changes } = differences(before, after);
        expect(changes.length === 0).toBe(canonicalJson(before) === canonicalJson(after));
      }),
      { numRuns: 2_000 },
    );
  });
});

const CHANGED = { tool: 't', first: '{"name":"t"}', text: '{"name":"t","title":"T"}' };

test('the message names a few of the places, and all are among the problems', async () => {
  const fields = (value: number) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`f${n}`, value])));
  const found = await findDrift({ tool: 't', first: fields(1), text: fields(2) }, { server: 's', blocks: true });
  const error = found?.drift.error();
  expect(error?.message).toBe(
    's.t: the definition is not the one that was first seen (/f0, /f1, /f2, /f3, /f4 and 3 more); acceptTool("s.t") accepts it as it is',
  );
  expect(error?.problems).toHaveLength(8);
  expect(error?.problems?.[0]).toEqual({ path: '/f0', message: 'was 1, is 2' });
});

test('beyond what can be remembered of one server new tools are refused, never let through unpinned', async () => {
  const { createPins } = await import('../server/pins.ts');
  const tool = (name: string, description = '') => ({ name, description, inputSchema: {} });
  const news: DriftNews[] = [];
  for (const limits of [
    { tools: 2, chars: 1_000 },
    { tools: 100, chars: 90 },
  ]) {
    const firstSeen = createFirstSeen(limits);
    const pins = createPins({ server: 's', blocks: true, firstSeen, onDrift: (one) => news.push(one) });
    expect(await pins.see([tool('a'), tool('b')])).toBeUndefined();
    const seen = await pins.see([tool('a'), tool('c')]);
    expect([...(seen?.drifts.keys() ?? [])]).toEqual(['c']);
    expect(seen?.drifts.get('c')?.error()).toMatchObject({ code: 'tool_changed', executed: 'no' });
    seen?.tell();
    await pins.accept(tool('c') as never);
    expect(await pins.see([tool('c')])).toBeUndefined();
  }
  expect(news).toEqual([]);
});

test('a definition is told once, however often it is seen', async () => {
  const news: DriftNews[] = [];
  const firstSeen = createFirstSeen();
  const watch = createDriftWatch({ server: 's', blocks: false, firstSeen, onDrift: (one) => news.push(one) });
  for (const title of ['T', 'T', 'U', 'U']) {
    const { drifts, tell } = await watch.compare([{ ...CHANGED, text: JSON.stringify({ name: 't', title }) }]);
    expect(drifts.get('t')?.blocks).toBe(false);
    tell();
  }
  expect(news.map(({ diff }) => diff[0]?.after)).toEqual(['"T"', '"U"']);
});

test('what cannot be compared is refused', async () => {
  const { createPins } = await import('../server/pins.ts');
  const firstSeen = createFirstSeen();
  firstSeen.set('t', 'no JSON');
  const pins = createPins({ server: 's', blocks: true, firstSeen, onDrift() {} });
  const seen = await pins.see([{ name: 't', inputSchema: {} }]);
  expect(seen?.drifts.get('t')?.blocks).toBe(true);
});
