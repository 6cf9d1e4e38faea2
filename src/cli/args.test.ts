import { describe, expect, test } from 'vitest';
import { parseLine } from './args.ts';
import { COMMANDS } from './commands.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { commandHelp, generalHelp } from './help.ts';
import { GLOBAL_OPTIONS, OPTIONS } from './options.ts';

const failure = (argv: string[]): string => {
  try {
    parseLine(argv);
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid_arguments', executed: 'no' });
    return (error as Error).message;
  }
  throw new Error(`understood: ${argv.join(' ')}`);
};

describe('a line', () => {
  test.each<[string, string[], string, string[]]>([
    ['options after', ['call', 's.t', 'a=1', '--json'], 'call', ['s.t', 'a=1']],
    ['options before', ['--json', 'call', 's.t', 'a=1'], 'call', ['s.t', 'a=1']],
    ['options between', ['call', '--save', 'd', 's.t', '--json', 'a=1'], 'call', ['s.t', 'a=1']],
    ["a command's option before it", ['--save', 'd', '--json', 'call', 's.t'], 'call', ['s.t']],
    ['the end of options', ['--json', 'call', 's.t', '--', '--json', '-x=1'], 'call', ['s.t', '--json', '-x=1']],
    ['the seeds’ spelling', ['--json', 'call-tool', 't', '{"a": 1}'], 'call', ['t', '{"a": 1}']],
    ['the other of it', ['list-tools', '--json'], 'tools', []],
  ])('%s', (_, argv, name, args) => {
    const line = parseLine(argv);
    expect([line.name, line.args, line.options.flag('json')]).toEqual([name, args, true]);
  });

  test('values come as a word or behind =, again and again', () => {
    const argv = ['list', '--config', 'a', '--config=b=c', '--timeout=5', '--timeout', '6', '-v', '--stdio=-x'];
    const { options } = parseLine(argv);
    expect(options.values('config')).toEqual(['a', 'b=c']);
    expect(options.value('timeout')).toBe('6');
    expect(options.value('stdio')).toBe('-x');
    expect(options.flag('verbose')).toBe(true);
    expect(options.value('url')).toBeUndefined();
  });

  test('arguments of a server may look like options', () => {
    const argv = ['--server-command', 'node', '--server-args', '--flag', '--server-args', '-y', 'list-tools'];
    expect(parseLine(argv).options.values('server-args')).toEqual(['--flag', '-y']);
    expect(parseLine(['call', 't', '--args', '-']).options.value('args')).toBe('-');
  });

  test.each([
    [['lsit'], 'there is no command "lsit"; did you mean list?'],
    [['xyzzy'], 'there is no command "xyzzy"'],
    [['list', '--jsn'], 'there is no option --jsn; did you mean --json?'],
    [['list', '-z'], 'there is no option -z'],
    [['serve', '--prot', '8080'], 'there is no option --prot; did you mean --port?'],
    [['call', 't', '--sav=x'], 'there is no option --sav; did you mean --save?'],
    [['list', '--save', 'x'], '--save is not an option of list'],
    [['list', '--config'], '--config needs a value'],
    [
      ['list', '--config', '--json'],
      '--config needs a value, and --json looks like an option; if it is the value, write --config=--json',
    ],
    [['list', '--json=yes'], '--json takes no value'],
    [['call'], 'usage: toolway call SERVER.TOOL [key=value …]'],
    [['list', 'a', 'b'], 'list does not take "b": toolway list [SERVER]'],
    [['help', 'lsit'], 'there is no command "lsit"; did you mean list?'],
  ])('%j is refused', (argv, message) => {
    expect(failure(argv)).toBe(message);
  });

  test.each([['--help'], ['-h'], ['help'], ['help', 'call'], ['call', '--help'], ['--help', 'call']])(
    '%s %s asks for help',
    (...argv) => {
      const line = parseLine(argv);
      expect(line.help).toBe(true);
      expect(line.name).toBe(argv.includes('call') ? 'call' : undefined);
    },
  );

  test('a tool may be called help', () => {
    expect(parseLine(['call', 'help'])).toMatchObject({ name: 'call', args: ['help'], help: false });
  });
});

describe('the tables', () => {
  test('no name or alias stands for two commands', () => {
    const names = Object.entries(COMMANDS).flatMap(([name, { aliases = [] }]) => [name, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each(Object.entries(COMMANDS))('%s has code, and a help with an example of itself', async (name, command) => {
    expect(typeof (await command.load()).run).toBe('function');
    expect(command.example).toMatch(new RegExp(`^toolway ${name}( |$)`));
    const help = commandHelp(name, command);
    expect(help).toContain(`Example: ${command.example}`);
    for (const option of [...GLOBAL_OPTIONS, ...(command.options ?? [])]) expect(help).toContain(`--${option}`);
    expect(generalHelp()).toContain(command.summary);
  });

  test('every option belongs to some command, and no letter to two', () => {
    const used = new Set([...GLOBAL_OPTIONS, ...Object.values(COMMANDS).flatMap(({ options = [] }) => options)]);
    expect([...used].sort()).toEqual(Object.keys(OPTIONS).sort());
    const letters = Object.values(OPTIONS).flatMap((spec) => ('short' in spec ? [spec.short] : []));
    expect(new Set(letters).size).toBe(letters.length);
  });

  test('exit codes are those of the contract', () => {
    const byCode = new Map<number, string[]>();
    for (const [code, exit] of Object.entries(EXIT_CODES)) byCode.set(exit, [...(byCode.get(exit) ?? []), code].sort());
    expect(Object.fromEntries(byCode)).toEqual({
      1: ['internal'],
      2: [
        'ambiguous_resource',
        'ambiguous_tool',
        'invalid_arguments',
        'invalid_config',
        'unknown_prompt',
        'unknown_resource',
        'unknown_server',
        'unknown_tool',
        'unsupported',
      ],
      3: ['breaker_open', 'connect_failed', 'connect_timeout', 'not_connected', 'spawn_failed'],
      4: ['auth_failed', 'auth_required'],
      6: ['approval_timeout', 'denied', 'forbidden', 'tool_changed'],
      7: ['timeout'],
      8: ['outcome_unknown', 'server_exited'],
      9: ['backpressure', 'closed', 'message_too_large', 'protocol_error', 'rate_limited', 'server_error'],
      130: ['cancelled'],
    });
  });
});
