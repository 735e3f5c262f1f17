import { join } from 'node:path';
import { PROGRAM, runProgram } from '../../support/program';
import { EXAMPLES, runPython } from './python';

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

/** Both verifiers: they share no code. */
export const VERIFIERS: Readonly<Record<string, (args: readonly string[]) => Promise<Judgement>>> = {
  'sae-match verify': judgeByProgram,
  'examples/verify.py': judgeByScript,
};

async function judgeByProgram(args: readonly string[]): Promise<Judgement> {
  const { code, stdout, stderr } = await runProgram(['verify', ...args, '--json'], {});
  if (stdout === '') throw new Error(`${PROGRAM} verify printed nothing: ${stderr}`);
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

async function judgeByScript(args: readonly string[]): Promise<Judgement> {
  const { code, stdout, stderr } = await runPython([join(EXAMPLES, 'verify.py'), ...args]);
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
