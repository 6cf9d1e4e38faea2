/** One turn after another: the model is asked, its calls are run, and it is asked again. */
import type { Clock } from '../../clock.ts';
import { ToolwayError } from '../../errors.ts';
import { whenAborted } from '../../when-aborted.ts';
import type { ModelDone, ModelRequest } from '../model.ts';
import { ModelError } from '../model-error.ts';
import { resultMediaOf } from '../results/result-media.ts';
import { ask } from './ask.ts';
import { createConversation, type History, historyOf } from './conversation.ts';
import { createMeter, estimatedUsage, isKnown, priceOf, tokensOf } from './cost.ts';
import type { Tell } from './events.ts';
import { instructionsOf } from './instructions.ts';
import { createStreaks, limitsOf, MAX_DENIALS, reached } from './limits.ts';
import { isCut, lastText, messagesOf, textOf } from './messages.ts';
import { createOffers, type Offer } from './offer.ts';
import type { LoopOptions, LoopResult, LoopStop } from './options.ts';
import type { Running } from './server-call.ts';
import { createStore, type Store } from './store.ts';
import { refuseCalls, runTurn } from './turn.ts';

/** Where the loop's time and chance come from. */
export interface LoopSurroundings {
  clock: Clock;
  random(): number;
}

/** What one run has at hand. */
interface Run extends Running {
  options: LoopOptions;
  random(): number;
  /** On the clock. */
  endsAt: number;
  counted: { steps: number; toolCalls: number; denials: number };
  reading: Store['reading'];
  /** What was spent in this run. */
  spent: ReturnType<typeof createMeter>;
}

/** Who iterates over the events. */
interface Listener {
  /** Aborts when nobody listens any more. */
  left?: AbortSignal;
  room?: Running['room'];
}

export const runLoop = async (
  options: LoopOptions,
  { clock, random }: LoopSurroundings,
  tell: Tell,
  { left, room }: Listener = {},
): Promise<LoopResult> => {
  const limits = limitsOf(options);
  const history = historyOf(options.conversation ?? createConversation());
  const added = messagesOf(options.messages, history.conversation);
  const { conversation } = history;
  const leave = history.enter();
  const controller = new AbortController();
  const { signal } = controller;
  let isLate = false;
  const timer = Number.isFinite(limits.timeoutMs)
    ? clock.after(limits.timeoutMs, () => {
        isLate = true;
        controller.abort();
      })
    : undefined;
  const heedNoMore = [options.signal, left].map(
    (each) => each && whenAborted(each, (reason) => controller.abort(reason)),
  );
  const { toolkit, handlers, principal, scope } = options;
  const { spill, reading } = createStore(options, history);
  const spent = createMeter(history);
  const counted = { steps: 0, toolCalls: 0, denials: 0 };
  const before = conversation.messages.length;
  const endsAt = clock.now() + limits.timeoutMs;
  const run: Run = {
    ...{ toolkit, handlers, principal, scope, history, limits, spill, clock, signal, tell, counted },
    media: resultMediaOf(options.model.traits.profile),
    ...{ options, random, endsAt, reading, spent, room },
  };
  try {
    history.add(added);
    const stop = await untilStop(run).catch((error: unknown): LoopStop => {
      if (!signal.aborted) throw error;
      keepPartial(error, history);
      if (isLate) return 'timeout';
      throw new ToolwayError('cancelled', 'the run was cancelled', { cause: signal.reason });
    });
    const { usage, costUsd } = spent();
    return {
      text: lastText(conversation.messages.slice(before)),
      stop,
      messages: [...conversation.messages],
      conversation,
      steps: counted.steps,
      toolCalls: Math.min(counted.toolCalls, limits.maxToolCalls),
      usage,
      ...(costUsd !== undefined && { costUsd }),
    };
  } finally {
    timer?.cancel();
    for (const stop of heedNoMore) stop?.();
    leave();
  }
};

