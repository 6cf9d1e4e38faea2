/** Requests of servers that bring tools of their own: the model is given these, and what it calls goes back to the server. */
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type SamplingOptions, samplingHandler } from '../../src/llm/loop/sampling.ts';
import type { ModelTraits } from '../../src/llm/model.ts';
import { createToolkit } from '../../src/node/index.ts';
import type { JsonObject, SampleRequest, SampleResult } from '../../src/protocol/types.ts';
import { createTestServer } from '../../src/testing/index.ts';
import { anthropicApi, apis, modelAt } from '../fixtures/llm/models.ts';
import { type ScriptedTurn, scriptedModel } from '../fixtures/llm/scripted-chat-model.ts';

const text = (words: string) => ({ type: 'text', text: words });
const user = (content: unknown) => ({ role: 'user' as const, content });
const assistant = (content: unknown) => ({ role: 'assistant' as const, content });
const use = (id: string, name: string, input: JsonObject = {}) => ({ type: 'tool_use', id, name, input });
const result = (toolUseId: string, words: string, more: JsonObject = {}) => ({
  type: 'tool_result',
  toolUseId,
  content: [text(words)],
  ...more,
});
const city = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const weather = { name: 'get.weather', description: 'The weather of a city', inputSchema: city };
const request = (more: Partial<SampleRequest> = {}): SampleRequest => ({
  messages: [user(text('Paris and London?'))],
  maxTokens: 1_000,
  tools: [weather],
  ...more,
});
const context = { server: 'sky', scope: '', signal: new AbortController().signal };
const sampling = (
  turns: ScriptedTurn[],
  { profile = 'anthropic', ...options }: Partial<SamplingOptions & ModelTraits> = {},
) => {
  const model = scriptedModel(turns, { profile });
  return { model, sample: samplingHandler({ model, approve: () => true, ...options }) };
};
const blocksOf = ({ content }: SampleResult) => content as JsonObject[];

