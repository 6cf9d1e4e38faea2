/** What an `Accept` header asks for by name (RFC 9110 §12.5.1). What takes everything asks for nothing in particular. */

interface Range {
  type: string;
  subtype: string;
  weight: number;
}

/** Ranges that are looked at; a header with more of them is cut. */
const MAX_RANGES = 32;

const rangesOf = (accept: string): Range[] =>
  accept
    .split(',', MAX_RANGES)
    .map((part) => {
      const [range = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
      const [type = '', subtype = ''] = range.split('/');
      const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
      const weight = Number(q);
      return { type, subtype, weight: weight >= 0 && weight <= 1 ? weight : 1 };
    })
    .filter(({ type, subtype }) => type !== '' && subtype !== '');

const weightOf = (ranges: readonly Range[], mimeType: string): number => {
  const [type, subtype] = mimeType.toLowerCase().split('/');
  const exact = ranges.find((range) => range.type === type && range.subtype === subtype);
  const ofType = ranges.find((range) => range.type === type && range.subtype === '*');
  return (exact ?? ofType)?.weight ?? 0;
};

/** Whether a type is asked for by name, or with all of its kind, and no less than JSON is. */
export const asksFor = (accept: string, mimeType: string): boolean => {
  const ranges = rangesOf(accept);
  const weight = weightOf(ranges, mimeType);
  return weight > 0 && weight >= weightOf(ranges, 'application/json');
};
