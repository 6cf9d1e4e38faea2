// Where the built package is: `dist/`, or the directory that TOOLWAY_DIST names.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const dist = process.env.TOOLWAY_DIST ?? fileURLToPath(new URL('../../dist', import.meta.url));

/** The path of one built file. */
export const toolwayFile = (entry) => resolve(dist, entry);

/** The same as something that can be imported. */
export const toolwayEntry = (entry) => pathToFileURL(toolwayFile(entry)).href;

export const isBuilt = (entry) => existsSync(toolwayFile(entry));
