/** Names of servers: which ones are usable as they are. */

/** Whether a server may bear this name: `server.tool` and `server__tool` can then always be told apart. */
export const isServerName = (name: string): boolean =>
  /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(name) && !name.includes('__') && !name.endsWith('_');
