/** What the test page of programs loads: code mode, with a sandbox in the page's own thread. */
import { codeTool } from '../../src/llm/code/code-tool.ts';
import { createSandbox } from '../../src/llm/code/inline-sandbox.ts';

declare global {
  interface Window {
    /** Runs a program whose tools are `s.double` and `s.fail`; what the model reads. */
    runCode(code: string, timeoutMs?: number): Promise<string[]>;
  }
}

const sandbox = createSandbox({ wasm: async () => (await fetch('/quickjs.wasm')).arrayBuffer() });
const listed = ['double', 'fail'].map((name) => ({
  server: 's',
  name,
  qualifiedName: `s.${name}`,
  inputSchema: { type: 'object' },
  fetchedAt: 0,
  stale: false,
}));

window.runCode = async (code, timeoutMs = 10_000) => {
  const toolkit = { listTools: async () => listed, on: () => () => {} } as unknown as Parameters<typeof codeTool>[0];
  const tool = await codeTool(toolkit, { sandbox, limits: { timeoutMs } });
  const { content } = await tool.run(
    { code },
    {
      id: '1',
      signal: new AbortController().signal,
      onProgress() {},
      async call(name, { n }) {
        if (name === 's.fail') throw new Error(location.href);
        return { content: [{ type: 'text', text: JSON.stringify({ n: Number(n) * 2 }) }] };
      },
    },
  );
  return content.map((block) => (block.type === 'text' ? block.text : block.type));
};
