/** One message of the planner: from the conversation so far to what it says and calls. */
import type { JsonObject } from '../../protocol/types.ts';
import { typeName } from '../../schema/signature.ts';
import type { Message } from '../message.ts';
import { answerText, HEADER, notPlaced, notSure, planText, whatArgument, whichTool, whichValue } from './answer.ts';
import type { Candidate, Catalogue } from './catalogue.ts';
import { choose } from './choose.ts';
import { type DrawnUp, drawUp, piecesOf, stepFor } from './draw-up.ts';
import type { Moment } from './moment.ts';
import { give, memberOf, wrapped } from './part.ts';
import { lastPlan, type Plan, planNumber, resultOf, type Step } from './plan.ts';
import type { Property } from './property.ts';
import { type Earlier, refer } from './refer.ts';
import { chosenOf, isCancel, isFreeText, isSkip, isWhichTool, propertyFor, valueIn } from './reply.ts';
import { scan } from './spans.ts';
import { leadOf } from './steps.ts';

export interface Turn {
  text: string;
  call?: { name: string; arguments: JsonObject };
  plan: Plan;
}

export interface TurnOptions {
  messages: readonly Message[];
  catalogue: Catalogue;
  moment: Moment;
  /** Calls are not wanted. */
  isDry: boolean;
  /** The answer to what needs no tool. */
  smallTalk(text: string): string | undefined;
}

/** What is read of a request takes time that grows faster than its length. */
const LONGEST_REQUEST = 8_000;

/** Without the resources that came along: they are no request, and nothing here reads them. */
/** What a question is about: an argument, or what is missing of the object that it is. */
const wantedOf = (candidate: Candidate, { part }: Step, name: string): Property => {
  const property = propertyFor(candidate, name);
  const [member] = part?.property === name ? part.missing : [];
  return member === undefined ? property : memberOf(property, member, candidate.tool.inputSchema);
};

/** Takes an answer in; whether more of the same argument is to be asked for. */
const takeAnswer = (candidate: Candidate, step: Step, name: string, value: unknown): boolean => {
  const { part } = step;
  const [member, ...more] = part?.property === name ? part.missing : [];
  if (part === undefined || member === undefined) {
    give(step.arguments, name, value);
    return false;
  }
  give(part.given, member, value);
  part.missing = more;
  if (more.length > 0) return true;
  const { inputSchema } = candidate.tool;
  give(step.arguments, name, wrapped(propertyFor(candidate, name).schema, part.given, inputSchema));
  delete step.part;
  return false;
};

const textOfUser = (messages: readonly Message[]): string => {
  const from = messages.findLastIndex(({ role }) => role !== 'user') + 1;
  const parts = messages.slice(from).flatMap(({ content }) => content);
  return parts
    .flatMap((part) => (part.type === 'text' && part.source?.kind !== 'resource' ? [part.text] : []))
    .join('\n')
    .trim();
};

