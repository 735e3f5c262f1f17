/** A one-line progress bar on standard error, redrawn in place. */
export interface ProgressBar {
  draw(text: ProgressText): void;
  /** Removes the bar, so that other lines can be printed. */
  clear(): void;
}

export interface ProgressText {
  readonly label: string;
  /** 0 to 1; null when the end is not known. */
  readonly fraction: number | null;
  readonly detail: string;
}

const WIDTH = 24;

/** @param active false draws nothing, for output that is no terminal */
export function createProgressBar(active: boolean): ProgressBar {
  let drawn = false;
  const clear = (): void => {
    if (drawn) process.stderr.write('\r\u001b[2K');
    drawn = false;
  };
  return {
    clear,
    draw: (text) => {
      if (!active) return;
      clear();
      process.stderr.write(renderProgress(text, process.stderr.columns));
      drawn = true;
    },
  };
}

/** One line no longer than `columns`. */
export function renderProgress({ label, fraction, detail }: ProgressText, columns: number): string {
  const share = Math.min(1, Math.max(0, fraction ?? 0));
  const filled = Math.round(share * WIDTH);
  const bar = `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}]`;
  const percent = fraction === null ? '    ' : `${String(Math.floor(share * 100)).padStart(3)}%`;
  return `${label.padEnd(10)} ${bar} ${percent}  ${detail}`.slice(0, Math.max(20, columns - 1));
}
