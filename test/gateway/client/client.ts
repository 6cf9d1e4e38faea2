// A program that knows the gateway by its own description alone: `api.d.ts` is generated from `/openapi.json`.
import createClient from 'openapi-fetch';
import type { components, paths } from './api.d.ts';

declare const process: { argv: string[]; stdout: { write(text: string): void } };

const [, , baseUrl = '', key = ''] = process.argv;
const client = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${key}` } });

const sum = await client.POST('/api/tools/everything/get-sum', { body: { a: 2, b: 3 } });
const block: components['schemas']['ContentBlock'] | undefined = sum.data?.content?.[0];

const weather = await client.POST('/api/tools/everything/get-structured-content', { body: { location: 'New York' } });
const temperature: number | undefined = weather.data?.temperature;

// @ts-expect-error: the generated types do not take a word for a number
const wrong = await client.POST('/api/tools/everything/get-sum', { body: { a: 'two', b: 3 } });
const problem: components['schemas']['Problem'] | undefined = wrong.error;

const created = await client.POST('/api/tools/memory/create_entities', {
  body: { entities: [{ name: 'Ann', entityType: 'person', observations: ['writes'] }] },
});
const entities = created.data?.entities.map(({ name }) => name);

const files = await client.GET('/api/tools', { params: { query: { server: 'files' } } });
const names: string[] = files.data?.tools.map(({ qualifiedName }) => qualifiedName) ?? [];

const batch = await client.POST('/api/batch', {
  body: { calls: [{ server: 'everything', tool: 'echo', arguments: { message: 'hi' } }] },
});
const outcome = batch.data?.outcomes[0];

process.stdout.write(
  JSON.stringify({ block, temperature, status: wrong.response.status, code: problem?.code, entities, names, outcome }),
);
