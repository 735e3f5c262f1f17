import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const read = (file: string): string => readFileSync(join(__dirname, '../..', file), 'utf8');
const { version } = JSON.parse(read('package.json')) as { version: string };

it('deploys the version of the package: chart, images, compose file', () => {
  const chart = parse(read('infra/helm/sae-match/Chart.yaml')) as { version: string; appVersion: string };
  expect([chart.version, chart.appVersion]).toEqual([version, version]);
  for (const file of ['infra/containers/Dockerfile', 'infra/containers/Dockerfile.cuda']) {
    expect(/^ARG VERSION=(.*)$/m.exec(read(file))?.[1]).toBe(version);
  }
  const images = [...read('infra/compose/compose.yaml').matchAll(/SAE_MATCH_IMAGE:-sae-match:([^}]+)\}/g)];
  expect(new Set(images.map(([, tag]) => tag))).toEqual(new Set([version]));
});

it('opens ports of the small cluster on the loopback address only, and names each image by its version', () => {
  const { services } = parse(read('infra/compose/compose.yaml'), { merge: true }) as {
    services: Record<string, { image: string; ports?: string[] }>;
  };
  const ports = Object.values(services).flatMap((service) => service.ports ?? []);
  expect(ports.length).toBeGreaterThan(3);
  expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  expect(Object.values(services).filter(({ image }) => !/:[^:]*\d/.test(image) || image.endsWith(':latest'))).toEqual(
    []
  );
});
