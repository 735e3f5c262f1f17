import { layerOfPath } from './layer-name';

/** Words that a number of steps follows; of several in one name the first of this list decides. */
const WORDS = ['(?:global_?)?steps?', 'iter(?:ation)?s?', 'checkpoint|ch?kpt', 'final'];
const PATTERNS = WORDS.map((word) => new RegExp(`(?:^|[^a-z0-9])(?:${word})[-_=.]?(\\d+)([km]?)(?=$|[^a-z0-9])`, 'i'));
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6 };

/**
 * The step of the training that the name of a folder, a branch or a tag carries: a plain number (`1000`), or a number
 * behind one of the words step, iteration, checkpoint (ckpt) and final (`step_1000`, `checkpoint-1000`, `final_1000000`,
 * `epoch=0-step=1000`, `step10k`). Where several words have a number, step wins over iteration, that over checkpoint, and that
 * over final. Names of layers (`layer_3`, `blocks.3.hook_resid_post`) carry none, nor do other words with numbers
 * (`trainer_0`, `width_16k`, `seed1`).
 *
 * @returns null when it carries none
 */
export function stepOfName(name: string): number | null {
  if (layerOfPath(name) !== null) return null;
  const plain = /^\d+$/.exec(name)?.[0];
  if (plain !== undefined) return counted(plain, '');
  const [, digits, unit] = PATTERNS.map((pattern) => pattern.exec(name)).find((match) => match !== null) ?? [];
  return digits === undefined ? null : counted(digits, unit!);
}

/**
 * The step of a checkpoint that is one file, as dictionary_learning names them: `ae_1000.pt`, `checkpoint_1000.pt`.
 *
 * @returns null for other files
 */
export function stepOfFile(path: string): number | null {
  const digits = /(?:^|\/)(?:ae|checkpoint)_(\d+)\.pt$/.exec(path)?.[1];
  return digits === undefined ? null : counted(digits, '');
}

/** Longer numbers are dates, hashes or the like. */
function counted(digits: string, unit: string): number | null {
  const step = Number(digits) * UNITS[unit.toLowerCase()]!;
  return Number.isSafeInteger(step) ? step : null;
}
