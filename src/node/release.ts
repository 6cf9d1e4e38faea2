/** Letting go of all children at once, for a program that is about to exit. */

const children = new Set<() => void>();
let seeOff: () => void = () => {};

/**
 * Lets go of all children at once, for a program that is about to exit: their stdin is closed, and the supervisor sees
 * them off (2 s, SIGTERM, 2 s, SIGKILL) while the program may already be gone. On Windows they are left to their closed stdin.
 */
export const releaseChildren = (): void => {
  for (const release of [...children]) release();
  seeOff();
};

/** `release` is what lets go of one child; the result takes it back. */
export const onRelease = (release: () => void): (() => void) => {
  children.add(release);
  return () => void children.delete(release);
};

/** What is told when all children were let go of. */
export const afterRelease = (tell: () => void): void => {
  seeOff = tell;
};
