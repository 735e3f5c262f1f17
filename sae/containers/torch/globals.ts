import type { InputError } from '../../../matching/errors';
import { isCount, isKind, listOf } from './pickled';
import type { Pickled, PickledGlobal, PickledStorage, PickledTensor } from './pickled';

/** The globals whose calls are understood, and what their arguments become. */
export const CALLS: Readonly<Record<string, (call: Arguments) => Pickled>> = {
  'collections.OrderedDict': () => new Map(),
  'torch._utils._rebuild_tensor_v2': (call) => tensorOf(call, null),
  'torch._utils._rebuild_tensor_v3': (call) => tensorOf(call, call.global(6).name),
  'torch._utils._rebuild_parameter': (call) => call.tensor(0),
  'torch._utils._rebuild_parameter_with_state': (call) => call.tensor(0),
  'torch.Size': (call) => call.at(0),
};
/** Globals that are only named, never called: types of storages and of elements. */
export const NAMED = /^torch\.(?:[A-Z][A-Za-z0-9]*Storage|storage\.UntypedStorage|b?float\d+|u?int\d+|bool)$/;

/** The arguments of a call, checked as they are taken. */
export class Arguments {
  constructor(
    private readonly values: readonly Pickled[],
    private readonly malformed: (found: string) => InputError
  ) {}

  at(place: number): Pickled {
    const value = this.values[place];
    if (value === undefined) throw this.malformed(`a call with ${this.values.length} arguments`);
    return value;
  }

  count(place: number): number {
    const value = this.at(place);
    if (!isCount(value)) throw this.malformed('a tensor whose place is no number');
    return value;
  }

  counts(place: number): readonly number[] {
    const value = listOf(this.at(place));
    if (!value.every(isCount)) throw this.malformed('a tensor whose sizes or strides are not natural numbers');
    return value;
  }

  storage(place: number): PickledStorage {
    const value = this.at(place);
    if (!isKind(value, 'storage')) throw this.malformed('a tensor without a storage');
    return value;
  }

  tensor(place: number): PickledTensor {
    const value = this.at(place);
    if (!isKind(value, 'tensor')) throw this.malformed('a parameter that is no tensor');
    return value;
  }

  global(place: number): PickledGlobal {
    const value = this.at(place);
    if (!isKind(value, 'global')) throw this.malformed('a tensor whose type has no name');
    return value;
  }
}

function tensorOf(call: Arguments, type: string | null): PickledTensor {
  return {
    kind: 'tensor',
    storage: call.storage(0),
    type,
    offset: call.count(1),
    shape: call.counts(2),
    stride: call.counts(3),
  };
}
