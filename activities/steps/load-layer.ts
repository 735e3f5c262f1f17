import { InputError } from '../../matching/errors';
import type { CanonicalSae, SaeHeader } from '../../sae/canonical';
import { listSaes } from '../../sae/catalogue';
import { openSource } from '../../sae/sources/open-source';
import type { LayerPlan, RunSpec } from '../../workflows/run-types';
import type { TaskContext } from '../task-context';
import { expectedScale } from './layer-keys';
import { loadInput } from './load-input';
import { scaleUnchanged } from './scale-unchanged';

/**
 * The SAE with the scale that is folded in, and its header as stored.
 *
 * @throws InputError when a file is not the one the run was planned with
 */
export async function loadLayer(
  spec: RunSpec,
  layer: LayerPlan,
  context: TaskContext
): Promise<{ readonly stored: SaeHeader; readonly sae: CanonicalSae }> {
  const source = await openSource(layer.source ?? spec.source);
  const entries = await listSaes(source, {
    ...(spec.format !== null && { format: spec.format }),
    paths: new Set(layer.files.map(({ path }) => path)),
  });
  const entry = entries.find((candidate) => candidate.path === layer.path && candidate.layer === layer.layer);
  if (entry === undefined) {
    throw new InputError('the SAE is gone', { file: layer.path, remedy: 'Put it back and resume the run.' });
  }
  if (entry.error !== null) throw entry.error;
  const { sae } = await loadInput(source, entry, layer.files, context);
  const scaled = await scaleUnchanged(sae, expectedScale(spec, layer), { source, entry }, context);
  for (const note of scaled.sae.header.notes.slice(sae.header.notes.length))
    context.onNote(`layer ${layer.layer}: ${note}`);
  return { stored: sae.header, sae: scaled.sae };
}
