import { matchingOptions } from '../../activities/steps/matching-options';
import { PAIR_LAYOUT, runLayout } from '../../artifacts/layout';
import type { ManifestInput, PairManifest, RunManifest } from '../../artifacts/manifest';
import { UsageError } from '../../matching/errors';
import type { RunSpec } from '../../workflows/run-types';
import { EXIT } from '../exit-codes';
import { hashesOfInput, placeOfInput, placeOfScale } from '../moved-inputs';
import type { Output } from '../output';
import { createProgressBar } from '../progress-bar';
import { resolveResults } from '../results-argument';
import { absolute } from '../../sae/sources/location';
import type { AddVerb } from '../verb';
import { driftName, pairName, verifyResults } from '../verify-results';
import type { PairToVerify, SaeToVerify, Verification, VerifiedPair, VerifyOptions } from '../verify-results';

interface VerifyFlags {
  readonly source?: string;
  readonly target?: string;
  readonly previous?: string;
  readonly scale?: string;
  readonly out?: string;
  readonly json?: boolean;
}

export const addVerify: AddVerb = (program, action) =>
  program
    .command('verify')
    .summary('re-prove results: checksums, permutations, certificates')
    .description(
      'Makes three checks and reports each: every checksum of the manifest; that each permutation is one-to-one and both\n' +
        'tables agree; that the duals prove each matching optimal, in one pass over the input SAEs with none of the\n' +
        'matcher’s code. Exit code 1 when any of them fails.'
    )
    .argument('<run|folder>', 'id or folder of a run, or the folder of a pair')
    .option('--source <source|sae>', 'where the SAEs of a run (or the source SAE of a pair) are now')
    .option('--target <sae>', 'where the target SAE of a pair is now')
    .option('--previous <source>', 'where the SAEs of the checkpoint are now that a run was compared with')
    .option('--scale <path>', 'where the features export of --scale is now, {layer} for the layer')
    .option('--out <folder>', 'output folder in which an id is looked up (default: ./sae-match-out)')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  sae-match verify 3f9a0c1b2d4e\n  sae-match verify pair-3-4 --source moved/layer_3 --json'
    )
    .action(action((output, argument: string, flags: VerifyFlags) => verifyVerb(output, argument, flags)));

async function verifyVerb(output: Output, argument: string, flags: VerifyFlags): Promise<number> {
  const { store, manifest } = await resolveResults(argument, flags.out, 'prove');
  const [pairs, options] = manifest.kind === 'run' ? runPairs(manifest, flags) : pairPairs(manifest, flags);
  const bar = createProgressBar(output.interactive);
  let current = { index: 0, total: pairs.length };
  const result = await verifyResults(store, manifest, pairs, {
    options,
    onPair: (index, total) => (current = { index, total }),
    onProgress: ({ done, total }) => {
      const fraction = (current.index + done / Math.max(1, total)) / current.total;
      bar.draw({ label: 'verifying', fraction, detail: `pair ${current.index + 1} of ${current.total}` });
    },
  });
  bar.clear();
  if (flags.json === true) output.json(result);
  else printVerification(output, result);
  return result.ok ? EXIT.done : EXIT.failed;
}

type Work = [PairToVerify[], VerifyOptions['options']];

