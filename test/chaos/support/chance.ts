import { createHash } from 'node:crypto';
import { randomNumbers } from '../../matching/random-features';

/**
 * Chance of the chaos tests. `SAE_MATCH_CHAOS_SEED` repeats the moments of an earlier test (its seed is printed, and
 * part of every failure); `SAE_MATCH_CHAOS_ROUNDS` sets how often each kind of accident happens, by default once.
 */
export interface Chance {
  /** A whole number from `least` to `most`, both included. */
  number(least: number, most: number): number;
  one<T>(choices: readonly T[]): T;
}

const DEFAULT_ROUNDS = 1;
/** A round lasts seconds; a machine that is busy with other things may need minutes. */
const ROUND_TIMEOUT_MS = 240_000;

const rounds = Number(process.env.SAE_MATCH_CHAOS_ROUNDS ?? DEFAULT_ROUNDS);
const seed = Number(process.env.SAE_MATCH_CHAOS_SEED ?? Date.now() % 1_000_000_007);

/**
 * A test whose body is carried out once a round, each time with other moments. The body returns one line about what
 * happened, for the log; a failure names seed, round, and what `note` was told last.
 *
 * @param timeoutMs for each round
 */
export function chaosTest(
  name: string,
  body: (chance: Chance, round: number, note: (text: string) => void) => Promise<string>,
  { timeoutMs = ROUND_TIMEOUT_MS }: { readonly timeoutMs?: number } = {}
): void {
  const act = async (): Promise<void> => {
    for (let round = 1; round <= rounds; round++) {
      const began = Date.now();
      let noted = '';
      try {
        const line = await body(chanceOf(`${seed} ${round} ${name}`), round, (text) => (noted = text));
        tell(`${name}: round ${round} of ${rounds}, seed ${seed}, ${(Date.now() - began) / 1000} s: ${noted}: ${line}`);
      } catch (error) {
        const where = `SAE_MATCH_CHAOS_SEED=${seed} SAE_MATCH_CHAOS_ROUNDS=${rounds}, round ${round}: ${noted}`;
        if (error instanceof Error) error.message = `${where}\n${error.message}`;
        throw error;
      }
    }
  };
  test(name, act, rounds * timeoutMs);
}

/** Straight to the terminal: jest would add a stack trace to each line. */
export function tell(line: string): void {
  process.stderr.write(`  ${line}\n`);
}

/** Numbers from a text, by mulberry32: equal everywhere for equal texts. */
function chanceOf(text: string): Chance {
  const next = randomNumbers(createHash('sha256').update(text).digest().readInt32LE());
  const number = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return { number, one: (choices) => choices[number(0, choices.length - 1)]! };
}
