import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { ensureServer } from '../../infra/temporal/embedded-server';
import { readText } from '../docs/markdown';
import { readDashboard } from '../support/dashboard';
import { expectCode, runProgram, startProgram } from '../support/program';
import { createProgramHome } from '../support/program-home';
import { PROMETHEUS, promtool, startPrometheus, type Prometheus } from '../support/prometheus';
import { EXAMPLE } from '../support/small-model';
import { workerReady } from '../support/worker-log';

const RULES = resolve(__dirname, '../../infra/prometheus');
const LAYERS = 5;
const CORRUPT = 'SaeMatchCorruptArtifact';
/** Metrics that rules name and that have no series in the run below. */
const WITHOUT_DATA = ['sae_match_schedule_last_success_timestamp_seconds', 'sae_match_activity_retries_total'];

if (PROMETHEUS === null) {
  process.stderr.write('not run: Prometheus is not installed and cannot be fetched; see SAE_MATCH_PROMETHEUS\n');
}
const whereInstalled = PROMETHEUS === null ? describe.skip : describe;

whereInstalled('promtool', () => {
  it('finds nothing wrong with the rules and the example configuration', async () => {
    await promtool(['check', 'rules', '--lint-fatal', join(RULES, 'alerts.yml')]);
    await promtool(['check', 'config', join(RULES, 'prometheus.yml')]);
  });

  it('sees every alert fire when it should and stay silent when it should', async () => {
    await promtool(['test', 'rules', join(RULES, 'alerts.test.yml')]);
    const { groups } = parse(readFileSync(join(RULES, 'alerts.yml'), 'utf8')) as {
      groups: { rules: { alert: string }[] }[];
    };
    const { tests } = parse(readFileSync(join(RULES, 'alerts.test.yml'), 'utf8')) as {
      tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
    };
    const cases = tests.flatMap((test) => test.alert_rule_test);
    for (const { alert } of groups.flatMap(({ rules }) => rules)) {
      const expected = cases.filter(({ alertname }) => alertname === alert).map((one) => one.exp_alerts.length > 0);
      expect([alert, new Set(expected)]).toEqual([alert, new Set([true, false])]);
    }
  });
});

whereInstalled('a Prometheus that scrapes a worker during two runs, one of which finds its store damaged', () => {
  const home = createProgramHome();
  const out = join(home.folder, 'out');
  let metrics: string;
  let prometheus: Prometheus;
  let start: number;
  let end: number;

  beforeAll(async () => {
    const { address } = await ensureServer(home.home);
    const server = ['--address', address];
    const worker = startProgram(['worker', ...server, '--metrics', '127.0.0.1:0', '--match-slots', '1'], home.env);
    metrics = await workerReady(worker);
    prometheus = await startPrometheus(home.folder, new URL(metrics).host, join(RULES, 'alerts.yml'));
    start = Date.now() / 1000;
    while ((await prometheus.values('sae_match_build_info', start, Date.now() / 1000)).length === 0) await sleep(100);
    const run = ['run', EXAMPLE, '--layers', `0-${LAYERS - 1}`, '--out', out, ...server];
    const damaged = runProgram([...run, '--run-id', 'damaged'], home.env);
    await damageLayers();
    expectCode(await damaged, 0);
    expectCode(await runProgram([...run, '--run-id', 'again', '--weights', 'encoder'], home.env), 0);
    await sleep(3000);
    end = Date.now() / 1000;
  }, 300_000);
  afterAll(async () => {
    await prometheus.close();
    await home.remove();
  });

  /** Once all are stored, and pairs are still to come: one byte of each folded layer, as a failing disk would change it. */
  async function damageLayers(): Promise<void> {
    const folded = join(out, 'artifacts/folded');
    const stored = (): string[] =>
      existsSync(folded) ? readdirSync(folded).filter((key) => existsSync(join(folded, key, 'stored.json'))) : [];
    while (stored().length < LAYERS) await sleep(10);
    for (const key of stored()) {
      const file = join(folded, key, 'sae.safetensors');
      const content = readFileSync(file);
      content[content.length - 100]! ^= 1;
      writeFileSync(file, content);
    }
  }

  const hasData = async (query: string): Promise<boolean> =>
    (await prometheus.values(query, start, end)).some((value) => Number.isFinite(value));

  it('every query of the dashboard is answered, with data where data is expected', async () => {
    const { panels } = await readDashboard();
    const targets = panels.flatMap(({ title, targets: those }) => those.map((target) => ({ title, ...target })));
    const found = await Promise.all(
      targets.map(async ({ expr, ...target }) => {
        const query = expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$(job|instance)/g, '.*');
        // Faults of a loaded machine may give data where none is expected.
        return { expr, ...target, data: (await hasData(query)) && target.data };
      })
    );
    expect(found).toEqual(targets);
  });

  it('every query of the runbook is answered', async () => {
    const blocks = [...readText('docs/runbook.md').matchAll(/```promql\n(.+?)```/gs)];
    const queries = blocks.flatMap(([, block]) => block!.trim().split('\n'));
    expect(queries.length).toBeGreaterThan(blocks.length);
    for (const query of queries) await prometheus.values(query, start, end);
  });

  it('every rule is evaluated, on metrics that exist, and only what is true fires', async () => {
    const firing = (rules: readonly { name: string; state: string }[]): string[] =>
      rules.filter(({ state }) => state === 'firing').map(({ name }) => name);
    let rules = await prometheus.alertRules();
    while (!firing(rules).includes(CORRUPT) && Date.now() / 1000 < end + 20) {
      await sleep(500);
      rules = await prometheus.alertRules();
    }
    expect(firing(rules)).toEqual([CORRUPT]);
    for (const { name, health, lastError, query } of rules) {
      expect([name, health, lastError]).toEqual([name, 'ok', undefined]);
      for (const [metric] of query.matchAll(/\b(sae_match|temporal|process|nodejs)_\w+|\bup\b/g)) {
        expect([name, metric, await hasData(metric)]).toEqual([name, metric, !WITHOUT_DATA.includes(metric)]);
      }
    }
  });

  it('promtool finds nothing wrong with the names and texts of our metrics', async () => {
    const page = await (await fetch(metrics)).text();
    const ours = page.split('\n').filter((line) => /^(# \w+ )?sae_match_/.test(line));
    expect(ours.length).toBeGreaterThan(100);
    await promtool(['check', 'metrics'], `${ours.join('\n')}\n`);
  });
});
