/**
 * The gateway for any runtime that serves `fetch`: many MCP servers behind one door, as REST with OpenAPI and as MCP.
 * `toolway serve` runs it in Node.
 */

export type { Isolation } from '../options.ts';
export { createApiKey } from './access/api-key.ts';
export type { AuditRecord } from './access/key-routes.ts';
export type { AccessOptions, ApiKey, Grant, JwtOptions, RateLimit, ToolFilter } from './access/options.ts';
export type { Approval, ApprovalState, Decision } from './approvals/approval.ts';
export type { ApprovalGrant } from './approvals/grants.ts';
export type { Chat, ChatContext, ChatEvent, ChatRequest } from './chat/port.ts';
export type { CredentialAudit } from './credentials/add.ts';
export type { CredentialView } from './credentials/credentials.ts';
export { createGateway, type Gateway } from './gateway.ts';
export { gatewayHandlers } from './handlers.ts';
export type { GatewayLimits } from './limits.ts';
export type { GatewayOptions } from './options.ts';
export type { Permission } from './principal.ts';
export { createMemoryStore, type MemoryStoreOptions } from './store/memory.ts';
export type { CallRecord, Counters, History, HistoryFilter, Records, Store } from './store/store.ts';
export type { AccessRecord } from './watch/access-log.ts';
