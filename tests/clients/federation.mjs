// A gateway of Apollo Federation: it composes this server's schema with another subgraph that extends a session and a
// person by a field, and resolves queries over both.

import assert from 'node:assert/strict';
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { composeServices } from '@apollo/composition';
import { buildSchema, graphql, parse } from 'graphql';
import { admin, ask, url } from './server.mjs';

const { createSession } = await ask(
  'mutation { createSession(input: { name: "Monday", timeZone: "UTC" }) { session { id } } }',
);
const session = createSession.session.id;
const { createPerson } = await ask('mutation { createPerson(input: { displayName: "Ann" }) { person { id } } }');
const person = createPerson.person.id;

// It names sessions that do and do not exist, and a person whom not everybody may see.
const ratings = `
  type Session @key(fields: "id") { id: ID! rating: Int! }
  type Person @key(fields: "id") { id: ID! nickname: String! }
  type PageInfo @shareable { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
  type RatingConnection { pageInfo: PageInfo! nodes: [Session]! }
  type Query { rated: RatingConnection! known: [Person]! }
`;
const executable = buildSchema(`
  scalar _Any
  union _Entity = Session | Person
  ${ratings.replaceAll(/ @(key|shareable)(\([^)]*\))?/g, '')}
  extend type Query { _entities(representations: [_Any!]!): [_Entity]! }
`);
const pageInfo = { hasNextPage: false, hasPreviousPage: false };
const entity = (__typename, id) => ({ __typename, id, rating: 5, nickname: 'Annie' });
const rootValue = {
  rated: { pageInfo, nodes: [entity('Session', session), entity('Session', 'Session:999999')] },
  known: [entity('Person', person)],
  _entities: ({ representations }) => representations.map(({ __typename, id }) => entity(__typename, id)),
};
const theirs = { process: ({ request: { query, variables } }) =>
  graphql({ schema: executable, source: query, rootValue, variableValues: variables }) };

// The requests of the gateway to this server.
const requests = [];
class Ours extends RemoteGraphQLDataSource {
  willSendRequest({ request, context }) {
    if (context.token) request.http.headers.set('authorization', `Bearer ${context.token}`);
    requests.push(request.query);
  }
}

const { _service } = await ask('{ _service { sdl } }');
const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])\n';
const { supergraphSdl, errors } = composeServices([
  { name: 'insession', url: `${url}/graphql`, typeDefs: parse(_service.sdl) },
  { name: 'ratings', url: 'http://ratings.invalid/', typeDefs: parse(link + ratings) },
]);
assert.equal(errors, undefined, errors?.join('\n'));
for (const part of ['join__Graph', '"""A series of meetings', '@deprecated(reason:']) {
  if (_service.sdl.includes(part) || part === 'join__Graph') assert.ok(supergraphSdl.includes(part), part);
}

const logger = { debug() {}, info() {}, warn: console.error, error: console.error };
const gateway = new ApolloGateway({
  supergraphSdl,
  logger,
  buildService: ({ name, url }) => (name === 'ratings' ? theirs : new Ours({ url })),
});
const { schema, executor } = await gateway.load();

async function run(query, token) {
  requests.length = 0;
  const request = { query, variables: {}, http: { headers: new Map() } };
  const context = { token };
  const cache = new Map();
  return executor({
    schema, request, context, cache, logger, metrics: {}, overallCachePolicy: {},
    source: query, document: parse(query), operationName: undefined, queryHash: query,
  });
}

// From their field to our entities: what does not exist is null, and the others are answered.
const rated = await run('{ rated { pageInfo { hasNextPage } nodes { id rating name isActive } } }');
assert.equal(rated.errors, undefined, JSON.stringify(rated.errors));
const nodes = [{ id: session, rating: 5, name: 'Monday', isActive: false }, null];
assert.deepEqual(JSON.parse(JSON.stringify(rated.data)), { rated: { pageInfo: { hasNextPage: false }, nodes } });
assert.equal(requests.length, 1);
assert.match(requests[0], /_entities\(representations:/);

// From our list to their entities.
const listed = await run('{ sessions { totalCount nodes { name rating } } }');
assert.deepEqual(JSON.parse(JSON.stringify(listed)), {
  data: { sessions: { totalCount: 1, nodes: [{ name: 'Monday', rating: 5 }] } },
});

// The rights are those of the token that the gateway passes on.
const known = '{ known { nickname displayName } }';
const hidden = await run(known);
assert.deepEqual(JSON.parse(JSON.stringify(hidden.data)), { known: [null] });
const shown = await run(known, admin);
assert.deepEqual(JSON.parse(JSON.stringify(shown)), { data: { known: [{ nickname: 'Annie', displayName: 'Ann' }] } });

await gateway.stop();
process.exit();
