import { readFileSync, writeFileSync } from 'node:fs';

import { at } from '../scripts/lib/paths.mjs';
import { tablesOf } from './tables.mjs';

const PAGE = at('docs/benchmarks.md');
const BEGIN = '<!-- begin of what npm run bench writes -->';
const END = '<!-- end of what npm run bench writes -->';

/** Puts the tables of some results, and the machines and versions they were measured with, between the page's markers. */
export async function writeDocs(results) {
  const page = readFileSync(PAGE, 'utf8');
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${PAGE} lacks its markers`);
  const text = `${environments(results)}\n\n${tablesOf(results)}`;
  const whole = `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${page.slice(end)}`;
  // Loaded here, because without packages the bench has to start to install them.
  const { format, resolveConfig } = await import('prettier');
  writeFileSync(PAGE, await format(whole, { ...(await resolveConfig(PAGE)), parser: 'markdown' }));
}

/** What the rows were measured with; rows that were measured elsewhere or with other versions are named. */
function environments(results) {
  const names = new Map();
  for (const { name, environment } of results) {
    const text = describe(environment);
    names.set(text, [...(names.get(text) ?? []), name]);
  }
  const several = names.size > 1;
  return [...names].map(([text, of]) => (several ? `${text}\n\nRows: ${of.join(', ')}.` : text)).join('\n\n');
}

function describe({ machine, system, node, onnxruntime, python, numpy, scipy, ortools, blas }) {
  const lines = [`- ${machine}; ${system}`, `- Node.js ${node}, onnxruntime ${onnxruntime}`];
  if (python !== undefined) {
    lines.push(`- Python ${python}, numpy ${numpy} (${blas}), scipy ${scipy}, OR-tools ${ortools}`);
  }
  return lines.join('\n');
}
