// urql, whose fetch exchange subscribes by server-sent events or multipart, whichever the server answers.

import assert from 'node:assert/strict';
import { Client, fetchExchange } from '@urql/core';
import { CHANGES, Messages, admin, createChanges, url } from './server.mjs';

const change = await createChanges();

/** A client that accepts only this media type for subscriptions, or what urql itself accepts. */
function clientAccepting(type) {
  const types = [];
  const fetchAccepting = async (address, options) => {
    const headers = type && options.headers.accept.includes('event-stream') ? { ...options.headers, accept: type } : options.headers;
    const response = await fetch(address, { ...options, headers });
    types.push(response.headers.get('content-type'));
    return response;
  };
  const fetchOptions = { headers: { Authorization: `Bearer ${admin}` } };
  const client = new Client({
    url: `${url}/graphql`, exchanges: [fetchExchange], fetchSubscriptions: true, preferGetMethod: false, fetch: fetchAccepting, fetchOptions,
  });
  return { client, types };
}

for (const [type, expected] of [[undefined, 'text/event-stream'], ['multipart/mixed', 'multipart/mixed']]) {
  const { client, types } = clientAccepting(type);
  const messages = new Messages();
  const { unsubscribe } = client.subscription(CHANGES, {}).subscribe((result) => messages.push(result));
  assert.equal((await messages.take()).data?.activeSessionChanged.kind, 'SNAPSHOT');
  await change(true);
  assert.equal((await messages.take()).data.activeSessionChanged.kind, 'ACTIVATED');
  await change(false);
  assert.equal((await messages.take()).data.activeSessionChanged.kind, 'DEACTIVATED');
  unsubscribe();
  assert.ok(types[0].startsWith(expected), types[0]);
}

const { client, types } = clientAccepting();
const answer = await client.query('{ viewerIsAdmin }', {});
assert.deepEqual(answer.data, { viewerIsAdmin: true });
assert.ok(types[0].startsWith('application/graphql-response+json'), 'a query is answered once');
process.exit();
