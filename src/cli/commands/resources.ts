/** `toolway resources`: the resources of all servers, and the templates for more of them. */
import type { Run } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { resourceRow, templateRow } from '../rows.ts';
import { askServers, noteFailures, openServers, ownFields } from '../servers.ts';

export const run: Run = async (job) => {
  const { output, context } = job;
  const { signal } = context;
  const answers = await askServers(await openServers(job), signal, (toolkit, server) =>
    Promise.all([toolkit.listResources({ server, signal }), toolkit.listResourceTemplates({ server, signal })]),
  );
  await noteFailures(answers, output);
  const resources = answers.flatMap(({ value }) => value?.[0] ?? []);
  const resourceTemplates = answers.flatMap(({ value }) => value?.[1] ?? []);
  if (output.json) {
    await output.document({ resources: resources.map(ownFields), resourceTemplates: resourceTemplates.map(ownFields) });
    return EXIT.done;
  }
  for (const resource of resources) await output.print(resourceRow(resource, output));
  for (const template of resourceTemplates) await output.print(templateRow(template, output));
  return EXIT.done;
};
