import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, realpathSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { openStore } from '../../artifacts/store/open-store';
import { homeFolder } from '../../infra/home';
import type { Home } from '../../infra/home';
import { cacheFolder } from '../../transport/cache-folder';
import { defaultMemoryBudget, freeDisk, isAtLeast, machineFacts } from '../../infra/machine';
import type { MachineFacts } from '../../infra/machine';
import { serverStatus } from '../../infra/temporal/embedded-server';
import { findInstalledTemporal } from '../../infra/temporal/find-binary';
import type { TemporalBinary } from '../../infra/temporal/find-binary';
import { temporalRelease } from '../../infra/temporal/release';
import { workerStatus } from '../../infra/worker-process';
import { probeDevices } from '../../kernels/probe-devices';
import type { DeviceReport } from '../../kernels/probe-devices';
import { SaeMatchError } from '../../matching/errors';
import { cacheSettings } from '../../transport/cache/open-cache';
import { connectClient } from '../../workers/connect';
import { configuredServer, usesTls } from '../../workers/connection';
import type { ServerAddress, ServerChoice } from '../../workers/connection';
import { EXIT } from '../exit-codes';
import { formatBytes } from '../format-table';
import type { Output } from '../output';
import { serverChoice, withServerFlags } from '../server-flags';
import type { ServerFlags } from '../server-flags';
import type { AddVerb } from '../verb';

/** What was found about one thing that runs need; only `fail` makes the machine unusable. */
export interface Check {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly remedy?: string;
}

interface DoctorFlags extends ServerFlags {
  readonly out: string;
  readonly json?: boolean;
}

const LABEL = { ok: 'ok', warn: 'warn', fail: 'FAIL' } as const;
const LOW_DISK_BYTES = 1e9;
const SERVER_LIMIT_MS = 5_000;

export const addDoctor: AddVerb = (program, action) =>
  withServerFlags(program.command('doctor'))
    .summary('check what runs need: Node.js, devices, Temporal, store, disk, memory')
    .description('Tries everything for real, starts nothing and leaves nothing behind. Exit code 1 when a check fails.')
    .option('--out <folder>', 'output folder that runs will write to', './sae-match-out')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  sae-match doctor\n  sae-match doctor --out results/ --json\n  sae-match doctor --profile production'
    )
    .action(action((output, flags: DoctorFlags) => doctorVerb(output, flags)));

async function doctorVerb(output: Output, flags: DoctorFlags): Promise<number> {
  const checks = await examine(flags.out, serverChoice(flags));
  const failed = checks.filter(({ status }) => status === 'fail').length;
  if (flags.json === true) output.json({ ok: failed === 0, checks });
  else printChecks(output, checks, failed);
  return failed === 0 ? EXIT.done : EXIT.failed;
}

function printChecks(output: Output, checks: readonly Check[], failed: number): void {
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { name, status, detail, remedy } of checks) {
    output.print(`${LABEL[status].padEnd(4)}  ${name.padEnd(width)}  ${detail}`);
    if (remedy !== undefined) output.print(`${' '.repeat(width + 8)}→ ${remedy}`);
  }
  output.print();
  output.print(failed === 0 ? 'everything that is needed works' : `${failed} of ${checks.length} checks failed`);
}

/** Makes all checks at once; a check that throws has failed. */
async function examine(out: string, choice: ServerChoice): Promise<Check[]> {
  const machine = await machineFacts();
  const home = peekHome();
  const groups: readonly [string, () => Check | Check[] | Promise<Check | Check[]>][] = [
    ['Node.js', () => checkNode(machine.node)],
    ['devices', async () => checkDevices(await probeDevices(), existsSync('/dev/nvidiactl'))],
    ['Temporal', () => checkTemporal(choice, home, machine.go)],
    ['embedded server', () => checkEmbedded(home)],
    ['state folder', () => checkFolder('state folder', home.dir, 'SAE_MATCH_HOME')],
    ['cache folder', () => checkFolder('cache folder', home.cache, 'XDG_CACHE_HOME')],
    ['download cache', () => checkCache(cacheSettings())],
    ['store', () => checkStore(out)],
    ['disk', () => checkDisk(out)],
    ['memory', () => checkMemory(machine.memoryBytes, defaultMemoryBudget())],
    ['cores', () => ({ name: 'cores', status: 'ok', detail: String(machine.cores) })],
  ];
  const results = groups.map(async ([name, check]) => {
    try {
      return await check();
    } catch (error) {
      return failure(name, error);
    }
  });
  return (await Promise.all(results)).flat();
}

