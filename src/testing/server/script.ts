/** Which misbehaviour is planned for the next requests, and how it is carried out. */
import type { Clock } from '../../clock.ts';
import type { JsonObject } from '../../protocol/types.ts';
import { isObject } from '../../protocol/wire.ts';
import type { Misbehaviour } from './misbehaviour.ts';
import type { Voice } from './voice.ts';

export interface Script {
  misbehave(what: Misbehaviour): void;
  /** Forgets what was still to come. */
  behave(): void;
  /** What is to be done with this request, if anything; one less of it is left. */
  next(method: string, params: JsonObject): Planned | undefined;
}

export interface Planned {
  /** The request is not worked on. */
  readonly instead: boolean;
  /** Says the answer, or what takes its place; without one, the request was not worked on. */
  say(id: unknown, voice: Voice, answer?: JsonObject): void;
}

interface Left {
  what: Misbehaviour;
  left: number;
  /** Answers that wait for each other. */
  held: (() => void)[];
}

const INSTEAD: readonly Misbehaviour['type'][] = ['status', 'error', 'silent'];

export const createScript = (clock: Clock): Script => {
  const planned: Left[] = [];

  const fits = ({ what: { method = 'tools/call', tool }, left }: Left, asked: string, params: JsonObject): boolean =>
    left > 0 && method === asked && (tool === undefined || (isObject(params) && params.name === tool));

  const say = ({ what, held }: Left, id: unknown, voice: Voice, answer?: JsonObject): void => {
    const finish = (): void => {
      voice.say(answer);
      voice.done();
    };
    const refuse = (error: JsonObject): void => {
      voice.say({ jsonrpc: '2.0', id, error });
      voice.done();
    };
    switch (what.type) {
      case 'status': {
        const { status, retryAfterSeconds, body = '' } = what;
        const headers = { ...what.headers };
        if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds);
        if (voice.respond === undefined) refuse({ code: -32_000, message: `status ${status}` });
        else voice.respond(status, headers, body);
        break;
      }
      case 'error': {
        const { code, message = 'scripted', data } = what;
        refuse({ code, message, ...(data === undefined ? {} : { data }) });
        break;
      }
      case 'late':
        clock.after(what.delayMs, finish);
        break;
      case 'cut':
        voice.cut(what.at ?? 'before', answer);
        break;
      case 'duplicate':
        voice.say(answer);
        finish();
        break;
      case 'junk':
        voice.junk(what.text ?? 'this is no message');
        finish();
        break;
      case 'reorder':
        held.push(finish);
        if (held.length >= (what.of ?? 2)) for (const release of held.splice(0).reverse()) release();
        break;
      case 'silent':
      case 'drop':
    }
  };

  return {
    misbehave(what) {
      const { times = 1 } = what;
      planned.push({ what, left: what.type === 'reorder' ? Math.max(times, what.of ?? 2) : times, held: [] });
    },
    behave: () => void planned.splice(0),
    next(method, params) {
      const found = planned.find((each) => fits(each, method, params));
      if (found === undefined) return undefined;
      found.left -= 1;
      if (found.left === 0) planned.splice(planned.indexOf(found), 1);
      return {
        instead: INSTEAD.includes(found.what.type),
        say: (id, voice, answer) => say(found, id, voice, answer),
      };
    },
  };
};
