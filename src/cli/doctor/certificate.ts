/** What is wrong with a certificate, in words, and what mends it. */
import type { Certificate, DetailedPeerCertificate } from 'node:tls';
import { type Finding, finding, shellWord } from './finding.ts';
import type { Shown } from './handshake.ts';
import { hostOf, short } from './place.ts';

/** A certificate that ends sooner deserves a word. */
const SOON_DAYS = 14;
const DAY_MS = 86_400_000;
const SHOWN_NAMES = 5;

/** Makers of what opens the TLS of others, by the names that stand in the certificates that it makes. */
const INSPECTORS =
  /zscaler|netskope|forti(net|gate)|palo ?alto|blue ?coat|symantec web|cisco umbrella|opendns|sophos|forcepoint|websense|check ?point|barracuda|untangle|sonicwall|watchguard|iboss|cato networks|menlo security|mcafee web|skyhigh|trend micro|kaspersky|avast|avg |eset |bitdefender|mitmproxy|charles proxy|fiddler|portswigger|burp|squid|\bproxy\b/i;

/** What OpenSSL says where it knows no authority that vouches for the certificate. */
const UNKNOWN_ISSUER =
  /^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_UNTRUSTED)$/;

export interface CertificateContext {
  url: URL;
  /** Its path, as it may be shown. */
  path: string;
  shown: Shown;
  now: number;
  /** Authorities that the configuration of the server names in the place of the public ones. */
  hasOwnAuthorities: boolean;
  /** The public authorities, asked in their place, vouch for it. */
  isPublic: boolean;
  /** The way led through a proxy. */
  throughProxy: boolean;
}

const nameOf = ({ O, CN }: Certificate = {} as Certificate): string => short([CN ?? O].flat().join(' ')) || 'nobody';
const authorityOf = ({ issuer }: DetailedPeerCertificate): string => {
  const organization = short([issuer?.O].flat().join(' '));
  const name = nameOf(issuer);
  return organization === '' || name.includes(organization) ? `"${name}"` : `"${name}" of ${organization}`;
};
const daysTo = (date: string, now: number): number => Math.floor((Date.parse(date) - now) / DAY_MS);
const day = (date: string): string => new Date(date).toISOString().slice(0, 10);

const found = (level: Finding['level'], says: string, fix?: string): Finding => finding('tls', level, says, fix);

/** The first that has expired, or is not valid yet. */
const outOfDate = (chain: readonly DetailedPeerCertificate[], now: number): Finding | undefined => {
  for (const [index, { valid_from, valid_to, subject }] of chain.entries()) {
    const whose = index === 0 ? 'the certificate' : `the certificate of the authority "${nameOf(subject)}"`;
    if (daysTo(valid_to, now) < 0) {
      const days = -daysTo(valid_to, now);
      return found(
        'problem',
        `${whose} expired ${days} days ago, on ${day(valid_to)}`,
        'renew the certificate of the server',
      );
    }
    if (Date.parse(valid_from) > now) {
      const says = `${whose} is valid from ${day(valid_from)} only, and the clock of this machine says ${day(new Date(now).toISOString())}`;
      return found(
        'problem',
        says,
        'set the clock of this machine, or have the server show a certificate that is valid now',
      );
    }
  }
  return undefined;
};

const forOthers = (own: DetailedPeerCertificate, { url, path }: CertificateContext): Finding => {
  const names = (own.subjectaltname ?? `DNS:${nameOf(own.subject)}`)
    .split(/,\s*/)
    .map((name) => short(name.replace(/^(DNS|IP Address|URI):/, '')));
  const more = names.length > SHOWN_NAMES ? ` and ${names.length - SHOWN_NAMES} more` : '';
  const says = `the certificate is for ${names.slice(0, SHOWN_NAMES).join(', ')}${more}, not for ${hostOf(url)}`;
  const [only, ...others] = names;
  const isName = only !== undefined && others.length === 0 && /^[\w.-]+$/.test(only);
  const place = url.port === '' ? only : `${only}:${url.port}`;
  return found(
    'problem',
    says,
    isName ? `"url": "${url.protocol}//${place}${path}"` : 'reach the server under a name that its certificate has',
  );
};

