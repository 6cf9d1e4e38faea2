/** What the test page loads: the browser entry, left where a test can reach it. */
import * as toolway from '../../src/index.ts';

declare global {
  interface Window {
    toolway: typeof toolway;
    /** What the page tried against its Content-Security-Policy. */
    violations: string[];
  }
}

window.toolway = toolway;
