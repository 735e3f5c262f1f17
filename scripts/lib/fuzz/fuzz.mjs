import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { at } from '../paths.mjs';
import { newReport } from './report.mjs';
import { runChildren } from './run-children.mjs';

const MS_LIMIT = 10_000;
const MEGABYTE = 2 ** 20;
/** Reading a source may take twice its files and this. */
const MEMORY_ALLOWANCE = 100 * MEGABYTE;
const SHOWN = 10;

/**
 * Makes the mutations of a seed from `first` to `end`, reads each, and prints a table of what came of them, and of those that
 * ended in anything but SAEs or an error for people, in time and within memory, how to repeat them.
 *
 * @returns whether there are none of these
 */
export async function fuzz({ seed, first, end, msLimit = MS_LIMIT }) {
  const report = newReport();
  const failures = [];
  const large = [];
  const take = (result) => (result.error === undefined ? report.add(result) : failures.push(result));
  await runChildren({ seed, first, end, msLimit }, (result) => {
    if (isLarge(result)) large.push(result.index);
    else take(result);
  });
  // What others left behind must count for none of these, so each is read once more alone.
  for (const index of large) {
    await runChildren({ seed, first: index, end: index + 1, msLimit }, (result) => {
      const error = `${Math.ceil(result.memory / MEGABYTE)} MB of memory for ${result.size} bytes`;
      take(isLarge(result) ? { index, error } : result);
    });
  }
  console.log(report.text());
  if (failures.length === 0) return true;
  await explain(seed, failures.slice(0, SHOWN));
  console.error(`\nsae-match: ${failures.length} of ${end - first} mutations of seed ${seed} failed.`);
  return false;
}

const isLarge = ({ memory, size }) => memory > 2 * size + MEMORY_ALLOWANCE;

/** Leaves the damaged files behind, too. */
async function explain(seed, failures) {
  const { loadCorpus } = await import('./corpus.mjs');
  const { mutationOf } = await import('./mutate.mjs');
  const corpus = await loadCorpus();
  for (const { index, error } of failures) {
    const { name, files, namedFile, changes } = mutationOf(corpus, seed, index);
    const folder = at(`.cache/fuzz/${seed}-${index}`);
    for (const [path, bytes] of files) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes);
    }
    console.error(`\nnpm run fuzz -- --seed ${seed} --only ${index}`);
    console.error(`${name}${namedFile === null ? '' : `, opened as ${namedFile}`}; ${changes.join('; ')}`);
    console.error(`${error}\nfiles: ${folder}`);
  }
}
