import { InputError } from '../../matching/errors';
import { hashInputs } from '../../sae/hash-inputs';
import { findHiddenStates, openHiddenStates } from '../../sae/hidden-states/find-hidden-states';
import { readTokenDocuments } from '../../sae/hidden-states/token-documents';
import { openSource } from '../../sae/sources/open-source';
import type { SourceFile } from '../../sae/sources/source';
import type { PlanStatesInput } from '../../workflows/activity-types';
import type { PlannedFile, StatesPlan } from '../../workflows/run-types';
import { hashOptions } from '../steps/hash-options';
import type { TaskContext } from '../task-context';

/**
 * Finds the hidden states of the layers of a run, and fixes every file by its SHA-256. Layers of which there are none are left
 * out.
 *
 * @throws InputError when there are none at all, or not of the same tokens in every layer
 */
export async function planStatesTask({ location, layers }: PlanStatesInput, context: TaskContext): Promise<StatesPlan> {
  const source = await openSource(location);
  const found = await findHiddenStates(source);
  const hash = async (file: SourceFile): Promise<PlannedFile> => {
    const files = [file];
    const [hashed] = await hashInputs(source, { files }, hashOptions({ files }, context));
    return hashed!;
  };
  const planned: StatesPlan['layers'][number][] = [];
  let tokens: number | null = null;
  for (const layer of layers) {
    const file = found.layers.get(layer);
    if (file === undefined) continue;
    const [count = 0, elements = 0] = (await openHiddenStates(source, file)).shape;
    if (count !== (tokens ??= count)) {
      throw new InputError('hidden states of other tokens', {
        ...{ file: source.locate(file.path), found: `${count} tokens`, expected: `${tokens}, as in the layers below` },
        remedy: 'Give the same tokens in the same order for every layer.',
      });
    }
    planned.push({ layer, elements, file: await hash(file) });
  }
  if (tokens === null) {
    throw new InputError('there are no hidden states of the layers of this run', {
      ...{ file: location, field: '--activations', found: `layers ${[...found.layers.keys()].join(', ')}` },
      expected: `layers ${layers.join(', ')}`,
    });
  }
  const documents = found.tokens && (await readTokenDocuments(source, found.tokens.path, tokens)).documents;
  return {
    location: source.pinned,
    tokens,
    documents: documents ?? Math.min(1, tokens),
    tokensFile: found.tokens && (await hash(found.tokens)),
    layers: planned,
  };
}
