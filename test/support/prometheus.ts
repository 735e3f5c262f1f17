import { execFile, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port';

/** Where `prometheus` and `promtool` are, null where they are not. */
export const PROMETHEUS =
  [process.env.SAE_MATCH_PROMETHEUS ?? '', ...(process.env.PATH ?? '').split(delimiter)].find((folder) =>
    ['prometheus', 'promtool'].every((program) => folder !== '' && existsSync(join(folder, program)))
  ) ?? null;

/** Runs `promtool <args>`; rejects when it fails, with what it says. */
export function promtool(args: readonly string[], input = ''): Promise<string> {
  return new Promise((done, reject) => {
    const child = execFile(join(PROMETHEUS!, 'promtool'), args, (error, stdout, stderr) => {
      if (error === null) done(stdout + stderr);
      else reject(new Error(`${stdout}${stderr}`, { cause: error }));
    });
    child.stdin!.end(input);
  });
}

export interface AlertRule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
  readonly query: string;
  readonly state: 'inactive' | 'pending' | 'firing';
}

export interface Prometheus {
  /** Values of a query at every second between two times in seconds since 1970. @throws Error when it is refused */
  values(query: string, start: number, end: number): Promise<number[]>;
  /** The rules as they were evaluated last; `unknown` in health before. */
  alertRules(): Promise<AlertRule[]>;
  close(): Promise<void>;
}

/** A Prometheus that scrapes and evaluates every second. */
export async function startPrometheus(folder: string, target: string, rules: string): Promise<Prometheus> {
  const address = `127.0.0.1:${await freePort()}`;
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [rules],
    scrape_configs: [{ job_name: 'sae-match', static_configs: [{ targets: [target] }] }],
  };
  // JSON is YAML.
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const child = spawn(
    join(PROMETHEUS!, 'prometheus'),
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'prometheus-data')}`,
      `--web.listen-address=${address}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] }
  );
  const ended = new Promise<void>((done) => {
    child.once('close', () => {
      done();
    });
  });
  while ((await fetch(`http://${address}/-/ready`).catch(() => null))?.ok !== true) {
    if (child.exitCode !== null) throw new Error('Prometheus does not start');
    await sleep(50);
  }
  const ask = async <T>(path: string): Promise<T> => {
    const answer = (await (await fetch(`http://${address}/api/v1/${path}`)).json()) as { data: T; error?: string };
    if (answer.error !== undefined) throw new Error(`${answer.error}: ${decodeURIComponent(path)}`);
    return answer.data;
  };
  return {
    values: async (query, start, end) => {
      const parameters = new URLSearchParams({ query, start: String(start), end: String(end), step: '1' });
      const { result } = await ask<{ result: { values: [number, string][] }[] }>(
        `query_range?${parameters.toString()}`
      );
      return result.flatMap(({ values }) => values.map(([, value]) => Number(value)));
    },
    alertRules: async () => {
      const { groups } = await ask<{ groups: { rules: AlertRule[] }[] }>('rules?type=alert');
      return groups.flatMap((group) => group.rules);
    },
    close: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
