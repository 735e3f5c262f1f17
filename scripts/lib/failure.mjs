/** Something a person has to put right; its message is one sentence with the remedy. */
export class Failure extends Error {}

/** Runs `main`; a {@link Failure} is printed without a stack and sets the exit code. */
export async function orFail(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
