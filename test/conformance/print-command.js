// Prints the command line of the conformance client, for the suite's `--command`; it works from any folder.
import { fileURLToPath } from 'node:url';

console.log(`${process.execPath} ${fileURLToPath(new URL('client.js', import.meta.url))}`);
