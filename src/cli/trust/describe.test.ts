import { expect, test } from 'vitest';
import { launchDefinition } from '../../config/launch-definition.ts';
import type { ServerConfig } from '../../options.ts';
import { describeDefinition } from './describe.ts';

const described = (server: ServerConfig): string => {
  const definition = launchDefinition(server, {
    folder: '/project',
    inputs: [{ id: 'in', type: 'promptString', default: 'fallback' }],
  });
  if (definition === undefined) throw new Error('there is nothing to agree to');
  return describeDefinition({ definition })
    .map(({ about, text }) => `${about}: ${text}`)
    .join('\n');
};

test('everything that is agreed to is shown', () => {
  const stdio = described({
    command: 'one',
    args: ['two'],
    env: { three: 'four' },
    cwd: 'five',
    envFile: 'six',
    autoApprove: ['seven'],
    trustHints: true,
    pins: 'off',
    retrySafe: ['eight'],
    cache: { tools: ['nine'] },
    group: 'ten',
    transport: 'stdio',
    logLevel: 'debug',
    timeoutMs: 11,
  });
  for (const part of [
    'one',
    'two',
    'three',
    'four',
    'five',
    '/project',
    'six',
    'seven',
    'eight',
    'nine',
    'ten',
    'trustHints: true',
    'pins: "off"',
  ]) {
    expect(stdio).toContain(part);
  }
  for (const harmless of ['logLevel', 'timeoutMs']) expect(stdio).not.toContain(harmless);
  const remote = described({
    url: 'https://me:pa55word@h/?a=${A}',
    headers: { 'X-Api-Key': 'k3y-of-mine', 'X-Who': 'me', Authorization: 'Bearer ${B:-default}' },
    tls: { ca: '${C}', key: 'key.pem' },
    proxy: 'http://u:pr0xypass@proxy:1/',
  });
  for (const part of [
    'https://me:***@h/?a=${A}',
    '"X-Api-Key": "***"',
    '"X-Who": "me"',
    '"Bearer ${B:-default}"',
    'key.pem',
    'http://u:***@proxy:1/',
  ]) {
    expect(remote).toContain(part);
  }
  expect(remote).not.toMatch(/pa55word|k3y-of-mine|pr0xypass/);
  expect(remote).toContain('is given: ${A} ${B:-default} ${C}');
});

test('an input that it refers to is shown with its default', () => {
  expect(described({ command: '${input:in}' })).toContain(
    'input: {"id":"in","type":"promptString","default":"fallback"}',
  );
  expect(described({ command: 'x' })).not.toContain('fallback');
});

test.each([
  ['https://github.com\u2044a@evil.example/', '"evil.example"'],
  ['https://xn--80ak6aa92e.com/', undefined],
  ['https://\u0430pple.com/', '"xn--pple-43d.com"'],
  ['https://EXAMPLE.com/', '"example.com"'],
  ['https://example.com/', undefined],
  ['http://0x7f.1/', '"127.0.0.1"'],
])('the host of %s is told where it is not what it looks like', (url, host) => {
  const lines = described({ url });
  if (host === undefined) expect(lines).not.toContain('its host is');
  else expect(lines).toContain(`warning: its host is ${host}`);
});
