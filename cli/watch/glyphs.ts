import type { PairLetter } from '../../workflows/pair-grid';
import type { Style } from './cells';

/** How states are drawn; every state has a sign of its own, so that colours only help. */
export interface Glyphs {
  readonly states: Readonly<Record<Exclude<PairLetter, '.'>, string>>;
  /** Of several pairs some are done: few, about half, most. */
  readonly partly: readonly [string, string, string];
  readonly bar: { readonly full: string; readonly empty: string };
  readonly arrow: string;
}

const UNICODE: Glyphs = {
  states: { w: '·', r: '▶', d: '█', c: '■', a: '!', f: 'x' },
  partly: ['░', '▒', '▓'],
  bar: { full: '█', empty: '░' },
  arrow: '→',
};

const ASCII: Glyphs = {
  states: { w: '.', r: '>', d: '#', c: '=', a: '!', f: 'x' },
  partly: ['-', '+', '*'],
  bar: { full: '#', empty: '.' },
  arrow: '>',
};

export const STYLES: Readonly<Record<Exclude<PairLetter, '.'>, Style>> = {
  w: 'dim',
  r: 'working',
  d: 'done',
  c: 'cached',
  a: 'aside',
  f: 'failed',
};

export const NAMES: Readonly<Record<Exclude<PairLetter, '.'>, string>> = {
  w: 'waiting',
  r: 'at work',
  d: 'done',
  c: 'found done',
  a: 'set aside',
  f: 'failed',
};

/** Plain ASCII on the Linux console, and where the locale says that text is in no Unicode. */
export function chooseGlyphs(env: NodeJS.ProcessEnv): Glyphs {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((name) => name !== undefined && name !== '') ?? 'UTF-8';
  return env.TERM !== 'linux' && /utf-?8/i.test(locale) ? UNICODE : ASCII;
}
