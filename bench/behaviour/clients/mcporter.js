// mcporter's runtime.
import { createRuntime } from 'mcporter';

/** @type {import('../subject.js').Connect} */
export const connect = async (server) => {
  const command =
    'url' in server ? { kind: 'http', url: new URL(server.url) } : { kind: 'stdio', cwd: process.cwd(), ...server };
  const runtime = await createRuntime({ servers: [{ name: 's', command }] });
  await runtime.listTools('s');
  return { call: (args) => runtime.callTool('s', 'run', { args }), close: () => runtime.close() };
};
