/** The environment of a child: a short safe list of ours, and what the configuration declares. Nothing else reaches a server. */
import { ToolwayError } from '../errors.ts';

type Variables = Readonly<Record<string, string | undefined>>;

const POSIX_SAFE = ['HOME', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'USER', 'LANG', 'TMPDIR', 'TZ'];

/** Without these, programs on Windows cannot find themselves, a place for temporary files or the network. */
const WINDOWS_SAFE = [
  'APPDATA',
  'COMSPEC',
  'HOMEDRIVE',
  'HOMEPATH',
  'LOCALAPPDATA',
  'PATH',
  'PATHEXT',
  'PROCESSOR_ARCHITECTURE',
  'PROGRAMDATA',
  'PROGRAMFILES',
  'SYSTEMDRIVE',
  'SYSTEMROOT',
  'TEMP',
  'TMP',
  'USERNAME',
  'USERPROFILE',
  'WINDIR',
];

/**
 * What a child sees: the safe list out of `source`, overlaid by `declared`. Throws `invalid_config` for names and
 * values that no environment can hold.
 */
export const childEnvironment = (
  declared: Readonly<Record<string, string>> = {},
  source: Variables = process.env,
  platform: NodeJS.Platform = process.platform,
): Record<string, string> => {
  const windows = platform === 'win32';
  const key = (name: string): string => (windows ? name.toUpperCase() : name);
  const safe = new Set(windows ? WINDOWS_SAFE : POSIX_SAFE);
  const chosen = new Map<string, [name: string, value: string]>();
  for (const [name, value] of Object.entries(source)) {
    if (value === undefined || !(safe.has(key(name)) || (!windows && name.startsWith('LC_')))) continue;
    // A value that starts like this is a shell function (CVE-2014-6271).
    if (!value.startsWith('()')) chosen.set(key(name), [name, value]);
  }
  for (const [name, value] of Object.entries(declared)) {
    if (name === '' || /[=\0]/.test(name) || value.includes('\0')) {
      throw new ToolwayError('invalid_config', `the environment cannot hold the variable ${JSON.stringify(name)}`);
    }
    chosen.set(key(name), [name, value]);
  }
  return Object.assign(Object.create(null), Object.fromEntries(chosen.values()));
};
