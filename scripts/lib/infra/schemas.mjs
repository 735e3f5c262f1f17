import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

import { goModuleFolder } from '../go-program.mjs';
import { runQuietly } from '../run.mjs';

/** Where definitions of resources that are not of Kubernetes itself come from. */
const DEFINITIONS = [
  {
    module: 'github.com/kedacore/keda/v2',
    version: '2.21.0',
    files: ['config/crd/bases/keda.sh_scaledobjects.yaml', 'config/crd/bases/keda.sh_triggerauthentications.yaml'],
  },
  {
    module: 'github.com/prometheus-operator/prometheus-operator',
    version: '0.85.0',
    files: ['example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml'],
  },
];

/**
 * Schema locations for kubeconform, all on this machine: those of the named versions of Kubernetes from the Python package
 * kubernetes-validate, and those of KEDA and the Prometheus operator, made of their definitions. All are written to `folder`.
 */
export async function writeSchemas(python, folder, versions) {
  const own = join(folder, 'schemas');
  mkdirSync(own);
  for (const { module, version, files } of DEFINITIONS) {
    const source = await goModuleFolder(module, version);
    for (const file of files) {
      const { spec } = parse(readFileSync(join(source, file), 'utf8'));
      for (const { name, schema } of spec.versions) {
        const target = `${spec.names.kind.toLowerCase()}_${name}.json`;
        writeFileSync(join(own, target), JSON.stringify(closed(schema.openAPIV3Schema)));
      }
    }
  }
  const find = 'import kubernetes_validate, os; print(os.path.dirname(kubernetes_validate.__file__))';
  const { output } = await runQuietly(python, ['-W', 'ignore', '-c', find]);
  for (const version of versions) {
    const source = join(output.trim(), `kubernetes-json-schema/v${version}-local-strict`);
    mkdirSync(join(own, `v${version}`));
    for (const file of OF_KUBERNETES) {
      // The package names a place on the web, and refers to its definitions there.
      const text = readFileSync(join(source, file), 'utf8').replaceAll('/api/_definitions.json', '_definitions.json');
      const schema = text.replace(/,?\s*"\$id": "https:[^"]*"/g, '');
      writeFileSync(join(own, `v${version}`, file), schema);
    }
  }
  return [
    `${own}/{{.NormalizedKubernetesVersion}}/{{.ResourceKind}}{{.KindSuffix}}.json`,
    `${own}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json`,
  ];
}

/** Kinds of Kubernetes itself that the chart renders, and what their schemas refer to. */
const OF_KUBERNETES = [
  '_definitions.json',
  'deployment-apps-v1.json',
  'job-batch-v1.json',
  'networkpolicy-networking-v1.json',
  'poddisruptionbudget-policy-v1.json',
  'serviceaccount-v1.json',
];

/** The schema as Kubernetes applies it: what it does not name is refused, except where it says otherwise. */
function closed(schema) {
  if (Array.isArray(schema)) return schema.map((part) => closed(part));
  if (typeof schema !== 'object' || schema === null) return schema;
  const result = {};
  for (const [key, value] of Object.entries(schema)) {
    result[key] =
      key === 'properties'
        ? Object.fromEntries(Object.entries(value).map(([name, part]) => [name, closed(part)]))
        : closed(value);
  }
  if (schema.type === 'object' && schema.properties !== undefined) {
    if (schema.additionalProperties === undefined && !schema['x-kubernetes-preserve-unknown-fields']) {
      result.additionalProperties = false;
    }
  }
  if (schema['x-kubernetes-int-or-string']) {
    delete result.type;
    result.anyOf ??= [{ type: 'integer' }, { type: 'string' }];
  }
  return result;
}
