import type { ManifestInput } from '../artifacts/manifest';
import type { RowMatrix } from '../matching/row-matrix';
import { encodeText } from './export-files';
import type { PlannedExport } from './export-files';
import { inputsOf, readPairMatches } from './matched-pairs';
import type { ChosenPairs, MatchedResults } from './matched-pairs';
import { matchingsJson, MATCHING_SCHEMA } from './matching-json';
import type { ExportedMatching } from './matching-json';
import type { LoadedInput } from './placed-input';
import { provenanceOf } from './provenance';
import { randomCosine, sampleRows } from './random-cosines';

export interface JsonOptions {
  /** Reads an SAE for the random baseline; null leaves that out. */
  readonly load: ((input: ManifestInput) => Promise<LoadedInput>) | null;
  readonly onPair: (done: number) => void;
}

/** All matchings in one JSON file. In memory are one SAE, or one pair, and some rows of every layer. */
export function planJson(results: MatchedResults, chosen: ChosenPairs, options: JsonOptions): PlannedExport {
  const provenance = provenanceOf(results.manifest, inputsOf(chosen.pairs));
  const text = matchingsJson({ provenance, failed: chosen.failed }, matchings(results, chosen, options));
  return { schema: MATCHING_SCHEMA, names: [''], files: [{ name: '', chunks: encodeText(text) }] };
}

async function* matchings(
  results: MatchedResults,
  { pairs }: ChosenPairs,
  { load, onPair }: JsonOptions
): AsyncGenerator<ExportedMatching> {
  const samples = new Map<ManifestInput, RowMatrix>();
  for (const input of load === null ? [] : inputsOf(pairs)) {
    const { stored } = await load!(input);
    const hashes = input.files.map(({ sha256 }) => sha256);
    samples.set(input, sampleRows(stored.decoder, hashes));
  }
  for (const [done, pair] of pairs.entries()) {
    onPair(done);
    const matches = await readPairMatches(results, pair);
    const { source_layer, target_layer, source, target } = pair;
    const { features } = target.header as { features: number };
    const random = load === null ? null : randomCosine(samples.get(source)!, samples.get(target)!);
    yield { source_layer, target_layer, matches, targetFeatures: features, random };
  }
}
