/** What providers are known to have refused: it is found where it is, and the rewriting makes something of it that is taken. */
import { describe, expect, test } from 'vitest';
import {
  type ConvertibleTool,
  convertTools,
  lint,
  type Profile,
  profileOf,
  toolProfiles,
} from '../../src/llm/index.ts';

const profiles = await Promise.all(toolProfiles.map((id) => profileOf(id)));
const cases = profiles.flatMap((profile) => profile.rejections.map((rejection) => ({ profile, rejection })));
const sent = (name: string, { description = 'Does it', ...more }: Partial<ConvertibleTool>): ConvertibleTool => ({
  server: 's',
  name,
  qualifiedName: `s.${name}`,
  description,
  inputSchema: { type: 'object' },
  ...more,
});

test('every profile has its sources and at least three rejections, each with its own', () => {
  for (const { id, sources, rejections, verified } of profiles) {
    expect(rejections.length, id).toBeGreaterThanOrEqual(3);
    expect(sources.length, id).toBeGreaterThanOrEqual(3);
    expect(verified).toMatch(/^\d{4}-\d\d-\d\d$/);
    for (const { source } of rejections)
      expect(source).toMatch(/^https:\/\/github\.com\/[^/]+\/[^/]+\/(issues|pull)\/\d+$/);
    for (const { url } of sources) expect(url).toMatch(/^https:\/\//);
  }
});

test('an id that is none is refused with those that are', async () => {
  await expect(profileOf('openai')).rejects.toMatchObject({ code: 'invalid_arguments' });
  expect(new Set(profiles.map(({ id }) => id))).toEqual(new Set(toolProfiles));
});

describe.each(cases)('$profile.id: $rejection.error', ({ profile, rejection }) => {
  const { tool, finds, becomes = 'rewritten' } = rejection;

  test('the check finds it where it is', () => {
    const found = lint(profile, { name: 'tool', ...tool });
    expect(found.map(({ code, path }) => ({ code, path }))).toContainEqual(finds);
  });

  test(`it is ${becomes}`, () => {
    const { tools, report } = convertTools([sent(tool.name ?? 'tool', tool)], profile);
    if (becomes === 'quarantined') {
      expect(tools).toEqual([]);
      expect(report.tools).toMatchObject([{ quarantined: { code: finds.code } }]);
      return;
    }
    expect(report.tools[0]?.quarantined).toBeUndefined();
    const [converted] = tools;
    const strict = profile.strict !== undefined && becomes === 'rewritten';
    expect(converted?.strict).toBe(strict ? true : undefined);
    const judge: Profile = strict ? profile : (profile.strict?.fallback ?? profile);
    expect(converted && lint(judge, converted)).toEqual([]);
    expect(report.tools[0]?.notStrict === undefined).toBe(becomes !== 'not-strict');
  });
});

test('what any provider refuses is not common to all', async () => {
  const common = await profileOf('common');
  for (const { profile, rejection } of cases) {
    if (profile.strict !== undefined) continue;
    expect(lint(common, { name: 'tool', ...rejection.tool }), rejection.error).not.toEqual([]);
  }
});
