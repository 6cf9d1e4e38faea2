/** Who answers what servers ask, and hears what they tell: for all of a toolkit, for one server, or for one request. */
import type { ApprovalAnswer, ApprovalRequest } from './permission.ts';
import type {
  ClientCapabilities,
  ElicitRequest,
  ElicitResult,
  JsonObject,
  LogMessage,
  Root,
  SampleRequest,
  SampleResult,
  Task,
} from './protocol/types.ts';
import type { RequestId } from './protocol/wire.ts';

/** What a server may ask of its client, or tell it. A capability is declared to servers only when its handler exists. */
export interface Handlers {
  /** The server asks the user for input (form), or to visit a URL. Defaults of the schema are filled in afterwards. */
  onElicit?: (request: ElicitRequest, context: HandlerContext) => ElicitResult | Promise<ElicitResult>;
  /** The server asks our model for a message. */
  onSample?: (request: SampleRequest, context: HandlerContext) => SampleResult | Promise<SampleResult>;
  /** The directories that servers may know about. */
  roots?: Root[] | ((request: JsonObject, context: HandlerContext) => Root[] | Promise<Root[]>);
  /** Hears that the server asked something for which there is no handler: `elicitation/create`, `sampling/createMessage`, `roots/list`. */
  onRefused?: (method: string, context: HandlerContext) => void;
  /** A log message of a server. */
  onLog?: (message: LogMessage, context: HandlerContext) => void;
  /** The state of a task that a call became. */
  onTask?: (task: Task, context: HandlerContext) => void;
  /** The policy wants a person to agree to a call. What throws is a refusal; without this handler such calls are `denied` at once. */
  onApprove?: (request: ApprovalRequest, context: HandlerContext) => ApprovalAnswer | Promise<ApprovalAnswer>;
}

/** Who asks, and in the course of which call, where that is known. */
export interface HandlerContext {
  server: string;
  scope: string;
  /** The id and the tool of the call that the request belongs to. */
  call?: { id: string; tool?: string };
  /** Aborted when the server takes its request back, or the call ends. */
  signal: AbortSignal;
  requestId?: RequestId;
  /** The key under which a server of the modern era asks, unique among its questions of one round. */
  inputKey?: string;
}

/** What may be answered for one request alone. */
export interface RequestHandlers extends Pick<Handlers, 'onElicit' | 'onSample' | 'roots' | 'onRefused' | 'onApprove'> {
  /** Requests with the same one have the same person behind them, so that any of them can be asked in place of another. */
  conversation?: object;
  /** What a server of the modern era is told that can be asked. Default: what there are handlers for. */
  capabilities?: ClientCapabilities;
}
