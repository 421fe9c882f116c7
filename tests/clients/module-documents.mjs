// The list of documents that the server always trusts is that of the browser module.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

const root = new URL('../../', import.meta.url);
const text = await readFile(new URL('clients/js/insession.js', root), 'utf8');
const constants = [...text.matchAll(/^const ([A-Z_]+) = (?:`[^`]*`|'[^']*');$/gm)].map(([line, name]) => [name, line]);
const names = constants.map(([name]) => name);
const lines = [...constants.map(([, line]) => line), `return { ${names.join(', ')} };`];
const values = Object.values(new Function(lines.join('\n'))());
const literals = [...text.matchAll(/\.request\('([^']+)'/g)].map(([, document]) => document);
const sent = [...values, ...literals].filter((value) => /^(subscription|mutation|query|\{)/.test(value));

const onOneLine = (document) => document.replace(/\s+/g, ' ');
const listed = Object.values(JSON.parse(await readFile(new URL('web/assets/documents.json', root), 'utf8')));
assert.deepEqual(sent.map(onOneLine).sort(), listed.map(onOneLine).sort(), 'web/assets/documents.json differs from insession.js');
