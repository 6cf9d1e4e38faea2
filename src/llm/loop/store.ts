/** Where a run keeps what is too long for the model, and the tool by which the model reads on. */
import type { LocalTool } from '../local-tool.ts';
import { createReadResult } from '../results/read-result.ts';
import type { Spill } from '../results/spill.ts';
import type { History } from './conversation.ts';
import type { LoopOptions } from './options.ts';

export interface Store {
  spill: Spill;
  /** `read_result`, once there is something to be read. The same list as long as it holds the same. */
  reading(): readonly LocalTool[];
}

const NOTHING: readonly LocalTool[] = [];

export const createStore = ({ spill: own }: LoopOptions, history: History): Store => {
  const spill = own ?? history.spill;
  const readResult = [createReadResult(spill)];
  return {
    spill: {
      put(...what) {
        history.spilled = true;
        return spill.put(...what);
      },
      get: (id) => spill.get(id),
    },
    // A conversation that was stored can have ids that a store of the program still knows.
    reading: () => (history.spilled || (own !== undefined && history.isResumed) ? readResult : NOTHING),
  };
};
