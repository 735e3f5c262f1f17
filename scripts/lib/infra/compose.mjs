import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';

import { goModuleFolder } from '../go-program.mjs';
import { at } from '../paths.mjs';

const COMPOSE = 'infra/compose/compose.yaml';

/** Validates the compose file against the schema of its specification; returns what is wrong. */
export async function checkCompose({ python }) {
  const schema = join(
    await goModuleFolder('github.com/compose-spec/compose-go/v2', '2.16.2'),
    'schema/compose-spec.json'
  );
  const compose = parse(readFileSync(at(COMPOSE), 'utf8'), { merge: true });
  const scratch = mkdtempSync(join(tmpdir(), 'sae-match-compose-'));
  try {
    writeFileSync(join(scratch, 'compose.json'), JSON.stringify(compose));
    const args = ['-W', 'ignore', '-m', 'jsonschema', '-i', join(scratch, 'compose.json'), schema];
    const { status, stdout, stderr } = spawnSync(python, args, { encoding: 'utf8' });
    return status === 0 ? [] : [`${stdout}${stderr}`];
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Lints the Dockerfiles with hadolint; returns what it finds. */
export function lintDockerfiles({ python }) {
  const hadolint = join(dirname(python), 'hadolint');
  const files = ['infra/containers/Dockerfile', 'infra/containers/Dockerfile.cuda'].map(at);
  if (!existsSync(hadolint)) return ['hadolint is missing from .cache/infra-venv; remove that folder'];
  const { status, stdout, stderr } = spawnSync(hadolint, files, { encoding: 'utf8' });
  return status === 0 ? [] : [`${stdout}${stderr}`];
}
