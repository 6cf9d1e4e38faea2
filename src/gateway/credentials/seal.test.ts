import { expect, test } from 'vitest';
import { createSeal, STATE_KEY_BYTES } from './seal.ts';

const key = (byte: number): Uint8Array => new Uint8Array(STATE_KEY_BYTES).fill(byte);
const ABOUT = ['key:ann', 'web', 'TOKEN', 'https://example.com'];

test('a value opens for what it was sealed for, and is another text each time', async () => {
  const seal = createSeal(key(1));
  const [one, other] = await Promise.all([seal.seal('secret ü', ABOUT), seal.seal('secret ü', ABOUT)]);
  expect(await seal.open(one, ABOUT)).toBe('secret ü');
  expect([one.nonce === other.nonce, one.text === other.text]).toEqual([false, false]);
  expect(JSON.stringify(one)).not.toContain('secret');
});

test('it opens for no other principal, server, name or place, and not once it was changed', async () => {
  const seal = createSeal(key(1));
  const sealed = await seal.seal('secret', ABOUT);
  for (const at of ABOUT.keys()) {
    const about = ABOUT.map((part, index) => (index === at ? `${part}x` : part));
    await expect(seal.open(sealed, about)).rejects.toMatchObject({ code: 'invalid_config', executed: 'no' });
  }
  // What is between two parts cannot be moved.
  await expect(seal.open(sealed, ['key:annw', 'eb', ...ABOUT.slice(2)])).rejects.toMatchObject({
    code: 'invalid_config',
  });
  const changed = { ...sealed, text: (sealed.text.startsWith('A') ? 'B' : 'A') + sealed.text.slice(1) };
  for (const wrong of [changed, { ...sealed, nonce: 'AAAA' }, { ...sealed, text: '' }, { ...sealed, text: '?' }])
    await expect(seal.open(wrong, ABOUT)).rejects.toMatchObject({ code: 'invalid_config' });
});

test('another key says that it is another one', async () => {
  const sealed = await createSeal(key(1)).seal('secret', ABOUT);
  await expect(createSeal(key(2)).open(sealed, ABOUT)).rejects.toThrow('sealed with another key');
  expect(await createSeal(key(1)).open(sealed, ABOUT)).toBe('secret');
  for (const length of [0, 16, 31, 33])
    expect(() => createSeal(new Uint8Array(length))).toThrow(`has ${length} bytes, not 32`);
});
