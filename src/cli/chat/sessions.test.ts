import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folder } from '../../../test/fixtures/cli/world.ts';
import {
  createSessions,
  isSessionId,
  MAX_DRAFT_AGE_MS,
  MAX_SESSION_BYTES,
  MAX_SESSIONS,
  newSession,
} from './sessions.ts';

const begun = (question = 'How  many\ncups?', print = false) =>
  newSession({ question, cwd: '/work', model: 'planner', print });

describe('conversations that are kept', () => {
  test('are there again as they were, for their user alone', async () => {
    const path = join(folder(), 'chats');
    const sessions = createSessions(path);
    const facts = begun();
    await sessions.save(facts, { messages: ['line\nend'] });
    expect(await sessions.load(facts.id)).toEqual({ facts, conversation: { messages: ['line\nend'] } });
    expect(facts.title).toBe('How many cups?');
    expect(statSync(join(path, `${facts.id}.json`)).mode & 0o777).toBe(0o600);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  test('are listed with the last used one first, whatever else lies in the folder', async () => {
    const path = folder();
    const sessions = createSessions(path);
    const [old, fresh] = [begun('old'), begun('fresh')];
    await sessions.save({ ...fresh, updatedAt: '2026-02-01T00:00:00Z' }, {});
    await sessions.save({ ...old, updatedAt: '2026-01-01T00:00:00Z' }, {});
    writeFileSync(join(path, '20260101-aaaaaa.json'), 'no facts');
    writeFileSync(join(path, 'notes.json'), '{}');
    mkdirSync(join(path, '20260101-bbbbbb.json'));
    expect((await sessions.list()).map(({ title }) => title)).toEqual(['fresh', 'old']);
  });

  test('stay as they were when a file cannot be written', async () => {
    const path = join(folder(), 'taken');
    writeFileSync(path, '');
    await expect(createSessions(path).save(begun(), {})).rejects.toThrow();
    expect(await createSessions(path).list()).toEqual([]);
  });

  test(`are at most ${MAX_SESSIONS}: the one that was not used for longest goes`, async () => {
    const path = folder();
    const sessions = createSessions(path);
    const oldest = { ...begun('oldest'), updatedAt: '2020-01-01T00:00:00Z' };
    for (let at = 0; at < MAX_SESSIONS; at += 1) {
      const facts = at === 7 ? oldest : begun(`number ${at}`);
      writeFileSync(join(path, `${facts.id}.json`), `${JSON.stringify(facts)}\n{}\n`);
    }
    const before = readdirSync(path).length;
    await sessions.save(begun('new'), {});
    expect(readdirSync(path).length).toBe(before);
    expect(readdirSync(path)).not.toContain(`${oldest.id}.json`);
    // Those of scripts have places of their own.
    const script = begun('script', true);
    await sessions.save(script, {});
    expect(readdirSync(path).length).toBe(before + 1);
    expect((await sessions.load(script.id)).facts).toEqual(script);
    expect((await sessions.list()).filter(({ print }) => print)).toEqual([script]);
    await sessions.save(begun('newer'), {});
    expect(readdirSync(path).length).toBe(before + 1);
    expect(readdirSync(path)).toContain(`${script.id}.json`);
  });

  test('what was left of files that were being written goes after a day, and nothing else', async () => {
    const path = folder();
    const sessions = createSessions(path);
    const kept = begun();
    await sessions.save(kept, {});
    const draft = (tail: string) => join(path, `.${kept.id}.json.${tail}`);
    const uuid = '5d8c4f6e-0b7a-4c3d-9e2f-1a2b3c4d5e6f';
    const old = new Date(Date.now() - MAX_DRAFT_AGE_MS - 60_000);
    const stay = [draft(uuid.replace('5', '6')), draft('mine'), join(path, `.other.json.${uuid}`)];
    for (const file of [draft(uuid), ...stay]) writeFileSync(file, 'half of it');
    for (const file of [draft(uuid), ...stay.slice(1), join(path, `${kept.id}.json`)]) utimesSync(file, old, old);
    symlinkSync(join(path, `${kept.id}.json`), draft(uuid.replace('5', '7')));
    mkdirSync(draft(uuid.replace('5', '8')));
    utimesSync(draft(uuid.replace('5', '8')), old, old);
    const before = readdirSync(path);
    await sessions.load(kept.id);
    expect(before.filter((name) => !readdirSync(path).includes(name))).toEqual([`.${kept.id}.json.${uuid}`]);
  });

  test.each([
    ['20260101-abcdef', 'lists those that are kept'],
    ['../../etc/passwd', 'no name of one'],
  ])('%s is told not to be one', async (id, why) => {
    await expect(createSessions(folder()).load(id)).rejects.toThrow(why);
  });

  test.each([
    ['nothing of ours\n', 'not one of ours'],
    ['{"id":"20260101-000000","title":"t"}\n{}\n', 'not one of ours'],
    [`${JSON.stringify({ ...begun(), id: '20260101-000000' })}\n{"messages": [`, 'is damaged'],
  ])('a file that holds %j is told to be unusable', async (text, why) => {
    const path = folder();
    writeFileSync(join(path, '20260101-000000.json'), text);
    await expect(createSessions(path).load('20260101-000000')).rejects.toThrow(why);
  });

  test('one that is too long is not written, and what was kept of it stays', async () => {
    const path = folder();
    const sessions = createSessions(path);
    const facts = begun();
    await sessions.save(facts, 'short');
    await expect(sessions.save(facts, 'x'.repeat(MAX_SESSION_BYTES))).rejects.toThrow('has more than');
    expect(readFileSync(join(path, `${facts.id}.json`), 'utf8')).toContain('"short"');
  });

  test('have names that files can have', () => {
    expect(isSessionId(begun().id)).toBe(true);
    expect(isSessionId('what is new?')).toBe(false);
  });
});
