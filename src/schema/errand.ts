/** Work on a schema that somebody asked for: for whom it is, and whether anybody waits for it. */
export interface Errand {
  /** Each owner has its turn. */
  readonly owner: object;
  /** It goes before what nobody waits for. */
  urgent: boolean;
  /** To be called when it has become urgent: moves what does its work now to where the urgent is. */
  raise?: (() => void) | undefined;
}

/** From now on its work is done by another errand, which is at least as urgent. */
export const follow = (errand: Errand, leader: Errand): void => {
  if (errand === leader) return;
  errand.raise = () => {
    leader.urgent = true;
    leader.raise?.();
  };
  if (errand.urgent) errand.raise();
};
