/** Where compiled code is kept. It is run as it is found, so it must be a folder that nobody else can write: never the common temporary one. */

/** A folder in the user's own cache; undefined where there is none. */
export const compileCacheFolder = (
  env: Readonly<Record<string, string | undefined>>,
  platform: string,
): string | undefined => {
  if (platform === 'win32') return env.LOCALAPPDATA ? `${env.LOCALAPPDATA}\\toolway\\compiled` : undefined;
  const { XDG_CACHE_HOME: cache, HOME: home } = env;
  const base = cache?.startsWith('/') ? cache : home?.startsWith('/') ? `${home}/.cache` : undefined;
  return base === undefined ? undefined : `${base}/toolway/compiled`;
};
