/** What differs between Node and browsers: how a link is opened, how schemas are checked, where secrets come from. */
import type { Clock } from './clock.ts';
import type { ServerConfig } from './options.ts';
import type { Validator } from './schema/validator.ts';
import type { Transport, TransportKind } from './transport/transport.ts';

export interface Runtime {
  /** Makes an unstarted link of the kind wanted. The configuration is complete and expanded. */
  openTransport(request: {
    server: string;
    kind: TransportKind;
    config: ServerConfig;
    maxMessageBytes: number;
  }): Promise<Transport>;
  createValidator(): Validator;
  /** Replaces `${…}` in what says where a server is. */
  expand(server: string, config: ServerConfig): Promise<ServerConfig>;
  clock: Clock;
}
