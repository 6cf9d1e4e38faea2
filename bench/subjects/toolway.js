// The whole toolkit with its defaults: every step of the road, both checks, no shortcut.
import { createMemoryEcho } from '../lib/memory-echo.js';
import { stdioServer } from '../lib/server.js';
import { urlOf } from '../lib/subject.js';
import { toolwayEntry } from '../lib/toolway-dist.js';

const { createToolkit } = await import(toolwayEntry('node/index.js'));

/** @type {import('../lib/subject.js').Connect} */
export const connect = async (spec) => {
  const names = Array.from({ length: spec.servers ?? 1 }, (_, index) => `bench${index}`);
  const configOf = (index) => {
    if (spec.transport === 'memory') return { transport: () => createMemoryEcho(spec) };
    return spec.transport === 'stdio' ? stdioServer(spec) : { url: urlOf(spec, index) };
  };
  const toolkit = await createToolkit({
    mcpServers: Object.fromEntries(names.map((name, index) => [name, configOf(index)])),
    connect: 'wait',
  });
  return {
    call: (tool, args, server = 0) => toolkit.callTool(`bench${server}.${tool}`, args),
    close: () => toolkit.close(),
  };
};
