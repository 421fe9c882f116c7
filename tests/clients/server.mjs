// What the scripts share: the server's address and tokens, requests without a library, and streams of messages.

const [url, admin] = process.argv.slice(2);
export { url, admin };

/** Sends an operation without a library, as an administrator. */
export async function ask(query, variables = {}) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${admin}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

export const CHANGES = `subscription($after: Cursor) {
  activeSessionChanged(after: $after) { kind cursor }
}`;

/** Creates a session, and returns what makes it active and inactive: each call is one change. */
export async function createChanges() {
  const { createSession } = await ask(
    'mutation($input: CreateSessionInput!) { createSession(input: $input) { session { id } } }',
    { input: { name: 'Clients', timeZone: 'UTC' } },
  );
  const { createSessionInstance } = await ask(
    'mutation($input: CreateSessionInstanceInput!) { createSessionInstance(input: $input) { sessionInstance { id } } }',
    { input: { sessionId: createSession.session.id, date: '2031-01-01' } },
  );
  const id = createSessionInstance.sessionInstance.id;
  return (active) =>
    ask(
      `mutation($id: ID!, $active: Boolean!) {
        setActiveOverride(input: { sessionInstanceId: $id, active: $active }) { sessionInstance { id } }
      }`,
      { id, active },
    );
}

/** Messages that arrive by themselves, in their order. */
export class Messages {
  #waiting = [];
  #taken = [];

  push(message) {
    const take = this.#taken.shift();
    if (take) take(message);
    else this.#waiting.push(message);
  }

  /** The next message. */
  take() {
    if (this.#waiting.length > 0) return Promise.resolve(this.#waiting.shift());
    return new Promise((resolve) => this.#taken.push(resolve));
  }
}
