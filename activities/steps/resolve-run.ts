import { openSaes } from '../../sae/sae-argument';
import { checkScalable } from '../../sae/scale/check-scalable';
import { findExport } from '../../sae/scale/export-files';
import { isScaleWord, scaleOfLayer } from '../../sae/scale/scale-choice';
import { hasLayer } from '../../sae/select/layers';
import type { LayerEntry } from '../../sae/select/layers';
import { selectionOf } from '../../sae/select/selection';
import type { SaeSource } from '../../sae/sources/source';
import { InputError } from '../../matching/errors';
import { layersOfPairs, planPairs } from '../../workflows/plan-pairs';
import { checkHooks } from './check-hooks';
import type { Failure, LayerPlan, RunPlan, RunSpec } from '../../workflows/run-types';

/** A plan whose files are not hashed yet. */
export type UnhashedPlan = Omit<RunPlan, 'layers'> & {
  readonly source: SaeSource;
  readonly layers: readonly (Omit<LayerPlan, 'files' | 'scale'> & { readonly entry: LayerEntry })[];
};

/**
 * Looks at the headers of a source and decides what a run over it does: which SAE stands for each layer, and which
 * pairs are matched. A broken SAE is kept, with its failure, so that the pairs without it can go on.
 *
 * @throws InputError when a layer is missing or ambiguous, hook points do not fit, or a scale is given that does not
 * @throws UsageError when the pairs name layers that are not selected
 */
export async function planRun(spec: RunSpec): Promise<UnhashedPlan> {
  const wanted = spec.layers ?? (typeof spec.pairs === 'string' ? null : layersOfPairs(spec.pairs));
  const { source, entries, argumentOf } = await openSaes(spec.source, {
    ...selectionOf(spec),
    layers: wanted,
    ...(spec.format !== null && { format: spec.format }),
  });
  const selected = entries.filter(hasLayer);
  const layers = selected.map((entry) => ({
    ...planLayer(entry, spec),
    source: source.pinned,
    argument: argumentOf(entry),
  }));
  const pairs = planPairs(
    layers.map(({ layer }) => layer),
    spec.pairs
  );
  if (pairs.length === 0 && spec.previous === undefined) {
    throw new InputError('nothing to match', {
      file: spec.source,
      found: `SAEs for ${layers.length} layer${layers.length === 1 ? '' : 's'}`,
      expected: 'at least two layers',
    });
  }
  if (!spec.allow_hook_mismatch) {
    checkHooks(selected.map(({ path, header }) => ({ name: path, hook: header?.hook ?? null })));
  }
  if (spec.scale !== undefined) await checkScale(selected, spec.scale, source);
  return { source, layers, pairs };
}

/** @throws InputError when an SAE cannot be given the scale, or its export is not there */
async function checkScale(entries: readonly LayerEntry[], scale: string, source: SaeSource): Promise<void> {
  for (const { header, path, layer } of entries) {
    if (header !== null) checkScalable(header, scale, source.locate(path));
    if (!isScaleWord(scale)) await findExport(scaleOfLayer(scale, layer));
  }
}

/** What the headers say of one layer. */
export function planLayer(entry: LayerEntry, spec: RunSpec): UnhashedPlan['layers'][number] {
  const { header } = entry;
  return {
    entry,
    layer: entry.layer,
    path: entry.path,
    features: header?.features ?? 0,
    elements: header === null ? 0 : elementsOf(header, spec),
    header: header === null ? {} : { ...header, ...(spec.scale !== undefined && { gauge: 'given' }) },
    failure: entry.error === null ? null : readFailure(entry.layer, entry.error),
  };
}

export function readFailure(layer: number, error: InputError): Failure {
  return { what: 'read', layers: [layer], type: error.name, message: error.message };
}

function elementsOf({ dIn, dOut }: { dIn: number; dOut: number }, { weights }: RunSpec): number {
  const size = { decoder: dOut, encoder: dIn, 'decoder+encoder': dIn + dOut, all: dIn + dOut + 1 };
  return size[weights];
}