const untrusted = ({
  url,
  shown: { chain, code },
  hasOwnAuthorities,
  isPublic,
  throughProxy,
}: CertificateContext): Finding => {
  const [own] = chain;
  if (own === undefined) return found('problem', `the server shows no certificate (${code})`);
  const authority = authorityOf(chain.at(-1) ?? own);
  const direct = authorityOf(own);
  if (hasOwnAuthorities && isPublic) {
    const says = `"tls": { "ca" } takes the place of the public authorities, and the certificate is by one of those, ${direct} (${code})`;
    return found('problem', says, 'remove "ca" from the "tls" of the server');
  }
  const ca = hasOwnAuthorities
    ? 'put into the file of "tls": { "ca" }'
    : 'give the server "tls": { "ca": "FILE.pem" } with';
  if (code === 'DEPTH_ZERO_SELF_SIGNED_CERT') {
    const says = `the certificate is self-signed, by "${nameOf(own.subject)}" (${code})`;
    const place = shellWord(`${url.hostname}:${url.port || '443'}`);
    const fetch = `openssl s_client -connect ${place} </dev/null | openssl x509 > FILE.pem`;
    return found('problem', says, `${ca} its own certificate, compared with what its owner says: ${fetch}`);
  }
  if (!UNKNOWN_ISSUER.test(String(code)))
    return found('problem', `the certificate by ${direct} is not accepted (${code})`);
  const names = chain.map(({ issuer }) => `${[issuer?.O].flat().join(' ')} ${nameOf(issuer)}`).join(' ');
  if (INSPECTORS.test(names) || throughProxy) {
    const says = `the certificate is by ${direct}, which is no public authority: most likely TLS is inspected ${throughProxy ? 'by the proxy' : 'on the way'} (${code})`;
    return found(
      'problem',
      says,
      `export NODE_EXTRA_CA_CERTS=FILE.pem, with the certificate of ${authority} from those who run your network`,
    );
  }
  if (
    chain.length === 1 &&
    code === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' &&
    own.infoAccess?.['CA Issuers - URI'] !== undefined
  ) {
    const says = `the server does not send the certificate of its issuer ${direct} (${code})`;
    return found('problem', says, `have the server send its whole chain, or ${ca} the certificate of ${direct}`);
  }
  const says = `the issuer is unknown here: the certificate is by ${direct}${authority === direct ? '' : `, under ${authority}`} (${code})`;
  return found(
    'problem',
    says,
    `${ca} the certificate of ${authority}${hasOwnAuthorities ? '' : '; for all servers: export NODE_EXTRA_CA_CERTS=FILE.pem'}`,
  );
};

/** Everything that is wrong with what a server shows, or how long it is good. */
export const judge = (context: CertificateContext): Finding[] => {
  const { shown, now } = context;
  const { chain, code, protocol, isForOthers } = shown;
  const [own] = chain;
  if (own === undefined) return [untrusted(context)];
  if (code === undefined) {
    const first = chain.reduce((soonest, each) =>
      Date.parse(each.valid_to) < Date.parse(soonest.valid_to) ? each : soonest,
    );
    const days = daysTo(first.valid_to, now);
    const who = context.hasOwnAuthorities ? ', trusted by "tls": { "ca" }' : '';
    const says = `${protocol}, certificate by ${authorityOf(own)}${who}, valid for ${days} days`;
    return [days < SOON_DAYS ? found('note', says, 'renew the certificate of the server') : found('ok', says)];
  }
  const dated = outOfDate(chain, now);
  const findings = [...(dated === undefined ? [] : [dated]), ...(isForOthers ? [forOthers(own, context)] : [])];
  const isAboutTime = /EXPIRED|NOT_YET_VALID/.test(code);
  const isAboutNames = code === 'ERR_TLS_CERT_ALTNAME_INVALID';
  if ((isAboutTime && dated !== undefined) || (isAboutNames && isForOthers)) return findings;
  return [untrusted(context), ...findings];
};
