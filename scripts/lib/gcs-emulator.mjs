import { prepareGoProgram } from './go-program.mjs';

/**
 * The emulator of Google Cloud Storage that the tests run: `$SAE_MATCH_GCS_EMULATOR`, else that of the user's cache, which
 * is built with Go once.
 */
export async function prepareGcsEmulator() {
  const named = process.env.SAE_MATCH_GCS_EMULATOR;
  if (named) return named;
  return prepareGoProgram({
    name: 'fake-gcs-server',
    goPackage: 'github.com/fsouza/fake-gcs-server',
    version: '1.55.1',
    purpose: 'the emulator of Google Cloud Storage',
  });
}
