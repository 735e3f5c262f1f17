import { proofFaults } from '../activities/steps/proof-faults';
import { UsageError } from '../matching/errors';
import { checkPermutation } from '../matching/verification/check-permutation';
import type { FoldedSae } from './fold';
import type { Matching } from './matching';
import { rowsOf } from './support/rows-of';
import { runInThread } from './support/run-in-thread';
import type { SaeOrigin } from './sae';
import type { TaskOptions } from './task-options';

/** What came of verifying a matching. */
export interface Verification {
  /** Whether the matching is one-to-one, of these SAEs, and proven optimal. */
  readonly ok: boolean;
  /** What is wrong, one sentence each; empty when all is well. */
  readonly faults: readonly string[];
  /** Cost of the matching, computed anew; null when it could not be. */
  readonly objective: number | null;
  /** Lower bound on the objective of every matching, from the duals alone. */
  readonly bound: number | null;
  /** objective − bound. */
  readonly gap: number | null;
  /** Largest gap that counts as rounding: 1e-9·objective + 1e-12·(Σ‖a‖² + Σ‖b‖²). */
  readonly tolerance: number | null;
}

/** The parts of a {@link Matching} that are verified. */
export type Claim = Pick<
  Matching,
  'source' | 'target' | 'options' | 'targetFeature' | 'sourceFeature' | 'cost' | 'objective' | 'certificate'
>;

/**
 * Proves anew that a matching is one-to-one and that no other is cheaper, from the rows and the duals, with none of the
 * matcher's code: bound = Σu + Σv − Σ_i max(0, max_j (u_i + v_j − c_ij)), over all pairs. One fault never keeps others
 * from being found.
 *
 * @param source the SAEs that were matched, folded in the same way
 * @param matching of this process, or what {@link readMatching} read
 * @throws UsageError when the SAEs are folded in another way than the matched ones
 * @throws CancelledError when the signal was aborted
 *
 * @example
 * ```ts
 * import { fold, matchPair, readSae, verify } from 'sae-match';
 *
 * const a = fold(await readSae('examples/minilm-l6#3'));
 * const b = fold(await readSae('examples/minilm-l6#4'));
 * const matching = await matchPair(a, b);
 * console.log((await verify(a, b, matching)).ok);
 * // true
 *
 * [matching.targetFeature[0], matching.targetFeature[1]] = [matching.targetFeature[1]!, matching.targetFeature[0]!];
 * const { ok, faults } = await verify(a, b, matching);
 * console.log(ok, faults.length > 0);
 * // false true
 * ```
 */
export async function verify(
  source: FoldedSae,
  target: FoldedSae,
  matching: Claim,
  options: TaskOptions = {}
): Promise<Verification> {
  const { targetFeature, sourceFeature, cost, certificate } = matching;
  checkFolding(source, matching);
  checkFolding(target, matching);
  const faults = [
    ...inputFaults('source', source, matching.source),
    ...inputFaults('target', target, matching.target),
    ...checkPermutation({ targetFeature, sourceFeature }),
  ];
  const misfit = lengthFault(source, target, matching);
  if (misfit !== null) {
    return { ok: false, faults: [...faults, misfit], objective: null, bound: null, gap: null, tolerance: null };
  }
  const { sourceDual, targetDual } = certificate;
  const claim = { targetFeature, cost, sourceDual, targetDual, unmatched: matching.options.unmatched ?? null };
  const input = { source: rowsOf(source), target: rowsOf(target), options: matching.options, claim };
  const proof = await runInThread('proveFolded', input, options);
  faults.push(...proofFaults(proof, matching.objective, 'the matching'));
  const { objective, bound, gap, tolerance } = proof;
  return { ok: faults.length === 0, faults, objective, bound, gap, tolerance };
}

function checkFolding({ name, options }: FoldedSae, { options: matched }: Claim): void {
  const differing = (['fold', 'degenerate'] as const).find((field) => options[field] !== matched[field]);
  if (differing === undefined) return;
  throw new UsageError('the SAE is folded in another way than the one that was matched', {
    ...{ file: name, field: differing, found: String(options[differing]), expected: String(matched[differing]) },
  });
}

/** An SAE that was made from arrays has no files to tell it by; the proof does. */
function inputFaults(side: string, { name, files }: FoldedSae, matched: SaeOrigin): string[] {
  const differs = (index: number): boolean => files[index]?.sha256 !== matched.files[index]?.sha256;
  if (files.length === 0 || matched.files.length === 0) return [];
  if (![...files, ...matched.files].some((_, index) => differs(index))) return [];
  return [`${name} is not the ${side} that was matched (${matched.name}): its files have another SHA-256`];
}

function lengthFault(
  source: FoldedSae,
  target: FoldedSae,
  { targetFeature, sourceFeature, cost, certificate }: Claim
): string | null {
  const { sourceDual, targetDual } = certificate;
  const fits =
    [targetFeature, cost, sourceDual].every(({ length }) => length === source.features) &&
    [sourceFeature, targetDual].every(({ length }) => length === target.features) &&
    targetFeature.every((j) => j < target.features);
  if (fits) return null;
  return `the matching does not fit SAEs of ${source.features} and ${target.features} features`;
}
