// Writes each TypeScript snippet of README.md into a file of its own, which `tsc` then checks.

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';

const folder = new URL('snippets/', import.meta.url);
const text = await readFile(new URL('../README.md', import.meta.url), 'utf8');
const snippets = [...text.matchAll(/^```tsx?\n(.*?)^```/gms)].map(([, snippet]) => snippet);
if (snippets.length === 0) throw new Error('README.md has no snippets');
await rm(folder, { recursive: true, force: true });
await mkdir(folder);
await Promise.all(snippets.map((snippet, number) => writeFile(new URL(`${number}.tsx`, folder), `${snippet}export {};\n`)));
