import { EventEmitter } from 'node:events';
import { Terminal as Emulator } from '@xterm/headless';
import fc from 'fast-check';

import { cells } from '../../../cli/watch/cells';
import type { Line, Style } from '../../../cli/watch/cells';
import { Screen } from '../../../cli/watch/screen';

/** A terminal as xterm is one; what is written with `\n` goes to the beginning of the next line, as on a real one. */
class Terminal extends EventEmitter {
  readonly emulator: Emulator;
  bytes = 0;
  text = '';

  constructor(
    public columns: number,
    public rows: number
  ) {
    super();
    this.emulator = new Emulator({ cols: columns, rows, allowProposedApi: true, convertEol: true, scrollback: 500 });
  }

  write(text: string): void {
    this.bytes += Buffer.byteLength(text);
    this.text += text;
    this.emulator.write(text);
  }

  /** What the terminal shows is broken anew before the program is told. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.settled();
    this.emulator.resize(columns, rows);
    this.columns = columns;
    this.rows = rows;
    this.emit('resize');
  }

  /** Lines from the first to the cursor's, without those that are empty at the end. */
  async shown(): Promise<string[]> {
    await this.settled();
    const { active } = this.emulator.buffer;
    const lines = Array.from({ length: active.baseY + active.cursorY + 1 }, (_, row) =>
      active.getLine(row)!.translateToString(true).trimEnd()
    );
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  private settled(): Promise<void> {
    return new Promise((resolve) => {
      this.emulator.write('', resolve);
    });
  }
}

const screens: Screen[] = [];
function screenOn(terminal: Terminal, colours = true): Screen {
  const screen = new Screen(terminal, colours);
  screens.push(screen);
  return screen;
}
afterEach(() => {
  for (const screen of screens.splice(0)) screen.end();
});

const lines = (...texts: string[]): Line[] => texts.map((text) => cells(text));
const draw = (screen: Screen, drawn: readonly Line[]): void => {
  screen.draw(() => drawn);
};

const style = fc.constantFrom<Style>('plain', 'bold', 'done', 'failed');
const word = fc.oneof(fc.constantFrom('日本', 'x', 'é', '·█▶', '👩‍👩‍👧', ''), fc.string({ maxLength: 12 }));
const line = fc
  .array(fc.tuple(word, style), { maxLength: 4 })
  .map((parts) => parts.flatMap(([text, own]) => cells(text, own)));
const frame = fc.array(line, { maxLength: 8 });
const textOf = (drawn: Line): string =>
  drawn
    .map(({ text }) => text)
    .join('')
    .trimEnd();
const textsOf = (drawn: readonly Line[]): string[] => {
  const texts = drawn.map(textOf);
  while (texts.at(-1) === '') texts.pop();
  return texts;
};

it('shows the last of any lines, below what was there before', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 6 }), fc.boolean(), async (frames, colours) => {
      const terminal = new Terminal(80, 24);
      terminal.write('$ before\n');
      const screen = screenOn(terminal, colours);
      for (const drawn of frames) draw(screen, drawn);
      expect(await terminal.shown()).toEqual(['$ before', ...textsOf(frames.at(-1)!)]);
      screen.end();
    })
  );
});

it('shows them too at the bottom of a terminal whose lines move up', async () => {
  const terminal = new Terminal(40, 6);
  for (let count = 0; count < 10; count++) terminal.write(`line ${count}\n`);
  const screen = screenOn(terminal);
  draw(screen, lines('a', 'b'));
  draw(screen, lines('a', 'b', 'c', 'd', 'e'));
  draw(screen, lines('a', 'B'));
  const before = Array.from({ length: 10 }, (_, count) => `line ${count}`);
  expect(await terminal.shown()).toEqual([...before, 'a', 'B']);
});

