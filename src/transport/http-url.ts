/** The address of a server. */
import { ToolwayError } from '../errors.ts';

/** Checks where a server is: http or https, and no password in it, which would end up in logs. Throws `invalid_config`. */
export const checkUrl = (url: string): URL => {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw new ToolwayError('invalid_config', `${JSON.stringify(url)} is no http(s) URL`, {
      problems: [{ path: '/url', message: 'is no http(s) URL' }],
    });
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw new ToolwayError('invalid_config', 'the URL holds a user name or password; send them in a header', {
      problems: [{ path: '/url', message: 'holds a user name or password' }],
    });
  }
  parsed.hash = '';
  return parsed;
};
