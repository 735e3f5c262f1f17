import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../matching/errors';

/** Descriptions of features by layer and feature; several for one feature: the first that is not empty. */
export interface Descriptions {
  of(layer: number, feature: number): string | null;
}

/**
 * Reads `layer_<L>.jsonl` files of explanations, one JSON object a line with `index` and `description` as Neuronpedia
 * exports them.
 *
 * @param folder null when there are none
 * @throws InputError when a line is not such an object
 */
export function readDescriptions(folder: string | null): Descriptions {
  const layers = new Map<number, Map<number, string>>();
  return {
    of: (layer, feature) => {
      if (folder === null) return null;
      let known = layers.get(layer);
      if (known === undefined) layers.set(layer, (known = readLayer(join(folder, `layer_${layer}.jsonl`))));
      return known.get(feature) ?? null;
    },
  };
}

/** The folder of explanations beside the SAEs of a source, null when there is none. */
export function findExplanations(source: string): string | null {
  const folder = join(source, 'explanations');
  return existsSync(folder) ? folder : null;
}

function readLayer(file: string): Map<number, string> {
  const descriptions = new Map<number, string>();
  if (!existsSync(file)) return descriptions;
  readFileSync(file, 'utf8')
    .split('\n')
    .forEach((line, number) => {
      if (line.trim() === '') return;
      const { index, description } = parseLine(line, file, number + 1);
      if (description !== '' && !descriptions.has(index)) descriptions.set(index, description);
    });
  return descriptions;
}

function parseLine(line: string, file: string, number: number): { index: number; description: string } {
  try {
    const record = JSON.parse(line) as { index: string | number; description: string | null };
    const index = String(record.index);
    if (/^\d+$/.test(index)) return { index: Number(index), description: (record.description ?? '').trim() };
  } catch {
    // Falls through to the error that names the line.
  }
  throw new InputError('not an explanation', {
    file,
    field: `line ${number}`,
    found: line.slice(0, 60),
    expected: '{"index": …, "description": …}',
  });
}
