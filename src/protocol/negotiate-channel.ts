/**
 * Finds out the era over a channel that all messages share: stdio, WebSocket, memory. There silence says something,
 * and a server may end itself over a question that it does not know.
 */
import type { Engine } from './engine.ts';
import type { Negotiated, Negotiation, Ways } from './negotiate.ts';
import { modernRefusal } from './negotiate-refused.ts';
import type { JsonObject } from './types.ts';
import type { EraName } from './wire.ts';

/** How long a probe over a shared channel is waited for, from its start and from the server's first sign of life. */
const SILENCE_MS = { fromStart: 5_000, fromFirstByte: 2_000 };

/**
 * Over stdio and the like a legacy server may answer the probe with any error, with nothing, or by exiting. After a
 * silence the handshake is sent as well; whichever is answered first decides, and the other answer changes nothing.
 */
export const overChannel = async (options: Negotiation, engine: Engine, ways: Ways): Promise<Negotiated> => {
  const { legacy, modern, isModern } = ways;
  let decided: EraName | undefined;
  const decides = (era: EraName): boolean => {
    decided ??= era;
    return decided === era;
  };
  const probed = options
    .attempt('server/discover', async (call): Promise<ProbeOutcome> => {
      const discovered = await options.discover(engine, call);
      if (isModern(discovered)) return decides('modern') ? { discovered } : {};
      return { discovered };
    })
    .catch((error: unknown): ProbeOutcome => ({ error }));
  const silence = watchSilence(options, engine);
  const outcome = await Promise.race([probed, silence.lasts]);
  silence.stop();
  if (outcome === undefined) {
    const greeted = options.attempt('initialize', async (call) => ({
      engine,
      era: await options.openLegacy(engine, call, () => decides('legacy')),
    }));
    return firstAnswered(options, engine, probed, greeted, isModern).catch(async (error: unknown) => {
      // A server that was slow to start may exit on the probe all the same.
      if (engine.ended === undefined) throw error;
      return legacy(options, await options.open());
    });
  }
  if (outcome.discovered !== undefined) return modern(options, engine, outcome.discovered);
  if (engine.ended !== undefined) return legacy(options, await options.open());
  const refusal = modernRefusal(outcome.error, ways);
  if (refusal !== undefined) throw refusal;
  return legacy(options, engine);
};

interface ProbeOutcome {
  discovered?: JsonObject;
  error?: unknown;
}

/** Waits for both. A refused handshake leaves the probe a little longer: a modern server may refuse faster than it discovers. */
const firstAnswered = (
  options: Negotiation,
  engine: Engine,
  probed: Promise<ProbeOutcome>,
  greeted: Promise<Negotiated>,
  isModern: Ways['isModern'],
): Promise<Negotiated> =>
  new Promise((resolve, reject) => {
    void probed.then(({ discovered }) => {
      if (discovered !== undefined && isModern(discovered))
        resolve({ engine, era: options.openModern(engine, discovered) });
    });
    greeted.then(resolve, (error: unknown) => {
      const patience = options.clock.after(SILENCE_MS.fromFirstByte, () => reject(error));
      void probed.then(() => {
        patience.cancel();
        reject(error);
      });
    });
  });

/** `lasts` resolves once it has been silent for long enough: never more than half of what is left, as the handshake needs its share. */
const watchSilence = (
  { clock, remainingMs }: Negotiation,
  engine: Engine,
): { lasts: Promise<undefined>; stop(): void } => {
  const half = remainingMs() / 2;
  let giveUp = (): void => {};
  const lasts = new Promise<undefined>((resolve) => {
    giveUp = () => resolve(undefined);
  });
  let timer = clock.after(Math.min(SILENCE_MS.fromStart, half), giveUp);
  let stopped = false;
  void engine.heard.then(() => {
    timer.cancel();
    if (!stopped) timer = clock.after(Math.min(SILENCE_MS.fromFirstByte, half), giveUp);
  });
  return {
    lasts,
    stop() {
      stopped = true;
      timer.cancel();
    },
  };
};
