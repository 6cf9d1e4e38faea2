// Toolway with nothing configured.
import { toolwayEntry } from '../../lib/toolway-dist.js';

/** @type {import('../subject.js').Connect} */
export const connect = async (server) => {
  const { createToolkit } = await import(toolwayEntry('node/index.js'));
  const toolkit = await createToolkit({ mcpServers: { s: server }, connect: 'wait' });
  const { s } = toolkit.status();
  if (!s.connected) throw s.lastError;
  return {
    call: (args) => toolkit.callTool('s.run', args),
    close: () => toolkit.close(),
  };
};
