import { describe, expect, test, vi } from 'vitest';
import { principal } from '../../test/fixtures/gateway-app.ts';
import { createHandClock } from '../../test/fixtures/hand-clock.ts';
import { createLasting } from './lasting.ts';
import type { Ended, Principal } from './principal.ts';

const holder = (): Principal & { how: Ended | undefined } => {
  const one = { ...principal('key:a'), how: undefined as Ended | undefined, ended: () => one.how };
  return one;
};

describe('what lasts', () => {
  test('hears within half a second that the key has ended, and again until it is taken back', async () => {
    const clock = createHandClock();
    const lasting = createLasting({ clock });
    const [key, other, heard, unheard] = [holder(), holder(), vi.fn(), vi.fn()];
    const release = lasting.hold(() => key, heard);
    lasting.hold(() => other, unheard);
    await clock.advance(10_000);
    expect(heard).not.toHaveBeenCalled();
    key.how = 'gone';
    await clock.advance(500);
    expect(heard.mock.calls).toEqual([['gone']]);
    await clock.advance(500);
    expect(heard).toHaveBeenCalledTimes(2);
    release();
    await clock.advance(5_000);
    expect(heard).toHaveBeenCalledTimes(2);
    expect(unheard).not.toHaveBeenCalled();
  });

  test('and was let go of because something else had ended hears nothing any more', async () => {
    const clock = createHandClock();
    const lasting = createLasting({ clock });
    const [key, heard] = [holder(), vi.fn()];
    let release = (): void => {};
    lasting.hold(
      () => key,
      () => release(),
    );
    release = lasting.hold(() => key, heard);
    key.how = 'gone';
    await clock.advance(2_000);
    expect(heard).not.toHaveBeenCalled();
  });

  test('is looked at for whoever it is for by then', async () => {
    const clock = createHandClock();
    const [first, second, heard] = [holder(), holder(), vi.fn()];
    let now = first;
    createLasting({ clock }).hold(() => now, heard);
    first.how = 'stale';
    now = second;
    await clock.advance(1_000);
    expect(heard).not.toHaveBeenCalled();
  });
});
