import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEVICE_KINDS } from '../../kernels/ort-device';
import { probeDevices } from '../../kernels/probe-devices';

test('the CPU computes the right product and every other device gets a verdict with a reason', async () => {
  const reports = await probeDevices();
  expect(reports.map(({ device }) => device)).toEqual([...DEVICE_KINDS]);
  expect(reports[0]).toMatchObject({ device: 'cpu', works: true });
  expect(reports[0]!.detail).toMatch(/^onnxruntime \d+\.\d+/);
  for (const { works, detail } of reports) {
    expect(detail).toMatch(works ? /^onnxruntime / : /^[^\n]{10,200}$/);
  }
});

test('the runtime is kept from writing an identifier and events into the cache folder', async () => {
  const home = mkdtempSync(join(tmpdir(), 'sae-match-probe-'));
  // A bare environment: in continuous integration the runtime keeps quiet by itself, which would prove nothing.
  const replaced = jest.replaceProperty(process, 'env', { PATH: process.env.PATH, HOME: home });
  try {
    const reports = await probeDevices();
    expect(reports.find(({ device }) => device === 'cpu')?.works).toBe(true);
    expect(readdirSync(home, { recursive: true })).toEqual([]);
  } finally {
    replaced.restore();
    rmSync(home, { recursive: true });
  }
});
