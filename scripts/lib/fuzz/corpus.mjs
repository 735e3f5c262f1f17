import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at } from '../paths.mjs';
import { memorySource } from './memory-source.mjs';
import { readers } from './readers.mjs';

/** Folders whose folders are sources of one format each, named by the format they begin with. */
const FORMATS = JSON.parse(readFileSync(at('test/fixtures/format-names.json'), 'utf8'));
const GEMMA = 'test/fixtures/sae';

/**
 * What is mutated: sources `{ format, name, groups, shared }` with the files of each SAE, as a map from path to bytes, and
 * those that belong to none. Files of torch.save that hold no SAE are sources of the format `torch`.
 */
export async function loadCorpus() {
  const folders = [
    ...foldersOf('test/fixtures/formats').map((folder) => [formatOf(folder), `test/fixtures/formats/${folder}`]),
    ...foldersOf(`${GEMMA}/gemma-variants`).map((folder) => ['gemma-scope', `${GEMMA}/gemma-variants/${folder}`]),
    ...foldersOf(`${GEMMA}/saelens-variants`).map((folder) => ['saelens', `${GEMMA}/saelens-variants/${folder}`]),
    ['gemma-scope', `${GEMMA}/gemma-source`],
    ['minilm-l6', 'examples/minilm-l6'],
  ];
  const sources = [];
  for (const [format, folder] of folders) sources.push(await grouped(format, folder, filesOf(folder)));
  for (const name of readdirSync(at('test/fixtures/torch')).filter((file) => file.endsWith('.pt'))) {
    const files = new Map([[name, readFileSync(at(`test/fixtures/torch/${name}`))]]);
    sources.push({ format: 'torch', name: `test/fixtures/torch/${name}`, groups: [files], shared: new Map() });
  }
  return [...sources, ...(await canonicalSources(sources))];
}

const formatOf = (folder) =>
  FORMATS.filter((format) => folder.startsWith(format)).sort((a, b) => b.length - a.length)[0];

function foldersOf(folder) {
  const entries = readdirSync(at(folder), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

function filesOf(folder) {
  const paths = readdirSync(at(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/^expected\.json$|\.jsonl$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  return new Map(paths.map((path) => [path.slice(at(folder).length + 1), readFileSync(path)]));
}

async function grouped(format, folder, files) {
  const source = memorySource(folder, files);
  const entries = await readers.listSaes(source).catch(() => []);
  const groups = entries.map((entry) => new Map(entry.files.map(({ path }) => [path, files.get(path)])));
  const claimed = new Set(groups.flatMap((group) => [...group.keys()]));
  const rest = new Map([...files].filter(([path]) => !claimed.has(path)));
  return groups.length > 0
    ? { format, name: folder, groups, shared: rest }
    : { format, name: folder, groups: [rest], shared: new Map() };
}

/** The project's own format has no fixtures: it is written from some of the others, in raw units and folded. */
async function canonicalSources(sources) {
  const made = [];
  for (const { format, name, groups } of sources.filter(({ format }) => ['saelens', 'sparsify'].includes(format))) {
    const source = memorySource(name, groups[0]);
    const sae = await readers.loadSae(source, (await readers.listSaes(source))[0]);
    const files = new Map();
    for (const fold of sae.header.gauge === 'theta' && sae.threshold.some((value) => value <= 0)
      ? [false]
      : [false, true]) {
      const [file] = readers.convertSae(sae, { to: 'canonical', fold, degenerate: 'exclude', file: name });
      files.set(`layer_${fold ? 1 : 0}/${file.name}`, Buffer.concat(file.chunks));
    }
    const groupsOf = [...files].map((entry) => new Map([entry]));
    made.push({ format: 'canonical', name: `canonical of ${format}: ${name}`, groups: groupsOf, shared: new Map() });
  }
  return made;
}
