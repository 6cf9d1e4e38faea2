/** The keys of the gateway, which configuration files only refer to. */
import { expand } from '../config/expand.ts';
import type { GatewaySettings, KeySettings } from '../config/gateway.ts';
import { type Problem, ToolwayError } from '../errors.ts';
import { type ExpanderOptions, resolveSecret } from './expansion.ts';

/**
 * Puts keys in the place of the references to them: `${NAME}`, `${env:NAME}`, `${file:path}`, `${keychain:name}`. Rejects
 * with `invalid_config` that names every field whose reference leads nowhere.
 */
export const expandGateway = async (
  gateway: GatewaySettings,
  { env, loadKeyring }: Pick<ExpanderOptions, 'env' | 'loadKeyring'>,
): Promise<GatewaySettings> => {
  const { apiKeys } = gateway.access;
  if (apiKeys === undefined) return gateway;
  const problems: Problem[] = [];
  const whole = async (text: string, path: string): Promise<string> => {
    try {
      return await expand(text, {
        env,
        resolve: async (scheme, name) => {
          if (scheme !== 'input') return resolveSecret(scheme, name, { env, loadKeyring });
          throw new ToolwayError('invalid_config', 'an input is asked for by servers only');
        },
      });
    } catch (error) {
      problems.push({ path, message: error instanceof Error ? error.message : String(error) });
      return '';
    }
  };
  const expanded: KeySettings[] = [];
  for (const [index, one] of apiKeys.entries()) {
    const key = one.key === undefined ? undefined : await whole(one.key, `/gateway/apiKeys/${index}/key`);
    expanded.push({ ...one, ...(key !== undefined && { key }) });
  }
  if (problems.length === 0) return { ...gateway, access: { ...gateway.access, apiKeys: expanded } };
  const reason = problems.map(({ path, message }) => `${path.slice(1).replaceAll('/', '.')}: ${message}`).join('; ');
  throw new ToolwayError('invalid_config', reason, { executed: 'no', problems });
};
