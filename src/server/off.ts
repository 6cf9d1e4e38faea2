/** Why a server is neither started nor reached, where that is meant to be so. Loaded with the first that somebody wants. */
import { ToolwayError } from '../errors.ts';
import type { ServerConfig } from '../options.ts';

export const whyOff = (server: string, { disabled }: ServerConfig): ToolwayError =>
  disabled === true
    ? new ToolwayError('not_connected', 'the server is disabled', { executed: 'no' })
    : new ToolwayError(
        'denied',
        `nobody has agreed to how this server is started or reached; "toolway trust ${server}" shows it and asks`,
        { server, executed: 'no', permanent: true },
      );
