import type { PairRow } from '../artifacts/tables/pairs';
import type { Chain } from '../matching/chains';
import { groupFailures, groupLine } from '../workflows/group-failures';
import type { Descriptions } from './descriptions';
import { figure, formatSeconds, formatTable } from './format-table';
import type { Output } from './output';
import type { RunResults } from './run-results';

/** A cosine from which a match is counted as close. */
const CLOSE_COSINE = 0.5;

/** Prints what a finished run found, pair by pair, with the rule of every number beside it. */
export async function printPairs(output: Output, results: RunResults): Promise<void> {
  const rows = await results.pairs();
  if (rows.length === 0) return;
  const lines = await Promise.all(rows.map((row) => pairLine(row, results)));
  const header = ['layers', 'features', 'mean folded MSE', 'median cosine', 'mutual nearest', 'cosine ≥ 0.5', 'gap'];
  for (const line of formatTable(header, lines, [1, 2, 3, 4, 5, 6])) output.print(line);
  output.print();
  output.print('mean folded MSE  mean squared difference of the matched decoder rows, each scaled by its threshold');
  output.print('median cosine    of the matched decoder rows');
  output.print('mutual nearest   matches in which each feature is the other’s cheapest partner');
  output.print('cosine ≥ 0.5     matches whose decoder rows have at least this cosine');
  output.print(
    'gap              cost above the proven lower bound of every one-to-one matching: 0 up to rounding is optimal'
  );
}

async function pairLine(row: PairRow, results: RunResults): Promise<string[]> {
  const layers = `${row.source_layer!}→${row.target_layer!}`;
  if (row.status === 'failed') return [layers, 'failed'];
  const cosines = await results.cosines(row.source_layer!, row.target_layer!);
  const close = cosines.reduce((count, cosine) => (cosine >= CLOSE_COSINE ? count + 1 : count), 0);
  return [
    layers,
    String(row.matched),
    figure(row.folded_mse_decoder),
    figure(row.cosine_q50),
    `${row.mutual_nearest!} (${percent(row.mutual_nearest!, row.matched!)})`,
    `${close} (${percent(close, row.matched!)})`,
    row.gap!.toExponential(0),
  ];
}

/**
 * Says how many features of each layer were left out because they cannot be folded.
 *
 * @param scale what was folded in where it was not the SAEs' own
 */
export function warnExcluded(output: Output, rows: readonly PairRow[], scale?: string): void {
  const excluded = new Map<string, number>();
  for (const { source_layer: source, target_layer: target, excluded_source, excluded_target } of rows) {
    const named = source !== null && target !== null && source !== target;
    if (excluded_source) excluded.set(named ? `layer ${source}` : 'source', excluded_source);
    if (excluded_target) excluded.set(named ? `layer ${target}` : 'target', excluded_target);
  }
  const what = scale === undefined ? 'a threshold of 0 or less' : 'a scale of 0 or less, or none,';
  for (const [layer, count] of excluded) {
    output.warn(`${layer}: ${count} features with ${what} were left out (see --degenerate)`);
  }
}

/** Says what failed, failures of one cause together. */
export function warnFailures(output: Output, { manifest }: RunResults): void {
  for (const group of groupFailures(manifest.failures)) output.warn(`failed: ${groupLine(group)}`);
}

/** Chains by their weakest step, best first; chains of one feature have no step and are left out. */
export function bestChains(chains: readonly Chain[], count: number): Chain[] {
  return chains
    .filter(({ weakestCosine }) => !Number.isNaN(weakestCosine))
    .sort((a, b) => b.weakestCosine - a.weakestCosine || a.id - b.id)
    .slice(0, count);
}

/** Prints chains as `layer:feature description`, one line a layer. */
export function printChain(output: Output, chain: Chain, descriptions: Descriptions): void {
  const weakest = Number.isNaN(chain.weakestCosine) ? '' : `, smallest cosine ${chain.weakestCosine.toFixed(3)}`;
  output.print(`chain ${chain.id}: ${chain.steps.length} layers${weakest}`);
  for (const { layer, feature, cosine } of chain.steps) {
    const next = Number.isNaN(cosine) ? '       ' : `↓ ${cosine.toFixed(3)}`;
    const description = printable(descriptions.of(layer, feature) ?? '');
    output.print(`  ${`${layer}:${feature}`.padEnd(9)} ${next}  ${description}`.trimEnd());
  }
}

/** What others have written may hold anything: line ends, what terminals take for orders, and what turns text around. */
const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, ' ');

/** One line on how a run ended. */
export function closingLine(results: RunResults): string {
  const { manifest } = results;
  const done = manifest.pairs.filter(({ status }) => status === 'done').length;
  const time = formatSeconds(manifest.timings.seconds);
  const { drift } = manifest;
  const compared = drift?.filter(({ status }) => status === 'done').length;
  const layers = drift === undefined ? '' : ` and ${compared!} of ${drift.length} layers compared with before`;
  return `run ${manifest.run_id} ${manifest.state}: ${done} of ${manifest.pairs.length} pairs${layers} in ${time}`;
}

const percent = (part: number, whole: number): string => `${Math.round((100 * part) / Math.max(1, whole))} %`;
