import { clip } from './cells';
import type { Cell, Line, Style } from './cells';

/** A terminal, or what stands for one. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

/** Draws what fits a terminal of this size. */
export type Render = (columns: number, rows: number) => readonly Line[];

/**
 * Keeps some lines of a terminal up to date, below whatever was there before, and writes only what changes. No other screen
 * is switched to and no mode is left behind: between two writes the cursor is visible and stands below the lines, so that a
 * program which is killed leaves a terminal that can be used. See decision 0024.
 */
export class Screen {
  private drawn: readonly Line[] = [];
  private render: Render | null = null;
  private readonly onResize = (): void => {
    this.again();
  };
  private readonly onContinue = (): void => {
    // The shell has written below the lines meanwhile.
    this.drawn = [];
    this.redraw();
  };

  constructor(
    private readonly terminal: Terminal,
    private readonly colours: boolean
  ) {
    terminal.on('resize', this.onResize);
    process.on('SIGCONT', this.onContinue);
  }

  draw(render: Render): void {
    this.render = render;
    this.redraw();
  }

  /** Writes lines of another kind, which stay above the lines of the screen. */
  above(write: () => void): void {
    this.erase();
    write();
    this.redraw();
  }

  /** Leaves the lines as they are, and the cursor below them. */
  end(): void {
    this.terminal.off('resize', this.onResize);
    process.off('SIGCONT', this.onContinue);
    // Where Ctrl-C ends it, the terminal has written ^C there.
    if (this.drawn.length > 0) this.terminal.write('\r\u001b[K');
    this.render = null;
    this.drawn = [];
  }

  private again(): void {
    this.erase();
    this.redraw();
  }

  private redraw(): void {
    if (this.render === null) return;
    // A terminal that does not know its size says that it has none.
    const columns = this.terminal.columns || 80;
    const rows = this.terminal.rows || 24;
    // In the last column a character would wrap; the line below is the cursor's.
    const lines = this.render(columns, rows)
      .slice(0, Math.max(1, rows - 1))
      .map((line) => clip(line, columns - 1));
    const changes = this.changes(lines);
    this.drawn = lines;
    // In one write, so that nobody sees a half of it.
    if (changes !== '') this.terminal.write(`${HIDE}${changes}${SHOW}`);
  }

  /** What turns the lines that are drawn into these, from the line below them to the line below these. */
  private changes(lines: readonly Line[]): string {
    let out = '';
    let row = this.drawn.length;
    const goTo = (wanted: number): void => {
      out += wanted < row ? `\u001b[${row - wanted}A` : wanted > row ? `\u001b[${wanted - row}B` : '';
      row = wanted;
    };
    const common = Math.min(lines.length, this.drawn.length);
    for (let index = 0; index < common; index++) {
      const change = difference(this.drawn[index]!, lines[index]!, this.colours);
      if (change === '') continue;
      goTo(index);
      out += change;
    }
    if (common < this.drawn.length) {
      goTo(common);
      out += '\r\u001b[J';
    }
    if (common < lines.length) goTo(common);
    for (const line of lines.slice(common)) {
      out += `\r${painted(line, this.colours)}\n`;
      row += 1;
    }
    goTo(lines.length);
    return out === '' ? '' : `${out}\r`;
  }

  /** Removes the lines, also when a terminal that has become narrower has broken them. */
  private erase(): void {
    if (this.drawn.length === 0) return;
    const columns = this.terminal.columns || 80;
    const height = this.drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);
    this.terminal.write(`\r\u001b[${height}A\u001b[J`);
    this.drawn = [];
  }
}

const HIDE = '\u001b[?25l';
const SHOW = '\u001b[?25h';
const RESET = '\u001b[0m';

/** The sixteen colours that every theme chooses itself. */
const SGR: Readonly<Record<Style, string>> = {
  plain: '',
  bold: '\u001b[1m',
  dim: '\u001b[2m',
  done: '\u001b[32m',
  cached: '\u001b[36m',
  working: '\u001b[33m',
  aside: '\u001b[35m',
  failed: '\u001b[31m',
};

/** Writes over the part of a line that changes, and erases what is left of a longer one. */
function difference(before: Line, after: Line, colours: boolean): string {
  let from = 0;
  while (from < after.length && same(before[from], after[from], colours)) from += 1;
  if (from === after.length && before.length === after.length) return '';
  // Terminals disagree on which characters are wide, and so on where the others are.
  if (hasWide(before) || hasWide(after)) return `\r${painted(after, colours)}\u001b[K`;
  let to = after.length;
  if (before.length === after.length) while (same(before[to - 1], after[to - 1], colours)) to -= 1;
  const move = from === 0 ? '' : `\u001b[${from}C`;
  const erase = after.length < before.length ? '\u001b[K' : '';
  return `\r${move}${painted(after.slice(from, to), colours)}${erase}`;
}

const hasWide = (line: Line): boolean => line.some(({ text }) => text === '');

function same(a: Cell | undefined, b: Cell | undefined, colours: boolean): boolean {
  if (a === undefined || b === undefined) return false;
  return a.text === b.text && (!colours || a.style === b.style);
}

function painted(line: Line, colours: boolean): string {
  if (!colours) return line.map(({ text }) => text).join('');
  let style: Style = 'plain';
  let out = '';
  for (const cell of line) {
    if (cell.style !== style) out += `${style === 'plain' ? '' : RESET}${SGR[cell.style]}`;
    style = cell.style;
    out += cell.text;
  }
  return style === 'plain' ? out : out + RESET;
}
