// What the bench asks of each client it measures.

/**
 * @typedef {object} Spec What one sample is about.
 * @property {'stdio' | 'http' | 'memory'} transport
 * @property {'legacy' | 'modern'} era
 * @property {string} [url] Where the HTTP server is; a server each, when there are several.
 * @property {number} inFlight
 * @property {number} [servers] Default 1.
 *
 * @typedef {object} Handle A connected client.
 * @property {(tool: string, args: object, server?: number) => Promise<any>} call Resolves to the result, checked as the client does.
 * @property {() => Promise<void>} close
 *
 * @typedef {(spec: Spec) => Promise<Handle>} Connect
 */

/** The URL of server number `index`. */
export const urlOf = (spec, index) => (index === 0 ? spec.url : `${spec.url}-${index}`);

/** Connects `spec.servers` clients that know one server each, all at once. */
export const connectEach = async (spec, connectOne) => {
  const clients = await Promise.all(Array.from({ length: spec.servers ?? 1 }, (_, index) => connectOne(index)));
  return {
    call: (tool, args, server = 0) => clients[server].callTool({ name: tool, arguments: args }),
    close: async () => {
      await Promise.all(clients.map((client) => client.close()));
    },
  };
};
