import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { RunManifest } from '../../artifacts/manifest';
import { MANIFEST_SCHEMA, writeManifest } from '../../artifacts/manifest';
import { openStore } from '../../artifacts/store/open-store';
import { requireManifest, resolveRunArgument } from '../../cli/run-argument';
import { InputError, UsageError } from '../../matching/errors';
import { scratchFolder } from '../sae/support';

const out = scratchFolder();
const manifest: RunManifest = {
  schema: MANIFEST_SCHEMA,
  kind: 'run',
  run_id: 'abc',
  state: 'done',
  version: '0',
  spec: {},
  inputs: [],
  pairs: [],
  failures: [],
  artifacts: [],
  timings: { started: 's', finished: 'f', seconds: 1 },
  environment: { node: 'n', platform: 'p' },
};
beforeAll(() => writeManifest(openStore(out), 'runs/abc/manifest.json', manifest));

describe('a run is named', () => {
  it.each([
    ['its id', 'abc', out],
    ['its id below the URL of an output folder', 'abc', pathToFileURL(out).href],
    ['its folder', join(out, 'runs/abc'), undefined],
    ['its folder with a slash', join(out, 'runs/abc/'), undefined],
    ['the URL of its folder', pathToFileURL(join(out, 'runs/abc')).href, undefined],
  ])('by %s', async (_, argument, folder) => {
    const found = await resolveRunArgument(argument, folder);
    expect(found).toMatchObject({ runId: 'abc', manifest });
    expect(openStore(found.out).url('')).toBe(out);
    expect(requireManifest(found)).toEqual(manifest);
  });
});

describe('a run that is not there', () => {
  it('has no manifest, which only some verbs need', async () => {
    const found = await resolveRunArgument('other', out);
    expect(found).toEqual({ runId: 'other', out, manifest: null });
    expect(() => requireManifest(found)).toThrow(InputError);
    expect(() => requireManifest(found)).toThrow(`${out}/runs/other: manifest.json: this run has no results yet`);
  });

  it('is refused where a folder is none of a run', async () => {
    await expect(resolveRunArgument(out, undefined)).rejects.toThrow(
      'not the folder of a run (expected <out>/runs/<run id>)'
    );
  });

  it.each(['..', '.hidden', 'a b', ''])('is refused where the id cannot be one: %j', async (id) => {
    await expect(resolveRunArgument(id, out)).rejects.toThrow(UsageError);
  });
});
