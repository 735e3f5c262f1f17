/**
 * A value of a pickle of tensors: plain data, dictionaries as maps, and what `globals.ts` makes of the few globals
 * that are known.
 */
export type Pickled =
  | null
  | boolean
  | number
  | string
  | readonly Pickled[]
  | ReadonlyMap<string | number, Pickled>
  | PickledStorage
  | PickledTensor
  | PickledGlobal;

/** Elements of one type in a member of the archive. */
export interface PickledStorage {
  readonly kind: 'storage';
  /** PyTorch's name, for example `FloatStorage`. */
  readonly type: string;
  readonly key: string;
  readonly elements: number;
}

/** A view of a storage: element `index` lies at `offset + Σ index·stride`. */
export interface PickledTensor {
  readonly kind: 'tensor';
  readonly storage: PickledStorage;
  /** PyTorch's name of a type that the storage does not tell; null where it does. */
  readonly type: string | null;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}

export interface PickledGlobal {
  readonly kind: 'global';
  readonly name: string;
}

export function isKind<K extends 'storage' | 'tensor' | 'global'>(
  value: unknown,
  kind: K
): value is Extract<Pickled, { readonly kind: K }> {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
}

export function listOf(value: Pickled): readonly Pickled[] {
  return Array.isArray(value) ? (value as readonly Pickled[]) : [];
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
