import { CancelledError, InputError, SaeMatchError } from '../../matching/errors';
import { openSaes } from '../../sae/sae-argument';
import type { OpenedSaes } from '../../sae/sae-argument';
import { checkScalable } from '../../sae/scale/check-scalable';
import { hasLayer } from '../../sae/select/layers';
import { selectionOf } from '../../sae/select/selection';
import type { LayerPlan, PreviousSpec, RunSpec } from '../../workflows/run-types';
import type { TaskContext } from '../task-context';
import { checkHooks } from './check-hooks';
import { hashLayer } from './hash-layer';
import { planLayer } from './resolve-run';

/**
 * Finds the layers of a run in the previous checkpoint and fixes their files by SHA-256. What cannot be had of it, be it
 * a layer or all of it, is a failure of these layers: it never keeps the run from its own pairs.
 *
 * @param layers of the run
 */
export async function planPrevious(
  spec: RunSpec,
  previous: PreviousSpec,
  layers: readonly LayerPlan[],
  context: TaskContext
): Promise<LayerPlan[]> {
  const numbers = layers.map(({ layer }) => layer);
  const all = await orFailure(() => open(spec, previous, numbers));
  const planned: LayerPlan[] = [];
  for (const layer of layers) {
    context.throwIfCancelled();
    context.onProgress({ phase: 'hashing', done: planned.length, total: layers.length, gap: null });
    // One layer that is missing says nothing of the others; a place that does not answer is not asked for each.
    const opened = all instanceof InputError ? await orFailure(() => open(spec, previous, [layer.layer])) : all;
    const plan =
      opened instanceof SaeMatchError ? opened : await orFailure(() => planOne(spec, layer, opened, context));
    planned.push(plan instanceof SaeMatchError ? failed(layer.layer, plan) : plan);
  }
  return planned;
}

function open(spec: RunSpec, { source, step }: PreviousSpec, layers: readonly number[]): Promise<OpenedSaes> {
  const { width, l0, hook, format } = spec;
  return openSaes(source, { ...selectionOf({ width, l0, hook, step }), layers, ...(format !== null && { format }) });
}

async function planOne(
  spec: RunSpec,
  current: LayerPlan,
  { source, entries, argumentOf }: OpenedSaes,
  context: TaskContext
): Promise<LayerPlan> {
  const entry = entries.filter(hasLayer).find(({ layer }) => layer === current.layer);
  if (entry === undefined) {
    throw new InputError(`the previous checkpoint has no layer ${current.layer}`, { file: source.pinned });
  }
  if (entry.error !== null) throw entry.error;
  const { header } = entry;
  if (spec.scale !== undefined) checkScalable(header!, spec.scale, source.locate(entry.path));
  const named = { ...planLayer(entry, spec), source: source.pinned, argument: argumentOf(entry) };
  if (current.failure === null) checkComparable(spec, current, named, header!.hook);
  const plan = await hashLayer(source, named, spec.scale, context);
  if (plan.failure === null) return plan;
  const { type, message } = plan.failure;
  return { ...plan, failure: { what: 'drift', layers: [current.layer, current.layer], type, message } };
}

/** @throws InputError when the layers of the two checkpoints have nothing to do with each other */
function checkComparable(
  spec: RunSpec,
  current: LayerPlan,
  previous: Pick<LayerPlan, 'argument' | 'elements'>,
  hook: string | null
): void {
  const name = previous.argument!;
  if (previous.elements !== current.elements) {
    throw new InputError('the SAEs live in spaces of different size', {
      file: `${name} and ${current.argument ?? current.path}`,
      found: `${previous.elements} and ${current.elements} elements a feature`,
      expected: 'the same number in both',
      remedy: 'Name a checkpoint of the same training with --previous.',
    });
  }
  if (spec.allow_hook_mismatch) return;
  const own = current.header.hook;
  checkHooks([
    { name: current.path, hook: typeof own === 'string' ? own : null },
    { name, hook },
  ]);
}

async function orFailure<T>(step: () => Promise<T>): Promise<T | SaeMatchError> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof SaeMatchError && !(error instanceof CancelledError)) return error;
    throw error;
  }
}

function failed(layer: number, { name: type, message, summary }: SaeMatchError): LayerPlan {
  const failure = { what: 'drift', layers: [layer, layer], type, message, summary };
  return { layer, path: '', files: [], features: 0, elements: 0, header: {}, failure };
}
