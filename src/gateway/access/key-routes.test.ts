import { describe, expect, test } from 'vitest';
import { BEGIN, createDoor, type Door, JSON_TYPE, keyFor, showing } from '../../../test/fixtures/door.ts';
import { createMemoryStore } from '../store/memory.ts';
import type { CreateAccessOptions } from './access.ts';
import type { ApiKey } from './options.ts';

const admin = keyFor('ops', 'admin');
const DAY_MS = 86_400_000;
const at = (ms: number): string => new Date(BEGIN + ms).toISOString();

const doorWith = (further: Partial<CreateAccessOptions> = {}, ...keys: ApiKey[]): Door =>
  createDoor({ apiKeys: [admin, ...keys], maxFailures: 1_000 }, further);

interface Answer {
  status: number;
  [field: string]: unknown;
}
const make = async (door: Door, body: object, by: ApiKey = admin): Promise<Answer> => {
  const response = await door.post('/api/keys', showing(by), JSON.stringify(body));
  return { status: response.status, ...((await response.json()) as Record<string, unknown>) };
};
const shown = async (door: Door, name: string): Promise<Record<string, unknown> | undefined> => {
  const response = await door.get('/api/keys', showing(admin));
  const { keys } = (await response.json()) as { keys: Record<string, unknown>[] };
  return keys.find((key) => key.name === name);
};
const rotate = async (door: Door, id: unknown, body: object = {}, by: ApiKey = admin): Promise<Answer> => {
  const response = await door.post(`/api/keys/${id}/rotate`, showing(by), JSON.stringify(body));
  return { status: response.status, ...((await response.json()) as Record<string, unknown>) };
};
const remove = async (door: Door, id: unknown): Promise<number> =>
  (await door.send(`/api/keys/${id}`, { method: 'DELETE', headers: { ...JSON_TYPE, ...showing(admin) } })).status;
const opens = async (door: Door, key: unknown): Promise<number> =>
  (await door.get('/api/tools', { 'x-api-key': String(key) })).status;

describe('a key that is made while the gateway runs', () => {
  test('opens it, is shown once, and is kept as its digest', async () => {
    const door = doorWith();
    const made = await make(door, { name: 'web', scopes: ['read'], tools: ['files'], expires: at(DAY_MS) });
    expect(made).toMatchObject({
      status: 201,
      key: expect.stringMatching(/^tw_[\w-]{43}$/),
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      source: 'store',
      active: true,
      scopes: ['read'],
      tools: { allow: ['files'], deny: [] },
      createdAt: at(0),
      createdBy: 'key:ops',
    });
    expect(await opens(door, made.key)).toBe(200);
    expect(door.caller?.principal.id).toBe('key:web');
    expect([door.caller?.principal.sees('files', 'read'), door.caller?.principal.sees('mail', 'send')]).toEqual([
      true,
      false,
    ]);
    const list = await (await door.get('/api/keys', showing(admin))).text();
    expect(list).toContain('"name":"web"');
    expect(list).not.toMatch(/tw_|sha256|[0-9a-f]{64}/);
    expect(list).not.toContain(admin.key);
  });

  test('outlives the gateway, and so does what was changed of it', async () => {
    const store = createMemoryStore();
    const first = doorWith({ store });
    const [kept, rotated, gone] = [
      await make(first, { name: 'a' }),
      await make(first, { name: 'b' }),
      await make(first, { name: 'c' }),
    ];
    const { key } = await rotate(first, rotated.id, { graceMs: 60_000 });
    await remove(first, gone.id);
    const second = doorWith({ store });
    expect(await Promise.all([kept.key, rotated.key, key, gone.key].map((one) => opens(second, one)))).toEqual([
      200, 200, 200, 401,
    ]);
    await second.clock.advance(60_000);
    expect([await opens(second, rotated.key), await opens(second, key)]).toEqual([401, 200]);
  });

  test('ends at once where another one takes its place, or after the grace that is given', async () => {
    const door = doorWith();
    const { id, key: first } = await make(door, { name: 'web' });
    const { key: second, status } = await rotate(door, id);
    expect(status).toBe(200);
    expect([await opens(door, first), await opens(door, second)]).toEqual([401, 200]);
    const { key: third, previousExpires } = await rotate(door, id, { graceMs: 1_000 });
    expect(previousExpires).toBe(at(1_000));
    expect([await opens(door, second), await opens(door, third)]).toEqual([200, 200]);
    await door.clock.advance(1_000);
    expect([await opens(door, second), await opens(door, third)]).toEqual([401, 200]);
    expect((await shown(door, 'web'))?.previousExpires).toBeUndefined();
    expect(await rotate(door, id, { graceMs: 31 * DAY_MS })).toMatchObject({ status: 400, code: 'invalid_arguments' });
  });

  test('never outlives its own end by another one', async () => {
    const door = doorWith();
    const { id, key: first } = await make(door, { name: 'web', expires: at(1_000) });
    const { key: second, previousExpires } = await rotate(door, id, { graceMs: 5_000 });
    expect(previousExpires).toBe(at(1_000));
    await door.clock.advance(1_000);
    expect([await opens(door, first), await opens(door, second)]).toEqual([401, 401]);
    expect(await shown(door, 'web')).toMatchObject({ active: false });
    await door.clock.advance(31 * DAY_MS);
    expect(await shown(door, 'web')).toBeUndefined();
  });

  test('ends with its grace also where its own end is in a year of five digits', async () => {
    const door = doorWith();
    const { id, key: first } = await make(door, { name: 'web', expires: '+010000-01-01T00:00:00Z' });
    await rotate(door, id, { graceMs: 1_000 });
    await door.clock.advance(1_000);
    expect(await opens(door, first)).toBe(401);
  });

  test('opens nothing once it is deleted, and its name is free', async () => {
    const door = doorWith();
    const { id, key } = await make(door, { name: 'web' });
    expect(await opens(door, key)).toBe(200);
    expect([await remove(door, id), await opens(door, key), await remove(door, id)]).toEqual([204, 401, 404]);
    expect((await rotate(door, id)).status).toBe(404);
    expect((await make(door, { name: 'web' })).status).toBe(201);
  });

  test('gives way to a key of the configuration that has its name', async () => {
    const door = doorWith();
    const { key } = await make(door, { name: 'web' });
    const other = { name: 'web', key: 'of-a-file' };
    await door.replaceKeys([admin, other]);
    expect([await opens(door, key), await opens(door, other.key)]).toEqual([401, 200]);
    await door.replaceKeys([admin]);
    expect([await opens(door, key), await opens(door, other.key)]).toEqual([200, 401]);
  });

  test('says when it was used, to ten minutes', async () => {
    const door = doorWith();
    const { key } = await make(door, { name: 'web' });
    expect((await shown(door, 'web'))?.lastUsedAt).toBeUndefined();
    await door.clock.advance(90_000);
    await opens(door, key);
    expect((await shown(door, 'web'))?.lastUsedAt).toBe(at(60_000));
    await opens(door, key);
    await door.clock.advance(600_000);
    await door.clock.advance(600_000);
    expect((await shown(door, 'web'))?.lastUsedAt).toBe(at(600_000));
    expect((await shown(door, 'ops'))?.lastUsedAt).toBe(at(1_260_000));
  });
});

