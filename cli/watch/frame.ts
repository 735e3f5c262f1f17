import type { RunProgress } from '../../workflows/run-types';
import { barLine } from './bar-line';
import { blanks, cells, clip, fit, flow } from './cells';
import type { Line, Style } from './cells';
import { formatDuration, formatElapsed } from './durations';
import { faultLine } from './fault-line';
import type { Glyphs } from './glyphs';
import { gridLines, legend } from './grid-lines';
import type { RunView } from './run-view';
import { workerLines } from './worker-lines';

/** Wider lines are hard to read, and break where a terminal becomes narrower. */
const MOST_COLUMNS = 100;

/**
 * The live view of a run on a terminal of this size: how far it is, its pairs, its workers, and what went wrong. What does
 * not fit is left out, the least important first.
 */
export function frame(view: RunView, columns: number, rows: number, glyphs: Glyphs): Line[] {
  const width = Math.min(columns - 1, MOST_COLUMNS);
  const height = rows - 1;
  const head = headLines(view, width, height, glyphs);
  const share = Math.max(1, Math.floor(height / 5));
  const faults = section('faults', faultLines(view, width), height >= 10 ? share : 0);
  const workers = section('workers', workerLines(view, width, glyphs), height >= 14 ? share : 0);
  const room = height - head.length - faults.length - workers.length;
  const grid = gridSection(view, width, room, glyphs);
  return [...head, ...grid, ...workers, ...faults].slice(0, height).map((line) => clip(line, width));
}

function headLines(view: RunView, width: number, height: number, glyphs: Glyphs): Line[] {
  const { runId, source, out, progress, started, now } = view;
  const elapsed = cells(formatElapsed((now.getTime() - started.getTime()) / 1000));
  const title = [...cells(`run ${runId}  `, 'bold'), ...stateOf(view)];
  const first = [...fit(title, width - elapsed.length - 1), ...blanks(1), ...elapsed];
  const place = cells(`${source ?? '?'} ${glyphs.arrow} ${out ?? '?'}`, 'dim');
  const bar = barLine(view, width, glyphs);
  if (height < 8) return [first, bar].slice(0, height);
  return [first, place, bar, ...(progress === null ? [] : layersLine(progress))];
}

function stateOf({ reachable, progress, now }: RunView): Line {
  if (!reachable) return cells('the server does not answer; waiting for it', 'failed');
  if (progress === null) return cells('waiting for a worker', 'aside');
  const { phase, pausesUntil } = progress;
  if (pausesUntil === null) return cells(phase);
  const left = (new Date(pausesUntil).getTime() - now.getTime()) / 1000;
  return cells(`${phase}, pausing ${formatDuration(Math.max(0, left))} before trying again`, 'aside');
}

function layersLine({ layers, grid, drift, phase }: RunProgress): Line[] {
  const { folded, total, cached, failed } = layers;
  if (total === 0) return [];
  const found = cached > 0 ? `, ${cached} found folded` : '';
  const text = cells(`layers ${folded} of ${total} folded${found}`);
  const broken = failed > 0 ? cells(`, ${failed} failed: ${failedLayers(grid)}`, 'failed') : [];
  const compared =
    drift === undefined || phase === 'drift' ? [] : cells(`; ${drift.done} of ${drift.total} compared with before`);
  return [[...text, ...broken, ...compared]];
}

function failedLayers(grid: RunProgress['grid']): string {
  return (grid?.layers ?? []).filter((_, index) => grid!.folds[index] === 'f').join(', ');
}

function gridSection({ progress }: RunView, width: number, room: number, glyphs: Glyphs): Line[] {
  const grid = progress?.grid;
  if (grid === undefined || room < 3) return [];
  const signs = flow(legend(grid, glyphs), width);
  const drawn = gridLines(grid, width, room - signs.length - 1, glyphs);
  return drawn.length === 0 ? [] : [[], ...drawn, ...signs];
}

function faultLines({ faults }: RunView, width: number): Line[] {
  const styles = { retry: 'plain', set_aside: 'aside', failed: 'failed' } as const;
  return faults.map((fault) => {
    const style: Style = styles[fault.kind];
    return clip([...cells(`${clock(fault.time)} `, 'dim'), ...cells(faultLine(fault), style)], width);
  });
}

const clock = (time: Date): string => time.toTimeString().slice(0, 8);

/** A title and as many lines as there is room for; nothing where there are none. */
function section(title: string, lines: readonly Line[], most: number): Line[] {
  if (lines.length === 0 || most === 0) return [];
  const more = lines.length > most ? ` (${lines.length}, of which the first ${most})` : '';
  return [[], cells(`${title}${more}`, 'bold'), ...lines.slice(0, most).map((line) => [...blanks(1), ...line])];
}
