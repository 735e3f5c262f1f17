import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { readDeviceMemory } from '../../kernels/device-memory';

const folder = mkdtempSync(join(tmpdir(), 'sae-match-nvidia-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What `nvidia-smi --query-gpu=… --format=csv,noheader,nounits` prints on a machine with three cards; sizes in MiB. */
const CARDS = [
  '0, GPU-11111111-0000-0000-0000-000000000000, 512, 81559',
  '1, GPU-22222222-0000-0000-0000-000000000000, 70000, 81559',
  '2, GPU-33333333-0000-0000-0000-000000000000, [N/A], [N/A]',
].join('\n');

/** The environment of a machine whose driver carries out `script`. */
function machine(script: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  writeFileSync(join(folder, 'nvidia-smi'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { PATH: [folder, process.env.PATH].join(delimiter), ...more };
}

/** Refuses what the real program would not understand. */
const ANSWERS = `[ "$1 $2" = "--query-gpu=index,uuid,memory.used,memory.total --format=csv,noheader,nounits" ] || exit 2
cat <<'END'\n${CARDS}\nEND`;

it('the memory of each device that is used is told in bytes, once', async () => {
  const env = machine(ANSWERS);
  expect(await readDeviceMemory(['cuda', 'cuda:0', 'cuda:1', 'cpu'], { env })).toEqual([
    { device: 'cuda:0', used: 512 * 2 ** 20, size: 81559 * 2 ** 20 },
    { device: 'cuda:1', used: 70000 * 2 ** 20, size: 81559 * 2 ** 20 },
  ]);
});

it.each([
  ['1', ['cuda:0'], [70000]],
  ['1,0', ['cuda:0', 'cuda:1'], [70000, 512]],
  ['GPU-2222', ['cuda:0', 'cuda:1'], [70000]],
  ['', ['cuda:0'], []],
] as const)(
  'devices are counted as CUDA_VISIBLE_DEVICES=%s lets the process count them',
  async (visible, devices, used) => {
    const env = machine(ANSWERS, { CUDA_VISIBLE_DEVICES: visible });
    const memory = await readDeviceMemory(devices, { env });
    expect(memory.map((one) => one.used / 2 ** 20)).toEqual(used);
  }
);

it.each([
  ['a card that has no memory of its own', ANSWERS, ['cuda:2']],
  ['a card that is not there', ANSWERS, ['cuda:3']],
  [
    'a driver that fails',
    'echo "NVIDIA-SMI has failed because it could not communicate with the driver"; exit 9',
    ['cuda:0'],
  ],
  ['a driver that hangs', 'exec sleep 60', ['cuda:0']],
] as const)('%s has no memory to tell of', async (_, script, devices) => {
  expect(await readDeviceMemory(devices, { env: machine(script), limitMs: 500 })).toEqual([]);
});

it('a machine without the driver has none either, and a processor is not asked about', async () => {
  expect(await readDeviceMemory(['cuda:0'], { env: { PATH: join(folder, 'nothing') } })).toEqual([]);
  expect(await readDeviceMemory(['cpu', 'webgpu'], { env: machine(ANSWERS) })).toEqual([]);
});
