/** MCP over the stdin and stdout of this process, which is the child of whoever tests. */
import { writeSync } from 'node:fs';
import { type Host, MIB, type Voice } from './voice.ts';

const STDOUT = 1;

/** Writes all of it before it returns; the process ends quietly where nobody reads any more. */
export const writeAll = (fd: number, bytes: Uint8Array, most = bytes.length): void => {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done, Math.min(most, bytes.length - done));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') process.exit(0);
    }
  }
};
const write = (text: string, most?: number): void => writeAll(STDOUT, Buffer.from(text), most);

/** The voice of a process on its stdout. A cut is its end. */
const stdioVoice: Voice = {
  awaited: true,
  streams: true,
  say: (message) => write(`${JSON.stringify(message)}\n`),
  sliced: (message) => write(`\u{feff}${JSON.stringify(message)}\r\n`, 1),
  async pour(head, mib, tail) {
    const block = Buffer.alloc(MIB, 'x');
    write(head);
    for (let i = 0; i < mib; i += 1) writeAll(STDOUT, block);
    write(`${tail}\n`);
  },
  raw: (text) => write(text),
  junk: (text) => write(`${text}\n`),
  cut(where, message) {
    const text = JSON.stringify(message);
    if (where === 'middle') write(text.slice(0, text.length / 2));
    if (where === 'after') write(`${text}\n`);
    process.exit(1);
  },
  done() {},
};

/** Serves this process's own stdin and stdout, until stdin ends. */
export const serveStdin = (host: Host): Promise<void> =>
  new Promise((resolve) => {
    const conversation = host.open(stdioVoice.say);
    let rest = '';
    // Lines end with LF alone. Newer releases of Node's own readline also split at U+2028, which may stand in a JSON text.
    process.stdin.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') conversation.hear(JSON.parse(line), stdioVoice);
    });
    process.stdin.on('end', () => {
      conversation.close?.();
      resolve();
    });
  });
