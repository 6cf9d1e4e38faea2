/** How much of what tools give a model reads at a time. */
import { describe, expect, test } from 'vitest';
import type { LoopOptions } from '../../src/llm/loop/options.ts';
import type { Message, ResultPart } from '../../src/llm/message.ts';
import { createMemorySpill, type Spill } from '../../src/llm/results/spill.ts';
import { estimateTokens } from '../../src/llm/results/tokens.ts';
import { createTestServer } from '../../src/testing/index.ts';
import { loopWorld } from '../fixtures/llm/loop-world.ts';
import { scriptedModel } from '../fixtures/llm/scripted-chat-model.ts';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** A server whose tools give so many words; a word is a token. */
const library = (size: unknown = 60_000) =>
  createTestServer({
    tools: {
      words: ({ count }) => 'word '.repeat(Number(count)),
      big: {
        _meta: { 'anthropic/maxResultSizeChars': size },
        run: ({ count }) => 'word '.repeat(Number(count)),
      },
      pictures: ({ count }) => ({
        content: Array.from({ length: Number(count) }, () => ({ type: 'image', data: PNG, mimeType: 'image/png' })),
      }),
      photo: () => ({
        content: [{ type: 'image', data: btoa(atob(PNG).padEnd(3_500_000, 'x')), mimeType: 'image/png' }],
      }),
      fail: ({ count }) => {
        throw new Error('no '.repeat(Number(count)));
      },
    },
  });

const textOf = ({ content }: ResultPart): string =>
  content.map((part) => (part.type === 'text' ? part.text : `<${part.mediaType}>`)).join('\n');
const resultsOf = (messages: readonly Message[]): ResultPart[] =>
  (messages[2]?.content ?? []).filter((part) => part.type === 'result');

/** What the model reads of these calls, and what was kept whole. */
const turn = async (
  counts: readonly (number | readonly [tool: string, count: number])[],
  options: Partial<LoopOptions> = {},
  server = library(),
) => {
  const kept: number[] = [];
  const memory = createMemorySpill();
  const spill: Spill = {
    ...memory,
    put(bytes, ...what) {
      kept.push(bytes.length);
      return memory.put(bytes, ...what);
    },
  };
  const { run } = await loopWorld({ server });
  const calls = counts.map((each) => {
    const [tool, count] = typeof each === 'number' ? ['words', each] : each;
    return { name: `math__${tool}`, arguments: { count } };
  });
  const model = scriptedModel([{ calls }, 'Read.']);
  const { messages } = await run([], { model, spill, search: 'never', ...options });
  // The model has read what the history says.
  expect(model.requests[1]?.messages).toEqual(messages.slice(0, 3));
  const texts = resultsOf(messages).map(textOf);
  return { texts, kept, memory, tokens: texts.map(estimateTokens) };
};
const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);

