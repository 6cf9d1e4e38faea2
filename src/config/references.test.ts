// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are references of configurations.
import { describe, expect, test } from 'vitest';
import { expand } from './expand.ts';
import { inputsOf, settleReferences } from './references.ts';

const folders = { workspaceFolder: 'C:\\work\\${HOME}', userHome: '/home/$me', pathSeparator: '\\' };
const settled = (text: string, dialect: { hasFolders?: true; hasBareReferences?: true }) =>
  settleReferences({ command: text, env: { A: text }, cwd: text }, dialect, folders);

describe('references that a host settles', () => {
  test('folders are filled in everywhere, as they are: what is in their names is not expanded', async () => {
    const {
      command = '',
      env,
      cwd,
    } = settled('${workspaceFolder}${/}${workspaceFolderBasename}|${userHome}', {
      hasFolders: true,
    });
    expect(await expand(command, { env: { HOME: 'never' } })).toBe('C:\\work\\${HOME}\\${HOME}|/home/$me');
    expect([env?.A, cwd]).toEqual([command, command]);
  });

  test('an escaped one is none, one in a default is', () => {
    expect(settled('$${userHome} ${A:-${userHome}}', { hasFolders: true }).command).toBe(
      '$${userHome} ${A:-/home/$me}',
    );
  });

  test('a host without folders leaves them alone', () => {
    expect(settled('${userHome}', {}).command).toBe('${userHome}');
  });

  test.each([
    ['$TOKEN', '${TOKEN}'],
    ['a$A-$B.c', 'a${A}-${B}.c'],
    ['${A} $${B} $$C $5 $', '${A} $${B} $$C $5 $'],
  ])('with bare references %j is %j', (text, read) => {
    expect(settled(text, { hasBareReferences: true }).command).toBe(read);
  });

  test('the inputs that are asked for, and where', () => {
    const config = { args: ['-k', '${input:key}'], env: { 'A/B': '<${input:other:-x}>', C: '$${input:none}' } };
    expect(inputsOf(config)).toEqual([
      { id: 'key', path: '/args/1' },
      { id: 'other', path: '/env/A~1B' },
    ]);
  });
});
