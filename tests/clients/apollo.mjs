// Apollo Client: automatic persisted queries, which fall back to whole documents, and subscriptions over multipart.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { CHANGES, Messages, admin, createChanges, url } from './server.mjs';

const statuses = [];
const http = new HttpLink({
  uri: `${url}/graphql`,
  headers: { Authorization: `Bearer ${admin}` },
  fetch: async (address, options) => {
    const response = await fetch(address, options);
    statuses.push([response.status, 'query' in JSON.parse(options.body)]);
    return response;
  },
});
const sha256 = async (text) => createHash('sha256').update(text).digest('hex');
const persisted = new PersistedQueryLink({ sha256 });
const client = new ApolloClient({ link: persisted.concat(http), cache: new InMemoryCache() });

const answer = await client.query({ query: gql`query Me { viewerIsAdmin }` });
assert.deepEqual(answer.data, { viewerIsAdmin: true });
assert.deepEqual(statuses.map(([, hasQuery]) => hasQuery), [false, true], 'first the hash, then the document');
await client.query({ query: gql`query Cursor { changeCursor }` });
assert.equal(statuses.length, 3, 'Apollo does not try hashes again');

const change = await createChanges();
const messages = new Messages();
const subscription = client.subscribe({ query: gql(CHANGES) }).subscribe((result) => messages.push(result));
assert.equal((await messages.take()).data.activeSessionChanged.kind, 'SNAPSHOT');
await change(true);
assert.equal((await messages.take()).data.activeSessionChanged.kind, 'ACTIVATED');
subscription.unsubscribe();
process.exit();
