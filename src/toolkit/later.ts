/** Methods of a toolkit that are loaded with their first call. */
import type { Toolkit } from '../api.ts';
import { ownCopy } from '../own-copy.ts';

type AsyncMethod = {
  [M in keyof Toolkit]: Toolkit[M] extends (...given: never) => Promise<unknown> ? M : never;
}[keyof Toolkit];

/** Methods of a toolkit as they are once loaded; `startedAt` is when the method was called. */
export type Loaded<M extends AsyncMethod> = {
  [N in M]: (given: Parameters<Toolkit[N]>, startedAt: number) => ReturnType<Toolkit[N]>;
};

/** Methods that are loaded with the first call of one of them; the caller may change what it gave as soon as it has called. `now` tells when that was. */
export const methodsLater = <M extends AsyncMethod>(
  names: readonly M[],
  load: () => Promise<Loaded<M>>,
  now: () => number,
): Pick<Toolkit, M> => {
  const later =
    (name: M) =>
    async (...given: Parameters<Toolkit[M]>) => {
      const startedAt = now();
      const own = ownCopy(given);
      return (await load())[name](own, startedAt);
    };
  return Object.fromEntries(names.map((name) => [name, later(name)])) as unknown as Pick<Toolkit, M>;
};
