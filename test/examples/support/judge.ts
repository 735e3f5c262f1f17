import { join } from 'node:path';
import type { Finished } from '../../support/program';
import { EXAMPLES } from './python';

/** What a verifier says about the folder of one pair. */
export interface Verdict {
  readonly code: number | null;
  readonly checksums: boolean;
  readonly permutation: boolean;
  readonly certificate: boolean;
}

/** A verdict, and all that was said with it. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly text: string;
}

type Run = (args: readonly string[]) => Promise<Finished>;

/** What `sae-match verify` says, where `run` runs the command. */
export async function judgeByCommand(run: Run, args: readonly string[]): Promise<Judgement> {
  const { code, stdout, stderr } = await run(['verify', ...args, '--json']);
  if (stdout === '') throw new Error(`sae-match verify printed nothing: ${stderr}`);
  const result = JSON.parse(stdout) as {
    checksums: { ok: boolean };
    permutation: { ok: boolean };
    pairs: { certificate: { ok: boolean } }[];
  };
  const verdict = {
    code,
    checksums: result.checksums.ok,
    permutation: result.permutation.ok,
    certificate: result.pairs.every(({ certificate }) => certificate.ok),
  };
  return { verdict, text: stdout };
}

/** What `examples/verify.py` says, where `run` runs scripts. It shares no code with the command. */
export async function judgeByScript(run: Run, args: readonly string[]): Promise<Judgement> {
  const { code, stdout, stderr } = await run([join(EXAMPLES, 'verify.py'), ...args]);
  const ok = (check: string): boolean => {
    const said = new RegExp(`^  ${check} +(ok|FAILED)$`, 'm').exec(stdout)?.[1];
    if (said === undefined) throw new Error(`verify.py does not report ${check}: ${stdout}${stderr}`);
    return said === 'ok';
  };
  const verdict = {
    code,
    checksums: ok('checksums'),
    permutation: ok('permutation'),
    certificate: ok('certificate'),
  };
  return { verdict, text: stdout };
}
