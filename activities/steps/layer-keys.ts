import type { Ingredients } from '../../artifacts/content-key';
import type { LayerPlan, RunSpec } from '../../workflows/run-types';
import { foldIngredients, keyOf } from './keys';
import type { ExpectedScale } from './scale-unchanged';

/** What a layer's content keys depend on: of a plan, or read back from a manifest. */
export type KeyedLayer = Pick<LayerPlan, 'layer' | 'files' | 'header' | 'scale'>;
type FoldOptions = Pick<RunSpec, 'fold' | 'degenerate' | 'scale'>;

/** Of what is stored of a layer: the rows that are matched, and the folded rows of the paper's metric. */
export interface LayerArtifacts<T> {
  readonly rows: T;
  /** The same as `rows` where the run folds. */
  readonly folded: T;
}

/** What both artifacts of a layer are made of. */
export function layerIngredients(spec: FoldOptions, layer: KeyedLayer): LayerArtifacts<Ingredients> {
  const of = (fold: boolean): Ingredients =>
    foldIngredients({
      files: layer.files,
      format: String(layer.header.format),
      layer: layer.layer,
      fold,
      degenerate: fold === spec.fold ? spec.degenerate : 'exclude',
      scale: expectedScale(spec, layer),
    });
  return { rows: of(spec.fold), folded: of(true) };
}

export function layerKeys(spec: FoldOptions, layer: KeyedLayer): LayerArtifacts<string> {
  const { rows, folded } = layerIngredients(spec, layer);
  return { rows: keyOf(rows), folded: keyOf(folded) };
}

/** The scale that is folded into a layer, with its files as they were planned with. */
export function expectedScale(
  { scale: choice }: Pick<RunSpec, 'scale'>,
  { scale }: Pick<LayerPlan, 'scale'>
): ExpectedScale | undefined {
  return choice === undefined ? undefined : { choice: scale?.location ?? choice, files: scale?.files ?? [] };
}
