import { readFileSync, writeFileSync } from 'node:fs';

import { at } from '../scripts/lib/paths.mjs';
import { environmentsOf } from './environments.mjs';
import { tablesOf } from './tables.mjs';

const PAGE = at('docs/benchmarks.md');
const BEGIN = '<!-- begin of what npm run bench writes -->';
const END = '<!-- end of what npm run bench writes -->';

/** Puts the tables of some results, and the machines and versions they were measured with, between the page's markers. */
export async function writeDocs(results) {
  const page = readFileSync(PAGE, 'utf8');
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${PAGE} lacks its markers`);
  const text = `${environmentsOf(results)}\n\n${tablesOf(results)}`;
  const whole = `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${page.slice(end)}`;
  // Loaded here, because without packages the bench has to start to install them.
  const { format, resolveConfig } = await import('prettier');
  writeFileSync(PAGE, await format(whole, { ...(await resolveConfig(PAGE)), parser: 'markdown' }));
}
