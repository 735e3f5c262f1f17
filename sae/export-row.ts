import { InputError } from '../matching/errors';
import type { JsonLine } from './json-lines';

/** One row of a Neuronpedia export, whose faults name file, line and field. */
export class ExportRow {
  /** @param file named in errors */
  constructor(
    private readonly file: string,
    private readonly at: JsonLine
  ) {}

  field(name: string): unknown {
    return Object.hasOwn(this.at.row, name) ? this.at.row[name] : undefined;
  }

  /** The number of its feature, which stands there as a number or a text. @throws InputError when it does not */
  index(): number {
    const index = this.field('index');
    const isText = typeof index === 'string' && /^\d+$/.test(index);
    const value = isText ? Number(index) : index;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.wrong('index', inWords(index), 'the number of a feature');
  }

  /** Of `20-gemmascope-res-16k` that text and 20; null where the row does not say. */
  source(): { readonly name: string; readonly layer: number } | null {
    const name = this.field('layer');
    const layer = typeof name === 'string' ? /^(\d+)-/.exec(name)?.[1] : undefined;
    return layer === undefined ? null : { name: name as string, layer: Number(layer) };
  }

  /**
   * Checks that the row is of this SAE, and returns the number of its feature.
   *
   * @param sae its features, and its layer where that is known
   * @throws InputError
   */
  indexIn({ features, layer }: { readonly features: number; readonly layer: number | null }): number {
    const index = this.index();
    if (index >= features) {
      throw this.wrong('index', `feature ${index}`, `a feature of the SAE, 0 to ${features - 1}`, OTHER_SAE);
    }
    const named = this.source()?.layer ?? null;
    if (layer !== null && named !== null && named !== layer) {
      throw this.wrong('layer', `layer ${named}`, `layer ${layer}, that of the SAE`, OTHER_SAE);
    }
    return index;
  }

  wrong(field: string, found: string, expected: string, remedy?: string): InputError {
    return new InputError('the row does not fit', {
      ...{ file: this.file, field: `line ${this.at.line}, ${field}`, found, expected },
      ...(remedy !== undefined && { remedy }),
    });
  }
}

const OTHER_SAE = 'Name the export of this SAE; {layer} in the path stands for the layer.';

/** A value of a row in error messages. */
export function inWords(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60);
}
