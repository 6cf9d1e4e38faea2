/** What is loaded when it is first asked for. */
import { ToolwayError } from './errors.ts';

/** Loads something once; after a failure the next call tries again. Rejects with `internal` when it cannot be loaded. */
export const once = <T>(load: () => Promise<T>): (() => Promise<T>) => {
  let loading: Promise<T> | undefined;
  return () => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw ToolwayError.from(error, { executed: 'no' });
    });
    return loading;
  };
};