function runPairs(manifest: RunManifest, flags: VerifyFlags): Work {
  if (flags.target !== undefined) {
    throw new UsageError('a run has one source', {
      field: '--target',
      remedy: 'Use --source for all layers of a run.',
    });
  }
  const spec = manifest.spec as RunSpec;
  const layout = runLayout(Math.max(...manifest.inputs.map(({ layer }) => layer ?? 0)));
  const place = (flag: string | undefined): string | null =>
    flag === undefined ? null : absolute(flag, process.cwd());
  const saeOf = (
    inputs: readonly ManifestInput[],
    layer: number,
    source: string,
    moved: string | null
  ): SaeToVerify => {
    const input = inputs.find((candidate) => candidate.layer === layer);
    const argument = placeOfInput(input, `${moved ?? source}#${layer}`, moved);
    return { argument, sha256: hashesOfInput(input), ...scaleOf(input, spec.scale, flags) };
  };
  const moved = place(flags.source);
  const inputOf = (layer: number): SaeToVerify => saeOf(manifest.inputs, layer, spec.source, moved);
  const pairs = manifest.pairs
    .filter(({ status }) => status === 'done')
    .map(({ source_layer, target_layer }) => ({
      sourceLayer: source_layer,
      targetLayer: target_layer,
      files: layout.pair(source_layer!, target_layer!),
      source: inputOf(source_layer!),
      target: inputOf(target_layer!),
    }));
  const { previous } = spec;
  if (previous === undefined && flags.previous !== undefined) {
    throw new UsageError('this run was compared with no previous checkpoint', {
      field: '--previous',
      found: flags.previous,
    });
  }
  const earlier = place(flags.previous);
  const drift = (manifest.drift ?? [])
    .filter(({ status }) => status === 'done')
    .map(({ layer }) => ({
      sourceLayer: layer,
      targetLayer: layer,
      files: layout.driftOf(layer),
      source: saeOf(manifest.previous ?? [], layer, previous!.source, earlier),
      target: inputOf(layer),
      drift: previous!,
    }));
  return [[...pairs, ...drift], { ...matchingOptions(spec), format: spec.format }];
}

function pairPairs(manifest: PairManifest, flags: VerifyFlags): Work {
  if (flags.previous !== undefined) {
    throw new UsageError('a pair is compared with no previous checkpoint', { field: '--previous' });
  }
  const [source, target] = manifest.inputs;
  const [pair] = manifest.pairs;
  const { scale, ...options } = manifest.options as VerifyOptions['options'];
  const work: PairToVerify = {
    sourceLayer: pair!.source_layer,
    targetLayer: pair!.target_layer,
    files: PAIR_LAYOUT,
    source: { argument: flags.source ?? source!.path, sha256: hashesOfInput(source), ...scaleOf(source, scale, flags) },
    target: { argument: flags.target ?? target!.path, sha256: hashesOfInput(target), ...scaleOf(target, scale, flags) },
  };
  return [[work], options];
}

function scaleOf(
  input: ManifestInput | undefined,
  choice: string | undefined,
  { scale: moved }: VerifyFlags
): Pick<SaeToVerify, 'scale'> {
  const scale = placeOfScale(input, choice, moved);
  return scale === undefined ? {} : { scale };
}

function printVerification(output: Output, result: Verification): void {
  const verdict = (ok: boolean): string => (ok ? 'ok' : 'FAILED');
  output.print(`checksums    ${verdict(result.checksums.ok)}`);
  for (const fault of result.checksums.faults) output.print(`  ${fault}`);
  output.print(`permutation  ${verdict(result.permutation.ok)}  one-to-one, both tables agree`);
  for (const fault of result.permutation.faults) output.print(`  ${fault}`);
  const drift = result.drift ?? [];
  const all = [...result.pairs, ...drift];
  const proven = all.filter(({ certificate }) => certificate.ok).length;
  const what = drift.length === 0 ? 'pairs' : 'pairs and drifts';
  output.print(`certificate  ${verdict(proven === all.length)}  ${proven} of ${all.length} ${what} proven optimal`);
  for (const pair of result.pairs) printProof(output, pairName(pair), pair);
  for (const layer of drift) printProof(output, driftName(layer.target_layer), layer);
}

function printProof(output: Output, name: string, pair: VerifiedPair): void {
  const numbers =
    pair.objective === null
      ? 'not evaluated'
      : `objective ${pair.objective}, bound ${pair.bound!}, gap ${pair.gap!.toExponential(1)} (tolerance ${pair.tolerance!.toExponential(1)})`;
  output.print(`  ${name}: ${numbers}`);
  for (const fault of pair.certificate.faults) output.print(`    ${fault}`);
}
