"""Python's gql: requests over HTTP and over graphql-transport-ws, and a subscription that is resumed."""

import asyncio
import sys

from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.aiohttp_websockets import AIOHTTPWebsocketsTransport
from gql.transport.exceptions import TransportConnectionFailed, TransportQueryError

url, admin = sys.argv[1:]
bearer = f"Bearer {admin}"
address = url.replace("http", "ws", 1) + "/graphql/ws"

CHANGES = """subscription($after: Cursor) {
  activeSessionChanged(after: $after) { kind cursor }
}"""
SESSION = 'mutation { createSession(input: { name: "Python", timeZone: "UTC" }) { session { id } } }'
INSTANCE = """mutation($id: ID!) {
  createSessionInstance(input: { sessionId: $id, date: "2031-01-01" }) { sessionInstance { id } }
}"""
OVERRIDE = """mutation($id: ID!, $active: Boolean!) {
  setActiveOverride(input: { sessionInstanceId: $id, active: $active }) { sessionInstance { id } }
}"""


def sockets(**payload):
    transport = AIOHTTPWebsocketsTransport(url=address, init_payload=payload)
    return Client(transport=transport)


def request(document, **variables):
    document = gql(document)
    document.variable_values = variables
    return document


async def next_change(messages):
    return (await anext(messages))["activeSessionChanged"]


async def main():
    headers = {"Authorization": bearer}
    async with Client(transport=AIOHTTPTransport(url=f"{url}/graphql", headers=headers)) as http:
        assert (await http.execute(request("{ viewerIsAdmin }"))) == {"viewerIsAdmin": True}
        try:
            await http.execute(request('{ node(id: "nonsense") { id } }'))
            raise AssertionError("a wrong id was taken")
        except TransportQueryError as error:
            assert error.errors[0]["extensions"]["code"] == "BAD_USER_INPUT", error
        session = (await http.execute(request(SESSION)))["createSession"]["session"]["id"]
        made = await http.execute(request(INSTANCE, id=session))
        instance = made["createSessionInstance"]["sessionInstance"]["id"]

        # The transport finds the subprotocol in the answer, so it speaks graphql-transport-ws by itself.
        async with sockets(Authorization=bearer) as client:
            assert client.transport.subprotocol == "graphql-transport-ws", client.transport.subprotocol
            assert (await client.execute(request("{ viewerIsAdmin }"))) == {"viewerIsAdmin": True}
            messages = client.subscribe(request(CHANGES))
            snapshot = await next_change(messages)
            assert snapshot["kind"] == "SNAPSHOT", snapshot
            await http.execute(request(OVERRIDE, id=instance, active=True))
            assert (await next_change(messages))["kind"] == "ACTIVATED"
            await messages.aclose()
        await http.execute(request(OVERRIDE, id=instance, active=False))
        async with sockets() as client:
            messages = client.subscribe(request(CHANGES, after=snapshot["cursor"]))
            kinds = [(await next_change(messages))["kind"] for _ in range(2)]
            assert kinds == ["ACTIVATED", "DEACTIVATED"], kinds
            await messages.aclose()

    # A token that the server does not take. The transport does not tell the close code.
    try:
        async with sockets(Authorization="Bearer undefined") as client:
            await client.execute(request("{ viewerIsAdmin }"))
        raise AssertionError("a wrong token was taken")
    except TransportConnectionFailed:
        pass


asyncio.run(asyncio.wait_for(main(), 60))
