import { runLayout } from '../artifacts/layout';
import { encodeInt64Npy } from '../sae/containers/npy-writer';
import type { ExportFile, PlannedExport } from './export-files';
import { inputsOf, readPairMatches } from './matched-pairs';
import type { ChosenPairs, MatchedPair, MatchedResults } from './matched-pairs';
import { provenanceOf } from './provenance';

/** Value of the field `schema` of `permutations.json`. */
export const NPY_SCHEMA = 'sae-match/permutations@1';
const INDEX = 'permutations.json';

/**
 * One numpy array a pair, and a JSON file that says what they are.
 *
 * @param onPair told how many are done
 */
export function planNpy(results: MatchedResults, chosen: ChosenPairs, onPair: (done: number) => void): PlannedExport {
  const nameOf = namer(results);
  return {
    schema: NPY_SCHEMA,
    names: [...chosen.pairs.map(nameOf), INDEX],
    files: npyFiles(results, chosen, nameOf, onPair),
  };
}

async function* npyFiles(
  results: MatchedResults,
  { pairs, failed }: ChosenPairs,
  nameOf: (pair: MatchedPair) => string,
  onPair: (done: number) => void
): AsyncGenerator<ExportFile> {
  for (const [done, pair] of pairs.entries()) {
    onPair(done);
    yield { name: nameOf(pair), chunks: encodeInt64Npy((await readPairMatches(results, pair)).targetFeature) };
  }
  const index = {
    schema: NPY_SCHEMA,
    ...provenanceOf(results.manifest, inputsOf(pairs)),
    failed,
    pairs: pairs.map((pair) => {
      const { source_layer, target_layer } = pair;
      return { source_layer, target_layer, file: nameOf(pair) };
    }),
  };
  yield { name: INDEX, chunks: [Buffer.from(`${JSON.stringify(index, null, 2)}\n`)] };
}

/** `source_03_target_04.npy`, with as many digits as the folders of the run; a pair alone is `permutation.npy`. */
function namer({ manifest }: MatchedResults): (pair: MatchedPair) => string {
  if (manifest.kind === 'pair') return () => 'permutation.npy';
  const layout = runLayout(Math.max(...manifest.inputs.map(({ layer }) => layer ?? 0)));
  return ({ source_layer, target_layer }) => {
    const [, source, target] = layout.pair(source_layer!, target_layer!).matches.split('/');
    return `${source!}_${target!}.npy`.replaceAll('=', '_');
  };
}
