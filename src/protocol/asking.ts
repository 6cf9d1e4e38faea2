/**
 * Everything for servers that ask back or make a task of a call, loaded with the first one that does. It is one part,
 * because the single ones have so much in common with what is always there that bundlers would cut both to pieces.
 */
export { createAnswers } from './answers.ts';
export { runLegacyTask } from './tasks.ts';
export { finish } from './unfinished.ts';
export { meetWish } from './wishes.ts';
