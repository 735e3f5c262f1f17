import fc from 'fast-check';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { decodeCertificate, encodeCertificate } from '../../../artifacts/tables/certificate';
import { decodeChains, encodeChains } from '../../../artifacts/tables/chains';
import { readTableMetadata } from '../../../artifacts/tables/decode-table';
import { decodeMatches, encodeMatches } from '../../../artifacts/tables/matches';
import { decodeDrift, encodeDrift } from '../../../artifacts/tables/drift';
import { decodePairs, encodePairs, type PairRow } from '../../../artifacts/tables/pairs';
import { decodeTargets, encodeTargets } from '../../../artifacts/tables/targets';
import { ArtifactCorruptError, InputError } from '../../../matching/errors';
import {
  exampleCertificate,
  exampleChains,
  exampleMatches,
  exampleDrift,
  examplePairs,
  exampleTargets,
  metadata,
} from './example-tables';

const ROW_GROUP_ROWS = 131_072;

const int32 = fc.integer({ min: -1, max: 2 ** 31 - 1 });
const double = fc.double({ noDefaultInfinity: true }).map((value) => value + 0);
const float = fc.float({ noDefaultInfinity: true }).map((value) => value + 0);
const sizes = fc.constantFrom(0, 1, 7, 8, 9, 40);

function typed<T>(size: number, value: fc.Arbitrary<number>, from: (values: number[]) => T): fc.Arbitrary<T> {
  return fc.array(value, { minLength: size, maxLength: size }).map(from);
}
const int32s = (size: number) => typed(size, int32, (values) => Int32Array.from(values));
const doubles = (size: number) => typed(size, double, (values) => Float64Array.from(values));
const floats = (size: number) => typed(size, float, (values) => Float32Array.from(values));

const matchTables = sizes.chain((size) =>
  fc.record({
    sourceLayer: size === 0 ? fc.constant(null) : fc.option(fc.nat(120)),
    targetLayer: size === 0 ? fc.constant(null) : fc.option(fc.nat(120)),
    targetFeature: int32s(size),
    cost: doubles(size),
    mse: doubles(size),
    decoderCosine: floats(size),
    encoderCosine: floats(size),
    nearestTarget: int32s(size),
    nearestCost: doubles(size),
    mutualNearest: typed(size, fc.nat(1), (values) => Uint8Array.from(values)),
  })
);

describe('every table reads back as it was written, nulls included', () => {
  test('matches', async () => {
    await fc.assert(
      fc.asyncProperty(matchTables, async (table) => {
        expect(await decodeMatches(encodeMatches(table, metadata))).toEqual(table);
      }),
      { numRuns: 60 }
    );
  });

  test('targets', async () => {
    await fc.assert(
      fc.asyncProperty(sizes.chain(int32s), async (sourceFeature) => {
        expect(await decodeTargets(encodeTargets({ sourceFeature }, metadata))).toEqual({ sourceFeature });
      }),
      { numRuns: 30 }
    );
  });

  test('targets over several row groups', async () => {
    const table = exampleTargets(ROW_GROUP_ROWS + 3);
    const bytes = encodeTargets(table, metadata);
    const groups = parquetMetadata(arrayBuffer(bytes)).row_groups.map(({ num_rows }) => Number(num_rows));
    expect(groups).toEqual([ROW_GROUP_ROWS, 3]);
    expect(sameBytes((await decodeTargets(bytes)).sourceFeature, table.sourceFeature)).toBe(true);
  });

  test('certificates, also with one side empty', async () => {
    for (const [sources, targets] of [
      [30, 20],
      [0, 5],
      [5, 0],
      [0, 0],
    ] as const) {
      const table = exampleCertificate(sources, targets);
      expect(await decodeCertificate(encodeCertificate(table, metadata))).toEqual(table);
    }
  });

  test('chains', async () => {
    for (const rows of [0, 1, 30, 3000]) {
      const table = exampleChains(rows);
      expect(await decodeChains(encodeChains(table, metadata))).toEqual(table);
    }
  });

  test('drifts', async () => {
    for (const rows of [exampleDrift, []]) {
      expect(await decodeDrift(encodeDrift(rows, metadata))).toEqual(rows);
    }
  });

  test('pairs, where -1 is a value of a double', async () => {
    for (const rows of [examplePairs, []]) {
      expect(await decodePairs(encodePairs(rows, metadata))).toEqual(rows);
    }
  });
});

