import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import { connectClient, startGateway, textOf } from '../fixtures/mcp-gateway.ts';
import { installed, until } from '../fixtures/servers/launch.ts';

const EVERYTHING = {
  command: process.execPath,
  args: [installed('@modelcontextprotocol/server-everything/dist/index.js'), 'stdio'],
};
const call = (name: string, args: Record<string, unknown> = {}) => ({ name, arguments: args });

test('server-everything behind the gateway does for the official client what it does without', async () => {
  const gateway = await startGateway({ e: EVERYTHING });
  const updates: string[] = [];
  const logs: unknown[] = [];
  const capabilities = { sampling: {}, elicitation: {}, roots: { listChanged: true } };
  const client = await connectClient(gateway, { path: '/mcp/e', capabilities }, (asked) => {
    asked.setRequestHandler(CreateMessageRequestSchema, () => ({
      role: 'assistant',
      model: 'm',
      content: { type: 'text', text: 'sampled' },
    }));
    asked.setRequestHandler(ElicitRequestSchema, () => ({ action: 'decline' }));
    asked.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: 'file:///here', name: 'here' }] }));
    asked.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void updates.push(params.uri));
    asked.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void logs.push(params));
  });
  expect(client.getServerVersion()?.name).toBe('mcp-servers/everything');
  const names = (await client.listTools()).tools.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['echo', 'trigger-sampling-request', 'trigger-elicitation-request']));
  expect(textOf(await client.callTool(call('echo', { message: 'hi' })))).toBe('Echo: hi');

  const steps: unknown[] = [];
  await client.callTool(call('trigger-long-running-operation', { duration: 0.5, steps: 5 }), undefined, {
    onprogress: (progress) => steps.push(progress),
  });
  expect(steps).toEqual([1, 2, 3, 4, 5].map((progress) => ({ progress, total: 5 })));

  expect(textOf(await client.callTool(call('trigger-sampling-request', { prompt: 'p', maxTokens: 5 })))).toContain(
    'sampled',
  );
  expect(textOf(await client.callTool(call('trigger-elicitation-request')))).toContain('declined');

  const { resources } = await client.listResources();
  const [first] = resources;
  expect((await client.readResource({ uri: first?.uri ?? '' })).contents).toHaveLength(1);
  const { resourceTemplates } = await client.listResourceTemplates();
  expect(resourceTemplates.length).toBeGreaterThan(0);
  const { prompts } = await client.listPrompts();
  expect(prompts.length).toBeGreaterThan(0);

  await client.subscribeResource({ uri: first?.uri ?? '' });
  await client.callTool(call('toggle-subscriber-updates'));
  await until(() => updates.includes(first?.uri ?? ''), 'an update arrives');
  await client.callTool(call('toggle-subscriber-updates'));
  await client.setLoggingLevel('debug');
  await client.callTool(call('toggle-simulated-logging'));
  await until(() => logs.length > 0, 'a log arrives');
});
