import { artifactKey, parseArtifactKey, PAIR_LAYOUT, runFolder, runLayout } from '../../artifacts/layout';
import { UsageError } from '../../matching/errors';

test('the tables of a pair lie in hive-style folders with two-digit layers', () => {
  expect(runLayout(25).pair(2, 13)).toEqual({
    matches: 'matches/source=02/target=13/matches.parquet',
    targets: 'targets/source=02/target=13/targets.parquet',
    certificate: 'certificates/source=02/target=13/certificate.parquet',
  });
});

test('the tables of a drift lie in the folder of their layer', () => {
  expect(runLayout(25).driftOf(2)).toEqual({
    matches: 'drift/layer=02/matches.parquet',
    targets: 'drift/layer=02/targets.parquet',
    certificate: 'drift/layer=02/certificate.parquet',
  });
  expect(runLayout(25).drift).toBe('drift.parquet');
});

test.each([
  [0, '00'],
  [98, '00'],
  [99, '000'],
  [100, '000'],
  [999, '0000'],
])('a run up to layer %i writes layer 0 as %s', (largest, name) => {
  expect(runLayout(largest).pair(0, 0).matches).toBe(`matches/source=${name}/target=${name}/matches.parquet`);
});

test('the folders of a run sort by layer', () => {
  const layout = runLayout(120);
  const folders = Array.from({ length: 121 }, (_, layer) => layout.pair(layer, 120).matches);
  expect([...folders].sort()).toEqual(folders);
});

test('the other files have fixed names', () => {
  const { manifest, pairs, chains, report } = runLayout(6);
  expect({ manifest, pairs, chains, report }).toEqual({
    manifest: 'manifest.json',
    pairs: 'pairs.parquet',
    chains: 'chains.parquet',
    report: 'report',
  });
  expect(PAIR_LAYOUT.matches).toBe('matches.parquet');
  expect(runFolder('0123456789ab')).toBe('runs/0123456789ab');
  expect(artifactKey('folded', 'ab12', 'decoder.0')).toBe('artifacts/folded/ab12/decoder.0');
});

test.each(['', '..', 'a/b', '.hidden', 'a b', 'x'.repeat(129)])('%j is not the id of a run', (id) => {
  expect(() => runFolder(id)).toThrow(UsageError);
});

test('the name of an artifact is taken apart again, and others are none', () => {
  const key = '0a'.repeat(32);
  expect(parseArtifactKey(artifactKey('matches', key, 'summary.json'))).toEqual({
    kind: 'matches',
    key,
    name: 'summary.json',
  });
  for (const other of [
    `artifacts/later/${key}/x`,
    'artifacts/folded/12/x',
    `artifacts/folded/${key}`,
    `runs/${key}/x`,
  ]) {
    expect(parseArtifactKey(other)).toBeNull();
  }
});