const untilStop = async (run: Run): Promise<LoopStop> => {
  const { options, history, limits, counted, signal, tell, spent } = run;
  const offers = createOffers(options, signal);
  const failing = createStreaks();
  let offer: Offer | undefined;
  let system: ModelRequest['system'] | undefined;
  for (;;) {
    await run.room?.(signal);
    heed(signal);
    const { usage, usd } = spent();
    const limit = reached({ steps: counted.steps, tokens: tokensOf(usage), usd }, limits);
    if (limit !== undefined) return limit;
    counted.steps += 1;
    tell({ type: 'step', step: counted.steps });
    const current = await offers.next(run.reading());
    if (current !== offer) {
      for (const message of current.leftOut) tell({ type: 'warning', message });
      history.read(history.sightings.news(current.listed));
    }
    offer = current;
    // Servers are connected now; what they say stays the same for this run, so that its beginning can be cached.
    system ??= systemOf(options, history);
    const done = await askModel(run, system, offer).catch((error: unknown) => {
      if (!(error instanceof ModelError) || error.failure !== 'context') throw error;
      tell({ type: 'warning', message: error.message });
      return undefined;
    });
    if (done === undefined) return 'context';
    const calls = history.say(done.message);
    if (calls.length === 0) {
      heed(signal);
      if (done.stop === 'pause') continue;
      return stopOf(done, tell);
    }
    if (isCut(done.stop)) {
      refuseCalls(calls, `the message broke off (${done.stop}), so that its calls are not run`, run);
      return done.stop;
    }
    const isStuck = failing(await runTurn(calls, offer, run));
    if (counted.denials >= MAX_DENIALS) return 'denied';
    if (isStuck) return 'stuck';
    if (counted.toolCalls > limits.maxToolCalls) return 'max_tool_calls';
  }
};

const systemOf = (options: LoopOptions, history: History): ModelRequest['system'] => {
  const { text, sources } = instructionsOf(options);
  history.read(sources);
  const texts = [options.system ?? '', text].filter((each) => each !== '');
  return texts.map((each, at) => ({ text: each, ...(at === texts.length - 1 && { cache: true }) }));
};

const heed = ({ aborted, reason }: AbortSignal): void => {
  if (aborted) throw new ToolwayError('cancelled', 'the run was cancelled', { cause: reason });
};

const askModel = async (run: Run, system: ModelRequest['system'], { tools }: Offer): Promise<ModelDone> => {
  const { options, history, limits, clock, random, endsAt, signal, tell } = run;
  const { model, maxOutputTokens, temperature } = options;
  const { conversation } = history;
  const price = priceOf(model);
  const request: ModelRequest = {
    system,
    messages: conversation.messages,
    tools,
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
    cacheKey: conversation.id,
    signal,
  };
  const onFailure = ({ usage }: ModelError): void => {
    if (usage !== undefined) history.spend(usage, price);
  };
  const done = await ask({ model, request, clock, random, endsAt, tell, onFailure });
  const isLimited = Number.isFinite(limits.maxTokens) || Number.isFinite(limits.maxCostUsd);
  const usage = isKnown(done.usage) || !isLimited ? done.usage : estimatedUsage(request, done.message);
  history.spend(usage, price);
  const { usage: all, costUsd } = conversation;
  tell({ type: 'usage', usage: all, ...(costUsd !== undefined && { costUsd }) });
  return done;
};

/** Why a message without calls is the last one. */
const stopOf = ({ stop, message, detail }: ModelDone, tell: Tell): LoopStop => {
  if (detail !== undefined) tell({ type: 'warning', message: detail });
  if (stop === 'end' && message.content.every((part) => part.type !== 'text' || part.text === '')) {
    tell({ type: 'warning', message: 'the model wrote nothing' });
    return 'other';
  }
  return stop === 'calls' || stop === 'pause' ? 'other' : stop;
};

/** What had come of an answer that was cancelled is what the user has seen. */
const keepPartial = (error: unknown, history: History): void => {
  if (!(error instanceof ModelError)) return;
  const text = textOf(error.partial?.content ?? []);
  if (text.trim() !== '') history.say({ role: 'assistant', content: [{ type: 'text', text }] });
};
