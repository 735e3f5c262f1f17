import { parse } from 'yaml';
import { BYTE_MUTATIONS } from './bytes.mjs';
import { CONTAINER_MUTATIONS } from './containers.mjs';
import { CONFIGURATION_MUTATIONS, FILE_MUTATIONS } from './files.mjs';
import { randomOf } from './random.mjs';
import { mutateWeights } from './weights.mjs';

/**
 * Mutation `index` of `seed`: `{ format, name, files, namedFile, changes }`, where `files` are those of one or two SAEs of
 * a source, from path to bytes, and `namedFile` is set where the source is one file. The same numbers give the same.
 */
export function mutationOf(corpus, seed, index) {
  const random = randomOf(seed, index);
  const formats = [...new Set(corpus.map(({ format }) => format))];
  // Formats in turn, so that all have equally many.
  const format = formats[index % formats.length];
  const { name, groups, shared } = random.pick(corpus.filter((source) => source.format === format));
  const files = new Map([...random.pick(groups), ...random.pick(groups), ...shared].map(prepared));
  const changes = [];
  for (let count = random.chance(0.8) ? 1 : 2; count > 0 && files.size > 0; count--)
    changes.push(mutateOnce(files, random));
  const namedFile = files.size > 0 && random.chance(0.05) ? random.pick([...files.keys()]) : null;
  return { format, name, files, namedFile, changes };
}

/** A configuration in YAML as JSON, which is YAML too and is mutated the same way. */
function prepared([path, bytes]) {
  return [path, /\.ya?ml$/.test(path) ? Buffer.from(JSON.stringify(parse(bytes.toString()))) : bytes];
}

/** Kinds of mutations and how many of a hundred are of each: what has a structure gets most. */
const KINDS = [
  [10, (files, random) => inFiles(FILE_MUTATIONS, files, random)],
  [15, (files, random) => inFiles(CONFIGURATION_MUTATIONS, files, random)],
  [35, (files, random) => inOneFile(CONTAINER_MUTATIONS, files, random)],
  [15, (files, random) => inOneFile({ 'special numbers as weights': mutateWeights }, files, random)],
  [25, (files, random) => inOneFile(BYTE_MUTATIONS, files, random)],
];

/** Changes the files and says how; another kind is chosen where one does not apply to them. */
function mutateOnce(files, random) {
  for (;;) {
    let place = random.below(100);
    const [, mutate] = KINDS.find(([share]) => (place -= share) < 0);
    const change = mutate(files, random);
    if (change !== null) return change;
  }
}

function inFiles(mutations, files, random) {
  const [kind, change] = random.pick(Object.entries(mutations));
  const what = change(files, random);
  return what === null ? null : `${kind}: ${what}`;
}

function inOneFile(mutations, files, random) {
  const path = random.pick([...files.keys()]);
  const [kind, change] = random.pick(Object.entries(mutations));
  const changed = change(files.get(path), random);
  if (changed === null) return null;
  files.set(path, changed);
  return `${kind}: ${path}`;
}