test('the columns of a file are those of the schema, in its order, and required where nothing may be missing', () => {
  const described = (bytes: Uint8Array) =>
    parquetMetadata(arrayBuffer(bytes))
      .schema.slice(1)
      .map(({ name, type, converted_type, repetition_type }) =>
        [name, converted_type ?? type, ...(repetition_type === 'REQUIRED' ? ['required'] : [])].join(' ')
      );
  expect(described(encodeMatches(exampleMatches(3), metadata))).toEqual([
    'source_layer INT32',
    'target_layer INT32',
    'source_feature INT32 required',
    'target_feature INT32',
    'cost DOUBLE',
    'mse DOUBLE',
    'decoder_cosine FLOAT',
    'encoder_cosine FLOAT',
    'nearest_target INT32',
    'nearest_cost DOUBLE',
    'mutual_nearest BOOLEAN required',
  ]);
  expect(described(encodeTargets(exampleTargets(3), metadata))).toEqual([
    'target_feature INT32 required',
    'source_feature INT32',
  ]);
  expect(described(encodeCertificate(exampleCertificate(2, 2), metadata))).toEqual([
    'side UTF8 required',
    'feature INT32 required',
    'dual DOUBLE required',
    'margin DOUBLE',
  ]);
  expect(described(encodeChains(exampleChains(3), metadata))).toEqual([
    'chain_id INT32 required',
    'layer INT32 required',
    'feature INT32 required',
    'step_cost DOUBLE',
    'step_cosine FLOAT',
  ]);
  expect(described(encodePairs(examplePairs, metadata)).map((column) => column.split(' ')[0])).toEqual(
    (
      'source_layer target_layer source_features target_features status error objective matched_cost dual_bound gap ' +
      'matched mutual_nearest excluded_source excluded_target mse_mean mse_q05 mse_q50 mse_q95 cosine_q05 cosine_q50 ' +
      'cosine_q95 share_decoder share_encoder share_bias folded_mse_decoder folded_mse_encoder folded_mse_bias ' +
      'composed_agreement composed_extra_cost passes device fallbacks seconds'
    ).split(' ')
  );
});

test('a plain Parquet reader sees true nulls and the feature numbers', async () => {
  const table = {
    ...exampleMatches(2, [null, 7]),
    targetFeature: Int32Array.of(1, -1),
    cost: Float64Array.of(0.5, NaN),
  };
  const rows = await parquetReadObjects({ file: arrayBuffer(encodeMatches(table, metadata)) });
  expect(rows).toMatchObject([
    { source_layer: null, target_layer: 7, source_feature: 0, target_feature: 1, cost: 0.5 },
    { source_layer: null, target_layer: 7, source_feature: 1, target_feature: null, cost: null },
  ]);
});

test('only PLAIN and dictionary encodings and Snappy are used, with statistics', () => {
  const files = [
    encodeMatches(exampleMatches(500), metadata),
    encodeCertificate(exampleCertificate(400, 300), metadata),
  ];
  files.push(encodePairs(examplePairs, metadata), encodeChains(exampleChains(900), metadata));
  for (const bytes of files) {
    for (const { meta_data: column } of parquetMetadata(arrayBuffer(bytes)).row_groups[0]!.columns) {
      expect(['PLAIN', 'RLE_DICTIONARY']).toEqual(expect.arrayContaining(column!.encodings));
      expect(column!.codec).toBe('SNAPPY');
      expect(column!.statistics?.null_count).toBeDefined();
    }
  }
});

test('a stored -0 reads back as 0', async () => {
  const table = { ...exampleMatches(2), cost: Float64Array.of(-0, 1), decoderCosine: Float32Array.of(-0, 1) };
  const decoded = await decodeMatches(encodeMatches(table, metadata));
  expect(Object.is(decoded.cost[0], 0)).toBe(true);
  expect(Object.is(decoded.decoderCosine[0], 0)).toBe(true);
});

