import { execFile } from 'node:child_process';
import { numberOf } from './ort-device';
import type { OrtDevice } from './ort-device';

/** Memory of a device, in bytes. */
export interface DeviceMemory {
  /** With its number, as the process counts its devices. */
  readonly device: OrtDevice;
  /** In use by all processes. */
  readonly used: number;
  readonly size: number;
}

export interface ReadMemoryOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** How long the driver may take, in milliseconds. */
  readonly limitMs?: number;
}

const QUERY = ['--query-gpu=index,uuid,memory.used,memory.total', '--format=csv,noheader,nounits'];
const MIB = 2 ** 20;

/**
 * Memory of the CUDA devices among `devices`, as the driver's `nvidia-smi` has it. Those that it does not know are left out;
 * all are where there is no such program, or it does not answer. Never rejects.
 *
 * Numbers are taken through `CUDA_VISIBLE_DEVICES`. On a machine with different cards, CUDA counts them like the driver only
 * with `CUDA_DEVICE_ORDER=PCI_BUS_ID`.
 */
export async function readDeviceMemory(
  devices: readonly OrtDevice[],
  { env = process.env, limitMs = 5000 }: ReadMemoryOptions = {}
): Promise<DeviceMemory[]> {
  const numbers = [...new Set(devices.map(numberOf))].filter((number) => number !== null);
  if (numbers.length === 0) return [];
  const cards = parseCards(await ask(env, limitMs));
  const visible = visibleCards(env.CUDA_VISIBLE_DEVICES);
  return numbers.flatMap((number) => {
    const name = visible === null ? String(number) : visible[number];
    const card = name === undefined ? undefined : cards.find((one) => isNamed(one, name));
    return card === undefined ? [] : [{ device: `cuda:${number}` as const, used: card.used, size: card.size }];
  });
}

interface Card {
  readonly index: string;
  readonly uuid: string;
  readonly used: number;
  readonly size: number;
}

/** A card may be named by its index, or by the beginning of its UUID. */
const isNamed = ({ index, uuid }: Card, name: string): boolean =>
  name === index || (name.startsWith('GPU-') && uuid.startsWith(name));

/** Null where all are visible. */
function visibleCards(variable: string | undefined): readonly string[] | null {
  return variable === undefined ? null : variable.split(',').map((name) => name.trim());
}

function parseCards(csv: string): Card[] {
  return csv.split('\n').flatMap((line) => {
    const [index, uuid, used, size] = line.split(',').map((cell) => cell.trim());
    // Cards that share the memory of the machine say [N/A].
    if (index === undefined || uuid === undefined || !/^\d+$/.test(used ?? '') || !/^\d+$/.test(size ?? '')) return [];
    return [{ index, uuid, used: Number(used) * MIB, size: Number(size) * MIB }];
  });
}

function ask(env: NodeJS.ProcessEnv, limitMs: number): Promise<string> {
  return new Promise((resolve) => {
    execFile('nvidia-smi', QUERY, { env, timeout: limitMs, killSignal: 'SIGKILL' }, (error, stdout) => {
      resolve(error === null ? stdout : '');
    });
  });
}
