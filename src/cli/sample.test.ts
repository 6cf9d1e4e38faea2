/** The question whether a server may have a message of the model. */
import { expect, test } from 'vitest';
import type { SampleRequest } from '../protocol/types.ts';
import { agreeToSample, type SampleQuestion } from './sample.ts';

const asked = async (request: Partial<SampleRequest>): Promise<string> => {
  const shown: string[] = [];
  const plain = (text: string): string => text;
  const screen = {
    terminal: async () => ({ above: (line: string) => shown.push(line) }),
    converse: (work: (ask: () => Promise<{ line: string }>) => unknown) => work(async () => ({ line: 'n' })),
  };
  const question = { screen, output: { remarks: { bold: plain, dim: plain } }, agreed: new Set<string>() };
  const messages = [{ role: 'user' as const, content: { type: 'text', text: 'Paris?' } }];
  const context = { server: 'sky', signal: new AbortController().signal };
  const given = { ...question, yes: false, model: 'm', longest: 10, interrupt() {} } as unknown as SampleQuestion;
  expect(await agreeToSample({ messages, maxTokens: 10, ...request }, context, given)).toBe(false);
  return shown.join('\n');
};

test('names the tools that the server brings, on one line and without what could be taken for something else', async () => {
  const tools = ['get_weather', 'drop\n\x1b[2Jtable'].map((name) => ({ name, inputSchema: {} }));
  const [line = ''] = (await asked({ tools })).split('\n').filter((each) => each.includes('get_weather'));
  expect(line).toMatch(/^ {2}tools of its own, which it runs itself: get_weather, drop.*table$/);
  expect(line).not.toContain('\x1b');
  expect(await asked({})).not.toContain('tools of its own');
});
