/** The tools that stand for all others: what they find, tell, call and refuse. */
import { describe, expect, test } from 'vitest';
import type { Message, ResultPart } from '../../src/llm/message.ts';
import { createPlanner } from '../../src/llm/planner/planner.ts';
import { type SearchToolsOptions, searchTools } from '../../src/llm/search/search-tools.ts';
import { shouldSearch } from '../../src/llm/search/should-search.ts';
import { createTestServer } from '../../src/testing/index.ts';
import { loopWorld } from '../fixtures/llm/loop-world.ts';

const server = () =>
  createTestServer({
    tools: {
      read_note: {
        description: 'Reads a note\nwith all its lines',
        inputSchema: { type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] },
        run: ({ id }) => `note ${id}`,
      },
      write_note: {
        description: 'Writes a note',
        inputSchema: { type: 'object', properties: { text: { type: 'string' } } },
        run: () => 'written',
      },
      erase_note: { description: 'Erases a note', run: () => 'gone' },
      list_notes: { description: 'Lists the notes', run: () => 'none' },
    },
  });

/** What a model reads that makes these calls one after the other. */
const world = async (options: SearchToolsOptions = {}, more: Parameters<typeof loopWorld>[0] = {}) => {
  const notes = server();
  const { toolkit, run } = await loopWorld({ server: notes, ...more });
  const localTools = searchTools(toolkit, options);
  const resultsOf = (messages: readonly Message[]): ResultPart[] =>
    messages.flatMap(({ content }) => content.flatMap((part) => (part.type === 'result' ? [part] : [])));
  return {
    notes,
    toolkit,
    localTools,
    run,
    async calls(...calls: [name: string, args: Record<string, unknown>][]) {
      const turns = calls.map(([name, args]) => ({ calls: [{ name, arguments: args }] }));
      const { messages } = await run([...turns, 'Done.'], { localTools });
      return resultsOf(messages).map(({ content, isError = false }) => ({
        isError,
        text: content.map((part) => (part.type === 'text' ? part.text : '')).join('\n'),
      }));
    },
  };
};

describe('search_tools', () => {
  test('gives signatures, and the schemas of the first three', async () => {
    const { calls } = await world();
    const [found] = await calls(['search_tools', { query: 'read note' }]);
    expect(found?.text).toContain('math.read_note(id: integer)\n  Reads a note with all its lines\n  input schema: {');
    expect(found?.text.match(/input schema/g)).toHaveLength(3);
    expect(found?.text.match(/^\d\. math\./gm)).toHaveLength(4);
  });

  test('finds the word for it that the server has', async () => {
    const { calls } = await world();
    const [found] = await calls(['search_tools', { query: 'delete a note', limit: 1 }]);
    expect(found?.text).toMatch(/^1\. math\.erase_note\(\)/);
  });

  test('says of nothing that it is nothing, and names the servers', async () => {
    const { calls } = await world();
    const [found] = await calls(['search_tools', { query: 'zebra' }]);
    expect(found).toEqual({ isError: false, text: 'No tool has any of these words. Servers: math (4).' });
  });

  test('is refused once after six searches without a call', async () => {
    const { calls } = await world();
    const searched = Array.from({ length: 8 }, (_, at): [string, object] => ['search_tools', { query: `note ${at}` }]);
    const found = await calls(...(searched as [string, Record<string, unknown>][]));
    expect(found.map(({ isError }) => isError)).toEqual([false, false, false, false, false, false, true, false]);
    expect(found[6]?.text).toContain('6 searches without a call');
  });

  test('finds and calls only what is allowed', async () => {
    const { calls, notes } = await world({ allow: ({ name }) => name !== 'erase_note' });
    const [found, called] = await calls(
      ['search_tools', { query: 'erase' }],
      ['call_tool', { name: 'math.erase_note' }],
    );
    expect(found?.text).not.toContain('erase_note');
    expect(called).toMatchObject({ isError: true, text: expect.stringContaining('unknown_tool') });
    expect(notes.calls).toHaveLength(0);
  });

  test('has a description that stays the same and names the servers', async () => {
    const { localTools, toolkit } = await world();
    const [search] = localTools;
    expect(search?.description).toContain('math (4)');
    expect(searchTools(toolkit)[0]?.description).toBe(search?.description);
  });
});

test('describe_tool gives the description whole', async () => {
  const { calls } = await world();
  const [described] = await calls(['describe_tool', { name: 'read_note' }]);
  expect(described?.text).toContain('Reads a note\nwith all its lines\ninput schema: {"type":"object"');
});

describe('call_tool', () => {
  test('calls the tool, whose data it names, and takes arguments that were written as text', async () => {
    const { calls, notes } = await world();
    const [called] = await calls(['call_tool', { name: 'math.read_note', arguments: '{"id":7}' }]);
    expect(called).toMatchObject({ isError: false, text: expect.stringContaining('note 7') });
    expect(called?.text).toContain('data from math.read_note');
    expect(notes.calls).toHaveLength(1);
  });

  test('answers arguments that do not fit with the schema, and runs nothing', async () => {
    const { calls, notes } = await world();
    const [called] = await calls(['call_tool', { name: 'math.read_note', arguments: { id: 'seven' } }]);
    expect(called?.isError).toBe(true);
    expect(called?.text).toContain('nothing was run');
    expect(called?.text).toContain('input schema: {"type":"object"');
    expect(notes.calls).toHaveLength(0);
  });

  test('names those that come near where there is no such tool', async () => {
    const { calls } = await world();
    const [called] = await calls(['call_tool', { name: 'math.remove_note' }]);
    expect(called).toMatchObject({ isError: true, text: expect.stringContaining('math.erase_note') });
  });

  test('is judged as the tool that is meant', async () => {
    const rules = [{ server: 'math', tool: 'erase_note', action: 'deny' as const }];
    const { calls, notes } = await world({}, { policy: { rules } });
    const [denied] = await calls(['call_tool', { name: 'math.erase_note' }]);
    expect(denied).toMatchObject({ isError: true, text: expect.stringContaining('denied') });
    expect(notes.calls).toHaveLength(0);
  });
});

describe('shouldSearch', () => {
  const tools = (count: number, description = '') =>
    Array.from({ length: count }, (_, at) => ({
      name: `tool_${at}`,
      description,
      inputSchema: { type: 'object' as const },
    }));

  test('forty tools are shown, one more is not', () => {
    expect([shouldSearch(tools(40)), shouldSearch(tools(41))]).toEqual([false, true]);
  });

  test('few tools that cost more than the budget are searched', () => {
    const long = tools(5, 'word '.repeat(500));
    expect([shouldSearch(long), shouldSearch(long, 2_000)]).toEqual([false, true]);
  });
});

test('the planner calls through the search of a loop, and tells what came of it', async () => {
  const { run, toolkit, notes } = await world();
  const model = createPlanner({ toolkit });
  const { text, messages } = await run([], { model, search: 'always', messages: 'read the note 7' });
  expect(text).toBe('math.read_note:\nnote 7');
  expect(messages[1]?.content.find(({ type }) => type === 'call')).toMatchObject({ name: 'call_tool' });
  expect(notes.calls).toHaveLength(1);
});

test('the planner in a loop has its plan in the conversation', async () => {
  const { run, toolkit } = await world();
  const model = createPlanner({ toolkit });
  const asked = await run([], { model, messages: 'read a note' });
  expect(asked.text).toContain('`id`');
  const { text } = await run([], { model, messages: '12', conversation: asked.conversation });
  expect(text).toBe('math.read_note:\nnote 12');
});
