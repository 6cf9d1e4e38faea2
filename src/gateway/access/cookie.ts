/** The cookie of a browser's session (RFC 6265bis). */

/** Cookies do not tell ports apart; their names do, so that two gateways on one machine keep theirs. */
export const cookieName = (request: Request, secure: boolean): string => {
  const host = request.headers.get('host') ?? new URL(request.url).host;
  const port = /:(\d{1,5})$/.exec(host)?.[1] ?? (secure ? '443' : '80');
  return secure ? `__Host-toolway-${port}` : `toolway-${port}`;
};

export const readCookie = (request: Request, name: string): string | undefined => {
  const header = request.headers.get('cookie');
  if (header === null) return undefined;
  for (const part of header.split(';')) {
    const equals = part.indexOf('=');
    if (equals > 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim();
  }
  return undefined;
};

/** With `maxAgeMs` 0 the browser forgets it. */
export const setCookie = (name: string, value: string, { secure, maxAgeMs }: { secure: boolean; maxAgeMs: number }) =>
  `${name}=${value}; Path=/; Max-Age=${Math.floor(maxAgeMs / 1_000)}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
