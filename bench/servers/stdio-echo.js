// MCP echo server over stdio, without an SDK. Answers to the requests of one chunk leave in one write.
import { createEcho } from './echo-tools.js';

const FLUSH_AT = 256 * 1024;

const echo = createEcho({ modern: process.argv.includes('--modern') });
let rest = '';

const write = (text) => {
  if (text !== '') process.stdout.write(text);
};

process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk) => {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop() ?? '';
  let out = '';
  for (const line of lines) {
    const answer = echo.answer(JSON.parse(line));
    if (answer === undefined) continue;
    out += `${answer}\n`;
    if (out.length >= FLUSH_AT) {
      write(out);
      out = '';
    }
  }
  write(out);
});
process.stdin.on('end', () => process.exit(0));
