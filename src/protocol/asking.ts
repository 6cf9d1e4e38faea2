/**
 * Everything for servers that ask back or make a task of a call, loaded with the first one that does. It is one part,
 * because the single ones have so much in common with what is always there that bundlers would cut both to pieces.
 */
export { createAnswers } from './answers.ts';
export { answerInputs } from './input-rounds.ts';
export { runLegacyTask, runModernTask } from './tasks.ts';
export { visitUrls } from './url-elicitation.ts';
