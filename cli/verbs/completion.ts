import { Argument } from 'commander';
import { bashScript } from '../completion/bash';
import { completedCommands } from '../completion/completed-command';
import type { CompletedCommand } from '../completion/completed-command';
import { fishScript } from '../completion/fish';
import { zshScript } from '../completion/zsh';
import type { AddVerb } from '../verb';

const SHELLS: Readonly<Record<string, (name: string, commands: readonly CompletedCommand[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

export const addCompletion: AddVerb = (program, action) =>
  program
    .command('completion')
    .summary('print a script that lets a shell complete verbs and flags')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(SHELLS)))
    .addHelpText(
      'after',
      '\nExamples:\n  source <(sae-match completion bash)      # in ~/.bashrc\n' +
        '  source <(sae-match completion zsh)       # in ~/.zshrc, after compinit\n' +
        '  sae-match completion fish > ~/.config/fish/completions/sae-match.fish'
    )
    .action(
      action((output, shell: string) => {
        output.print(SHELLS[shell]!(program.name(), completedCommands(program)).trimEnd());
        return Promise.resolve(0);
      })
    );
