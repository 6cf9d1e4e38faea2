import { describe, expect, test } from 'vitest';
import { checkDiscover, checkInitialize } from './introduction.ts';

describe('initialize', () => {
  test('needs a revision and nothing else', () => {
    expect(checkInitialize({ protocolVersion: '2024-11-05' })).toEqual({
      protocolVersion: '2024-11-05',
      capabilities: {},
      serverInfo: { name: '', version: '' },
    });
    for (const bad of [null, [], 'x', {}, { protocolVersion: 20241105 }]) {
      expect(() => checkInitialize(bad)).toThrow(expect.objectContaining({ code: 'protocol_error' }));
    }
  });

  test('keeps what the server says of itself, without what cannot be shown', () => {
    const { serverInfo, instructions } = checkInitialize({
      protocolVersion: 'x',
      serverInfo: { name: 'a', vendor: { id: 1 }, title: 5, description: null, icons: 'no' },
      instructions: 7,
    });
    expect(serverInfo).toEqual({ name: 'a', version: '', vendor: { id: 1 } });
    expect(instructions).toBeUndefined();
    expect(checkInitialize({ protocolVersion: 'x', instructions: 'read me' }).instructions).toBe('read me');
  });

  test('a capability is what is declared: null and false are not, true is', () => {
    const capabilities = { tools: true, resources: null, prompts: false, logging: {}, experimental: { x: 1 } };
    expect(checkInitialize({ protocolVersion: 'x', capabilities }).capabilities).toEqual({
      tools: {},
      logging: {},
      experimental: { x: 1 },
    });
    const sound = { tools: { listChanged: true }, 'x/y': {} };
    expect(checkInitialize({ protocolVersion: 'x', capabilities: sound }).capabilities).toBe(sound);
    expect(() => checkInitialize({ protocolVersion: 'x', capabilities: [] })).toThrow('capabilities is not an object');
  });
});

describe('server/discover', () => {
  test('finds the name in _meta, and the caching hints', () => {
    const discovered = checkDiscover({
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: {} },
      instructions: 'x',
      ttlMs: 3_600_000,
      cacheScope: 'public',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'S', version: '1' } },
    });
    expect(discovered).toEqual({
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: {} },
      serverInfo: { name: 'S', version: '1' },
      instructions: 'x',
      ttlMs: 3_600_000,
      cacheScope: 'public',
    });
  });

  test('is refused without a list of revisions', () => {
    expect(() => checkDiscover({ capabilities: {} })).toThrow('supportedVersions is not an array');
    expect(() => checkDiscover({ supportedVersions: ['a', 1] })).toThrow('supportedVersions[1] is not a string');
    expect(checkDiscover({ supportedVersions: [], _meta: 'x' }).serverInfo).toEqual({ name: '', version: '' });
  });
});
