// GraphiQL for InSession: queries and mutations go by POST to /graphql, subscriptions over the socket.
// The token is kept for this tab's life only, and is sent in headers and in connection_init, never in an address.
'use strict';

(() => {
  const TOKEN_KEY = 'insession.token';

  const EXAMPLES = [
    `# What is in session now.
# To miss nothing, subscribe after: changeCursor.
query WhatIsOn {
  changeCursor
  activeSessionInstances(first: 20) {
    totalCount
    nodes {
      id
      date
      startTime
      endTime
      activeUntil
      presentCount
      activeExplanation
      session {
        name
        city
        country
        timeZone
      }
    }
  }
}
`,
    `# Why a meeting is on, or is not. Which one: in the variables.
query Why($id: ID!) {
  sessionInstance(id: $id) {
    session {
      name
      problem
    }
    isActive
    activeExplanation
    activeFrom
    activeUntil
    activeOverride {
      active
      until
    }
  }
}
`,
    `# Run it and wait: first a snapshot, then each session
# that opens, closes or changes, as it happens.
subscription Watch {
  activeSessionChanged {
    kind
    cursor
    occurredAt
    session {
      name
      city
    }
    sessionInstance {
      id
      isActive
      activeFrom
      activeUntil
      presentCount
    }
    activeInstances {
      id
      session {
        name
      }
    }
  }
}
`,
    `# For admins: what a sweep would change, without changing it.
# Another time: {"at": "2027-01-15T19:14:00Z"} as variables.
mutation DryRunSweep($at: DateTime) {
  sweep(dryRun: true, at: $at) {
    report {
      at
      dryRun
      activated {
        id
        activeExplanation
        session {
          name
        }
      }
      deactivated {
        id
        activeExplanation
        session {
          name
        }
      }
      peopleMoved
      errors {
        session {
          name
        }
        message
      }
    }
  }
}
`,
  ];

  const form = document.getElementById('who');
  const field = document.getElementById('token');
  const viewer = document.getElementById('viewer');

  // What the headers editor says goes before the token field.
  function authorizationOf(headers) {
    const edited = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'authorization');
    if (edited) return String(edited[1]);
    const token = sessionStorage.getItem(TOKEN_KEY);
    return token ? `Bearer ${token}` : undefined;
  }

  async function post(params, headers) {
    const sent = new Headers(headers ?? {});
    const authorization = authorizationOf(headers);
    if (authorization) sent.set('authorization', authorization);
    sent.set('content-type', 'application/json');
    sent.set('accept', 'application/graphql-response+json, application/json;q=0.9');
    const answer = await fetch('/graphql', { method: 'POST', headers: sent, body: JSON.stringify(params) });
    const text = await answer.text();
    try {
      return JSON.parse(text);
    } catch {
      throw new Error(`${answer.status} ${answer.statusText}: ${text.slice(0, 200)}`);
    }
  }

  // One socket for all subscriptions of one token. It closes by itself when none is left.
  let socket;
  function socketFor(authorization) {
    if (socket?.authorization !== authorization) {
      const url = new URL('/graphql/ws', location.href);
      url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
      const connectionParams = authorization ? { authorization } : undefined;
      socket = { authorization, client: graphqlWs.createClient({ url: url.href, connectionParams }) };
    }
    return socket.client;
  }

  async function* subscribe(params, headers) {
    try {
      yield* socketFor(authorizationOf(headers)).iterate(params);
    } catch (error) {
      if (error instanceof CloseEvent) throw new Error(`The socket was closed: ${error.code} ${error.reason}`);
      yield { errors: Array.isArray(error) ? error : [{ message: String(error?.message ?? error) }] };
    }
  }

  function isSubscription(document, operationName) {
    const operations = document?.definitions.filter(({ kind }) => kind === 'OperationDefinition') ?? [];
    const chosen = operations.find(({ name }) => name?.value === operationName) ?? operations[0];
    return chosen?.operation === 'subscription';
  }

  function fetcher(params, options) {
    const run = isSubscription(options?.documentAST, params.operationName) ? subscribe : post;
    return run(params, options?.headers);
  }

  async function showViewer() {
    viewer.className = '';
    if (!sessionStorage.getItem(TOKEN_KEY)) {
      viewer.textContent = 'nobody';
      return;
    }
    viewer.textContent = '…';
    try {
      const { data, errors } = await post({ query: '{ viewer { displayName } viewerIsAdmin }' });
      const name = data?.viewer?.displayName;
      const roles = [name, data?.viewerIsAdmin && 'admin'].filter(Boolean).join(', ');
      viewer.textContent = errors ? errors[0].message : roles || 'a token for nobody known here';
      viewer.className = errors ? 'wrong' : '';
    } catch (error) {
      viewer.textContent = error.message;
      viewer.className = 'wrong';
    }
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const token = field.value.trim().replace(/^bearer\s+/i, '');
    if (token) sessionStorage.setItem(TOKEN_KEY, token);
    else sessionStorage.removeItem(TOKEN_KEY);
    showViewer();
  });
  field.value = sessionStorage.getItem(TOKEN_KEY) ?? '';
  showViewer();

  const page = React.createElement(GraphiQL, {
    fetcher,
    defaultTabs: EXAMPLES.map((query) => ({ query, variables: query.includes('$id') ? '{"id": "SessionInstance:1"}' : '' })),
    defaultEditorToolsVisibility: true,
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
    // Not localStorage: the history keeps the headers of past queries, tokens among them.
    storage: sessionStorage,
  });
  ReactDOM.createRoot(document.getElementById('graphiql')).render(page);
})();
