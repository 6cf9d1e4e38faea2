/** A step that most calls pass by: what it does is loaded with the first call that it is for. */
import type { Call } from '../call.ts';
import { share } from '../waits.ts';
import type { CallFn, Middleware } from './middleware.ts';

/** Calls for which `applies` is false go on at once. The step that `load` gives is made once, and kept where the road is laid anew. */
export const onDemand = (applies: (call: Call) => boolean, load: () => Promise<Middleware>): Middleware => {
  let step: Middleware | undefined;
  let loading: Promise<void> | undefined;
  const loadOnce = (): Promise<void> => {
    loading ??= load().then(
      (loaded) => {
        step = loaded;
      },
      (error: unknown) => {
        loading = undefined;
        throw error;
      },
    );
    return loading;
  };
  return (next) => {
    let run: CallFn | undefined;
    const take: CallFn = (call) => {
      run ??= step?.(next);
      return run === undefined ? share(call, loadOnce()).then(() => take(call)) : run(call);
    };
    return (call) => (applies(call) ? take(call) : next(call));
  };
};
