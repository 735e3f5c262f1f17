import { openStore } from '../../artifacts/store/open-store';
import { decodeCertificate } from '../../artifacts/tables/certificate';
import type { CertificateSide } from '../../artifacts/tables/certificate';
import { decodeMatches } from '../../artifacts/tables/matches';
import { decodeTargets } from '../../artifacts/tables/targets';
import type { PairFiles } from '../../artifacts/layout';
import { openFloatProducts } from '../../kernels/ort/float-products';
import { SaeMatchError } from '../../matching/errors';
import { featuresOf } from '../../matching/features';
import type { Features } from '../../matching/features';
import { countDrift } from '../../matching/drift';
import type { DriftCounts } from '../../matching/drift';
import { foldLayer } from '../../matching/folding';
import type { FoldedLayer } from '../../matching/folding';
import { matchedCosines } from '../../matching/report';
import { checkPermutation } from '../../matching/verification/check-permutation';
import { proveOptimality } from '../../matching/verification/prove-optimality';
import type { OptimalityProof } from '../../matching/verification/prove-optimality';
import { loadSae } from '../../sae/load-sae';
import { resolveSaeArgument } from '../../sae/sae-argument';
import { giveScale } from '../../sae/scale/give-scale';
import type { TaskContext } from '../task-context';
import { driftSide } from './count-drift';
import type { MatchingOptions } from './matching-options';
import { proofFaults } from './proof-faults';
import { reportRowsDone } from './prove-folded';

export interface VerifyPairInput extends MatchingOptions {
  /** Folder or URL that holds the tables. */
  readonly location: string;
  readonly files: PairFiles;
  /** SAE arguments of the two layers. */
  readonly source: string;
  readonly target: string;
  /** Where the scales that were folded in are now; absent: each SAE has its own. */
  readonly scales?: { readonly source: string; readonly target: string };
  readonly format: string | null;
  /** The objective that pairs.parquet states, null when it states none. */
  readonly statedObjective: number | null;
  /** What drift.parquet states of this layer, where the pair is one of a layer with the previous checkpoint. */
  readonly drift?: { readonly kept: number; readonly stated: DriftCounts };
}

export interface PairVerification {
  /** What is wrong with the permutation; empty when it is one-to-one and both tables agree. */
  readonly permutationFaults: readonly string[];
  /** Null when it could not be attempted. */
  readonly proof: OptimalityProof | null;
  /** Why the certificate is not accepted; empty when it is. */
  readonly certificateFaults: readonly string[];
}

/**
 * Re-checks one pair from its tables and its input SAEs: the permutation, then the certificate. A check that fails
 * never keeps the next from being made. Shares readers and folding with the matcher and nothing else.
 */
export async function verifyPairTask(input: VerifyPairInput, context: TaskContext): Promise<PairVerification> {
  const store = openStore(input.location);
  const read = async (name: string): Promise<Buffer> => store.get(name);
  const permutationFaults: string[] = [];
  const certificateFaults: string[] = [];
  const matches = await attempt(permutationFaults, async () =>
    decodeMatches(await read(input.files.matches), input.files.matches)
  );
  const targets = await attempt(permutationFaults, async () =>
    decodeTargets(await read(input.files.targets), input.files.targets)
  );
  if (matches && targets) {
    const tables = { targetFeature: matches.targetFeature, sourceFeature: targets.sourceFeature };
    permutationFaults.push(...checkPermutation(tables));
  }
  const proof = await attempt(certificateFaults, async () => {
    const certificate = decodeCertificate(await read(input.files.certificate), input.files.certificate);
    const before = await loadFeatures(input.source, input.scales?.source, input);
    const now = await loadFeatures(input.target, input.scales?.target, input);
    const [source, target] = [before.features, now.features];
    const { source: u, target: v } = await certificate;
    if (matches === null) throw new SaeMatchError('there is no readable matching to prove');
    checkLengths(matches.targetFeature, source, target);
    if (input.drift && before.rows && now.rows) {
      permutationFaults.push(...driftFaults(input.drift, matches.targetFeature, before.rows, now.rows));
    }
    const claim = {
      source,
      target,
      targetFeature: matches.targetFeature,
      cost: matches.cost,
      sourceDual: dualsOf(u, source.count),
      targetDual: dualsOf(v, target.count),
      unmatched: input.unmatched ?? null,
    };
    return proveOptimality(claim, openFloatProducts, reportRowsDone(context));
  });
  if (proof !== null) certificateFaults.push(...proofFaults(proof, input.statedObjective, 'pairs.parquet'));
  return { permutationFaults, proof, certificateFaults };
}

/** Runs a step; a failure becomes a fault in words instead of ending the verification. */
async function attempt<T>(faults: string[], step: () => Promise<T>): Promise<T | null> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof SaeMatchError)) throw error;
    if (error.name === 'CancelledError') throw error;
    faults.push(error.message);
    return null;
  }
}

type CountedRows = Pick<FoldedLayer, 'features' | 'decoder' | 'excluded'>;

/** Counts anew what has become of the features, from the SAEs, and compares. */
function driftFaults(
  { kept, stated }: NonNullable<VerifyPairInput['drift']>,
  targetFeature: Int32Array,
  before: CountedRows,
  now: CountedRows
): string[] {
  // Rounded as the tables have them, so that no feature is on the other side of the threshold.
  const decoderCosine = Float32Array.from(matchedCosines(before.decoder, now.decoder, targetFeature));
  const counts = countDrift({ targetFeature, decoderCosine }, driftSide(before), driftSide(now), kept);
  return (Object.keys(counts) as (keyof DriftCounts)[])
    .filter((name) => stated[name] !== counts[name])
    .map((name) => `drift.parquet states ${name} ${stated[name]}, there are ${counts[name]}`);
}

async function loadFeatures(
  argument: string,
  scale: string | undefined,
  options: VerifyPairInput
): Promise<{ readonly features: Features; readonly rows: CountedRows | null }> {
  const { source, entry } = await resolveSaeArgument(
    argument,
    options.format === null ? {} : { format: options.format }
  );
  const stored = await loadSae(source, entry);
  const { sae } = scale === undefined ? { sae: stored } : await giveScale(stored, scale, { source, entry });
  const { fold, degenerate } = options;
  const folded = foldLayer(sae, { fold, degenerate, file: argument, reuse: true });
  const { features, decoder, excluded } = folded;
  // What is not counted is not kept in memory.
  const rows = options.drift === undefined ? null : { features, decoder, excluded };
  return { features: featuresOf(folded, options.weights, options), rows };
}

function checkLengths(targetFeature: Int32Array, source: Features, target: Features): void {
  if (targetFeature.length === source.count && targetFeature.every((j) => j < target.count)) return;
  throw new SaeMatchError('the tables do not fit the SAEs', {
    found: `${targetFeature.length} source features in the table`,
    expected: `${source.count} source and ${target.count} target features`,
  });
}

/** Duals by feature; a feature the certificate leaves out has none. */
function dualsOf(side: CertificateSide, count: number): Float64Array {
  const duals = new Float64Array(count).fill(NaN);
  side.feature.forEach((feature, row) => {
    if (feature < count) duals[feature] = side.dual[row]!;
  });
  return duals;
}
