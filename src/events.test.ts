import { describe, expect, test, vi } from 'vitest';
import { createEmitter } from './events.ts';

const event = { server: 'a', scope: '' };

const setUp = () => {
  const reported: [unknown, string][] = [];
  const events = createEmitter((error, name) => reported.push([error, name]));
  return { events, reported };
};

describe('events', () => {
  test('reach every handler of their name, in order, and no other', () => {
    const { events } = setUp();
    const heard: unknown[] = [];
    events.on('tools_changed', (told) => heard.push(['first', told]));
    events.on('tools_changed', (told) => heard.push(['second', told]));
    events.on('prompts_changed', () => heard.push('another'));
    events.emit('tools_changed', event);
    expect(heard).toEqual([
      ['first', event],
      ['second', event],
    ]);
  });

  test('that nobody hears are nothing', () => {
    const { events, reported } = setUp();
    events.emit('tools_changed', event);
    expect(reported).toEqual([]);
  });

  test('a handler that throws is reported and changes nothing', () => {
    const { events, reported } = setUp();
    const boom = new Error('boom');
    let heard = 0;
    events.on('tools_changed', () => {
      throw boom;
    });
    events.on('tools_changed', () => {
      heard += 1;
    });
    events.emit('tools_changed', event);
    events.emit('tools_changed', event);
    expect(heard).toBe(2);
    expect(reported).toEqual([
      [boom, 'tools_changed'],
      [boom, 'tools_changed'],
    ]);
  });

  test('a handler that rejects is reported, and does not end the process', async () => {
    const { events, reported } = setUp();
    const boom = new Error('boom');
    events.on('log', async () => {
      throw boom;
    });
    events.emit('log', { ...event, level: 'info', data: 'x' });
    await vi.waitFor(() => expect(reported).toEqual([[boom, 'log']]));
  });

  test('off ends one subscription, and again does nothing', () => {
    const { events } = setUp();
    let heard = 0;
    const handler = (): void => {
      heard += 1;
    };
    const off = events.on('tools_changed', handler);
    events.on('tools_changed', handler);
    events.emit('tools_changed', event);
    expect(heard).toBe(2);
    off();
    off();
    events.emit('tools_changed', event);
    expect(heard).toBe(3);
  });

  test('a handler may take itself or the next one off', () => {
    const { events } = setUp();
    const heard: string[] = [];
    const offFirst = events.on('tools_changed', () => {
      heard.push('first');
      offFirst();
      offSecond();
    });
    const offSecond = events.on('tools_changed', () => heard.push('second'));
    events.on('tools_changed', () => heard.push('third'));
    events.emit('tools_changed', event);
    expect(heard).toEqual(['first', 'third']);
  });

  test('a handler that subscribes anew is called once per event', () => {
    const { events } = setUp();
    let heard = 0;
    const again = (): void => {
      heard += 1;
      if (heard > 10) throw new Error('called without end');
      events.on('tools_changed', again);
    };
    events.on('tools_changed', again);
    events.emit('tools_changed', event);
    expect(heard).toBe(1);
    events.emit('tools_changed', event);
    expect(heard).toBe(3);
  });

  test('heard tells whether an event is worth building', () => {
    const { events } = setUp();
    expect(events.heard('log')).toBe(false);
    const off = events.on('log', () => undefined);
    expect([events.heard('log'), events.heard('failed')]).toEqual([true, false]);
    off();
    expect(events.heard('log')).toBe(false);
  });
});
