import { posix } from 'node:path';
import type { LayerPlan } from '../../workflows/run-types';
import type { Difference, FieldValue } from './ingredient-fields';

/** The files of a layer as its plan names them. */
export type NamedFiles = Pick<LayerPlan, 'layer' | 'files' | 'scale'>;

/** Says in words why what is stored of a layer cannot be used. */
export function describeLayerDifference({ field, stored, now }: Difference, layer: NamedFiles): string {
  const [, kind, index] = /^(files|scale files)\.(\d+)$/.exec(field) ?? [];
  if (index === undefined) return `${field}: ${word(stored)} → ${word(now)}`;
  const files = kind === 'files' ? layer.files : (layer.scale?.files ?? []);
  const path = files[Number(index)]?.path;
  const name = path === undefined ? `a file of layer ${layer.layer}` : posix.basename(path);
  if (now === undefined) return `${name} is gone (${hash(stored)})`;
  if (stored === undefined) return `${name} is new (${hash(now)})`;
  return `${name} has changed (${hash(stored)} → ${shortHash(now)})`;
}

/** Says in words why a stored match of two layers cannot be used. */
export function describeMatchDifference(difference: Difference, source: NamedFiles, target: NamedFiles): string {
  const [, side, field] = /^(source|target) (.+)$/.exec(difference.field) ?? [];
  if (field === undefined) return describeLayerDifference(difference, source);
  const layer = side === 'source' ? source : target;
  if (field === 'rows') return `layer ${layer.layer}: other rows than now`;
  return `layer ${layer.layer}: ${describeLayerDifference({ ...difference, field }, layer)}`;
}

/** An option that was not asked for is absent. */
const word = (value: FieldValue | undefined): string => (value === undefined ? 'default' : String(value));
const hash = (value: FieldValue | undefined): string => `sha256 ${shortHash(value)}`;
const shortHash = (value: FieldValue | undefined): string => `${String(value).slice(0, 8)}…`;
