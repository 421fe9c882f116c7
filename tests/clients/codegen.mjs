// graphql-codegen with the configuration of docs/clients.md: no scalar of the schema becomes `any`.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { generate } from '@graphql-codegen/cli';

const root = new URL('../../', import.meta.url);
const read = (path) => readFile(new URL(path, root), 'utf8');
const [, text] = (await read('docs/clients.md')).match(/^const config: CodegenConfig = (\{\n[^`]*?\n\});$/m);
const config = new Function(`return ${text}`)();

const [made] = Object.keys(config.generates);
const files = await generate(
  {
    ...config,
    cwd: fileURLToPath(root),
    documents: 'query Active { changeCursor activeSessionInstances { nodes { date startTime activeUntil session { timeZone } } } }',
    silent: true,
  },
  false,
);
const types = files.find(({ filename }) => filename.endsWith(`${made}graphql.ts`)).content;
assert.ok(types.includes('ActiveQuery'), types.slice(0, 1000));
const [, scalars] = types.match(/^export type Scalars = \{\n([^]*?)\n\};$/m);
assert.ok(!/: any\b/.test(scalars), scalars);
for (const [, name] of (await read('schema.graphql')).matchAll(/^scalar (\w+)/gm)) {
  assert.ok(config.generates[made].config.scalars[name], `docs/clients.md: graphql-codegen has no type of ${name}`);
}