describe('a request that brings tools', () => {
  test('shows the model these under names that its provider takes; its calls go back under their own', async () => {
    const calls = [
      { name: 'get_weather_e1a2', arguments: {} },
      { name: '', arguments: {} },
    ];
    const { model, sample } = sampling([
      ({ tools: [tool] }) => ({
        text: 'I look.',
        calls: ['Paris', 'London'].map((each) => ({ name: tool?.name ?? '', arguments: { city: each } })),
      }),
      { calls },
    ]);
    const answer = await sample(request(), context);
    expect(answer).toEqual({
      role: 'assistant',
      model: 'scripted',
      content: [
        text('I look.'),
        use('call_1', 'get.weather', { city: 'Paris' }),
        use('call_2', 'get.weather', { city: 'London' }),
      ],
      stopReason: 'toolUse',
    });
    expect(model.requests[0]?.tools).toMatchObject([
      { name: expect.stringMatching(/^get_weather_\w{8}$/), description: weather.description, inputSchema: city },
    ]);
    expect(model.requests[0]?.toolChoice).toBe('auto');
    // A name that was not offered is for the server to answer.
    expect(blocksOf(await sample(request(), context))[0]).toMatchObject({ name: 'get_weather_e1a2' });
  });

  test('gets its history back as calls and their results, in order, with what the model had thought', async () => {
    const raw = { api: 'scripted', model: 'scripted', value: { signature: 'x' } };
    const { model, sample } = sampling([
      ({ tools: [tool] }) => ({
        parts: [{ type: 'reasoning', text: 'Two cities.', raw }],
        calls: ['Paris', 'London'].map((each) => ({ name: tool?.name ?? '', arguments: { city: each } })),
      }),
      'Rain.',
      'Rain.',
    ]);
    const { content } = await sample(request(), context);
    const history = [
      user(text('Paris and London?')),
      assistant(content),
      user([result('call_2', 'rain', { isError: true }), result('call_1', 'sun')]),
    ];
    expect(await sample(request({ messages: history }), context)).toMatchObject({
      content: text('Rain.'),
      stopReason: 'endTurn',
    });
    const name = model.requests[0]?.tools[0]?.name;
    const call = (id: string, where: string) => ({ type: 'call', id, name, arguments: { city: where } });
    expect(model.requests[1]?.messages).toEqual([
      user([text('Paris and London?')]),
      assistant([{ type: 'reasoning', text: 'Two cities.', raw }, call('call_1', 'Paris'), call('call_2', 'London')]),
      {
        role: 'tool',
        content: [
          { type: 'result', id: 'call_1', name, content: [text('sun')] },
          {
            type: 'result',
            id: 'call_2',
            name,
            content: [text('Error from get.weather:'), text('rain')],
            isError: true,
          },
        ],
      },
    ]);
    // What the model thought is for the server that it was asked by, and for nobody else.
    await sample(request({ messages: history }), { ...context, server: 'other' });
    expect(model.requests[2]?.messages[1]?.content).toEqual([call('call_1', 'Paris'), call('call_2', 'London')]);
  });

  test('leaves the choice to the model, asks for a call, or for none', async () => {
    const calling: ScriptedTurn = ({ tools }) => ({ text: 'Hm.', calls: [{ name: tools[0]?.name ?? '' }] });
    const { model, sample } = sampling([calling, calling, calling]);
    const said = [];
    for (const mode of ['auto', 'required', 'none']) {
      const { stopReason, content } = await sample(request({ toolChoice: { mode } }), context);
      said.push([stopReason, content]);
    }
    expect(model.requests.map(({ toolChoice }) => toolChoice)).toEqual(['auto', 'required', 'none']);
    expect(said.map(([stopReason]) => stopReason)).toEqual(['toolUse', 'toolUse', 'endTurn']);
    expect(said[2]?.[1]).toEqual(text('Hm.'));
  });

  test('without tools, behind calls, still says what was called, and lets nothing more be called', async () => {
    const { model, sample } = sampling([{ text: 'Sun.', calls: [{ name: 'get.weather' }] }]);
    const messages = [user(text('Paris?')), assistant(use('1', 'get.weather')), user(result('1', 'sun'))];
    const answer = await sample(request({ messages, tools: undefined }), context);
    expect(answer).toMatchObject({ content: text('Sun.'), stopReason: 'endTurn' });
    const [asked] = model.requests;
    expect(asked?.toolChoice).toBe('none');
    expect(asked?.tools.map(({ name }) => name)).toEqual(
      asked?.messages[1]?.content.map((part) => (part.type === 'call' ? part.name : '')),
    );
  });

  test('gets no calls of a message that broke off', async () => {
    const turn: ScriptedTurn = ({ tools }) => ({
      text: 'I was',
      calls: [{ name: tools[0]?.name ?? '' }],
      stop: 'length',
    });
    const { sample } = sampling([turn]);
    expect(await sample(request(), context)).toMatchObject({ content: text('I was'), stopReason: 'maxTokens' });
  });

  test('is not answered with calls that cannot be read, nor without a tool that the provider cannot be given', async () => {
    const { model, sample } = sampling([
      ({ tools }) => ({ calls: [{ name: tools[0]?.name ?? '', arguments: '{"ci' }] }),
    ]);
    await expect(sample(request(), context)).rejects.toMatchObject({ code: 'protocol_error' });
    const bad = { name: 'bad', inputSchema: { type: 'string' } };
    await expect(sample(request({ tools: [weather, bad] }), context)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('"bad"'),
    });
    expect(model.requests).toHaveLength(1);
  });

  test('is agreed to, and counted, as any other; each round of calls is one', async () => {
    const asked: unknown[] = [];
    const approve = ({ tools, maxTokens }: SampleRequest) => {
      asked.push(tools?.map(({ name }) => name));
      return maxTokens > 1;
    };
    const { model, sample } = sampling(['Sun.', 'Sun.'], { approve, maxRequests: 2, maxOutputTokens: 20 });
    await sample(request(), context);
    await expect(sample(request({ maxTokens: 1 }), context)).rejects.toMatchObject({ code: 'denied' });
    await expect(sample(request(), context)).rejects.toMatchObject({ code: 'denied', limit: 2 });
    expect(asked).toEqual([['get.weather'], ['get.weather']]);
    expect(model.requests.map(({ maxOutputTokens }) => maxOutputTokens)).toEqual([20]);
  });

  test('has arguments brought back into the form that the server asked for', async () => {
    const open = { type: 'object', properties: { 'filter[id]': { type: 'string' } } };
    const { sample } = sampling([
      ({ tools: [tool] }) => {
        const [key = ''] = Object.keys((tool?.inputSchema.properties ?? {}) as JsonObject);
        expect(key).not.toBe('filter[id]');
        return { calls: [{ name: tool?.name ?? '', arguments: { [key]: '7' } }] };
      },
    ]);
    const answer = await sample(request({ tools: [{ name: 'find', inputSchema: open }] }), context);
    expect(blocksOf(answer)[0]).toMatchObject({ name: 'find', input: { 'filter[id]': '7' } });
  });
});

/** A server that lets our model use tools of the server's own, and asks until it has an answer. */
const sky = (era: 'legacy' | 'modern', ran: JsonObject[]) =>
  createTestServer({
    era,
    tools: {
      async forecast(_, { sample }) {
        const messages: SampleRequest['messages'] = [user(text('Paris and London?'))];
        for (;;) {
          const { content, stopReason } = await sample(request({ messages }));
          if (stopReason !== 'toolUse') return (content as { text: string }).text;
          const uses = (content as JsonObject[]).filter(({ type }) => type === 'tool_use');
          messages.push(
            assistant(content),
            user(
              uses.map(({ id, name, input }) => {
                ran.push({ name, input });
                return result(String(id), `sun in ${(input as { city: string }).city}`);
              }),
            ),
          );
        }
      },
      unbalanced: (_, { sample }) =>
        sample(request({ messages: [user(text('?')), assistant(use('1', 'x')), user(text('!'))] })),
      mixed: (_, { sample }) =>
        sample(request({ messages: [assistant(use('1', 'x')), user([result('1', 'y'), text('and?')])] })),
    },
  });
