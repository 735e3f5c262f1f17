import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

import { prepareGoProgram } from '../go-program.mjs';
import { at } from '../paths.mjs';
import { brokenProperties } from './manifest-properties.mjs';
import { checkReplacedBuild } from './replaced-build.mjs';
import { writeSchemas } from './schemas.mjs';

const CHART = 'infra/helm/sae-match';
const VALUES = 'test/infra/helm-values';
/** Versions of Kubernetes that the manifests are validated for: the oldest and the newest. */
const KUBERNETES = ['1.27.0', '1.37.0'];

/** Renders the chart with each of the values files, and returns what is wrong with any of it. */
export async function checkChart({ python }) {
  const helm = await prepareGoProgram({
    name: 'helm',
    goPackage: 'helm.sh/helm/v3/cmd/helm',
    version: '3.22.0',
    purpose: 'Helm',
  });
  const kubeconform = await prepareGoProgram({
    name: 'kubeconform',
    goPackage: 'github.com/yannh/kubeconform/cmd/kubeconform',
    version: '0.8.0',
    purpose: 'kubeconform',
  });
  const scratch = mkdtempSync(join(tmpdir(), 'sae-match-chart-'));
  try {
    const schemas = await writeSchemas(python, scratch, KUBERNETES);
    const accepted = valuesFiles(VALUES).flatMap((values) =>
      KUBERNETES.flatMap((version) => checkValues({ helm, kubeconform, scratch, schemas, values, version }))
    );
    const refused = valuesFiles(`${VALUES}/refused`).filter(
      (values) => render(helm, values, KUBERNETES[0]).status === 0
    );
    return [
      ...accepted,
      ...refused.map((values) => `${values}: wrong values are not refused`),
      ...(await checkReplacedBuild(helm, CHART)),
    ];
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function checkValues({ helm, kubeconform, scratch, schemas, values, version }) {
  const where = `${values}, Kubernetes ${version}`;
  const lint = spawnSync(
    helm,
    ['lint', '--strict', at(CHART), '--kube-version', version, '--values', at(values)],
    utf8
  );
  if (lint.status !== 0) return [`${where}: ${lint.stdout}${lint.stderr}`];
  const rendered = render(helm, values, version);
  if (rendered.status !== 0) return [`${where}: ${rendered.stderr}`];
  const file = join(scratch, 'manifests.yaml');
  writeFileSync(file, rendered.stdout);
  const locations = schemas.flatMap((schema) => ['-schema-location', schema]);
  const args = ['-strict', '-summary', '-kubernetes-version', version, ...locations, file];
  const valid = spawnSync(kubeconform, args, utf8);
  console.log(`${where}: ${valid.stdout.trim().split('\n').at(-1)}`);
  if (valid.status !== 0) return [`${where}: ${valid.stdout}${valid.stderr}`];
  const manifests = parseAllDocuments(rendered.stdout)
    .map((document) => document.toJS())
    .filter(Boolean);
  return brokenProperties(manifests).map((problem) => `${where}: ${problem}`);
}

const utf8 = { encoding: 'utf8' };

const render = (helm, values, version) =>
  spawnSync(helm, ['template', 'release', at(CHART), '--kube-version', version, '--values', at(values)], utf8);

const valuesFiles = (folder) =>
  readdirSync(at(folder))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => `${folder}/${name}`);
