import type { FoldedRef, LayerPlan } from './run-types';

/** The folds of a run's layers, each carried out once however many pairs need it, unless it has to be done again. */
export class LayerFolds {
  private readonly folds = new Map<number, Promise<FoldedRef | null>>();
  private readonly layers: ReadonlyMap<number, LayerPlan>;

  /**
   * Starts to fold every layer, in their order.
   *
   * @param fold resolves to null for a layer that cannot be used, and rejects when it may succeed later
   */
  constructor(
    layers: readonly LayerPlan[],
    private readonly fold: (layer: LayerPlan) => Promise<FoldedRef | null>
  ) {
    this.layers = new Map(layers.map((layer) => [layer.layer, layer]));
    for (const { layer } of layers) void this.start(layer);
  }

  /** The fold of a layer, whether under way, done or failed. */
  of(layer: number): Promise<FoldedRef | null> {
    return this.folds.get(layer)!;
  }

  /** Folds a layer again unless that was begun since `earlier`. */
  again(layer: number, earlier: Promise<FoldedRef | null>): Promise<FoldedRef | null> {
    return this.of(layer) === earlier ? this.start(layer) : this.of(layer);
  }

  private start(layer: number): Promise<FoldedRef | null> {
    const fold = this.fold(this.layers.get(layer)!);
    // When the run is cancelled, pairs that wait for a slot never look at their layers again.
    fold.catch(() => undefined);
    this.folds.set(layer, fold);
    return fold;
  }
}
