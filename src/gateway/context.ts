/** What every room of the gateway is handed. */
import type { Hono } from 'hono';
import type { UpgradeWebSocket } from 'hono/ws';
import type { Toolkit } from '../api.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../options.ts';
import type { Approvals } from './approvals/approvals.ts';
import type { OwnCredentials } from './credentials/add.ts';
import type { Dispatch } from './dispatch.ts';
import type { Lasting } from './lasting.ts';
import type { GatewayLimits } from './limits.ts';
import type { ResourceWatch } from './mcp/resource-watch.ts';
import type { TaskRoom } from './mcp/tasks.ts';
import type { Caller } from './principal.ts';
import type { Store } from './store/store.ts';

/** The routes of the gateway; who calls is known before any of them runs. */
export type GatewayApp = Hono<{ Variables: { caller: Caller } }>;

export interface GatewayContext {
  toolkit: Toolkit;
  dispatch: Dispatch;
  /** Absent where the toolkit's own handlers are asked. */
  approvals?: Approvals;
  /** What callers give for servers that want credentials of each; absent where no gateway asks for them. */
  credentials?: Pick<OwnCredentials, 'on' | 'onVisited' | 'lacks'>;
  store: Store;
  /** Ends what goes on when the key ends that it began with. */
  lasting: Lasting;
  /** Calls that clients of MCP look after later, in both eras. */
  tasks: TaskRoom;
  /** Updates of resources, for clients of both eras. */
  resources: ResourceWatch;
  limits: Required<GatewayLimits>;
  clock: Clock;
  /** The time of day, in milliseconds since the Unix epoch. */
  today(): number;
  logger: Logger | undefined;
  /** How this runtime makes a WebSocket of a request; without it there are none. */
  upgradeWebSocket: UpgradeWebSocket | undefined;
  /** Aborted when the gateway begins to close: streams end, what is in flight may finish. */
  closing: AbortSignal;
}
