// The subjects by the names a reader knows them by.
export const NAMES = {
  'raw-stdio': 'raw JSONL loop, coalesced',
  'raw-undici': 'raw undici Pool.request',
  'sdk-v1': '@modelcontextprotocol/sdk 1.32.2',
  'client-v2': '@modelcontextprotocol/client 2.4.0',
  'toolway-engine': 'toolway, engine alone',
  toolway: 'toolway, whole toolkit',
};
