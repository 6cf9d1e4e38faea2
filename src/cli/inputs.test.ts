import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, folder, type World } from '../../test/fixtures/cli/world.ts';
import type { InputDefinition } from '../options.ts';

const ESC = String.fromCharCode(27);
const TOKEN = { id: 'token', type: 'promptString', description: `API ${ESC}[2Jkey`, password: true };
const REGION = { id: 'region', type: 'pickString', options: ['eu', { value: 'us', label: 'America' }] };
const SERVERS = {
  shop: { command: 'x', env: { TOKEN: `\${input:token}`, REGION: `\${input:region}` } },
  bank: { url: 'http://h', headers: { Authorization: `Bearer \${input:token}` } },
};

/** A line with this configuration; `answer` asks the toolkit's options for an input, as a server that connects does. */
const withInputs = async (
  argv: string[],
  world: World = {},
  inputs: object[] = [TOKEN, REGION],
  servers: object = SERVERS,
) => {
  const cwd = folder();
  writeFileSync(join(cwd, 'c.json'), JSON.stringify({ inputs, mcpServers: servers }));
  const outcome = await cli([...argv, '--config', 'c.json'], {
    cwd,
    tty: true,
    ...world,
    env: { NO_COLOR: '1', ...world.env },
  });
  const { inputs: defined = [], env = {}, onInput } = outcome.options ?? {};
  const answer = async (id: string): Promise<unknown> => {
    const input = defined.find((one) => one.id === id) as InputDefinition;
    try {
      return await onInput?.(input, { server: 'shop' });
    } catch (error) {
      return (error as Error).message;
    }
  };
  const { code, out, err, asked, options } = outcome;
  return { code, out, err, asked, options, env, answer };
};

describe('at a terminal an input', () => {
  test('is asked for once for all servers that need it, with its description, and its answer is not printed', async () => {
    const { code, asked, err, out, answer } = await withInputs(['status'], { typed: ['hunter2-hunter2', '1'] });
    expect(code).toBe(0);
    expect(asked).toEqual(['  token (hidden): ', '  region (one of these): ']);
    expect(err).toBe(
      'shop, bank need a value for token:\n  API key\nshop needs a value for region:\n    1) eu\n    2) America (us)\n',
    );
    expect(out + err).not.toContain('hunter2');
    expect(await Promise.all(['token', 'region'].map(answer))).toEqual(['hunter2-hunter2', 'eu']);
  });

  test.each([
    ['its number', '2', 'us'],
    ['its label', 'america', 'us'],
    ['its value', 'us', 'us'],
  ])('is picked by %s, and what is none of the options is asked again', async (_, typed, value) => {
    const { asked, err, answer } = await withInputs(['status', 'shop'], { typed: ['t', 'mars', typed] });
    expect(asked).toHaveLength(3);
    expect(err).toContain('region is none of the options');
    expect(await answer('region')).toBe(value);
  });

  test('has its default at Enter, which is not shown where it is a secret', async () => {
    const inputs = [
      { ...TOKEN, default: 'hush-hush' },
      { ...REGION, default: 'us' },
    ];
    const { asked, answer } = await withInputs(['status'], { typed: ['', ''] }, inputs);
    expect(asked).toEqual(['  token (hidden) [default]: ', '  region (one of these) [us]: ']);
    expect(await Promise.all(['token', 'region'].map(answer))).toEqual(['hush-hush', 'us']);
  });

  test('is not asked for where no server that starts needs it', async () => {
    const { asked, answer } = await withInputs(['status'], { typed: [] }, [TOKEN, REGION], {
      shop: { ...SERVERS.shop, disabled: true },
      plain: { command: 'x' },
    });
    expect(asked).toEqual([]);
    expect(await answer('token')).toContain('nobody was asked for it');
    const one = await withInputs(['call', 'bank.pay'], {
      typed: ['t'],
      servers: { bank: { tools: [{ name: 'pay', inputSchema: {} }] } },
    });
    expect(one.asked).toEqual(['  token (hidden): ']);
  });

  test.each([
    ['is left empty', '', 'the answer was empty'],
    ['is declined', { ended: 'end' } as const, 'the question was not answered'],
  ])('that %s fails where it is needed, and says how it is given', async (_, typed, why) => {
    const { answer } = await withInputs(['status'], { typed: ['t', typed] });
    expect(await answer('token')).toBe('t');
    const region = await withInputs(
      ['status'],
      { typed: [typed] },
      [{ id: 'host', type: 'promptString', description: 'Host' }],
      {
        shop: { command: 'x', args: [`\${input:host}`] },
      },
    );
    expect(await region.answer('host')).toBe(
      `the input "host" (Host) was not given: ${why}; --input host=VALUE gives it, or TOOLWAY_INPUT_HOST`,
    );
  });

  test('Ctrl-C ends the command with 130, and nothing is started', async () => {
    const { code, options, err } = await withInputs(['status'], { typed: [{ ended: 'interrupt', typed: 'half' }] });
    expect([code, options]).toEqual([130, undefined]);
    expect(err).not.toContain('half');
  });
});

describe('without somebody to ask an input', () => {
  test.each([
    ['without a terminal', {}, [], 'there is no terminal to ask at'],
    ['with --yes', { typed: [] }, ['--yes'], 'it has no default that --yes could take'],
  ])('%s has its default, or fails with how it is given', async (_, world, argv, why) => {
    const inputs = [TOKEN, { ...REGION, default: 'us' }];
    const { asked, answer } = await withInputs(['status', ...argv], world, inputs);
    expect(asked).toEqual([]);
    expect(await answer('region')).toBeUndefined();
    expect(await answer('token')).toBe(
      `the input "token" (${TOKEN.description}) was not given: ${why}; TOOLWAY_INPUT_TOKEN can hold it`,
    );
  });

  test('is taken from the line, before the environment, and from the environment', async () => {
    const env = { TOOLWAY_INPUT_TOKEN: 'of the environment', TOOLWAY_INPUT_REGION: 'us' };
    const { asked, answer, ...made } = await withInputs(['status', '--input', 'token=a=b'], { typed: [], env });
    expect(asked).toEqual([]);
    expect(await answer('token')).toBe('a=b');
    expect([made.env.TOOLWAY_INPUT_TOKEN, made.env.TOOLWAY_INPUT_REGION]).toEqual([undefined, 'us']);
  });

  test.each([
    ['tokn=secret-value', 'the configuration has no input "tokn"; did you mean token?'],
    ['secret-value', '--input must be ID=VALUE'],
    ['region=mars', '--input region must be one of "eu", "us"'],
  ])('on the line has to be one: %s', async (given, message) => {
    const { code, err, options } = await withInputs(['status', '--input', given]);
    expect([code, options]).toEqual([2, undefined]);
    expect(err).toContain(message);
    expect(err).not.toContain('secret-value');
  });
});
