/** `/docs`: three static files, and the way there from `/`. What they show is asked for with the visitor's own key. */
import type { GatewayApp } from '../../context.ts';

/** Nothing but the page's own files runs or is fetched, and nobody frames it. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const FILES: Readonly<Record<string, { type: string; load(): Promise<string> }>> = {
  '/docs': { type: 'text/html; charset=utf-8', load: async () => (await import('./page.ts')).PAGE },
  '/docs/style.css': { type: 'text/css; charset=utf-8', load: async () => (await import('./style.ts')).STYLE },
  '/docs/script.js': { type: 'text/javascript; charset=utf-8', load: async () => (await import('./script.ts')).SCRIPT },
};

export const addDocsRoutes = (app: GatewayApp): void => {
  app.get('/', (c) => c.redirect('docs'));
  for (const [path, { type, load }] of Object.entries(FILES)) {
    app.get(path, async () => {
      const headers = {
        'content-type': type,
        'content-security-policy': POLICY,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-cache',
      };
      return new Response(await load(), { headers });
    });
  }
};
