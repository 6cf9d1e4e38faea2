/**
 * What a text means as a path, by every reading that a server may give it: `/allowed/../x` is not in `/allowed`, and
 * whether `\` separates folders or `%2e` is a dot, only the server knows.
 */

/** A path with its `.` and `..` resolved. */
interface Resolved {
  /** `/`, `//` (a share), `c:/`, `https://host/`; empty for a relative path. */
  root: string;
  /** How many folders a relative path climbs above where it starts. */
  climbs: number;
  steps: string[];
}

const ROOT = /^(?:[a-z][a-z0-9+.-]+:\/\/[^/]*|[a-z]:(?=\/|$)|\/(?=\/)|)\/*/i;

const DRIVE = /^[a-z]:\/$/;

const resolve = (path: string): Resolved => {
  const [rooted = ''] = ROOT.exec(path) ?? [];
  const root = rooted === '' ? '' : `${rooted.replace(/\/+$/, '')}/`.toLowerCase();
  const isDrive = DRIVE.test(root);
  const steps: string[] = [];
  let climbs = 0;
  for (const step of path.slice(rooted.length).split('/')) {
    if (step === '' || step === '.') continue;
    if (step !== '..') steps.push(isDrive ? step.toLowerCase() : step);
    else if (steps.length > 0) steps.pop();
    else if (root === '') climbs += 1;
  }
  return { root: root === '/' && rooted.startsWith('//') ? '//' : root, climbs, steps };
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/%2e/gi, '.').replace(/%2f/gi, '/').replace(/%5c/gi, '\\');
  }
};

/** Windows' way of writing a drive's path literally: `\\?\c:\…`. */
const DEVICE = /^\/\/[?.]\/(?=[a-z]:)/i;

const slashed = (path: string): string => path.replaceAll('\\', '/').replace(DEVICE, '');

/** The text itself, cut at a NUL, with `%` sequences decoded, with `\` as `/`: each alone and together. */
const spellings = (text: string): Set<string> => {
  const all = new Set([text, text.split('\0', 1)[0] ?? '']);
  for (const one of [...all]) if (one.includes('%')) all.add(decoded(one));
  for (const one of [...all]) if (one.includes('\\')) all.add(slashed(one));
  return all;
};

const FILE_URL = /^file:\/\/(?:localhost)?(?=\/)/i;

const readings = (path: string, home: Resolved): Resolved[] => {
  const plain = FILE_URL.test(path) ? decoded(path.replace(FILE_URL, '')).replace(/^\/(?=[a-z]:\/)/i, '') : path;
  // A folder on a drive or a share says what machine this is.
  const isWindows = home.root === '//' || DRIVE.test(home.root);
  return [...spellings(isWindows ? slashed(plain) : plain)].flatMap((one) => {
    const read = resolve(one);
    // Two slashes at the front name a share on Windows; elsewhere they are one.
    return read.root === '//' && !isWindows ? [read, { ...read, root: '/' }] : [read];
  });
};

const lies = (path: Resolved, folder: Resolved): boolean =>
  path.root === folder.root &&
  path.climbs === folder.climbs &&
  folder.steps.every((step, index) => path.steps[index] === step);

const INVISIBLE = /\p{DI}/gu;

/**
 * One spelling for all names that some file system takes for the same: of either case (macOS, Windows), composed or not,
 * with characters that are ignored (HFS+), with a stream, or dots and spaces at the end (Windows).
 */
const folded = (step: string): string => {
  const plain = step.normalize('NFKC').replace(INVISIBLE, '').toLowerCase();
  return plain.replace(/(?<=.):.*$/s, '').replace(/(?<=[^. ])[. ]+$/, '');
};
const foldedPath = (path: Resolved): Resolved => ({ ...path, steps: path.steps.map(folded) });

/** A relative path that leaves its start may lead anywhere; `~` may stand for any home. */
const mayLieAnywhere = ({ root, climbs, steps }: Resolved): boolean =>
  root === '' && (climbs > 0 || steps[0]?.startsWith('~') === true);

/** Whether a path lies in a folder, or is the folder: by every reading of it, or (`possibly`) by one. Links on disk are not followed. */
export const liesWithin = (path: string, folder: string, possibly: boolean): boolean => {
  const home = resolve(/^[a-z]:\\|^\\\\/i.test(folder) ? folder.replaceAll('\\', '/') : folder);
  const all = readings(path, home);
  if (!possibly) return all.every((one) => lies(one, home));
  const foldedHome = foldedPath(home);
  return all.some((one) => lies(foldedPath(one), foldedHome) || (home.root !== '' && mayLieAnywhere(one)));
};

const DOTS = /(?:^|\/)\.\.?(?:\/|$)/;

/** A text and, where it holds `.` or `..` as steps of a path, or a NUL, what it comes to. */
export const meanings = (text: string): string[] => {
  const others = [...spellings(text)].filter((one) => DOTS.test(one)).map(written);
  return text.includes('\0') ? [text, text.split('\0', 1)[0] ?? '', ...others] : [text, ...others];
};

const written = (path: string): string => {
  const { root, climbs, steps } = resolve(path);
  const open = /(?:\/|(?:^|\/)\.\.?)$/.test(path) && steps.length > 0 ? '/' : '';
  return `${root}${'../'.repeat(climbs)}${steps.join('/')}${open}`;
};
