import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../../matching/errors';
import { VERSION } from '../../matching/version';
import { programBuildId } from '../../workers/build-id';
import { deploymentVersion } from '../../workers/deployment-version';

describe('the version of a worker', () => {
  it('is none unless a deployment is named', () => {
    expect(deploymentVersion({}, {})).toBeNull();
    expect(deploymentVersion({}, { TEMPORAL_DEPLOYMENT_NAME: '', TEMPORAL_WORKER_BUILD_ID: '' })).toBeNull();
  });

  it('is what the flags say, else what the variables of the Worker Controller say', () => {
    const env = { TEMPORAL_DEPLOYMENT_NAME: 'team/matcher', TEMPORAL_WORKER_BUILD_ID: 'v1-3f2a' };
    expect(deploymentVersion({}, env)).toEqual({ deploymentName: 'team/matcher', buildId: 'v1-3f2a' });
    expect(deploymentVersion({ deployment: 'mine', buildId: '7' }, env)).toEqual({
      deploymentName: 'mine',
      buildId: '7',
    });
  });

  it.each([
    [{ buildId: '7' }, 'a build belongs to a deployment'],
    [{ deployment: 'a.b' }, 'not a name for a version'],
    [{ deployment: '__a' }, 'not a name for a version'],
    [{ deployment: 'a', buildId: 'a:b' }, 'not a name for a version'],
    [{ deployment: 'a', buildId: 'x'.repeat(64) }, 'not a name for a version'],
  ])('refuses %j', (choice, message) => {
    expect(() => deploymentVersion(choice, {})).toThrow(UsageError);
    expect(() => deploymentVersion(choice, {})).toThrow(message);
  });
});

describe('the name of a build', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sae-match-build-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  /** A compiled program of one step and a bundle, in a folder of its own. */
  function program(name: string, { step = 'add()', sourceMap = name, sdk = '1.0.0' } = {}): string {
    const place = join(folder, name);
    mkdirSync(join(place, 'dist/steps'), { recursive: true });
    writeFileSync(join(place, 'package.json'), JSON.stringify({ dependencies: { sdk }, scripts: { build: name } }));
    writeFileSync(join(place, 'dist/steps/step.js'), step);
    writeFileSync(join(place, 'dist/steps/step.js.map'), place);
    writeFileSync(join(place, 'dist/bundle.js'), `run()\n//# sourceMappingURL=data:${sourceMap}`);
    return join(place, 'dist');
  }

  it('is the same for the same code, wherever it was built', () => {
    const name = programBuildId(program('here'));
    expect(name).toMatch(new RegExp(`^${VERSION.replaceAll('.', '\\.')}-[0-9a-f]{12}$`));
    expect(programBuildId(program('there'))).toBe(name);
    cpSync(join(folder, 'here'), join(folder, 'copied'), { recursive: true });
    expect(programBuildId(join(folder, 'copied/dist'))).toBe(name);
  });

  it('is another one when a step or a version that it depends on is another', () => {
    const names = [program('a'), program('b', { step: 'subtract()' }), program('c', { sdk: '1.0.1' })].map((place) =>
      programBuildId(place)
    );
    expect(new Set(names).size).toBe(3);
  });
});
