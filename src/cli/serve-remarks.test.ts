import { expect, test } from 'vitest';
import type { Toolkit } from '../api.ts';
import { remarkLogger, remarkServers } from './serve-remarks.ts';

test('what the gateway logs is said with its reason, and is in the log', () => {
  const said: string[] = [];
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const logger = remarkLogger((text) => said.push(text), { level: 'info', write, flush: () => {} });
  logger.error('a request failed', { error: new Error('the disk is\u001b[2J full') });
  logger.warn('the calls cannot be written', { error: 'no space', lost: 3 });
  logger.warn('nothing more to say');
  logger.info('not told');
  expect(said).toHaveLength(3);
  expect(said[0]).toMatch(/^toolway: a request failed: the disk is/);
  expect(said[0]).not.toContain('\u001b');
  expect(said.slice(1)).toEqual([
    'toolway: the calls cannot be written: no space, lost 3',
    'toolway: nothing more to say',
  ]);
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({
    level: 'warn',
    event: 'gateway',
    message: 'the calls cannot be written: no space, lost 3',
  });
});

test('the connections of single callers are nothing to remark on', () => {
  const heard = new Map<string, (event: object) => void>();
  const on = (name: string, listener: (event: object) => void) => heard.set(name, listener);
  const said: string[] = [];
  remarkServers({ on, status: () => ({}) } as unknown as Toolkit, (text) => said.push(text));
  const failed = (scope: string): void =>
    heard.get('failed')?.({ server: 'a', scope, error: { code: 'server_exited', message: `a: ended ${scope}` } });
  failed('session:1');
  heard.get('connected')?.({ server: 'a', scope: 'session:1' });
  expect(said).toEqual([]);
  failed('');
  failed('');
  heard.get('connected')?.({ server: 'a', scope: 'session:1' });
  heard.get('connected')?.({ server: 'a', scope: '' });
  expect(said).toEqual(['toolway: a: ended ', 'toolway: a is connected again']);
});
