import { describe, expect, test } from 'vitest';
import { demand } from './declared.ts';
import type { ServerCapabilities } from './types.ts';
import type { EraName } from './wire.ts';

const asks = (
  method: string,
  capabilities: ServerCapabilities,
  { name = 'legacy', protocolVersion = '2025-11-25' }: { name?: EraName; protocolVersion?: string } = {},
): string => {
  try {
    demand(method, { name, protocolVersion, identity: { serverInfo: { name: 's', version: '1' }, capabilities } });
    return 'asked';
  } catch (error) {
    expect(error).toMatchObject({ code: 'unsupported', executed: 'no' });
    return 'not asked';
  }
};

describe('a server', () => {
  test.each([
    ['resources/read', { resources: {} }],
    ['resources/subscribe', { resources: { subscribe: true } }],
    ['resources/unsubscribe', { resources: { subscribe: true } }],
    ['prompts/get', { prompts: {} }],
    ['completion/complete', { completions: {} }],
    ['logging/setLevel', { logging: {} }],
    ['tools/call', { tools: {} }],
  ])('is asked for %s only when it declares %j', (method, capabilities) => {
    expect(asks(method, capabilities)).toBe('asked');
    expect(asks(method, { experimental: {} })).toBe('not asked');
  });

  test('that declares resources without subscriptions is asked for one in the modern era, where it can say no', () => {
    const capabilities = { resources: {} };
    expect(asks('resources/subscribe', capabilities)).toBe('not asked');
    expect(asks('resources/subscribe', capabilities, { name: 'modern', protocolVersion: '2026-07-28' })).toBe('asked');
    expect(asks('resources/subscribe', {}, { name: 'modern', protocolVersion: '2026-07-28' })).toBe('not asked');
  });

  test('that declares nothing may have tools all the same, and an old one completions', () => {
    expect(asks('tools/call', {})).toBe('asked');
    expect(asks('completion/complete', {}, { protocolVersion: '2024-11-05' })).toBe('asked');
  });

  test('is asked whatever no revision knows, and pinged', () => {
    for (const method of ['ping', 'acme/odd']) expect(asks(method, {})).toBe('asked');
  });
});
