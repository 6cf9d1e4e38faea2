/** For the tests of those who use Toolway: what stands in for a server, for the network and for time. */
export type { Clock, Timer } from '../clock.ts';
export { createMemoryPair } from '../transport/memory.ts';
export type { Effect, EffectLog, EffectLogOptions, EffectViolation } from './effect-log.ts';
export { createEffectLog } from './effect-log.ts';
export type { FakeClock, FakeClockOptions } from './fake-clock.ts';
export { createFakeClock } from './fake-clock.ts';
export type { FaultPipe, FaultPipeOptions } from './fault-pipe.ts';
export { createFaultPipe } from './fault-pipe.ts';
export type { FaultProxy, FaultProxyOptions } from './fault-proxy.ts';
export { createFaultProxy } from './fault-proxy.ts';
export type { RecordOptions } from './record.ts';
export { record } from './record.ts';
export type { ReplayOptions } from './replay.ts';
export { replay } from './replay.ts';
export type { HttpLinkOptions } from './server/http-link.ts';
export type * from './server/misbehaviour.ts';
export type {
  OfferedList,
  RunTool,
  TestContext,
  TestPrompt,
  TestResource,
  TestTool,
} from './server/offer.ts';
export type { RecordedCall, ServedTestServer, TestServer, TestServerOptions } from './server/test-server.ts';
export { createTestServer, stdioServer } from './server/test-server.ts';
export type { Cut } from './server/voice.ts';
export type { Complete } from './server/works.ts';
export type { TestToolkitOptions } from './test-toolkit.ts';
export { createTestToolkit } from './test-toolkit.ts';
export type { ToxicShelf } from './toxic-shelf.ts';
export type * from './toxics.ts';
