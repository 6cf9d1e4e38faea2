/** For the tests of those who use Toolway: what stands in for a server and for the network. */
export { createMemoryPair } from '../transport/memory.ts';
