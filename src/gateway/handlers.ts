/** What a toolkit behind a gateway has to be told that can be asked, though nobody but the one who calls ever is. */
import { ToolwayError } from '../errors.ts';
import type { Handlers } from '../handlers.ts';

const refuse = (): never => {
  throw new ToolwayError('denied', 'nobody is there to be asked');
};

/**
 * For `createToolkit({ ...gatewayHandlers, … })` of a toolkit that a gateway serves. A legacy server is told once, when
 * it is connected, what it may ask; with these it is told of everything, and each request then brings those that answer
 * for its caller. Whatever is asked outside of such a request is refused; logs are asked for, and heard as events.
 */
export const gatewayHandlers: Required<Pick<Handlers, 'onElicit' | 'onSample' | 'roots' | 'onLog'>> = {
  onElicit: refuse,
  onSample: refuse,
  roots: refuse,
  onLog() {},
};
