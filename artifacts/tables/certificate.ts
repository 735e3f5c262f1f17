import { ArtifactCorruptError } from '../../matching/errors';
import { decodeTable } from './decode-table';
import { encodeTable } from './encode-table';
import { nullable, required, type TableMetadata } from './table';

/** The duals of one side; the arrays have one element for every feature listed. */
export interface CertificateSide {
  /** Features in ascending order. */
  readonly feature: Int32Array;
  /** Dual in cost form: source dual[i] + target dual[j] <= cost(i, j) for every pair. */
  readonly dual: Float64Array;
  /** Certified lower bound on what forbidding the feature's match would cost; NaN where unmatched. */
  readonly margin: Float64Array;
}

/** Proof of optimality of the matching of one pair of layers. Valid every time, not identical on every device. */
export interface CertificateTable {
  readonly source: CertificateSide;
  readonly target: CertificateSide;
}

const SCHEMA = {
  name: 'certificate',
  version: 1,
  columns: [
    required('side', 'string'),
    required('feature', 'int32'),
    required('dual', 'double'),
    nullable('margin', 'double'),
  ],
} as const;

/** `certificate.parquet`: the source features, then the target features. */
export function encodeCertificate({ source, target }: CertificateTable, metadata: TableMetadata): Uint8Array {
  const [sources, targets] = [source.feature.length, target.feature.length];
  const feature = new Int32Array(sources + targets);
  feature.set(source.feature);
  feature.set(target.feature, sources);
  const side = Array.from(feature, (_, row) => (row < sources ? 'source' : 'target'));
  const data = {
    side,
    feature,
    dual: concatenate(source.dual, target.dual),
    margin: concatenate(source.margin, target.margin),
  };
  return encodeTable(SCHEMA, data, metadata);
}

/**
 * Reads `certificate.parquet`.
 *
 * @param file name for error messages
 * @throws ArtifactCorruptError when the bytes are not such a table or its rows are not in order
 */
export async function decodeCertificate(bytes: Uint8Array, file: string = SCHEMA.name): Promise<CertificateTable> {
  const { rows, columns } = await decodeTable(SCHEMA, bytes, file);
  const firstTarget = columns.side.indexOf('target');
  const split = firstTarget < 0 ? rows : firstTarget;
  const part = (side: string, start: number, end: number): CertificateSide => {
    const feature = columns.feature.slice(start, end);
    for (let row = start; row < end; row++) {
      const inOrder = row === start || columns.feature[row]! > columns.feature[row - 1]!;
      if (inOrder && columns.side[row] === side) continue;
      throw new ArtifactCorruptError('the rows are not the source features, then the target features, ascending', {
        file,
        found: `${columns.side[row]!} feature ${columns.feature[row]!} in row ${row}`,
      });
    }
    return { feature, dual: columns.dual.slice(start, end), margin: columns.margin.slice(start, end) };
  };
  return { source: part('source', 0, split), target: part('target', split, rows) };
}

function concatenate(first: Float64Array, second: Float64Array): Float64Array {
  const all = new Float64Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
