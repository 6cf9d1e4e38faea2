/** Server-sent events, as providers stream their answers. https://html.spec.whatwg.org/multipage/server-sent-events.html */

/** Takes the stream piece by piece, and gives the data of the events that it completes. */
export interface EventLines {
  push(piece: Uint8Array): string[];
  /** The last event of a stream that ends without the blank line after it. */
  end(): string[];
}

export const createEventLines = (): EventLines => {
  const decoder = new TextDecoder();
  let rest: string[] = [];
  let data: string[] = [];

  const line = (text: string, events: string[]): void => {
    if (text === '') {
      if (data.length > 0) events.push(data.join('\n'));
      data = [];
      return;
    }
    // Of the other fields, providers say in the data what they say in `event`.
    if (text.startsWith('data:')) data.push(text.slice(text[5] === ' ' ? 6 : 5));
  };
  const read = (text: string): string[] => {
    const events: string[] = [];
    if (!text.includes('\n')) {
      rest.push(text);
      return events;
    }
    const lines = [...rest, text].join('').split('\n');
    rest = [lines.pop() ?? ''];
    for (const each of lines) line(each.endsWith('\r') ? each.slice(0, -1) : each, events);
    return events;
  };
  return {
    push: (piece) => read(decoder.decode(piece, { stream: true })),
    end: () => read(`${decoder.decode()}\n\n`),
  };
};