describe('the bytes are a function of the table and its metadata alone', () => {
  test('the same table twice, with other tables in between, from copies and views', () => {
    const table = exampleMatches(5000);
    const first = encodeMatches(table, metadata);
    encodeMatches(exampleMatches(777, [0, 1], 9), metadata);
    const larger = new Float64Array(table.cost.length + 2);
    larger.set(table.cost, 1);
    const cost = larger.subarray(1, table.cost.length + 1);
    expect(sameBytes(encodeMatches({ ...table, cost, mse: table.mse.slice() }, metadata), first)).toBe(true);
  });

  test('the same table of several row groups twice', () => {
    const encode = () => encodeTargets(exampleTargets(ROW_GROUP_ROWS + 100), metadata);
    expect(sameBytes(encode(), encode())).toBe(true);
  });

  test('the order of keys in the metadata does not matter, a value does', () => {
    const encode = (options: unknown) => encodeTargets(exampleTargets(10), { inputs: null, options });
    expect(sameBytes(encode({ a: 1, b: [2] }), encode({ b: [2], a: 1 }))).toBe(true);
    expect(sameBytes(encode({ a: 1 }), encode({ a: 2 }))).toBe(false);
  });

  test('the metadata hold the schema, the inputs and the options and nothing else', async () => {
    const bytes = encodeTargets(exampleTargets(10), metadata);
    expect(await readTableMetadata(bytes)).toEqual({ schema: 'sae-match/targets@1', ...metadata });
    const footer = parquetMetadata(arrayBuffer(bytes));
    const keys = footer.key_value_metadata?.map(({ key }) => key);
    expect(keys).toEqual(['sae_match.schema', 'sae_match.inputs', 'sae_match.options']);
    expect(footer.created_by).toBe('sae-match');
  });
});

describe('what must not be stored is refused', () => {
  test.each([
    ['an infinite cost', { cost: Float64Array.of(1, Infinity) }, 'cost'],
    ['an infinite cosine', { decoderCosine: Float32Array.of(-Infinity, 1) }, 'decoder_cosine'],
    ['a column that is too short', { mse: Float64Array.of(1) }, 'mse'],
    ['a boolean of 2', { mutualNearest: Uint8Array.of(0, 2) }, 'mutual_nearest'],
  ])('%s', (_, columns, field) => {
    expect(() => encodeMatches({ ...exampleMatches(2), ...columns }, metadata)).toThrow(`${field}: cannot store`);
  });

  test('a missing value in a required column, and metadata that JSON cannot say', () => {
    const chains = { ...exampleChains(2), layer: Int32Array.of(0, -1) };
    expect(() => encodeChains(chains, metadata)).toThrow(
      'layer: cannot store the table chains (found no value in row 1'
    );
    const certificate = exampleCertificate(1, 1);
    const source = { ...certificate.source, dual: Float64Array.of(NaN) };
    expect(() => encodeCertificate({ ...certificate, source }, metadata)).toThrow('dual');
    const row = { ...examplePairs[0], status: null } as unknown as PairRow;
    expect(() => encodePairs([row], metadata)).toThrow('status');
    expect(() => encodeTargets(exampleTargets(1), { inputs: NaN, options: null })).toThrow('not a JSON value');
  });
});

describe('what is not the table is reported as corrupt, with the file', () => {
  const bytes = encodeMatches(exampleMatches(50), metadata);

  test.each([
    ['no bytes', new Uint8Array(0)],
    ['a text', Buffer.from('version https://git-lfs.github.com/spec/v1')],
    ['a file cut off at its end', bytes.subarray(0, bytes.length - 20)],
    ['a file cut off at its start', bytes.subarray(40)],
    ['another table', encodeTargets(exampleTargets(5), metadata)],
  ])('%s', async (_, broken) => {
    const decoded = decodeMatches(broken, 'run/matches.parquet');
    await expect(decoded).rejects.toThrow(ArtifactCorruptError);
    await expect(decoded).rejects.toThrow('run/matches.parquet: ');
  });

  test('a table of a newer version asks for an update', async () => {
    const newer = Buffer.from(bytes);
    newer[newer.indexOf('matches@1') + 'matches@'.length] = '2'.charCodeAt(0);
    await expect(decodeMatches(newer)).rejects.toThrow(InputError);
    await expect(decodeMatches(newer)).rejects.toThrow('Update sae-match');
  });

  test('rows that are out of order', async () => {
    const { source, target } = exampleCertificate(3, 2);
    const unordered = { ...source, feature: Int32Array.of(2, 0, 3) };
    const decoded = decodeCertificate(
      encodeCertificate({ source: unordered, target }, metadata),
      'certificate.parquet'
    );
    await expect(decoded).rejects.toThrow(ArtifactCorruptError);
    await expect(decoded).rejects.toThrow('source feature 0 in row 1');
  });
});

function arrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function sameBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  return view(a).equals(view(b));
  function view(array: ArrayBufferView): Buffer {
    return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  }
}
