/** Makes a plan of a request: which tools, with which arguments, and what is not clear. */
import { type Candidate, type Catalogue, seemsToRead } from './catalogue.ts';
import { choose, type Rated } from './choose.ts';
import { fill } from './fill.ts';
import type { Moment } from './moment.ts';
import type { Plan, Step } from './plan.ts';
import { scan } from './spans.ts';
import { cut } from './steps.ts';

/** What was made of a request. `unclear` is a piece that no tool fits. */
export interface DrawnUp {
  steps: Step[];
  drafts: Plan['drafts'];
  left: string[];
  which?: { text: string; choices: Candidate[] };
  unplaced?: { label: string; text: string };
  unclear?: { text: string; nearest: Candidate[] };
}

const stepOf = (text: string, { candidate, filled, matched }: Rated): Step => {
  const { name, inner, label } = candidate;
  const words = [...matched, ...Object.values(filled.from)].map((word) => JSON.stringify(word.slice(0, 40)));
  return {
    text,
    name,
    ...(inner === undefined ? {} : { inner }),
    label,
    arguments: filled.arguments,
    missing: filled.missing,
    ...(filled.part === undefined ? {} : { part: filled.part }),
    referred: filled.referred,
    state: 'waiting',
    ...(words.length === 0 ? {} : { why: [...new Set(words)].join(', ') }),
  };
};

/** A step for a tool that the person has chosen. */
export const stepFor = (text: string, candidate: Candidate, moment: Moment, hasBefore: boolean): Step => {
  const filled = fill(candidate.tool.inputSchema, scan(text, moment), {
    toolTerms: new Set(),
    hasBefore,
    isHarmless: seemsToRead(candidate),
  });
  return stepOf(text, { candidate, filled, matched: [], strange: [], score: 1 });
};

/** `pieces` are steps that were cut already. Ends at the first one that is not clear: what follows may hang on it. */
export const drawUp = async (
  pieces: readonly string[],
  catalogue: Catalogue,
  moment: Moment,
  before: { hasBefore: boolean; steps: readonly Step[] },
): Promise<DrawnUp> => {
  const drawn: DrawnUp = { steps: [], drafts: [], left: [] };
  for (const [at, text] of pieces.entries()) {
    const scanned = scan(text, moment);
    const hasBefore = before.hasBefore || before.steps.length + drawn.steps.length > 0;
    const choice = await choose(scanned, catalogue, hasBefore);
    if (choice.kind === 'one') {
      drawn.steps.push(stepOf(text, choice.rated));
      continue;
    }
    if (choice.kind === 'several') drawn.which = { text, choices: choice.rated.map(({ candidate }) => candidate) };
    else if (choice.kind === 'unplaced') drawn.unplaced = { label: choice.rated.candidate.label, text: choice.text };
    else drawn.unclear = { text, nearest: choice.nearest };
    drawn.drafts = pieces.slice(at + 1).map((rest) => ({ text: rest }));
    return drawn;
  }
  return drawn;
};

export const piecesOf = (text: string, catalogue: Catalogue, moment: Moment): { pieces: string[]; left: string[] } => {
  const { steps, left } = cut(text, moment, catalogue.isVerb);
  return { pieces: steps.map((step) => step.text), left };
};
