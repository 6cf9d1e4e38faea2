/** `toolway completion`: the script with which a shell completes Toolway's commands. */
import { nearest } from '../../config/nearest.ts';
import { ToolwayError } from '../../errors.ts';
import type { Run } from '../command.ts';
import { SCRIPTS } from '../completion/scripts.ts';
import { EXIT } from '../exit-codes.ts';

export const run: Run = async ({ args, output }) => {
  const [shell = ''] = args;
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script === undefined) {
    const matches = nearest(shell, Object.keys(SCRIPTS));
    throw new ToolwayError(
      'invalid_arguments',
      `there are scripts for bash, zsh and fish, not ${JSON.stringify(shell)}`,
      {
        executed: 'no',
        matches,
      },
    );
  }
  if (output.json) await output.document({ shell, script });
  else await output.print(script);
  return EXIT.done;
};
