import { layerOfPath } from '../layer-name';
import { stepOfFile } from '../step-name';
import type { SaeSelection } from './selection';

/**
 * What the path of a file alone tells: whether it may belong to one of the layers, have the width, and be of the step.
 * Of a source of many SAEs the others then need not be opened.
 *
 * @returns null when nothing is selected that a path could tell
 */
export function pathFilter(
  layers: readonly number[] | null,
  { width, step }: SaeSelection
): ((path: string) => boolean) | null {
  if (layers === null && width === undefined && step === undefined) return null;
  return (path) => {
    if (step !== undefined && stepOfFile(path) !== step) return false;
    const layer = layers === null ? null : layerOfPath(path);
    if (layer !== null && !layers!.includes(layer)) return false;
    const named = /(?:^|[/_])width_(\d+[km]?)(?=$|[/_])/i.exec(path)?.[1]?.toLowerCase();
    // A number of features may be named by its rounding.
    return named === undefined || width === undefined || !/[km]$/.test(width) || named === width;
  };
}
