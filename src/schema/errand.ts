/** Work on a schema that somebody asked for: for whom it is, and whether anybody waits for it. */
export interface Errand {
  /** Each owner has its turn. */
  readonly owner: object;
  /** It goes before what nobody waits for. */
  urgent: boolean;
  /** The errand that does the work of this one as well. */
  leader?: Errand;
  /** Moves what is waiting for its turn to where the urgent is. */
  raise?: (() => void) | undefined;
}

/** Somebody waits for it from now on. */
export const hurry = (errand: Errand): void => {
  errand.urgent = true;
  errand.raise?.();
  if (errand.leader !== undefined) hurry(errand.leader);
};

/** From now on its work is done by another errand, which is at least as urgent. */
export const follow = (errand: Errand, leader: Errand): void => {
  if (errand === leader) return;
  errand.leader = leader;
  if (errand.urgent) hurry(leader);
};
