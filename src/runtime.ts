/** What differs between Node and browsers: how a link is opened, how schemas are checked, where secrets come from. */
import type { Clock } from './clock.ts';
import type { FoundReference } from './config/expand.ts';
import type { ServerConfig } from './options.ts';
import type { Validator } from './schema/validator.ts';
import type { OpenTelemetryApi } from './telemetry/api.ts';
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
  /** Replaces `${…}` in what says where a server is; `found` hears of each value. `credentials` are what `${principal:NAME}` stands for. */
  expand(
    server: string,
    config: ServerConfig,
    found?: (reference: FoundReference) => void,
    credentials?: Readonly<Record<string, string>>,
  ): Promise<ServerConfig>;
  /** Loads the package `@opentelemetry/api`, where packages can be loaded by name; rejects when it is not installed. */
  openTelemetry?(): Promise<OpenTelemetryApi>;
  clock: Clock;
  /** The files of the machine, where there are such. */
  files?: FilePort;
  /** The processes that were started, where there are such. */
  processes?: ProcessPort;
}

/** The processes of the machine. */
export interface ProcessPort {
  /** The memory in use, in bytes, of each of these processes together with all that it started; nothing where that cannot be told. */
  memoryOf(leaders: readonly number[]): Promise<ReadonlyMap<number, number> | undefined>;
  /** Ends a process and all that it started without a word. */
  kill(leader: number): void;
}

/** Files that hold what a toolkit remembers. */
export interface FilePort {
  /** The text of a file; nothing where there is none. Rejects when it cannot be read, or has more bytes. */
  read(path: string, maxBytes: number): Promise<string | undefined>;
  /** Replaces a file, which the user alone may read, as a whole or leaves it as it was. Makes its folder where there is none. */
  write(path: string, text: string): Promise<void>;
  /** Runs while no other program runs under the same path. Absent where no other program has the file. */
  alone?<T>(path: string, run: () => Promise<T>): Promise<T>;
}