/** The failed check that an error stands for; the remedy of our own errors is told apart. */
export function failure(name: string, error: unknown): Check {
  const message = error instanceof Error ? error.message : String(error);
  const remedy = error instanceof SaeMatchError ? error.facts.remedy : undefined;
  if (remedy === undefined) return { name, status: 'fail', detail: message };
  return { name, status: 'fail', detail: message.slice(0, -`. ${remedy}`.length), remedy };
}

export function checkNode({ version, supported, minimum }: MachineFacts['node']): Check {
  const name = 'Node.js';
  if (supported) return { name, status: 'ok', detail: version };
  return { name, status: 'fail', detail: version, remedy: `Install Node.js ${minimum} or later.` };
}

/** A device that does not work is worth a warning only where one would expect it to: the CPU, a GPU that is there. */
export function checkDevices(reports: readonly DeviceReport[], nvidiaGpu: boolean): Check[] {
  const javascript: Check = { name: 'device javascript', status: 'ok', detail: 'works everywhere' };
  const others = reports.map(({ device, works, detail }): Check => {
    const name = `device ${device}`;
    if (works) return { name, status: 'ok', detail };
    const found = `not usable: ${detail}`;
    if (device === 'cpu') return { name, status: 'warn', detail: found, remedy: 'Reinstall onnxruntime-node.' };
    if (device !== 'cuda' || !nvidiaGpu) return { name, status: 'ok', detail: `${found} (optional)` };
    const remedy = 'Reinstall onnxruntime-node with ONNXRUNTIME_NODE_INSTALL=cuda12; it needs CUDA 12 and cuDNN 9.';
    return { name, status: 'warn', detail: `${found}, though there is an NVIDIA GPU`, remedy };
  });
  return [javascript, ...others];
}

async function checkTemporal(choice: ServerChoice, home: Home, go: string | null): Promise<Check> {
  const server = configuredServer(choice);
  if (server !== null) return checkServer(server);
  return checkBinary(await findInstalledTemporal(home), go, canDownload);
}

/** Whether the configured server answers within about the limit (milliseconds), lets us in and has the namespace. */
export async function checkServer(server: ServerAddress, limitMs = SERVER_LIMIT_MS): Promise<Check> {
  const name = 'Temporal';
  const detail = describeServer(server);
  try {
    await (await connectClient(server, limitMs)).close();
  } catch (error) {
    const trouble = failure(name, error);
    return { ...trouble, detail: `${detail}: ${trouble.detail}` };
  }
  if (server.connection.apiKey === undefined || usesTls(server)) return { name, status: 'ok', detail };
  return { name, status: 'warn', detail, remedy: 'The API key travels unencrypted: do not switch TLS off.' };
}

/** What is set is named, and never shown. */
function describeServer(server: ServerAddress): string {
  const { address, apiKey, tls } = server.connection;
  const settings = [
    usesTls(server) ? 'TLS' : 'no TLS',
    apiKey === undefined ? undefined : 'API key set',
    typeof tls === 'object' && tls?.clientCertPair ? 'client certificate set' : undefined,
  ].filter((part) => part !== undefined);
  return [`server ${address}`, `namespace ${server.namespace}`, ...settings].join(', ');
}

/** Whether an embedded server could be started: from an installed program, or one that can be had. */
export async function checkBinary(
  binary: TemporalBinary | undefined,
  go: string | null,
  downloadable: () => Promise<boolean>
): Promise<Check> {
  const name = 'Temporal';
  if (binary !== undefined) {
    return { name, status: 'ok', detail: `embedded, temporal ${binary.version}: ${binary.path} (${binary.source})` };
  }
  const { version, minimumGo } = temporalRelease;
  if (go !== null && isAtLeast(go, minimumGo)) {
    const detail = `embedded; the first run downloads temporal ${version}, or builds it with Go ${go} in 2-3 minutes`;
    return { name, status: 'ok', detail };
  }
  if (await downloadable())
    return { name, status: 'ok', detail: `embedded; the first run downloads temporal ${version}` };
  return {
    name,
    status: 'fail',
    detail: `no server configured, no temporal program, no download, ${go === null ? 'no Go' : `Go ${go}`}`,
    remedy:
      'Put the Temporal CLI (temporal) on PATH, or install Go 1.25 or later so that it is built once, ' +
      'or set TEMPORAL_ADDRESS to a running server.',
  };
}

/** Whether the release site, or the mirror that `SAE_MATCH_TEMPORAL_DOWNLOAD` names, has the program for this machine. */
async function canDownload(): Promise<boolean> {
  const setting = process.env.SAE_MATCH_TEMPORAL_DOWNLOAD;
  const { archiveSha256, downloads, version } = temporalRelease;
  const target = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
  if (setting === 'off' || archiveSha256[target] === undefined) return false;
  const url = `${setting ?? downloads}/v${version}/temporal_cli_${version}_${target}.tar.gz`;
  try {
    return (await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(SERVER_LIMIT_MS) })).ok;
  } catch {
    return false;
  }
}

