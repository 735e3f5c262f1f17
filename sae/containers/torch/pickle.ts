import { InputError } from '../../../matching/errors';
import { Arguments, CALLS, NAMED } from './globals';
import { OPERATIONS } from './operations';
import type { PickleMachine } from './operations';
import { isCount, isKind, listOf } from './pickled';
import type { Pickled } from './pickled';

/** Nothing that holds tensors only needs a longer one, or more values: a byte of a pickle may become hundreds in memory. */
export const MAX_PICKLE_BYTES = 1 << 20;
const MAX_VALUES = 100_000;

/**
 * Reads a pickle that holds tensors, numbers, texts, lists and dictionaries. Nothing is ever executed: each global that
 * a pickle may name is in `globals.ts`, and every other one is refused by its name.
 *
 * @throws InputError when the pickle is malformed, or holds anything else.
 */
export function parsePickle(bytes: Buffer, origin: { file: string; field: string }): Pickled {
  return new Unpickler(bytes, origin).run();
}

const MARK = Symbol('mark');
type OnStack = Pickled | typeof MARK;

class Unpickler implements PickleMachine {
  private at = 0;
  private made = 0;
  private readonly stack: OnStack[] = [];
  private readonly memo = new Map<number, Pickled>();

  constructor(
    private readonly bytes: Buffer,
    private readonly origin: { file: string; field: string }
  ) {}

  run(): Pickled {
    for (;;) {
      const code = this.take(1)[0]!;
      const operation = OPERATIONS[String.fromCharCode(code)];
      if (code === STOP) return this.pop();
      if (operation === undefined) throw this.malformed(`operation 0x${code.toString(16)} at byte ${this.at - 1}`);
      operation(this);
    }
  }

  take(count: number): Buffer {
    const end = this.at + count;
    if (!(count >= 0 && end <= this.bytes.length)) throw this.malformed(`an end after ${this.bytes.length} bytes`);
    const taken = this.bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw this.malformed('a line without an end');
    const text = this.bytes.toString('utf8', this.at, end);
    this.at = end + 1;
    return text;
  }

  push(value: Pickled): void {
    if (typeof value === 'object' && ++this.made > MAX_VALUES) {
      throw this.malformed(`more than ${MAX_VALUES} lists, dictionaries and tensors`);
    }
    this.stack.push(value);
  }

  mark(): void {
    this.stack.push(MARK);
  }

  pop(): Pickled {
    const value = this.stack.pop();
    if (value === undefined || value === MARK) throw this.malformed('an operation without its operand');
    return value;
  }

  popMarked(): Pickled[] {
    const mark = this.stack.lastIndexOf(MARK);
    if (mark < 0) throw this.malformed('a group without its beginning');
    return this.stack.splice(mark).slice(1) as Pickled[];
  }

  remember(place: number = this.memo.size): void {
    const value = this.pop();
    this.memo.set(place, value);
    this.push(value);
  }

  recall(place: number): void {
    const value = this.memo.get(place);
    if (value === undefined) throw this.malformed(`no value ${place} to come back to`);
    this.push(value);
  }

  global(module: string, name: string): void {
    const full = `${module}.${name}`;
    if (CALLS[full] === undefined && !NAMED.test(full)) throw this.refused(full);
    this.push({ kind: 'global', name: full });
  }

  call(): void {
    const values = this.pop();
    const callee = this.pop();
    const work = isKind(callee, 'global') ? CALLS[callee.name] : undefined;
    if (work === undefined || !Array.isArray(values)) throw this.malformed('a call of something that is no function');
    this.push(work(new Arguments(values as readonly Pickled[], (found) => this.malformed(found))));
  }

  /** Only ordered dictionaries have a state, which holds versions of modules. */
  build(): void {
    this.pop();
    if (!(this.stack.at(-1) instanceof Map)) throw this.malformed('a state of something that is no dictionary');
  }

  storage(): void {
    const [tag, type, key, , elements] = listOf(this.pop());
    if (tag !== 'storage' || !isKind(type, 'global') || typeof key !== 'string' || !isCount(elements)) {
      throw this.malformed('a reference that is no storage');
    }
    this.push({ kind: 'storage', type: type.name.split('.').at(-1)!, key, elements });
  }

  append(values: readonly Pickled[]): void {
    const list = this.stack.at(-1);
    if (!Array.isArray(list)) throw this.malformed('values for something that is no list');
    for (const value of values) (list as Pickled[]).push(value);
  }

  setItems(items: readonly Pickled[]): void {
    const map = this.stack.at(-1);
    if (!(map instanceof Map) || items.length % 2 !== 0)
      throw this.malformed('entries for something that is no dictionary');
    for (let n = 0; n < items.length; n += 2) {
      const key = items[n];
      if (typeof key !== 'string' && typeof key !== 'number') throw this.malformed('a key that is no text or number');
      (map as Map<string | number, Pickled>).set(key, items[n + 1]!);
    }
  }

  malformed(found: string): InputError {
    return new InputError('the pickle cannot be read', {
      ...this.origin,
      found,
      expected: 'a dictionary of tensors, numbers and texts',
      remedy: 'Save the weights alone: torch.save(sae.state_dict(), file).',
    });
  }

  private refused(name: string): InputError {
    return new InputError('the file holds more than weights, and is refused', {
      ...this.origin,
      found: name,
      expected: 'tensors, numbers, texts, lists and dictionaries only',
      remedy: 'Save the weights alone: torch.save(sae.state_dict(), file).',
    });
  }
}

const STOP = '.'.charCodeAt(0);
