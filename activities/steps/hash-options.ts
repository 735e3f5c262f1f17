import { bytesOf } from '../../sae/catalogue-entry';
import type { CatalogueEntry } from '../../sae/catalogue-entry';
import type { HashOptions } from '../../sae/hash-inputs';
import { reportTransfer } from '../task-context';
import type { TaskContext } from '../task-context';

/** How inputs are fixed before any is read. */
export function hashOptions(entry: Pick<CatalogueEntry, 'files'>, context: TaskContext): HashOptions {
  const onTransfer = reportTransfer(context, bytesOf(entry));
  return { trustPlace: true, onProgress: context.throwIfCancelled, onTransfer };
}
