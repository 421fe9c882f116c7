// graphql-sse: a subscription, a query and an error, over server-sent events with distinct connections.

import assert from 'node:assert/strict';
import { createClient } from 'graphql-sse';
import { CHANGES, Messages, admin, createChanges, url } from './server.mjs';

const client = createClient({ url: `${url}/graphql`, headers: () => ({ Authorization: `Bearer ${admin}` }) });
const change = await createChanges();

const messages = new Messages();
const sink = { next: (message) => messages.push(message), error: (error) => messages.push(error), complete() {} };
const stop = client.subscribe({ query: CHANGES }, sink);
assert.equal((await messages.take()).data.activeSessionChanged.kind, 'SNAPSHOT');
await change(true);
const activated = (await messages.take()).data.activeSessionChanged;
assert.equal(activated.kind, 'ACTIVATED');
stop();

await change(false);
const resumed = client.subscribe({ query: CHANGES, variables: { after: activated.cursor } }, sink);
assert.equal((await messages.take()).data.activeSessionChanged.kind, 'DEACTIVATED');
resumed();

const answers = [];
for await (const answer of client.iterate({ query: '{ viewerIsAdmin }' })) answers.push(answer);
assert.deepEqual(answers, [{ data: { viewerIsAdmin: true } }]);
for await (const answer of client.iterate({ query: 'subscription { nothing }' })) {
  assert.equal(answer.errors[0].extensions.code, 'BAD_USER_INPUT');
}
process.exit();
