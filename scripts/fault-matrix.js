// Writes docs/fault-matrix.md from a test run that had every row of the matrix in it: which faults were put on which links, and what came of it.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROWS = Array.from({ length: 30 }, (_, index) => `T${index + 1}`);
const FILE = fileURLToPath(new URL('../docs/fault-matrix.md', import.meta.url));

/** @typedef {{ titles: Set<string>, cells: Map<string, { passed: number, failed: number }>, leftOut: Map<string, string>, files: Set<string> }} Row */

/** The rows that a suite stands for: its outermost name begins with them, as in `T15, T16: a server that …`. @param {string} name */
const rowsOf = (name) => name.match(/^T\d+(?:, T\d+)*(?=[:,])/)?.[0].split(', ') ?? [];

/** What is shown without a server. */
const NO_LINK = 'no link';

/** The order in which they finish is another one each time. @param {import('vitest/node').TestModule} one @param {import('vitest/node').TestModule} other */
const byPath = (one, other) => (one.relativeModuleId < other.relativeModuleId ? -1 : 1);

/** Vitest calls it when all tests are over. */
export default class FaultMatrix {
  /** @param {ReadonlyArray<import('vitest/node').TestModule>} modules */
  onTestRunEnd(modules) {
    /** @type {Map<string, Row>} */
    const rows = new Map();
    /** @param {string} id @returns {Row} */
    const rowOf = (id) => {
      const row = rows.get(id) ?? { titles: new Set(), cells: new Map(), leftOut: new Map(), files: new Set() };
      rows.set(id, row);
      return row;
    };
    for (const module of [...modules].sort(byPath)) {
      for (const suite of module.children.allSuites()) {
        const outermost = suite.fullName.split(' > ')[0] ?? '';
        for (const id of rowsOf(outermost)) {
          const row = rowOf(id);
          row.titles.add(outermost.slice(outermost.indexOf(': ') + 2));
          row.files.add(module.relativeModuleId);
          /** @type {Record<string, string>} */
          const leftOut = /** @type {any} */ (suite.meta()).leftOut ?? {};
          for (const [column, reason] of Object.entries(leftOut)) row.leftOut.set(column, reason);
        }
      }
      for (const test of module.children.allTests()) {
        const cell = test.fullName.match(/ > over '?([^>]+?)'? > /)?.[1] ?? NO_LINK;
        const passed = test.result().state === 'passed';
        for (const id of rowsOf(test.fullName)) {
          const counts = rowOf(id).cells.get(cell) ?? { passed: 0, failed: 0 };
          counts[passed ? 'passed' : 'failed'] += 1;
          rowOf(id).cells.set(cell, counts);
        }
      }
    }
    if (ROWS.every((id) => rows.has(id))) writeFileSync(FILE, page(rows));
  }
}

/** @param {Map<string, Row>} rows */
const page = (rows) => {
  const cells = [...rows.values()].flatMap((row) => [...row.cells.values()]);
  const failed = cells.filter((cell) => cell.failed > 0).length;
  const tests = cells.reduce((sum, cell) => sum + cell.passed + cell.failed, 0);
  return [
    '# Fault matrix',
    '',
    'What is done to a server, a link or a clock, over which links and eras, and whether Toolway did what it promises. Written by `npm test`; each row is a test that is written once and runs over every link it can.',
    '',
    `${rows.size} rows, ${cells.length} cells, ${tests} tests; ${failed === 0 ? 'every cell passed' : `**${failed} cells failed**`}.`,
    '',
    ...ROWS.flatMap((id) => section(id, /** @type {Row} */ (rows.get(id)))),
  ].join('\n');
};

/** @param {string} id @param {Row} row */
const section = (id, { titles, cells, leftOut, files }) => {
  const run = [...cells]
    .sort(([one], [other]) => Number(one === NO_LINK) - Number(other === NO_LINK))
    .map(([name, { passed, failed }]) =>
      failed === 0 ? `${name} (${passed})` : `**${name}: ${failed} of ${passed + failed} failed**`,
    );
  const reasons = [...new Set(leftOut.values())].map((reason) => {
    const columns = [...leftOut].filter(([, why]) => why === reason).map(([column]) => column);
    return `- not over ${columns.join(', ')}: ${reason}`;
  });
  return [
    `## ${id}: ${[...titles].join('; ')}`,
    '',
    `- ran over ${run.join(' · ')}`,
    ...reasons,
    `- in ${[...files]
      .sort()
      .map((file) => `\`${file}\``)
      .join(', ')}`,
    '',
  ];
};
