/** What runtimes other than browsers tell of a connection that failed. Browsers tell nothing, so nothing here is loaded there. */
import type { LinkReason } from './http-port.ts';

/** Reasons with which such runtimes say that there was no connection. */
const NO_CONNECTION =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|EHOSTDOWN|EADDRNOTAVAIL|ECONNABORTED|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_.*|CERT_.*|.*_CERT|.*_CERT_IN_CHAIN|.*_CERT_LOCALLY|.*_SIGNATURE|ERR_SSL_.*)$/;
/** What they say of a certificate that they do not accept: it will be the same one the next time. */
const UNTRUSTED = /^(ERR_TLS_CERT_.*|CERT_.*|.*_CERT|.*_CERT_IN_CHAIN|.*_CERT_LOCALLY|.*_SIGNATURE)$/;

/** True where it is certain that nothing of a `fetch` was sent. */
export const neverLeft = (error: unknown): boolean => {
  const cause = (error as { cause?: { code?: unknown } }).cause;
  return typeof cause?.code === 'string' && NO_CONNECTION.test(cause.code);
};

/** The reason behind an error, however deep it is hidden, and whether another attempt could be of use. */
export const linkReason = (error: unknown): LinkReason => ({
  reason: reasonOf(error),
  permanent: isUntrusted(error) ? true : undefined,
});

const isUntrusted = (error: unknown): boolean => {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  if (typeof code === 'string' && UNTRUSTED.test(code)) return true;
  return cause instanceof Error && isUntrusted(cause);
};

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  // `fetch` hides the reason one level down; a name with several addresses fails with one error for each.
  if (error.cause instanceof Error) return reasonOf(error.cause);
  if (error instanceof AggregateError && error.errors.length > 0)
    return [...new Set(error.errors.map(reasonOf))].join('; ');
  const code = (error as { code?: unknown }).code;
  return error.message !== '' ? error.message : typeof code === 'string' ? code : error.name;
};
