import type { Pickled } from './pickled';

/** The machine that a pickle is a program for. */
export interface PickleMachine {
  /** The next bytes of the pickle. */
  take(count: number): Buffer;
  line(): string;
  push(value: Pickled): void;
  mark(): void;
  pop(): Pickled;
  /** All values above the last mark. */
  popMarked(): Pickled[];
  remember(place?: number): void;
  recall(place: number): void;
  global(module: string, name: string): void;
  call(): void;
  build(): void;
  storage(): void;
  append(values: readonly Pickled[]): void;
  setItems(items: readonly Pickled[]): void;
}

/** What each operation does, by its character; those of protocols 0 to 5 that data of this kind needs. */
export const OPERATIONS: Readonly<Record<string, (p: PickleMachine) => void>> = {
  '\x80': (p) => void p.take(1),
  '\x95': (p) => void p.take(8),
  '(': (p) => {
    p.mark();
  },
  N: (p) => {
    p.push(null);
  },
  '\x88': (p) => {
    p.push(true);
  },
  '\x89': (p) => {
    p.push(false);
  },
  K: (p) => {
    p.push(p.take(1)[0]!);
  },
  M: (p) => {
    p.push(p.take(2).readUInt16LE());
  },
  J: (p) => {
    p.push(p.take(4).readInt32LE());
  },
  '\x8a': (p) => {
    p.push(longOf(p.take(p.take(1)[0]!)));
  },
  G: (p) => {
    p.push(p.take(8).readDoubleBE());
  },
  X: (p) => {
    p.push(p.take(p.take(4).readUInt32LE()).toString('utf8'));
  },
  '\x8c': (p) => {
    p.push(p.take(p.take(1)[0]!).toString('utf8'));
  },
  '\x8d': (p) => {
    p.push(p.take(Number(p.take(8).readBigUInt64LE())).toString('utf8'));
  },
  ']': (p) => {
    p.push([]);
  },
  ')': (p) => {
    p.push([]);
  },
  '}': (p) => {
    p.push(new Map());
  },
  t: (p) => {
    p.push(p.popMarked());
  },
  l: (p) => {
    p.push(p.popMarked());
  },
  d: (p) => {
    const items = p.popMarked();
    p.push(new Map());
    p.setItems(items);
  },
  '\x85': (p) => {
    p.push([p.pop()]);
  },
  '\x86': (p) => {
    const second = p.pop();
    p.push([p.pop(), second]);
  },
  '\x87': (p) => {
    const [third, second] = [p.pop(), p.pop()];
    p.push([p.pop(), second, third]);
  },
  a: (p) => {
    const value = p.pop();
    p.append([value]);
  },
  e: (p) => {
    p.append(p.popMarked());
  },
  s: (p) => {
    const value = p.pop();
    const key = p.pop();
    p.setItems([key, value]);
  },
  u: (p) => {
    p.setItems(p.popMarked());
  },
  q: (p) => {
    p.remember(p.take(1)[0]);
  },
  r: (p) => {
    p.remember(p.take(4).readUInt32LE());
  },
  '\x94': (p) => {
    p.remember();
  },
  h: (p) => {
    p.recall(p.take(1)[0]!);
  },
  j: (p) => {
    p.recall(p.take(4).readUInt32LE());
  },
  '0': (p) => void p.pop(),
  c: (p) => {
    const module = p.line();
    p.global(module, p.line());
  },
  '\x93': (p) => {
    const name = p.pop();
    const module = p.pop();
    p.global(textOf(module), textOf(name));
  },
  R: (p) => {
    p.call();
  },
  b: (p) => {
    p.build();
  },
  Q: (p) => {
    p.storage();
  },
};

/** A little-endian two's complement number. */
function longOf(bytes: Buffer): number {
  if (bytes.length === 0) return 0;
  const value = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
  return Number(BigInt.asIntN(8 * bytes.length, value));
}

function textOf(value: Pickled): string {
  return typeof value === 'string' ? value : '';
}
