import type { Prediction, Range } from '../artifacts/planning-record';
import type { RunPreview } from '../activities/preview/preview-run';
import type { PlanningPlace } from '../activities/planning/predict-run';
import { formatBytes, formatSeconds, formatTable } from './format-table';
import type { Output } from './output';
import type { PlanCost } from './plan-cost';
import { floatingPoint } from './planning-summary';
import type { ResolvedRun } from './spec/resolve-spec';

/** A plan with all that is printed of it. */
export interface PrintedPlan {
  readonly run: ResolvedRun;
  readonly preview: RunPreview;
  readonly place: PlanningPlace;
  /** Null where no price was given, or nobody knows the time. */
  readonly cost: PlanCost | null;
}

/** Prints a plan for a person. */
export function printPlan(output: Output, plan: PrintedPlan): void {
  const { run, preview } = plan;
  printState(output, run, preview);
  printStates(output, preview);
  const { layers, pairs, previous } = preview;
  output.print(`layers   ${tally([...layers, ...(previous?.layers ?? [])])}`);
  if (pairs.length > 0) output.print(`pairs    ${tally(pairs)}`);
  if (previous !== undefined) output.print(`drift    ${tally(previous.pairs)}`);
  for (const line of figures(plan)) output.print(line);
  output.print(`results  ${run.spec.out}/runs/${run.runId}`);
}

function printState(output: Output, { runId }: ResolvedRun, { run }: RunPreview): void {
  output.print(`run ${runId}: ${STATES[run.state]}`);
  if (run.state === 'done') {
    const changed = run.changed_layers.map((layer) => `layer ${layer}`).join(', ');
    output.print(
      changed === ''
        ? 'the same command reports it without work; with --new it would do this:'
        : `made from other files than there are now (${changed}): run refuses it, with --new it would do this:`
    );
  }
  output.print();
}

function printStates(output: Output, { layers, pairs, previous }: RunPreview): void {
  const layerRows = layers.map(({ layer, state, reason }) => [String(layer), state, reason ?? '']);
  for (const line of formatTable(['layer', 'state', 'why'], layerRows, [0])) output.print(line);
  output.print();
  const pairRows = pairs.map(({ source, target, state, reason }) => [`${source}→${target}`, state, reason ?? '']);
  for (const line of formatTable(['pair', 'state', 'why'], pairRows)) output.print(line);
  output.print();
  if (previous === undefined) return;
  const rows = previous.layers.map(({ layer, state, reason }, index) => {
    const match = previous.pairs[index]!;
    return [String(layer), state, match.state, reason ?? match.reason ?? ''];
  });
  for (const line of formatTable(['previous', 'layer', 'drift', 'why'], rows, [0])) output.print(line);
  output.print();
}

function figures({ preview: { totals, prediction }, place, cost }: PrintedPlan): string[] {
  const { read_bytes, fetch_bytes, stored_bytes, multiply_adds, match_memory: memory } = totals;
  const fetched = fetch_bytes === 0 ? '' : `, ${formatBytes(fetch_bytes)} over the network`;
  const lines = [`to read  ${formatBytes(read_bytes)}${fetched}`, `to store ${formatBytes(stored_bytes)}`];
  if (memory !== null) {
    const least = formatBytes(memory.least);
    const budget = `${formatBytes(place.memoryBudget)} a worker of ${counted(place.slots, 'match', 'matches')} at once`;
    lines.push(
      `compute  ${floatingPoint(multiply_adds)} for one pass over all pairs of features${computed(prediction)}`
    );
    lines.push(`memory   a match takes ${least} to ${formatBytes(memory.most)}, the more the faster; ${budget}`);
  }
  if (prediction === null)
    lines.push(`time     not known for ${place.device}: --calibrate measures it on a machine that has it`);
  else lines.push(`time     ${timeLine(prediction)}`, `         ${ratesLine(prediction)}`);
  if (cost !== null) lines.push(`cost     ${costLine(cost)}`);
  return lines;
}

function computed(prediction: Prediction | null): string {
  if (prediction === null) return '';
  const { expected, most } = prediction.multiply_adds;
  return most > expected ? `, ${floatingPoint(expected)} to ${floatingPoint(most)} in all` : '';
}

function timeLine({ seconds, device, devices }: Prediction): string {
  const range = seconds.most > seconds.least ? ` (${rangeText(seconds)})` : '';
  return `${formatSeconds(seconds.expected)}${range} on ${devices === 1 ? '' : `${devices} times `}${device}`;
}

const rangeText = ({ least, most }: Range): string => `${formatSeconds(least)} to ${formatSeconds(most)}`;

function ratesLine({ rates, measured }: Prediction): string {
  return rates === 'calibration'
    ? `by the calibration of this machine, ${measured!.slice(0, 16).replace('T', ' ')} UTC; see docs/planning.md`
    : 'by rates of a machine of 2 cores; --calibrate measures this one in some seconds';
}

function costLine({ expected, least, most, price, device_hours }: PlanCost): string {
  return `${amount(expected)} (${amount(least)} to ${amount(most)}): ${amount(device_hours)} device-hours at ${price}`;
}

const amount = (value: number): string => (value === 0 ? '0' : value.toPrecision(3));
const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

const STATES: Readonly<Record<RunPreview['run']['state'], string>> = {
  new: 'new',
  unfinished: 'unfinished; the same command goes on with it',
  done: 'done',
  partial: 'done in part; the same command goes on with it',
  failed: 'failed; the same command tries it again',
};

/** Such as `5 cached, 2 fold`. */
function tally(items: readonly { readonly state: string }[]): string {
  const counts = new Map<string, number>();
  for (const { state } of items) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
}