const connected = async (
  server: ReturnType<typeof sky>,
  onSample: ReturnType<typeof samplingHandler>,
  link: string,
) => {
  const served = link === 'http' ? await server.serveHttp() : server;
  const toolkit = await createToolkit({ connect: 'wait', mcpServers: { sky: served.config }, onSample });
  onTestFinished(async () => {
    await toolkit.close();
    if (served !== server && 'close' in served) await served.close();
  });
  return toolkit;
};
const both = (['legacy', 'modern'] as const).flatMap((era) => ['memory', 'http'].map((link) => ({ era, link })));

describe.each(both)('over a connection of the $era era ($link)', ({ era, link }) => {
  test('the server runs what the model calls, and gets its answer', async () => {
    const ran: JsonObject[] = [];
    const { sample } = sampling([
      ({ tools: [tool] }) => ({
        calls: ['Paris', 'London'].map((each) => ({ name: tool?.name ?? '', arguments: { city: each } })),
      }),
      ({ messages }) =>
        JSON.stringify(messages.at(-1)?.content)
          .match(/sun in \w+/g)
          ?.join(', ') ?? '',
    ]);
    const toolkit = await connected(sky(era, ran), sample, link);
    const { content } = await toolkit.callTool('sky.forecast');
    expect(content).toEqual([text('sun in Paris, sun in London')]);
    expect(ran).toEqual(['Paris', 'London'].map((each) => ({ name: 'get.weather', input: { city: each } })));
  });

  test.each(['unbalanced', 'mixed'])(
    'a history that is %s is refused with -32602, and no model is asked',
    async (tool) => {
      const { model, sample } = sampling([]);
      const toolkit = await connected(sky(era, []), sample, link);
      const failed = await toolkit.callTool(`sky.${tool}`).catch((error) => error);
      const message = tool === 'mixed' ? 'mixed with other content' : 'the result of a tool use is missing';
      expect(failed).toMatchObject({ rpcCode: -32602, message: expect.stringContaining(message) });
      expect(model.requests).toHaveLength(0);
    },
  );
});

test.each(apis)('$name takes the tools, and what became of them', async (api) => {
  const ran: JsonObject[] = [];
  const { server, model } = await modelAt(api, { onTestFinished }, [
    (body) => {
      const [tool] = body.tools as { name?: string; function?: { name: string } }[];
      const name = tool?.name ?? tool?.function?.name ?? '';
      return {
        reasoning: 'Two cities.',
        calls: ['Paris', 'London'].map((each) => ({ name, arguments: { city: each } })),
      };
    },
    { text: 'Sun in both.' },
  ]);
  const onSample = samplingHandler({ model, approve: () => true });
  const toolkit = await connected(sky('legacy', ran), onSample, 'memory');
  expect((await toolkit.callTool('sky.forecast')).content).toEqual([text('Sun in both.')]);
  expect(ran).toHaveLength(2);
  const second = JSON.stringify(server.bodies[1]);
  expect(second).toContain('sun in Paris');
  expect(second).not.toContain('get.weather');
  // Both calls and both results, under the ids that the provider gave.
  for (const index of [0, 1]) expect(second.match(new RegExp(`"id_1_get_weather_\\w+_${index}"`, 'g'))).toHaveLength(2);
  if (api === anthropicApi) expect(second).toContain('"thinking":"Two cities."');
});

test('a server of the official SDK, in a process of its own, lets the model use its tool', async () => {
  const { model, sample } = sampling([
    ({ tools: [tool] }) => ({
      calls: ['Paris', 'London'].map((each) => ({ name: tool?.name ?? '', arguments: { city: each } })),
    }),
    ({ messages }) =>
      JSON.stringify(messages.at(-1)?.content)
        .match(/sun in \w+/g)
        ?.join(', ') ?? '',
  ]);
  const args = [fileURLToPath(new URL('../fixtures/servers/sampling-tools.js', import.meta.url))];
  const mcpServers = { sky: { command: process.execPath, args } };
  const toolkit = await createToolkit({ connect: 'wait', mcpServers, onSample: sample });
  onTestFinished(() => toolkit.close());
  expect((await toolkit.callTool('sky.forecast')).content).toEqual([text('sun in Paris, sun in London')]);
  expect(model.requests[0]?.tools).toHaveLength(1);
});
