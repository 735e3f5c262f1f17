import { decodeCertificate } from '../artifacts/tables/certificate';
import type { CertificateSide } from '../artifacts/tables/certificate';
import { decodeChains } from '../artifacts/tables/chains';
import { buildChains } from '../matching/chains';
import { InputError } from '../matching/errors';
import type { ChainPlace, ExportedChains } from './exported-chains';
import { encodeText } from './export-files';
import type { PlannedExport } from './export-files';
import { graphml, GRAPH_SCHEMA } from './graphml';
import { groupsJson, GROUPS_SCHEMA } from './groups';
import { inputsOf, readPairMatches } from './matched-pairs';
import type { ChosenPairs, MatchedPair, MatchedResults } from './matched-pairs';
import { provenanceOf } from './provenance';

/** Forms that chains are exported in. */
export const CHAIN_FORMS = {
  graphml: { schema: GRAPH_SCHEMA, encode: graphml },
  groups: { schema: GROUPS_SCHEMA, encode: groupsJson },
} as const;

/**
 * The chains of a run in one file, or those of two features that the matches of a pair are.
 *
 * @param layers which of them are wanted; null for all
 * @throws InputError when the run has no chains
 */
export async function planChains(
  results: MatchedResults,
  chosen: ChosenPairs,
  form: keyof typeof CHAIN_FORMS,
  layers: readonly number[] | null
): Promise<PlannedExport> {
  const { schema, encode } = CHAIN_FORMS[form];
  const chains =
    results.manifest.kind === 'run'
      ? await chainsOfRun(results, layers)
      : await chainsOfPair(results, chosen.pairs[0]!);
  const pieces = encode(provenanceOf(results.manifest, inputsOf(chosen.pairs)), chains);
  return { schema, names: [''], files: [{ name: '', chunks: encodeText(pieces) }] };
}

async function chainsOfRun(
  { store, manifest, read }: MatchedResults,
  layers: readonly number[] | null
): Promise<ExportedChains> {
  const path = 'chains.parquet';
  if (!manifest.artifacts.some((artifact) => artifact.path === path)) {
    throw new InputError('this run has no chains', {
      ...{ file: store.url('manifest.json'), expected: path },
      remedy: 'Match neighbouring layers, or export single pairs: --to json, --to npy.',
    });
  }
  const table = await decodeChains(await read(path), path);
  const wanted = manifest.inputs.flatMap(({ layer }) => (layer === null ? [] : [layer]));
  const places = wanted
    .filter((layer) => layers === null || layers.includes(layer))
    .map((layer): [number, ChainPlace] => [layer, { name: String(layer), layer }]);
  return { table: { ...table, stepCosine: Float64Array.from(table.stepCosine) }, places: new Map(places) };
}

async function chainsOfPair(results: MatchedResults, pair: MatchedPair): Promise<ExportedChains> {
  const { targetFeature, cost, decoderCosine } = await readPairMatches(results, pair);
  const certificate = await decodeCertificate(await results.read(pair.files.certificate), pair.files.certificate);
  const { features } = pair.target.header as { features: number };
  const table = buildChains(
    [
      { layer: 0, features: targetFeature.length, excluded: leftOut(certificate.source, targetFeature.length) },
      { layer: 1, features, excluded: leftOut(certificate.target, features) },
    ],
    [{ targetFeature, cost, decoderCosine: Float64Array.from(decoderCosine) }]
  );
  const { source_layer: source, target_layer: target } = pair;
  const areNames = source !== null && target !== null && source !== target;
  const place = (layer: number | null, side: string): ChainPlace => ({ name: areNames ? String(layer) : side, layer });
  return {
    table,
    places: new Map([
      [0, place(source, 'source')],
      [1, place(target, 'target')],
    ]),
  };
}

/** 1 for features that the certificate says nothing of: they took no part. `[features]` */
function leftOut({ feature }: CertificateSide, features: number): Uint8Array {
  const flags = new Uint8Array(features).fill(1);
  for (const index of feature) flags[index] = 0;
  return flags;
}
