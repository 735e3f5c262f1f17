import { startProgram } from '../../support/program';
import type { Command, Finished } from '../../support/program';

/** A command of a user that is given again when it is killed. */
export class UserCommand {
  private command: Command;
  private repeating: Promise<void> = Promise.resolve();

  constructor(
    private readonly args: readonly string[],
    private readonly env: Readonly<Record<string, string>>
  ) {
    this.command = startProgram(args, env);
  }

  isRunning(): boolean {
    return this.command.isRunning();
  }

  async killAndRepeat(): Promise<void> {
    const killed = this.command;
    killed.kill('SIGKILL');
    this.repeating = killed.finished.then(() => {
      this.command = startProgram(this.args, this.env);
    });
    await this.repeating;
  }

  /** How its last life ended. */
  async finished(): Promise<Finished> {
    for (;;) {
      const { command } = this;
      const end = await command.finished;
      await this.repeating;
      if (command === this.command) return end;
    }
  }
}
