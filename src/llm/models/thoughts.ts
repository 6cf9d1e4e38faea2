/** Splits off what a model thought where it says it before its text, between `<think>` and `</think>`. */

export interface Thoughts {
  push(delta: string): Said[];
  /** What was held back. */
  end(): Said[];
}

export interface Said {
  type: 'text' | 'reasoning';
  delta: string;
}

const BEGIN = '<think>';
const END = '</think>';

export const createThoughts = (): Thoughts => {
  let mode: 'begin' | 'reasoning' | 'text' = 'begin';
  let held = '';

  const said = (type: Said['type'], delta: string): Said[] => (delta === '' ? [] : [{ type, delta }]);
  const pushReasoning = (): Said[] => {
    const at = held.indexOf(END);
    if (at >= 0) {
      const text = held.slice(at + END.length).trimStart();
      const thought = held.slice(0, at);
      mode = 'text';
      held = '';
      return [...said('reasoning', thought), ...said('text', text)];
    }
    const keep = beginningOf(END, held);
    const thought = held.slice(0, held.length - keep);
    held = held.slice(held.length - keep);
    return said('reasoning', thought);
  };
  return {
    push(delta) {
      if (mode === 'text') return said('text', delta);
      held += delta;
      if (mode === 'reasoning') return pushReasoning();
      const start = held.trimStart();
      if (BEGIN.startsWith(start)) return [];
      if (start.startsWith(BEGIN)) {
        mode = 'reasoning';
        held = start.slice(BEGIN.length);
        return pushReasoning();
      }
      mode = 'text';
      return said('text', held);
    },
    end() {
      const rest = mode === 'text' ? '' : held;
      held = '';
      return said(mode === 'reasoning' ? 'reasoning' : 'text', rest);
    },
  };
};

/** How much of the end of `text` may be the beginning of `tag`. */
const beginningOf = (tag: string, text: string): number => {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length -= 1) {
    if (text.endsWith(tag.slice(0, length))) return length;
  }
  return 0;
};