describe('keys of the configuration', () => {
  test('are shown and left as they are', async () => {
    const door = doorWith({}, { ...keyFor('web', 'call'), rateLimit: { perSecond: 5 } });
    const web = await shown(door, 'web');
    expect(web).toMatchObject({
      source: 'configuration',
      active: true,
      scopes: ['call', 'read'],
      rateLimit: { perSecond: 5 },
    });
    expect(await rotate(door, web?.id)).toMatchObject({
      status: 409,
      detail: expect.stringContaining('configuration'),
    });
    expect(await remove(door, web?.id)).toBe(409);
    expect(await make(door, { name: 'web' })).toMatchObject({
      status: 409,
      detail: 'there is a key named "web" already',
    });
  });

  test('open the gateway also where the store cannot be read', async () => {
    const store = createMemoryStore();
    const broken = { ...store, records: { ...store.records, list: () => Promise.reject(new Error('no disk')) } };
    const door = doorWith({ store: broken });
    expect([await opens(door, admin.key), await opens(door, 'wrong')]).toEqual([200, 401]);
    expect((await door.get('/api/keys', showing(admin))).status).toBe(500);
  });
});

describe('nobody gives more than there is', () => {
  const narrow: ApiKey = {
    ...keyFor('narrow', 'admin'),
    tools: { allow: ['files.read_*', 'mail'], deny: ['mail.send'] },
    rateLimit: { perSecond: 10 },
    quota: { perDay: 100 },
    expires: at(DAY_MS),
  };

  test.each<[string, object]>([
    ['another tool', { tools: ['files.write'] }],
    ['all tools', { tools: ['*'] }],
    ['a wider pattern', { tools: ['files.*'] }],
    ['resources of a server of which there are only tools', { resources: ['files'] }],
    ['prompts of another server', { prompts: ['notes'] }],
    ['a higher rate', { rateLimit: { perSecond: 11 } }],
    ['a higher burst', { rateLimit: { burst: 11 } }],
    ['a higher quota', { quota: { perDay: 101 } }],
    ['a later end', { expires: at(DAY_MS + 1) }],
  ])('%s', async (_, more) => {
    const door = doorWith({}, narrow);
    expect(await make(door, { name: 'web', ...more }, narrow)).toMatchObject({ status: 403, code: 'forbidden' });
    expect(await shown(door, 'web')).toBeUndefined();
  });

  test('what is not said is as its maker has it', async () => {
    const door = doorWith({}, narrow);
    expect(
      await make(door, { name: 'web', tools: { deny: ['mail.rm'] }, rateLimit: { perMinute: 60 } }, narrow),
    ).toMatchObject({
      status: 201,
      tools: { allow: ['files.read_*', 'mail'], deny: ['mail.send', 'mail.rm'] },
      resources: { allow: ['mail'], deny: [] },
      rateLimit: { perSecond: 10, perMinute: 60 },
      quota: { perDay: 100 },
      expires: at(DAY_MS),
    });
  });

  test('a key is rotated only by who has all that it gives', async () => {
    const door = doorWith({}, narrow);
    const wide = await make(door, { name: 'wide', expires: at(DAY_MS) });
    const later = await make(door, {
      name: 'later',
      tools: ['mail.list'],
      quota: { perDay: 1 },
      rateLimit: { perSecond: 1 },
    });
    for (const { id } of [wide, later])
      expect(await rotate(door, id, {}, narrow)).toMatchObject({ status: 403, code: 'forbidden' });
    const own = await make(door, { name: 'own', tools: ['mail'] }, narrow);
    expect((await rotate(door, own.id, {}, narrow)).status).toBe(200);
    expect(await opens(door, wide.key)).toBe(200);
  });

  test('who is no administrator makes none', async () => {
    const caller = keyFor('caller', 'read', 'call', 'approve');
    const door = doorWith({}, caller);
    expect(await make(door, { name: 'web' }, caller)).toMatchObject({ status: 403, code: 'forbidden' });
  });
});

