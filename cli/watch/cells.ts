import stringWidth from 'string-width';

/** What a cell is about; a terminal with colours shows it in one. */
export type Style = 'plain' | 'bold' | 'dim' | 'done' | 'cached' | 'working' | 'aside' | 'failed';

/** One column of a terminal; the second column of a wide character has no text. */
export interface Cell {
  readonly text: string;
  readonly style: Style;
}

export type Line = readonly Cell[];

/** Text as cells. What could move the cursor or change the terminal is shown as a blank. */
export function cells(text: string, style: Style = 'plain'): Line {
  const clean = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, ' ');
  if (/^[ -~]*$/.test(clean)) return Array.from(clean, (character) => ({ text: character, style }));
  return Array.from(GRAPHEMES.segment(clean), ({ segment }) => wide(segment, style)).flat();
}

/** At most `width` cells, the last of which says so when something was left out. */
export function clip(line: Line, width: number): Line {
  if (line.length <= width) return line;
  if (width <= 0) return [];
  const kept = line.slice(0, width - 1);
  // Half of a wide character cannot be shown.
  const whole = line[width - 1]!.text === '' ? [...kept.slice(0, -1), BLANK] : kept;
  return [...whole, { text: '~', style: 'dim' }];
}

/** Exactly `width` cells. */
export function fit(line: Line, width: number): Line {
  return [...clip(line, width), ...blanks(width - line.length)];
}

export const blanks = (count: number): Line => new Array<Cell>(Math.max(0, count)).fill(BLANK);

/** Lines of at most `width` cells with as many of the items in each as fit, in their order. */
export function flow(items: readonly Line[], width: number, gap = 2): Line[] {
  const lines: Line[] = [];
  for (const item of items) {
    const last = lines.at(-1);
    if (last === undefined || last.length + gap + item.length > width) lines.push(clip(item, width));
    else lines[lines.length - 1] = [...last, ...blanks(gap), ...item];
  }
  return lines;
}

const BLANK: Cell = { text: ' ', style: 'plain' };

const GRAPHEMES = new Intl.Segmenter();

function wide(grapheme: string, style: Style): Cell[] {
  const width = stringWidth(grapheme);
  if (width === 0) return [];
  return [{ text: grapheme, style }, ...Array.from({ length: width - 1 }, () => ({ text: '', style }))];
}
