import { bytesOf } from '../sae/catalogue-entry';
import type { CatalogueEntry } from '../sae/catalogue-entry';
import type { TransferOptions } from '../sae/sources/source';
import { formatBytes } from './format-table';
import type { Output } from './output';
import { createProgressBar } from './progress-bar';

/** Runs `read` with a progress bar for what of an SAE is downloaded first; files of this machine show none. */
export async function withDownloadBar<T>(
  output: Output,
  entry: CatalogueEntry,
  read: (options: TransferOptions) => Promise<T>
): Promise<T> {
  const bar = createProgressBar(output.interactive);
  const total = bytesOf(entry);
  let done = 0;
  const onTransfer = (bytes: number): void => {
    done += bytes;
    const detail = `${formatBytes(done)} of ${formatBytes(total)}`;
    bar.draw({ label: 'downloading', fraction: done / Math.max(1, total), detail });
  };
  try {
    return await read({ onTransfer });
  } finally {
    bar.clear();
  }
}
