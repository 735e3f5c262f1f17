/** A Markdown table; `columns` gives each heading the cell of a row. Empty without rows. */
export function table(columns, rows) {
  if (rows.length === 0) return '';
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const names = Object.keys(columns);
  const body = rows.map((row) => line(Object.values(columns).map((cell) => cell(row))));
  return [line(names), line(names.map(() => '---')), ...body].join('\n');
}
