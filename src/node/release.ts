/** Letting go of all children at once, for a program that is about to exit. */

/** What can be done to one child on the way out. */
export interface Leaving {
  /** Closes its stdin and holds on to nothing of it. */
  release(): void;
  /** Ends it and everything it started, now. */
  kill(): void;
}

const children = new Set<Leaving>();
let seeOff: () => void = () => {};

/**
 * Lets go of all children at once, for a program that is about to exit: their stdin is closed, and the supervisor sees
 * them off (2 s, SIGTERM, 2 s, SIGKILL) while the program may already be gone. On Windows they are left to their closed stdin.
 */
export const releaseChildren = (): void => {
  for (const child of [...children]) child.release();
  seeOff();
};

/** Ends all children at once with SIGKILL, those among them that are just being closed, too. */
export const killChildren = (): void => {
  for (const child of [...children]) child.kill();
};

/** Puts a child among those that are let go of; the result takes it back. */
export const onRelease = (child: Leaving): (() => void) => {
  children.add(child);
  return () => void children.delete(child);
};

/** What is told when all children were let go of. */
export const afterRelease = (tell: () => void): void => {
  seeOff = tell;
};