describe('all results of a turn', () => {
  test('have 24 000 tokens together; the longest ones are cut, and say why and where the rest is', async () => {
    const { texts, tokens, kept, memory } = await turn([100, 7_000, 7_000, 7_000, 7_000, 200]);
    expect(sum(tokens)).toBeLessThanOrEqual(24_000);
    expect(sum(tokens)).toBeGreaterThan(18_000);
    expect([texts[0], texts[5]].join()).not.toContain('left out');
    for (const text of texts.slice(1, 5)) {
      expect(text).toMatch(
        /characters are left out, because the results of this turn are too long together; read_result/,
      );
    }
    expect(kept).toEqual([35_000, 35_000, 35_000, 35_000]);
    const id = /"id":"([^"]+)"/.exec(texts[1] ?? '')?.[1] ?? '';
    expect((await memory.get(id))?.bytes).toHaveLength(35_000);
  });

  test('are left as they are where they fit', async () => {
    const { texts, kept } = await turn([7_500, 7_500, 7_500]);
    expect(texts.join()).not.toContain('left out');
    expect(kept).toEqual([]);
  });

  test('fit also where they are very many, and each was cut before: what is whole is kept once', async () => {
    const { tokens, kept } = await turn(Array.from({ length: 40 }, () => 9_000));
    expect(sum(tokens)).toBeLessThanOrEqual(24_000);
    expect(kept).toHaveLength(40);
  });

  test('are cut where calls failed at length, too', async () => {
    const { tokens } = await turn(Array.from({ length: 40 }, () => ['fail', 5_000] as const));
    expect(sum(tokens)).toBeLessThanOrEqual(24_000);
  });

  test('may be longer or shorter, as the program says; one result that may be longer makes room for itself', async () => {
    const { tokens } = await turn([3_000, 3_000], { maxTurnResultTokens: 2_000 });
    expect(sum(tokens)).toBeLessThanOrEqual(2_000);
    const { texts } = await turn([30_000], { maxResultTokens: 40_000 });
    expect(texts.join()).not.toContain('left out');
    const { texts: all } = await turn([7_900, 7_900, 7_900, 7_900], { maxTurnResultTokens: 40_000 });
    expect(all.join()).not.toContain('left out');
  });

  test('show 20 images together; those that come later are kept aside', async () => {
    const { texts, kept } = await turn([
      ['pictures', 12],
      ['pictures', 12],
      ['pictures', 1],
    ]);
    expect(texts.map((text) => text.match(/<image\/png>/g)?.length ?? 0)).toEqual([12, 8, 0]);
    expect(texts[2]).toMatch(/cannot be shown here, kept as/);
    expect(kept.length).toBeGreaterThan(0);
  });

  test('show 15 MB of images together', async () => {
    const { texts } = await turn(Array.from({ length: 5 }, () => ['photo', 1] as const));
    expect(texts.map((text) => text.includes('<image/png>'))).toEqual([true, true, true, true, false]);
  });
});

describe('a tool that asks for longer results', () => {
  const asking = (size: unknown) => library(size);

  test('gets them, within 24 000 tokens; others of its server do not', async () => {
    const { texts } = await turn([['big', 12_000]]);
    expect(texts[0]).not.toContain('left out');
    expect((await turn([12_000])).texts[0]).toContain('left out');
    expect((await turn([['big', 30_000]], {}, asking(500_000))).tokens[0]).toBeLessThanOrEqual(24_100);
  });

  test('gets no more than it asks for, and never less than others', async () => {
    // 60 000 characters are 12 000 words.
    const { tokens } = await turn([['big', 14_000]]);
    expect(tokens[0]).toBeGreaterThan(9_000);
    expect(tokens[0]).toBeLessThan(12_100);
    expect((await turn([['big', 7_000]], {}, asking(10))).texts[0]).not.toContain('left out');
  });

  test('is heeded up to 500 000 characters, and as far as the program lets it', async () => {
    const most = { maxLargeResultTokens: 1_000_000 };
    const { tokens } = await turn([['big', 120_000]], most, asking(1e9));
    expect(tokens[0]).toBeGreaterThan(75_000);
    expect(tokens[0]).toBeLessThan(100_100);
    expect((await turn([['big', 12_000]], { maxResultTokens: 2_000 })).tokens[0]).toBeLessThan(2_100);
    expect((await turn([['big', 12_000]], { maxLargeResultTokens: 9_000 })).tokens[0]).toBeLessThan(9_100);
  });

  test.each(['60000', -1, null, {}])('with %j asks for nothing', async (size) => {
    expect((await turn([['big', 12_000]], {}, asking(size))).tokens[0]).toBeLessThan(8_100);
  });

  test('gets them through call_tool as well', async () => {
    const { run } = await loopWorld({ server: library() });
    const call = (count: number, name = 'math.big') => ({
      calls: [{ name: 'call_tool', arguments: { name, arguments: { count } } }],
    });
    const { messages } = await run([call(12_000), 'Read.'], { search: 'always' });
    expect(textOf(resultsOf(messages)[0] as ResultPart)).not.toContain('left out');
    const { messages: others } = await run([call(12_000, 'math.words'), 'Read.'], { search: 'always' });
    expect(textOf(resultsOf(others)[0] as ResultPart)).toContain('left out');
  });
});
