/** A validator that is loaded with the first schema: programs whose servers have none never pay for it. */
import type { Validator } from './validator.ts';

export const validatorOnDemand = (load: () => Promise<Validator>): Validator => {
  let loading: Promise<Validator> | undefined;
  return {
    async compile(schema, errand) {
      loading ??= load();
      return (await loading).compile(schema, errand);
    },
    async close() {
      await (await loading)?.close();
    },
  };
};
