import { describe, expect, test } from 'vitest';
import { drive, until } from '../fixtures/faults/drive.ts';
import { type Fixture, over, type World } from '../fixtures/faults/worlds.ts';

const NO_STREAM = {
  stdio: 'the link is one pipe: see below',
  websocket: 'the link is one channel: see below',
  memory: 'nothing can break there but the whole link',
};

/** How many streams were asked for, once the one on which a legacy server may speak unasked has been. */
const streamsOf = async ({ era, column }: Fixture, world: World): Promise<number> => {
  if (era === 'legacy' && column !== 'sse') await until(() => world.gets.length > 0);
  return world.gets.length;
};

describe('T11: an answer that breaks off', () => {
  describe.each(over('T11', NO_STREAM))('over $name', (fixture) => {
    const resumable = fixture.column === 'session';

    test.each(['before', 'headers'] as const)(
      '%s its first byte is lost, ran once, and is not fetched again',
      async (where) => {
        const { failure, world, expectFine } = await drive(fixture);
        await expectFine();
        const gets = await streamsOf(fixture, world);
        expect(await failure('cut', { where, key: 'k' })).toMatchObject({
          code: 'outcome_unknown',
          executed: 'unknown',
          server: 's',
          tool: 'cut',
        });
        await expectFine();
        expect(world.effects()).toEqual(['k']);
        // HTTP+SSE has lost its only stream and opens another one.
        expect(world.gets.length - gets).toBe(fixture.column === 'sse' ? 1 : 0);
      },
    );

    test(`in its middle ${resumable ? 'goes on where it was, and nothing comes twice' : 'is lost, and ran once'}`, async () => {
      const { call, failure, world, expectFine } = await drive(fixture);
      await expectFine();
      const gets = await streamsOf(fixture, world);
      const progress: number[] = [];
      const options = { onProgress: (step: { progress: number }) => void progress.push(step.progress) };
      const args = { where: 'middle', key: 'k' };
      if (resumable) {
        expect(await call('cut', args, options)).toBe('k');
        expect(world.gets.slice(gets).map(({ lastEventId }) => lastEventId)).toEqual([
          expect.stringMatching(/^s\d+-1$/),
        ]);
      } else {
        expect(await failure('cut', args, options)).toMatchObject({ code: 'outcome_unknown', executed: 'unknown' });
        await expectFine();
        expect(world.gets.slice(gets)).toEqual(fixture.column === 'sse' ? [{ path: '/mcp' }] : []);
      }
      expect(progress).toEqual(fixture.column === 'json' ? [] : [1]);
      expect(world.effects()).toEqual(['k']);
      await expectFine();
    });

    test('behind its end is whole: no failure, no second fetch, one effect', async () => {
      const { call, world, expectFine } = await drive(fixture);
      await expectFine();
      const gets = await streamsOf(fixture, world);
      expect(await call('cut', { where: 'after', key: 'k' })).toBe('k');
      if (fixture.column === 'sse') await until(() => world.gets.length > gets);
      await expectFine();
      expect(world.gets.length - gets).toBe(fixture.column === 'sse' ? 1 : 0);
      expect(world.effects()).toEqual(['k']);
    });
  });
});

describe('A link that breaks under an answer', () => {
  const own = 'see T11';
  const left = { json: own, events: own, session: own, sse: own };
  describe.each(over('T11, one channel', left))('over $name', (fixture) => {
    test.each(['before', 'middle'] as const)(
      '%s it is whole, leaves the outcome unknown and is made again',
      async (where) => {
        const { failure, world, expectFine } = await drive(fixture);
        await expectFine();
        expect(await failure('cut', { where, key: 'k' })).toMatchObject({
          code: 'outcome_unknown',
          executed: 'unknown',
        });
        await expectFine();
        expect(world.effects()).toEqual(['k']);
      },
    );

    test('behind its end has delivered it', async () => {
      const { toolkit, call, world, expectFine } = await drive(fixture);
      let losses = 0;
      toolkit.on('reconnecting', () => {
        losses += 1;
      });
      expect(await call('cut', { where: 'after', key: 'k' })).toBe('k');
      await until(() => losses === 1);
      await expectFine();
      expect(world.effects()).toEqual(['k']);
    });
  });
});
