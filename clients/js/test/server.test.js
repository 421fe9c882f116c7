// On a server: importing the package does nothing, and the hooks render what is known before the first answer.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';

test('importing changes no global and starts nothing', async () => {
  const before = Object.getOwnPropertyNames(globalThis).sort();
  const handles = process.getActiveResourcesInfo();
  await import('@insession/client');
  await import('@insession/client/react');
  assert.deepEqual(Object.getOwnPropertyNames(globalThis).sort(), before);
  assert.deepEqual(process.getActiveResourcesInfo(), handles);
});

test('code that a page and its server share may configure on the server', async () => {
  const { configure } = await import('@insession/client');
  const asked = [];
  configure({ endpoint: 'https://insession.example', token: () => asked.push('token'), announce: false });
  configure();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(asked, []);
});

test('the types name what the modules export', async () => {
  for (const [name, types] of [['@insession/client', 'insession.d.ts'], ['@insession/client/react', 'react.d.ts']]) {
    const file = new URL(types, import.meta.resolve(name));
    const declared = (await readFile(file, 'utf8')).matchAll(/^export function (\w+)/gm);
    const names = new Set([...declared].map(([, name]) => name));
    assert.deepEqual([...names].sort(), Object.keys(await import(name)).sort(), types);
  }
});

test('the hooks render on a server', async () => {
  const { createElement } = await import('react');
  const { renderToString } = await import('react-dom/server');
  const { App } = await import('./components.js');
  const html = renderToString(createElement(App, { session: 'Session:1' }));
  assert.equal(
    html,
    '<p id="live">not known</p><p id="place">not known</p><p id="status">booking: none, out of touch: false</p>' +
      '<p id="interview"><span>off</span><button>Leave</button><button>Enter</button></p><button id="unmount">Unmount</button>',
  );
});
