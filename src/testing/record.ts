/** `record`: a server as before, and a file of everything that was said to it and by it. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { ToolwayError } from '../errors.ts';
import { nodeRuntime } from '../node/runtime.ts';
import type { ServerConfig } from '../options.ts';
import type { JsonRpcMessage, RequestId } from '../protocol/wire.ts';
import { kindOf } from '../server/settings.ts';
import type { Reference } from '../telemetry/secret-values.ts';
import { createSecrets, type Secrets } from '../telemetry/secrets.ts';
import { DEFAULT_MAX_MESSAGE_BYTES, type Transport } from '../transport/transport.ts';
import { HEADER, type RecordedLine } from './recording.ts';

/** Where a recording goes. */
export interface RecordOptions {
  /** Overwritten when the recording begins; readable for its owner alone. */
  file: string;
  /** Where `${…}` in the configuration is looked up. Default: `process.env`. */
  env?: Record<string, string | undefined>;
  /** Further texts that must not be written, beside the secrets of the configuration. Each has 6 characters or more. */
  secrets?: readonly string[];
}

/**
 * Gives a configuration that reaches the same server and writes every JSON-RPC message, both ways, with its time to a
 * file that `replay` understands. Headers, variables and URLs are not written at all; where a secret among them turns up
 * in a message, `***` stands in its place.
 */
export const record = (config: ServerConfig, { file, env, secrets: further = [] }: RecordOptions): ServerConfig => {
  writeFileSync(file, `${JSON.stringify({ ...HEADER, recordedAt: new Date().toISOString() })}\n`, { mode: 0o600 });
  const startedAt = performance.now();
  const secrets = createSecrets();
  let links = 0;

  const write = (line: Omit<RecordedLine, 'at'>): void => {
    const at = Math.round((performance.now() - startedAt) * 1_000) / 1_000;
    appendFileSync(file, `${JSON.stringify({ at, ...secrets.masked(line) })}\n`);
  };
  const { command: _c, args: _a, env: _e, cwd: _d, url: _u, headers: _h, ...rest } = config;
  return {
    ...rest,
    async transport() {
      links += 1;
      const link = links;
      for (const secret of further) await secrets.add(secret);
      const transport = await open(config, env, secrets);
      write({ type: 'opened', link, transport: transport.kind ?? 'memory' } as RecordedLine);
      return tapped(transport, (line) => write({ ...line, link } as RecordedLine));
    },
  };
};

const open = async (config: ServerConfig, env: RecordOptions['env'], secrets: Secrets): Promise<Transport> => {
  if (typeof config.transport === 'function') return config.transport();
  const runtime = nodeRuntime({ env });
  const found: Reference[] = [];
  const expanded = await runtime.expand('recorded', config, (reference) => found.push(reference));
  await secrets.learn(expanded, found);
  const maxMessageBytes = config.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES;
  return runtime.openTransport({
    server: 'recorded',
    kind: kindOf(config) ?? 'http',
    config: expanded,
    maxMessageBytes,
  });
};

type Unplaced<T> = T extends unknown ? Omit<T, 'at' | 'link'> : never;
type Write = (line: Unplaced<RecordedLine>) => void;

/** The same transport in every respect; what passes is written. */
const tapped = (transport: Transport, write: Write): Transport => {
  let closing = false;
  const send: Transport['send'] = (message, options) => {
    write({ type: 'sent', message });
    return transport.send(message, options);
  };
  const close: Transport['close'] = () => {
    closing = true;
    return transport.close();
  };
  const listeners = {
    onmessage:
      (heard: NonNullable<Transport['onmessage']>): Transport['onmessage'] =>
      (message: JsonRpcMessage, extra) => {
        const status = extra?.status === undefined ? {} : { status: extra.status };
        write({ type: 'received', message, ...status });
        heard(message, extra);
      },
    onfail:
      (heard: NonNullable<Transport['onfail']>): Transport['onfail'] =>
      (id: RequestId, error: ToolwayError) => {
        write({ type: 'failed', id, error: { ...ToolwayError.from(error).toJSON() } });
        heard(id, error);
      },
    onclose:
      (heard: NonNullable<Transport['onclose']>): Transport['onclose'] =>
      (cause) => {
        write({ type: 'closed', by: closing ? 'client' : 'server' });
        heard(cause);
      },
  };
  return new Proxy(transport, {
    get(target, key) {
      if (key === 'send') return send;
      if (key === 'close') return close;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set(target, key, value) {
      const listener = listeners[key as keyof typeof listeners] as ((heard: unknown) => unknown) | undefined;
      const given = listener === undefined || value === undefined ? value : listener(value);
      return Reflect.set(target, key, given, target);
    },
  });
};
