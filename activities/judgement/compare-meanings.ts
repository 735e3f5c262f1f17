import { createHash } from 'node:crypto';
import { writeKeyRecord } from '../../artifacts/key-record';
import { putRecord } from '../../artifacts/record';
import type { ObjectStore } from '../../artifacts/store/object-store';
import { openStore } from '../../artifacts/store/open-store';
import { compose } from '../../matching/composition';
import type { Choice } from '../../matching/evaluation/choices';
import type { JudgedTarget, MeaningsInput, MeaningsRef } from '../../workflows/judgement-types';
import { keyOf } from '../steps/keys';
import type { TaskContext } from '../task-context';
import { readDescribed } from './described-layer';
import { drawSeed, meaningsIngredients, meaningsObject, randomSeed } from './keys';
import type { MeaningKeySide } from './keys';
import { findMeanings } from './meanings';
import { measureMeanings } from './measure-meanings';
import { PublishedRun } from './published-run';
import type { PublishedMatches } from './published-run';

/** Matches by way of layers between, and what tells them from all others. */
interface ComposedMatches {
  readonly choice: Choice;
  readonly hash: string;
}

/**
 * Compares the descriptions of the features of one layer with those of their targets in each of the others, and draws the pairs
 * that are to be judged; or finds that this was done before. Steps along the layers are composed one after the other.
 *
 * @throws ArtifactCorruptError when something that was stored is gone or damaged
 */
export async function compareMeaningsTask(input: MeaningsInput, context: TaskContext): Promise<readonly MeaningsRef[]> {
  const { source, path, targets } = input.source;
  const layer = await SourceLayer.open(input, context);
  const refs = new Map<number, MeaningsRef>();
  let composed: ComposedMatches | null = null;
  for (const [index, step] of path.entries()) {
    composed = composedWith(composed, await layer.run.matches(index === 0 ? source : path[index - 1]!, step));
    const target = targets.find((one) => one.target === step);
    if (target !== undefined) refs.set(step, await layer.compare(target, target.distance > 1 ? composed : null));
  }
  for (const target of targets) {
    if (!refs.has(target.target)) refs.set(target.target, await layer.compare(target, null));
  }
  return targets.map(({ target }) => refs.get(target)!);
}

function composedWith(before: ComposedMatches | null, { table, sha256 }: PublishedMatches): ComposedMatches {
  if (before === null) return { choice: table.targetFeature, hash: sha256 };
  const hash = createHash('sha256').update(`${before.hash} ${sha256}`).digest('hex');
  return { choice: compose(before.choice, table.targetFeature), hash };
}

/** The layer that all comparisons of a task begin at. */
class SourceLayer {
  private done = 0;

  private constructor(
    readonly run: PublishedRun,
    private readonly store: ObjectStore,
    private readonly input: MeaningsInput,
    private readonly descriptions: readonly (string | null)[],
    private readonly context: TaskContext
  ) {}

  static async open(input: MeaningsInput, context: TaskContext): Promise<SourceLayer> {
    const store = openStore(input.out);
    const run = await PublishedRun.open(store, input.runId);
    const descriptions = await readDescribed(store, refOf(input, input.source.source));
    return new SourceLayer(run, store, input, descriptions, context);
  }

  async compare({ target, isDirect }: JudgedTarget, composed: ComposedMatches | null): Promise<MeaningsRef> {
    const { store, input, context } = this;
    const { samples } = input;
    context.throwIfCancelled();
    const total = input.source.targets.length;
    context.onProgress({ phase: 'evaluating', done: this.done++, total, gap: null });
    const direct = isDirect ? await this.run.matches(input.source.source, target) : null;
    const [from, to] = [this.side(input.source.source), this.side(target)];
    const made = meaningsIngredients({
      ...{ source: from, target: to, samples },
      direct: direct?.sha256 ?? null,
      composed: composed?.hash ?? null,
    });
    const key = keyOf(made);
    const ref = { source: from.layer, target, key };
    const found = await findMeanings(store, key);
    if (found !== null) return { ...ref, rows: found.rows.length, cached: true };
    const descriptions = { source: this.descriptions, target: await readDescribed(store, refOf(input, target)) };
    const measured = measureMeanings({
      ...{ descriptions, direct: direct?.table ?? null, composed: composed?.choice ?? null, samples },
      ...{ drawSeed: drawSeed(from), randomSeed: randomSeed(from, to) },
    });
    await writeKeyRecord(store, 'meanings', made);
    await putRecord(store, meaningsObject(key), measured);
    return { ...ref, rows: measured.rows.length, cached: false };
  }

  private side(layer: number): MeaningKeySide {
    return { layer, inputs: this.run.inputsOf(layer), descriptions: refOf(this.input, layer).key };
  }
}

const refOf = ({ descriptions }: MeaningsInput, layer: number): MeaningsInput['descriptions'][number] =>
  descriptions.find((one) => one.layer === layer)!;
