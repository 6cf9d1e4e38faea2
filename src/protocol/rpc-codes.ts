/** JSON-RPC error codes with a meaning in MCP. Imported as `* as RPC`, so that a bundler puts the numbers where they are used. */

export const parseError = -32700;
export const invalidRequest = -32600;
export const methodNotFound = -32601;
export const invalidParams = -32602;
export const internalError = -32603;
/** Of the legacy era; later servers say `invalidParams`. */
export const resourceNotFound = -32002;
export const headerMismatch = -32020;
export const missingClientCapability = -32021;
export const unsupportedProtocolVersion = -32022;
export const urlElicitationRequired = -32042;