export const takeTurn = async ({ messages, catalogue, moment, isDry, smallTalk }: TurnOptions): Promise<Turn> => {
  const earlier = lastPlan(messages);
  const opening = earlier === undefined ? [HEADER] : [];
  const plan: Plan = earlier ?? { id: 0, steps: [], drafts: [] };
  const calling = plan.calling;
  delete plan.calling;

  const say = (...lines: string[]): Turn => ({
    text: [...opening, ...lines].filter((line) => line !== '').join('\n\n'),
    plan,
  });
  const candidateOf = (step: Step): Candidate | undefined =>
    catalogue.candidates.find(({ label, name }) => label === step.label && name === step.name);

  const askFor = (at: number, property: string, why?: string): Turn => {
    const step = plan.steps[at] as Step;
    const candidate = candidateOf(step);
    if (candidate === undefined) return gone(step);
    const { name, schema } = wantedOf(candidate, step, property);
    plan.asking = { about: 'argument', at, property };
    const said = typeof schema.description === 'string' ? schema.description : '';
    return say(whatArgument(step.label, name, typeName(schema, candidate.tool.inputSchema), said, why));
  };
  const gone = (step: Step): Turn => {
    plan.steps = [];
    plan.drafts = [];
    delete plan.asking;
    return say(`${step.label} is not there any more.`);
  };
  const before = (at: number): Earlier | undefined => {
    const step = plan.steps[at - 1];
    if (step !== undefined) return { arguments: step.arguments, result: resultOf(messages, plan.id, at - 1) };
    const last = plan.before;
    const other = last && planNumber(messages, last.plan)?.steps[last.at];
    return last && other && { arguments: other.arguments, result: resultOf(messages, last.plan, last.at) };
  };

  /** Asks what is missing; else calls what comes next; else tells what came of it. */
  const goOn = (...lines: string[]): Turn => {
    for (const [at, { state, missing }] of plan.steps.entries()) {
      const [property] = missing;
      if (state === 'waiting' && property !== undefined) return askFor(at, property);
    }
    const at = plan.steps.findIndex(({ state }) => state === 'waiting');
    const step = plan.steps[at];
    if (step === undefined) return say(answerText(plan, messages), ...lines);
    const isFirst = plan.steps.every(({ state }) => state === 'waiting' || state === 'skipped');
    const told = isFirst
      ? [
          planText(
            plan.steps.filter(({ state }) => state !== 'skipped'),
            lines,
          ),
        ]
      : [];
    const candidate = candidateOf(step);
    if (candidate === undefined) return gone(step);
    for (const property of [...step.referred]) {
      const found = before(at);
      const value = found && refer(property, candidate.tool.inputSchema, found, moment);
      if (value?.kind === 'several') {
        plan.asking = { about: 'value', at, property, choices: value.choices };
        return say(whichValue(step.label, property, value.choices));
      }
      step.referred = step.referred.filter((name) => name !== property);
      if (value?.kind !== 'value') {
        step.missing.push(property);
        return askFor(at, property, value?.why ?? 'there is no step before');
      }
      give(step.arguments, property, value.value);
    }
    if (isDry) return say(...told, 'Nothing is called now.');
    step.state = 'called';
    plan.calling = at;
    const given = step.inner === undefined ? step.arguments : { name: step.inner, arguments: step.arguments };
    return { ...say(...told), call: { name: step.name, arguments: given } };
  };

  const takeIn = ({ steps, drafts, left, which, unclear, unplaced }: DrawnUp): Turn => {
    plan.steps.push(...steps);
    if (which === undefined && drafts.length + Number(unclear !== undefined) + Number(unplaced !== undefined) > 0) {
      const undone = plan.steps.length + drafts.length > 0 ? 'Nothing of it was done.' : '';
      plan.steps = [];
      plan.drafts = [];
      const why = unplaced === undefined ? notSure(unclear?.text ?? '', unclear?.nearest ?? []) : notPlaced(unplaced);
      return say(why, undone, ...left);
    }
    plan.drafts = drafts;
    if (which === undefined) return goOn(...left);
    plan.asking = {
      about: 'tool',
      step: { text: which.text },
      choices: which.choices.map(({ label }) => label),
      at: plan.steps.length,
    };
    return say(whichTool(which.text, which.choices), ...left);
  };

  const begin = async (text: string, ...first: string[]): Promise<Turn> => {
    const talk = smallTalk(text);
    if (talk !== undefined) return say(talk);
    const done = plan.steps.findLastIndex(({ state }) => state === 'done' || state === 'failed');
    const last = done >= 0 ? { plan: plan.id, at: done } : plan.before;
    plan.id += 1;
    plan.steps = [];
    plan.drafts = [];
    delete plan.before;
    delete plan.asking;
    if (last !== undefined) plan.before = last;
    const { pieces, left } = piecesOf(text, catalogue, moment);
    const wanted = pieces.filter((piece) => smallTalk(piece) === undefined);
    if (wanted.length === 0) return say(...first, left.length > 0 ? left.join('\n') : notSure(text, []));
    const drawn = await drawUp(wanted, catalogue, moment, { hasBefore: last !== undefined, steps: [] });
    return takeIn({ ...drawn, left: [...first, ...left] });
  };
  const rest = async (): Promise<Turn> => {
    const drafts = plan.drafts.map(({ text }) => text);
    plan.drafts = [];
    return takeIn(await drawUp(drafts, catalogue, moment, { hasBefore: plan.before !== undefined, steps: plan.steps }));
  };

  /** What was asked is answered, given up, or replaced by another request. */
  const hear = async (text: string): Promise<Turn> => {
    const { asking } = plan;
    if (text.length > LONGEST_REQUEST) return say(`I read ${LONGEST_REQUEST} characters at most, and this is more.`);
    if (asking === undefined) return begin(text);
    if (isCancel(text)) {
      plan.steps = [];
      plan.drafts = [];
      delete plan.asking;
      return say('Cancelled: nothing more is done.');
    }
    if (isWhichTool(asking)) return hearTool(text, asking);
    const step = plan.steps[asking.at] as Step;
    if (isSkip(text)) {
      delete plan.asking;
      step.state = 'skipped';
      return goOn();
    }
    const candidate = candidateOf(step);
    if (candidate === undefined) return gone(step);
    const property = wantedOf(candidate, step, asking.property);
    const talk = isFreeText(property) ? undefined : smallTalk(text);
    if (talk !== undefined) return say(talk);
    const picked = asking.about === 'value' ? chosenOf(text, asking.choices) : undefined;
    const isRequest = picked === undefined && (await isOther(text));
    const value = isRequest ? undefined : valueIn(picked ?? text, candidate, property, moment);
    if (value !== undefined) {
      delete plan.asking;
      if (takeAnswer(candidate, step, asking.property, value.value)) return goOn();
      step.missing = step.missing.filter((name) => name !== asking.property);
      step.referred = step.referred.filter((name) => name !== asking.property);
      return goOn();
    }
    if (isRequest) return begin(text, 'The plan before is dropped.');
    return askFor(asking.at, asking.property, `${JSON.stringify(text.slice(0, 60))} is none`);
  };
  const hearTool = async (text: string, asking: Extract<Plan['asking'], { about: 'tool' }>): Promise<Turn> => {
    const label = chosenOf(text, asking.choices);
    const candidate = catalogue.candidates.find((one) => one.label === label);
    if (candidate !== undefined || isSkip(text)) {
      delete plan.asking;
      const hasBefore = plan.steps.length > 0 || plan.before !== undefined;
      if (candidate !== undefined) plan.steps.push(stepFor(asking.step.text, candidate, moment, hasBefore));
      return rest();
    }
    return begin(text);
  };
  /** Whether it is a whole request of its own: a tool that is meant beyond doubt, and all that it needs. */
  const isOther = async (text: string): Promise<boolean> => {
    const [piece, ...more] = piecesOf(text, catalogue, moment).pieces;
    if (piece === undefined) return false;
    const choice = await choose(scan(piece, moment), catalogue, false);
    return (
      choice.kind === 'one' &&
      (more.length > 0 || choice.rated.filled.missing.length === 0) &&
      catalogue.isVerb(leadOf(text) ?? '')
    );
  };

  if (messages.at(-1)?.role === 'user') return hear(textOfUser(messages));
  const step = calling === undefined ? undefined : plan.steps[calling];
  if (step === undefined || calling === undefined) return say('There is nothing to do.');
  step.state = resultOf(messages, plan.id, calling)?.isError === true ? 'failed' : 'done';
  if (step.state === 'failed') for (const later of plan.steps) if (later.state === 'waiting') later.state = 'skipped';
  return goOn();
};
