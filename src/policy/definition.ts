/** What of a tool's definition it is held to. */
import type { Tool } from '../protocol/types.ts';

/** The parts of a definition that say what the tool is for and how it is called, as JSON text in the server's own order. */
export const definitionText = ({
  name,
  title,
  description,
  inputSchema,
  outputSchema,
  annotations,
  _meta,
}: Tool): string => JSON.stringify({ name, title, description, inputSchema, outputSchema, annotations, _meta });
