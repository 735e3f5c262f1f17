import { InputError } from '../../matching/errors';

export type Json = Readonly<Record<string, unknown>>;

/** The fields of one configuration file, checked as they are asked for. */
export class ConfigFields {
  constructor(
    readonly values: Json,
    readonly file: string
  ) {}

  /** The fields of an object within, empty where it is missing. */
  within(field: string): ConfigFields {
    const value = this.values[field];
    return new ConfigFields(isObject(value) ? value : {}, this.file);
  }

  /** Null where it is missing, empty, or no text. */
  text(field: string): string | null {
    const value = this.values[field];
    return typeof value === 'string' && value !== '' ? value : null;
  }

  /** Null where it is missing or no natural number. */
  integer(field: string): number | null {
    const value = this.values[field];
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
  }

  /** @throws InputError where it is missing or no positive integer */
  size(field: string): number {
    const value = this.integer(field);
    if (value !== null && value > 0) return value;
    throw this.incomplete(field, 'a positive integer');
  }

  /** Null where it is missing. @throws InputError where it is anything but a positive integer */
  sizeIfAny(field: string): number | null {
    return (this.values[field] ?? null) === null ? null : this.size(field);
  }

  /** @throws InputError where it is missing or no positive number */
  positive(field: string): number {
    const value = this.values[field];
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    throw this.incomplete(field, 'a positive number');
  }

  /** @throws InputError where it is neither true nor false */
  flag(field: string, fallback: boolean): boolean {
    const value = this.values[field] ?? fallback;
    if (typeof value === 'boolean') return value;
    throw new InputError('the configuration cannot be understood', {
      ...{ file: this.file, field },
      ...{ found: shown(value), expected: 'true or false' },
    });
  }

  /** The error for a kind of SAE that is not read. */
  unsupported(field: string, expected: string): InputError {
    const found = this.values[field];
    return new InputError('this kind of SAE is not supported by this version', {
      ...{ file: this.file, field, expected },
      found: typeof found === 'string' ? found : shown(found),
    });
  }

  /** @throws InputError where it is a number, and another than the weights have */
  checkSize(field: string, size: number): void {
    const value = this.values[field];
    if (typeof value === 'number' && value !== size) throw this.unfit(field, `${size}, as the weights have`);
  }

  /** The error for a configuration that says other than the weights. */
  unfit(field: string, expected: string): InputError {
    return new InputError('the configuration does not fit the weights', {
      ...{ file: this.file, field, expected },
      found: JSON.stringify(this.values[field] ?? null),
      remedy: 'It is probably the configuration of other weights: put its own beside them.',
    });
  }

  private incomplete(field: string, expected: string): InputError {
    const value = this.values[field];
    return new InputError('the configuration is incomplete', {
      ...{ file: this.file, field, expected },
      found: shown(value),
    });
  }
}

/** Lists and objects are only named: they may be so deep that nothing can write them. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return isObject(value) ? 'an object' : JSON.stringify(value);
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
