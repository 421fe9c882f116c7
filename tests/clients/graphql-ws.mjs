// graphql-ws: tokens in the payload and in its headers, a token that is renewed, and a token that nobody reads.

import assert from 'node:assert/strict';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { admin, url } from './server.mjs';

const address = `${url.replace('http', 'ws')}/graphql/ws`;
const bearer = `Bearer ${admin}`;

async function viewerIsAdmin(client) {
  for await (const answer of client.iterate({ query: '{ viewerIsAdmin }' })) return answer.data.viewerIsAdmin;
}

for (const connectionParams of [{ authorization: bearer }, { Authorization: bearer }, { headers: { Authorization: bearer } }]) {
  const client = createClient({ url: address, webSocketImpl: WebSocket, connectionParams });
  assert.equal(await viewerIsAdmin(client), true, JSON.stringify(connectionParams));
  await client.dispose();
}

const unread = createClient({ url: address, webSocketImpl: WebSocket, connectionParams: { authToken: admin } });
await assert.rejects(viewerIsAdmin(unread), (closed) => closed.code === 4401 && closed.reason.includes('authToken'));

// The snippet of docs/clients.md that renews a token.
let socket;
const renewed = new Promise((resolve) => {
  const client = createClient({
    url: address,
    webSocketImpl: WebSocket,
    lazy: false,
    connectionParams: () => ({ authorization: bearer }),
    on: {
      connected(opened) { socket = opened; },
      message(message) { if (message.type === 'pong') resolve(client); },
    },
  });
  client.on('connected', () => {
    socket.send(JSON.stringify({ type: 'ping', payload: { authorization: bearer } }));
  });
});
assert.equal(await viewerIsAdmin(await renewed), true);

// A client of the old protocol sees why it is refused.
const legacy = new WebSocket(address, 'graphql-ws');
const [code, reason] = await new Promise((resolve) => legacy.on('close', (code, reason) => resolve([code, String(reason)])));
assert.equal(code, 4406);
assert.match(reason, /graphql-transport-ws/);
process.exit();
