import type { OptimalityProof } from '../../matching/verification/prove-optimality';

/**
 * Why a proof is not accepted; empty when it is.
 *
 * @param stated the objective that is claimed, null where none is
 * @param where it is claimed
 */
export function proofFaults(proof: OptimalityProof, stated: number | null, where: string): string[] {
  const faults: string[] = [];
  if (!proof.holds) {
    const numbers = `gap ${proof.gap.toExponential(3)}, violation ${proof.violation.toExponential(3)}`;
    faults.push(
      `the duals do not prove that the matching is optimal (${numbers}, tolerance ${proof.tolerance.toExponential(3)})`
    );
  }
  if (proof.wrongCost !== null) {
    faults.push(`the cost of source feature ${proof.wrongCost} in the matches table is not that of its match`);
  }
  if (stated !== null && Math.abs(stated - proof.objective) > proof.tolerance) {
    faults.push(`${where} states the objective ${stated}, the matching costs ${proof.objective}`);
  }
  return faults;
}
