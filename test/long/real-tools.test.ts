/** Every tool of real servers becomes one that each provider takes: 23 servers where there is time, else four. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { ListedTool } from '../../src/api.ts';
import { type Conversion, convertTools, lint, type Profile, profileOf, toolProfiles } from '../../src/llm/index.ts';
import { realTools } from '../fixtures/llm/real-tools.ts';
import { LONG, times } from '../fixtures/long.ts';

const profiles = await Promise.all(toolProfiles.map((id) => profileOf(id)));
let tools: ListedTool[] = [];
beforeAll(async () => {
  tools = await realTools();
}, 300_000);

test('they are many, of many servers', () => {
  expect(new Set(tools.map(({ server }) => server)).size).toBe(times(23, 4));
  expect(tools.length).toBeGreaterThanOrEqual(times(750, 30));
});

describe.each(profiles)('for $id', (profile) => {
  test('each is there, passes the check, and is found by its name', () => {
    const conversion = convertTools(tools, profile);
    const { tools: converted, report, find } = conversion;
    expect(
      report.tools.flatMap(({ qualifiedName, quarantined }) => (quarantined ? [{ qualifiedName, quarantined }] : [])),
    ).toEqual([]);
    expect(converted.map(({ qualifiedName }) => qualifiedName)).toEqual(
      tools.map(({ qualifiedName }) => qualifiedName),
    );
    for (const tool of converted) {
      const judge = tool.strict === true ? profile : (profile.strict?.fallback ?? profile);
      expect(lint(judge, tool), tool.qualifiedName).toEqual([]);
      expect(find(tool.name)).toBe(tool);
    }
    if (LONG) console.log(summaryOf(profile, conversion));
  });
});

const summaryOf = (profile: Profile, { tools: converted, report }: Conversion): string => {
  const refused = tools.filter((tool) => lint(profile, { ...tool, name: 'tool' }).length > 0).length;
  const withLoss = (...losses: string[]): number =>
    report.tools.filter(({ changes }) => changes.some(({ loss }) => losses.includes(loss))).length;
  const strict = converted.filter((tool) => tool.strict === true).length;
  const lost = `told in words ${withLoss('hint')}  lost something ${withLoss('weaker', 'shape')}`;
  return `${profile.id}: ${converted.length} tools, of which it refuses ${refused} as listed; ${lost}  strict ${strict}`;
};
