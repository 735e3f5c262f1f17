const CELL = { width: 8.4, height: 18 };
const MARGIN = 14;
const BACKGROUND = '#1e1e2e';
const PLAIN = '#d9d9e3';
/** The first sixteen colours of a terminal, in their order. */
const COLOURS = [
  ...['#45475a', '#f38ba8', '#a6e3a1', '#f9e2af', '#89b4fa', '#cba6f7', '#94e2d5', '#bac2de'],
  ...['#585b70', '#f38ba8', '#a6e3a1', '#f9e2af', '#89b4fa', '#cba6f7', '#94e2d5', '#ffffff'],
];
/** Drawn as rectangles: no font has them without gaps everywhere. Value: part of the cell that is filled, and how much. */
const BLOCKS = { '█': 1, '▓': 0.75, '▒': 0.5, '░': 0.25 };

/** What an emulated terminal shows, as an SVG. Lines at the end that are empty are left out. */
export function terminalSvg(terminal, { columns, rows }) {
  const { active } = terminal.buffer;
  const lines = Array.from({ length: rows }, (_, row) => active.getLine(active.baseY + row));
  const last = lines.findLastIndex((line) => line.translateToString(true).trim() !== '');
  const body = lines.slice(0, last + 1).flatMap((line, row) => runsOf(line, columns).map((run) => drawn(run, row)));
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN);
  const height = Math.ceil((last + 1) * CELL.height + 2 * MARGIN);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<rect width="${width}" height="${height}" rx="8" fill="${BACKGROUND}"/>`,
    '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="14">',
    ...body,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

/** Neighbouring cells of one style, without blanks. */
function runsOf(line, columns) {
  const runs = [];
  for (let column = 0; column < columns; column++) {
    const cell = line.getCell(column);
    const text = cell.getChars();
    if (text === '' || text === ' ') continue;
    const style = styleOf(cell);
    const before = runs.at(-1);
    const isNext = before !== undefined && before.end === column && before.style === style && !(text in BLOCKS);
    if (isNext && !(before.text[0] in BLOCKS)) {
      before.text += text;
      before.end += 1;
    } else if (before?.end === column && before.style === style && before.text[0] === text) {
      before.text += text;
      before.end += 1;
    } else runs.push({ column, end: column + 1, text, style });
  }
  return runs;
}

function styleOf(cell) {
  const colour = cell.isFgPalette() ? COLOURS[cell.getFgColor()] : PLAIN;
  return `fill="${colour}"${cell.isDim() ? ' opacity="0.55"' : ''}${cell.isBold() ? ' font-weight="bold"' : ''}`;
}

function drawn({ column, end, text, style }, row) {
  const x = number(MARGIN + column * CELL.width);
  const width = number((end - column) * CELL.width);
  const top = MARGIN + row * CELL.height;
  const filled = BLOCKS[text[0]];
  if (filled !== undefined) {
    const shade = filled === 1 ? '' : ` fill-opacity="${filled}"`;
    return `<rect x="${x}" y="${number(top + 1)}" width="${width}" height="${CELL.height - 2}" ${style}${shade}/>`;
  }
  const y = number(top + 0.75 * CELL.height);
  return `<text x="${x}" y="${y}" textLength="${width}" lengthAdjust="spacingAndGlyphs" ${style} xml:space="preserve">${escaped(text)}</text>`;
}

const number = (value) => Number(value.toFixed(1));

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
