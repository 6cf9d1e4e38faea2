// The legacy handshake, for the raw loops.

/** Opens the conversation and leaves the server ready for calls. */
export const handshake = async (request, notify) => {
  await request('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'bench-raw', version: '1.0.0' },
  });
  await notify('notifications/initialized');
};
