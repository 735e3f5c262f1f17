import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(__dirname, '../..');

/** Rows of a Markdown table, cells trimmed and without back-ticks and bold; the first row is the header. */
export type MarkdownTable = readonly (readonly string[])[];

/** Text of a file of the repository. */
export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The tables below a heading, up to the next heading of the same or a higher level. @throws Error without the heading */
export function tablesBelow(text: string, heading: string): MarkdownTable[] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.replace(/^#+ /, '') === heading && line.startsWith('#'));
  if (start < 0) throw new Error(`no heading "${heading}"`);
  const level = /^#+/.exec(lines[start]!)![0].length;
  const length = lines.slice(start + 1).findIndex((line) => new RegExp(`^#{1,${level}} `).test(line));
  const section = lines.slice(start + 1, length < 0 ? undefined : start + 1 + length);
  const tables: string[][][] = [];
  section.forEach((line, index) => {
    if (!line.startsWith('|') || /^[|\s:-]+$/.test(line)) return;
    if (section[index - 1]?.startsWith('|') !== true) tables.push([]);
    tables.at(-1)!.push(cellsOf(line));
  });
  return tables;
}

function cellsOf(line: string): string[] {
  return line
    .replaceAll('\\|', '\u0000')
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.replaceAll('\u0000', '|').replaceAll(/[`*]/g, '').trim());
}
