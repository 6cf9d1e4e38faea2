/** `toolway list`: every server with its state and what it offers. */
import type { ListedPrompt, ListedResource, ListedResourceTemplate, ListedTool } from '../../api.ts';
import type { ServerConfig } from '../../options.ts';
import type { Run } from '../command.ts';
import { beyondMessage } from '../last-words.ts';
import type { Output } from '../output.ts';
import { counted, stateName, toolRow } from '../rows.ts';
import { safeLine, safeText } from '../safe-text.ts';
import { askServers, exitOf, openServers, ownFields, type ServerAnswer, transportOf } from '../servers.ts';

interface Offer {
  tools: ListedTool[];
  resources: ListedResource[];
  resourceTemplates: ListedResourceTemplate[];
  prompts: ListedPrompt[];
}
type Answer = ServerAnswer<Offer>;

export const run: Run = async (job) => {
  const { output, context } = job;
  const { signal } = context;
  const session = await openServers(job, true);
  const { mcpServers, aliases } = session.config;
  const answers = await askServers<Offer>(session, signal, async (toolkit, server) => {
    const filter = { server, signal };
    const [tools, resources, resourceTemplates, prompts] = await Promise.all([
      toolkit.listTools(filter),
      toolkit.listResources(filter),
      toolkit.listResourceTemplates(filter),
      toolkit.listPrompts(filter),
    ]);
    return { tools, resources, resourceTemplates, prompts };
  });

  if (output.json) {
    await output.document({ servers: answers.map((answer) => inDocument(answer, mcpServers[answer.name], aliases)) });
    return exitOf(answers);
  }
  if (answers.length === 0)
    await output.note('There are no servers; name a file with --config, or use --stdio or --url.');
  for (const answer of answers) await output.print(inLines(answer, mcpServers[answer.name], aliases, output));
  return exitOf(answers);
};

const inDocument = (
  { name, status, value, error }: Answer,
  config: ServerConfig | undefined,
  aliases: Readonly<Record<string, string>>,
) => ({
  name,
  ...(Object.hasOwn(aliases, name) && { originalName: aliases[name] }),
  state: status?.state,
  transport: transportOf(status, config),
  era: status?.era,
  protocolVersion: status?.protocolVersion,
  serverInfo: status?.serverInfo,
  connectMs: status?.connectMs,
  ...(error && { error: { code: error.code, message: error.message, exitCode: error.exitCode, stderr: error.stderr } }),
  tools: (value?.tools ?? []).map(ownFields),
  resources: (value?.resources ?? []).map(ownFields),
  resourceTemplates: (value?.resourceTemplates ?? []).map(ownFields),
  prompts: (value?.prompts ?? []).map(ownFields),
});

const inLines = (
  { name, status, value, error }: Answer,
  config: ServerConfig | undefined,
  aliases: Readonly<Record<string, string>>,
  output: Output,
): string => {
  const { style } = output;
  const { tools = [], resources = [], resourceTemplates = [], prompts = [] } = value ?? {};
  const counts = [
    counted(tools.length, 'tool'),
    resources.length > 0 ? counted(resources.length, 'resource') : undefined,
    resourceTemplates.length > 0 ? counted(resourceTemplates.length, 'template') : undefined,
    prompts.length > 0 ? counted(prompts.length, 'prompt') : undefined,
  ];
  const facts = [
    transportOf(status, config),
    status?.era === undefined ? undefined : `${status.era} ${status.protocolVersion ?? ''}`.trim(),
    ...(status?.connected === true ? counts : []),
    status?.connectMs === undefined ? undefined : `${Math.round(status.connectMs)} ms`,
  ].filter((fact) => fact !== undefined);
  const alias = Object.hasOwn(aliases, name) ? ` (in the file: ${JSON.stringify(aliases[name])})` : '';
  const lines = [
    `${style.bold(name)}${safeLine(alias)}  ${stateName(status?.state, style)}  ${style.dim(safeLine(facts.join(' · ')))}`,
  ];
  if (error !== undefined) {
    lines.push(style.red(indented(safeText(`${error.code}: ${error.message}`))));
    const lastWords = beyondMessage(error.stderr, error.message);
    if (lastWords !== undefined) lines.push(indented(indented(safeText(lastWords))));
  }
  for (const tool of tools) lines.push(toolRow(tool, output, '  ', tool.name));
  return lines.join('\n');
};

const indented = (text: string): string => text.replace(/^/gm, '  ');