it('writes nothing when nothing has changed, and little when little has', () => {
  const terminal = new Terminal(80, 24);
  const screen = screenOn(terminal);
  const drawn = (elapsed: string): Line[] => [
    ...lines(`run 3f9a0c1b2d4e  matching ${elapsed}`.padEnd(79)),
    ...Array.from({ length: 20 }, () => cells('█'.repeat(78), 'done')),
  ];
  draw(screen, drawn('12:03'));
  const first = terminal.bytes;
  draw(screen, drawn('12:03'));
  expect(terminal.bytes).toBe(first);
  draw(screen, drawn('12:04'));
  expect(terminal.bytes - first).toBeLessThan(40);
});

it('leaves the cursor visible and at the beginning of the line below, whatever it drew', async () => {
  const terminal = new Terminal(80, 24);
  const screen = screenOn(terminal);
  for (const drawn of [lines('one', 'two', 'three'), lines('one', 'TWO', 'three'), lines('one')]) {
    draw(screen, drawn);
    expect(terminal.text).toMatch(/\u001b\[\?25h$/);
    await terminal.shown();
    const { cursorX, cursorY } = terminal.emulator.buffer.active;
    expect([cursorX, cursorY]).toEqual([0, drawn.length]);
  }
});

it('uses no other screen and leaves no mode behind', () => {
  const terminal = new Terminal(80, 24);
  const screen = screenOn(terminal);
  draw(screen, [cells('one', 'failed'), cells('two', 'bold')]);
  draw(screen, lines('three'));
  const modes = [...terminal.text.matchAll(/\u001b\[\?(\d+)[hl]/g)].map(([, mode]) => mode);
  expect(new Set(modes)).toEqual(new Set(['25']));
  expect(terminal.text.lastIndexOf('\u001b[0m')).toBeGreaterThan(terminal.text.lastIndexOf('\u001b[1m'));
});

it('draws anew in a terminal that has become narrower or wider, and leaves what is above alone', async () => {
  const size = fc.tuple(fc.integer({ min: 20, max: 120 }), fc.integer({ min: 12, max: 40 }));
  await fc.assert(
    fc.asyncProperty(fc.array(size, { minLength: 1, maxLength: 5 }), async (sizes) => {
      const terminal = new Terminal(80, 24);
      terminal.write('$ before\n');
      const screen = screenOn(terminal);
      const render = (columns: number): Line[] =>
        lines('x'.repeat(columns - 1), '日'.repeat(9), `${columns} columns`, '');
      screen.draw(render);
      for (const [columns, rows] of sizes) await terminal.resize(columns, rows);
      expect(await terminal.shown()).toEqual(['$ before', ...render(sizes.at(-1)![0]).map(textOf).slice(0, -1)]);
      screen.end();
    })
  );
});

it('breaks no line and moves none up that does not fit', async () => {
  const terminal = new Terminal(20, 5);
  draw(
    screenOn(terminal),
    Array.from({ length: 9 }, (_, count) => cells(`${count} ${'y'.repeat(60)}`))
  );
  const shown = await terminal.shown();
  expect(shown).toHaveLength(4);
  expect(shown[0]).toBe('0 yyyyyyyyyyyyyyyy~');
});

it('keeps other lines above', async () => {
  const terminal = new Terminal(80, 24);
  const screen = screenOn(terminal);
  draw(screen, lines('state 1', 'more'));
  screen.above(() => {
    terminal.write('a note\n');
  });
  draw(screen, lines('state 2', 'more'));
  expect(await terminal.shown()).toEqual(['a note', 'state 2', 'more']);
});

it('writes no colours where there are none', () => {
  const terminal = new Terminal(80, 24);
  draw(screenOn(terminal, false), [cells('red', 'failed')]);
  expect(terminal.text).not.toMatch(/\u001b\[[\d;]*m/);
});

it('shows what could change the terminal as blanks', async () => {
  const terminal = new Terminal(80, 24);
  draw(screenOn(terminal), lines('a\u001b[2J\u001b]0;title\u0007b\r\nc\u202ed'));
  expect(await terminal.shown()).toEqual(['a [2J ]0;title b  c d']);
});
