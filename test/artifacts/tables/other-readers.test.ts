import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runLayout } from '../../../artifacts/layout';
import { FileStore } from '../../../artifacts/store/file-store';
import { encodeCertificate } from '../../../artifacts/tables/certificate';
import { encodeChains } from '../../../artifacts/tables/chains';
import { readTableMetadata } from '../../../artifacts/tables/decode-table';
import { encodeMatches, type MatchTable } from '../../../artifacts/tables/matches';
import { encodePairs } from '../../../artifacts/tables/pairs';
import { encodeTargets } from '../../../artifacts/tables/targets';
import { temporaryFolders } from '../temporary-folder';
import {
  exampleCertificate,
  exampleChains,
  exampleMatches,
  examplePairs,
  exampleTargets,
  metadata,
} from './example-tables';

const newFolder = temporaryFolders();

/** A column as another tool should see it. */
interface ExpectedColumn {
  name: string;
  type: string;
  nullable: boolean;
  values: unknown[];
}

function column(name: string, type: string, values: ArrayLike<unknown>, nullable = true): ExpectedColumn {
  const nullValue = type === 'int32' ? -1 : NaN;
  const plain = Array.from(values, (value) => {
    if (type === 'boolean') return value === 1;
    return nullable && Object.is(value, nullValue) ? null : value;
  });
  return { name, type, nullable, values: plain };
}

function matchColumns(table: MatchTable): ExpectedColumn[] {
  const layers = (layer: number | null) => Array.from(table.cost, () => layer);
  return [
    column('source_layer', 'int32', layers(table.sourceLayer)),
    column('target_layer', 'int32', layers(table.targetLayer)),
    column('source_feature', 'int32', [...table.cost.keys()], false),
    column('target_feature', 'int32', table.targetFeature),
    column('cost', 'double', table.cost),
    column('mse', 'double', table.mse),
    column('decoder_cosine', 'float', table.decoderCosine),
    column('encoder_cosine', 'float', table.encoderCosine),
    column('nearest_target', 'int32', table.nearestTarget),
    column('nearest_cost', 'double', table.nearestCost),
    column('mutual_nearest', 'boolean', table.mutualNearest, false),
  ];
}

function pairColumns(): ExpectedColumn[] {
  const integers =
    /^(source|target)_(layer|features)$|^(matched|mutual_nearest|excluded_source|excluded_target|passes|fallbacks)$/;
  return Object.keys(examplePairs[0]!).map((name) => {
    const type = integers.test(name) ? 'int32' : /^(status|error|device)$/.test(name) ? 'string' : 'double';
    const values = examplePairs.map((row) => row[name as keyof typeof row]);
    return { name, type, nullable: name !== 'status', values };
  });
}

test('pyarrow, DuckDB, polars and pandas see equal values, types, nulls, statistics and metadata', async () => {
  const python = process.env.SAE_MATCH_PYTHON;
  if (python === undefined) throw new Error('SAE_MATCH_PYTHON names no Python with the readers: `npm test` sets it up');
  const store = new FileStore(newFolder());
  const files: Record<string, { metadata: Record<string, string>; columns: ExpectedColumn[] }> = {};
  const layout = runLayout(12);
  async function add(name: string, bytes: Uint8Array, columns: ExpectedColumn[]): Promise<void> {
    await store.put(name, bytes);
    const { schema } = await readTableMetadata(bytes);
    files[name] = { metadata: { 'sae_match.schema': schema!, ...METADATA_TEXTS }, columns };
  }

  const unknownLayers = { ...exampleMatches(20, [null, null]), cost: new Float64Array(20).fill(NaN) };
  for (const [name, table] of [
    [layout.pair(0, 3).matches, exampleMatches(17, [0, 3])],
    [layout.pair(3, 12).matches, exampleMatches(3000, [3, 12])],
    ['one-row.parquet', exampleMatches(1)],
    ['empty.parquet', exampleMatches(0)],
    ['unknown-layers.parquet', unknownLayers],
  ] as const) {
    await add(name, encodeMatches(table, metadata), matchColumns(table));
  }
  const targets = exampleTargets(131_072 + 5);
  await add('targets.parquet', encodeTargets(targets, metadata), [
    column('target_feature', 'int32', [...targets.sourceFeature.keys()], false),
    column('source_feature', 'int32', targets.sourceFeature),
  ]);
  const { source, target } = exampleCertificate(90, 70);
  await add('certificate.parquet', encodeCertificate({ source, target }, metadata), [
    column('side', 'string', [...source.dual].map(() => 'source').concat([...target.dual].map(() => 'target')), false),
    column('feature', 'int32', [...source.feature, ...target.feature], false),
    column('dual', 'double', [...source.dual, ...target.dual], false),
    column('margin', 'double', [...source.margin, ...target.margin]),
  ]);
  const chains = exampleChains(400);
  await add('chains.parquet', encodeChains(chains, metadata), [
    column('chain_id', 'int32', chains.chainId, false),
    column('layer', 'int32', chains.layer, false),
    column('feature', 'int32', chains.feature, false),
    column('step_cost', 'double', chains.stepCost),
    column('step_cosine', 'float', chains.stepCosine),
  ]);
  await add('pairs.parquet', encodePairs(examplePairs, metadata), pairColumns());
  const partitions = { '0-3': 17, '3-12': 3000 };
  writeFileSync(join(store.root, 'expected.json'), JSON.stringify({ files, partitions }));
  const output = execFileSync(python, [join(__dirname, '../read-tables.py'), store.root], { encoding: 'utf8' });
  for (const tool of ['pyarrow', 'duckdb', 'polars']) {
    for (const [name, { columns }] of Object.entries(files)) {
      expect(output).toContain(`${tool} ${name}: ${columns[0]!.values.length} rows equal`);
    }
  }
  for (const tool of ['pandas', 'duckdb', 'polars', 'pyarrow']) expect(output).toContain(`${tool} reads the folder`);
});

/** The metadata as they should stand in a file, written out by hand. */
const METADATA_TEXTS = {
  'sae_match.inputs': `{"source":["${'ab'.repeat(32)}"],"target":["${'cd'.repeat(32)}"]}`,
  'sae_match.options': '{"fold":true,"title":"é \\"quoted\\" 漢","weights":"decoder"}',
};

test('@dsnp/parquetjs reads equal values and nulls', () => {
  const matches = exampleMatches(40);
  const file = join(newFolder(), 'table.parquet');
  for (const [bytes, columns] of [
    [encodeMatches(matches, metadata), matchColumns(matches)],
    [encodePairs(examplePairs, metadata), pairColumns()],
  ] as const) {
    writeFileSync(file, bytes);
    // In a process of its own: the package depends on ES modules that jest does not load.
    const output = execFileSync(process.execPath, [join(__dirname, 'read-with-parquetjs.cjs'), file]);
    const rows = JSON.parse(output.toString()) as Record<string, unknown>[];
    for (const { name, values } of columns) {
      expect([name, rows.map((row) => row[name] ?? null)]).toEqual([name, values]);
    }
  }
});