/** The home as {@link openHome} would open it, without creating any of its folders. */
function peekHome(): Home {
  const folder = homeFolder();
  const dir = existsSync(folder) ? realpathSync(folder) : folder;
  return { dir, cache: cacheFolder(), logs: join(dir, 'logs') };
}

async function checkEmbedded(home: Home): Promise<Check> {
  const name = 'embedded server';
  const server = await serverStatus(home);
  const worker = workerStatus(home);
  const workerText = worker === undefined ? 'no worker' : `worker (process ${worker.pid})`;
  if (server === undefined) return { name, status: 'ok', detail: `not running, ${workerText}` };
  const serverText = `${server.address} (process ${server.pid})`;
  if (server.serving) return { name, status: 'ok', detail: `${serverText}, ${workerText}` };
  const remedy = 'The next run starts it anew; sae-match stop ends it.';
  return { name, status: 'warn', detail: `${serverText} does not answer, ${workerText}`, remedy };
}

/** Whether a folder is there and writable, or could be created. */
export function checkFolder(name: string, folder: string, variable: string): Check {
  const existing = missingFolders(folder).reduce((_, missing) => dirname(missing), folder);
  try {
    if (!statSync(existing).isDirectory()) throw new Error(`${existing} is not a folder`);
    accessSync(existing, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const remedy = `Point ${variable} at a folder that you can write, or correct its permissions.`;
    return { name, status: 'fail', detail: `${folder}: ${(error as Error).message}`, remedy };
  }
  return { name, status: 'ok', detail: existing === folder ? folder : `${folder} (created when needed)` };
}

/** Whether downloads can be kept, how many bytes of them are, and how many may be. */
export async function checkCache({ folder, limitBytes }: ReturnType<typeof cacheSettings>): Promise<Check> {
  const check = checkFolder('download cache', folder, 'SAE_MATCH_CACHE');
  if (check.status !== 'ok') return check;
  return {
    ...check,
    detail: `${check.detail}: ${formatBytes(await sizeOf(folder))} of at most ${formatBytes(limitBytes)}`,
  };
}

/** Bytes of the files of a folder; some may go at this moment. */
async function sizeOf(folder: string): Promise<number> {
  const names = existsSync(folder) ? await readdir(folder) : [];
  const sizes = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => ({ size: 0 }))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

/** Whether an object can be written to the store at `out`, read back and deleted; removes all that it made. */
export async function checkStore(out: string): Promise<Check> {
  const location = openStore(out).url('');
  const missing = isAbsolute(location) ? missingFolders(location) : [];
  const store = openStore(`${location}/.sae-match-doctor-${process.pid}`);
  const content = randomBytes(1024);
  try {
    await store.put('probe', content);
    const same = content.equals(await store.get('probe'));
    await store.delete('probe');
    if (same) return { name: 'store', status: 'ok', detail: `${location}: written and read back` };
    const remedy = 'Choose another folder with --out, and have the disk checked.';
    return { name: 'store', status: 'fail', detail: `${location}: what is read is not what was written`, remedy };
  } finally {
    if (isAbsolute(location)) removeFolders(store.url(''), missing);
  }
}

/** The folder and those above it that do not exist, deepest first. */
function missingFolders(folder: string): string[] {
  return existsSync(folder) ? [] : [folder, ...missingFolders(dirname(folder))];
}

function removeFolders(probe: string, created: readonly string[]): void {
  if (existsSync(probe)) rmSync(probe, { recursive: true });
  for (const folder of created.filter((path) => existsSync(path))) {
    try {
      rmdirSync(folder);
    } catch {
      // Not empty: another process has begun to use it.
      return;
    }
  }
}

async function checkDisk(out: string): Promise<Check> {
  const location = openStore(out).url('');
  if (!isAbsolute(location)) return { name: 'disk', status: 'ok', detail: 'results go to a bucket' };
  return judgeDisk(resolve(location), await freeDisk(location));
}

export function judgeDisk(folder: string, freeBytes: number): Check {
  const detail = `${formatBytes(freeBytes)} free for ${folder}`;
  if (freeBytes >= LOW_DISK_BYTES) return { name: 'disk', status: 'ok', detail };
  const remedy = `Free some space, or choose another folder with --out; below ${formatBytes(LOW_DISK_BYTES)} a run may not fit.`;
  return { name: 'disk', status: 'warn', detail, remedy };
}

function checkMemory(total: number, budget: number): Check {
  return {
    name: 'memory',
    status: 'ok',
    detail: `${formatBytes(total)}; --memory-budget is ${formatBytes(budget)} unless given`,
  };
}