test('keys are bounded', async () => {
  const door = doorWith({ limits: { maxKeys: 2, maxBodyBytes: 100_000 } });
  const first = await make(door, { name: 'a' });
  await make(door, { name: 'b' });
  expect(await make(door, { name: 'c' })).toMatchObject({ status: 429, code: 'backpressure' });
  await remove(door, first.id);
  expect((await make(door, { name: 'c', tools: ['x'.repeat(33_000)] })).status).toBe(400);
  expect((await make(door, { name: 'c' })).status).toBe(201);
});

test('of several at the same time, one has the name', async () => {
  const door = doorWith();
  const made = await Promise.all([1, 2, 3].map(() => make(door, { name: 'web' })));
  expect(made.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
});

test.each([
  [{}, ['']],
  [{ name: 'a b' }, ['/name']],
  [{ name: 'a', scopes: ['all'] }, ['/scopes']],
  [{ name: 'a', expires: at(-1) }, ['/expires']],
  [{ name: 'a', key: 'mine' }, ['/key']],
  [{ name: 'a', quota: {} }, ['/quota']],
])('what cannot be meant is refused: %j', async (body, paths) => {
  const refused = await make(doorWith(), body);
  expect(refused).toMatchObject({ status: 400, code: 'invalid_arguments' });
  expect((refused.problems as { path: string }[]).map(({ path }) => path.replace(/\/\d+$/, ''))).toEqual(paths);
});

test('each change is told of, without the key', async () => {
  const told: object[] = [];
  const door = doorWith({ onAudit: (record) => void told.push(record) });
  const { id, key } = await make(door, { name: 'web' });
  const { key: other } = await rotate(door, id, { graceMs: 5 });
  await remove(door, id);
  await remove(door, id);
  const of = { time: at(0), principal: 'key:ops', id, key: 'web' };
  expect(told).toEqual([
    { ...of, event: 'key_created', scopes: ['read', 'call'] },
    { ...of, event: 'key_rotated', graceMs: 5 },
    { ...of, event: 'key_deleted' },
  ]);
  expect(JSON.stringify(told)).not.toContain(key);
  expect(JSON.stringify(told)).not.toContain(other);
});

test('what the store does not take has not happened', async () => {
  const store = createMemoryStore();
  let isFull = false;
  const refuse =
    <A extends unknown[], R>(write: (...args: A) => Promise<R>) =>
    (...args: A) =>
      isFull ? Promise.reject(new Error('the disk is full')) : write(...args);
  const records = {
    ...store.records,
    put: refuse(store.records.put),
    delete: refuse(store.records.delete),
  } as typeof store.records;
  const door = doorWith({ store: { ...store, records } });
  const { id, key } = await make(door, { name: 'web' });
  isFull = true;
  expect([(await make(door, { name: 'b' })).status, (await rotate(door, id)).status, await remove(door, id)]).toEqual([
    500, 500, 500,
  ]);
  expect([await opens(door, key), await shown(door, 'b')]).toEqual([200, undefined]);
});

test('where no keys are asked for, none are made', async () => {
  const door = createDoor({ auth: 'none' });
  expect((await door.post('/api/keys', {}, JSON.stringify({ name: 'web' }))).status).toBe(409);
});
