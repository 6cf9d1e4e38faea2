/** What was first seen of the tools of one server: their definitions as text, by name. */
export interface FirstSeen {
  get(tool: string): string | undefined;
  set(tool: string, text: string): void;
  /** No room for a tool that was never seen. */
  readonly full: boolean;
  /** Resolves when what was seen by earlier programs is here. */
  readonly ready?: Promise<void>;
  /** Resolves when what was set is where later programs find it; rejects when it is not. */
  saved?(): Promise<void>;
}

/** The most tools that are remembered of one server, and characters of their definitions: the limits of any list, a few times over. */
const MAX_FIRST_SEEN = { tools: 10_000, chars: 32 * 1024 * 1024 };

export const createFirstSeen = ({ tools, chars } = MAX_FIRST_SEEN): FirstSeen => {
  const texts = new Map<string, string>();
  let held = 0;
  return {
    get: (tool) => texts.get(tool),
    set(tool, text) {
      held += text.length - (texts.get(tool)?.length ?? 0);
      texts.set(tool, text);
    },
    get full() {
      return texts.size >= tools || held >= chars;
    },
  };
};
