import { planFolding } from '../../matching/folding';
import type { FoldedLayer, FoldOptions, UnfoldedLayer } from '../../matching/folding';
import { scaleTogether } from './scale-together';

/** Folds a layer as `foldLayer` does, to the same bits, with helpers where it is large. @throws InputError as that does */
export async function foldTogether(layer: UnfoldedLayer, options: FoldOptions): Promise<FoldedLayer> {
  const { encoder, decoder, finish } = planFolding(layer, options);
  return finish(await scaleTogether(...encoder), await scaleTogether(...decoder));
}
