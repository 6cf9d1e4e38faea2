// The floor over HTTP: one `Pool.request` per call, JSON both ways.
import { Pool } from 'undici';
import { handshake } from '../lib/legacy.js';

const HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2025-11-25',
};

/** @type {import('../lib/subject.js').Connect} */
export const connect = async (spec) => {
  const { origin, pathname } = new URL(spec.url);
  const pool = new Pool(origin, { connections: spec.inFlight });
  let lastId = 0;

  const post = async (message) => {
    const { body } = await pool.request({
      method: 'POST',
      path: pathname,
      headers: HEADERS,
      body: JSON.stringify(message),
    });
    return body.text();
  };
  const request = async (method, params) => {
    lastId += 1;
    const message = JSON.parse(await post({ jsonrpc: '2.0', id: lastId, method, params }));
    if (message.error !== undefined) throw new Error(message.error.message);
    return message.result;
  };

  await handshake(request, (method) => post({ jsonrpc: '2.0', method }));
  return {
    call: (name, args) => request('tools/call', { name, arguments: args }),
    close: () => pool.close(),
  };
};
