import { expect, test } from 'vitest';
import { isMarkdown } from './detect.ts';

test.each<[string, string]>([
  ['a fence', 'Run:\n```sh\nnpm i\n```\n'],
  ['a table', 'a | b\n--|--\n1 | 2'],
  ['headings', '# Title\n\nText\n\n## More\n\nText'],
  ['a heading and a list', '## Result\n\n- one\n- two\n'],
  ['a list with marks', '- **one**: a\n- **two**: b'],
  ['a heading and a link', '# T\n\n[x](https://y.example)'],
])('%s: Markdown', (_, text) => {
  expect(isMarkdown(text)).toBe(true);
  expect(isMarkdown(text.replaceAll('\n', '\r\n'))).toBe(true);
});

test.each<[string, string]>([
  ['nothing', ''],
  ['a sentence', 'It is *so* nice to see you, `really`.'],
  ['a list of files', '- a.txt\n- b.txt\n- c.txt'],
  ['YAML', '# servers\nservers:\n  - name: a\n  - name: b\n'],
  ['YAML with a list at the left', '# comment\non: push\njobs:\n- a\n- b\n'],
  ['a script', '#!/bin/sh\n\n# first\n\necho `date`\n\n# second\n\necho `id`\n'],
  ['Python', '# a\nimport os\n# b\nprint(`x`)\n'],
  ['a patch', '--- a/x.md\n+++ b/x.md\n@@ -1 +1 @@\n# T\n\n- **a**\n- b\n'],
  ['JSON', '{"a": "# b\\n\\n- c"}'],
  ['a log', '[info] a | b\n[info] --- | ---x\n'],
  ['a fence that is never closed', '```\ncode'],
  ['ASCII art', '+--+--+\n|a |b |\n+--+--+\n'],
  ['globs', 'src/*.ts and test/*.ts match **/*.ts'],
])('%s: none', (_, text) => {
  expect(isMarkdown(text)).toBe(false);
});

test.each<[string, string]>([
  ['brackets', '['.repeat(250_000)],
  ['asterisks', '**a'.repeat(80_000)],
  ['backticks', '`a '.repeat(80_000)],
  ['links', '[a](/'.repeat(50_000)],
  ['pipes and dashes', '|-'.repeat(120_000)],
  ['dashes and spaces', '- '.repeat(120_000)],
  ['fences', '```\u0060a\n'.repeat(40_000)],
])('%s without end are looked at quickly', (_, text) => {
  const startedAt = performance.now();
  isMarkdown(text);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});
