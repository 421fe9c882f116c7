// GraphiQL for InSession: queries and mutations go by POST to /graphql, subscriptions over the socket.
// The token is kept for this tab's life only, and is sent in headers and in connection_init, never in an address.
'use strict';

(() => {
  const TOKEN_KEY = 'insession.token';
  /** The close code of a socket whose token is not valid, or not any longer. */
  const TOKEN_REFUSED = 4403;
  /** The longest timer, in seconds. Browsers run longer ones at once. */
  const LONGEST_TIMER = 2_000_000;
  // The server's root, which a proxy may serve under a path: this script is in its folder graphiql.
  const ROOT = new URL('..', document.currentScript.src);

  /** The storage of this tab. Where the browser blocks it, a storage that lasts as long as this page. */
  const storage = (() => {
    try {
      sessionStorage.getItem(TOKEN_KEY);
      return sessionStorage;
    } catch {
      const values = new Map();
      return {
        getItem: (key) => values.get(key) ?? null,
        setItem: (key, value) => values.set(key, value),
        removeItem: (key) => values.delete(key),
        clear: () => values.clear(),
        get length() {
          return values.size;
        },
      };
    }
  })();

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

  const ownAuthorization = () => {
    const token = storage.getItem(TOKEN_KEY);
    return token ? `Bearer ${token}` : undefined;
  };

  // An authorization in the headers editor is used instead of the token field.
  function authorizationOf(headers) {
    const edited = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'authorization');
    return edited ? String(edited[1]) : ownAuthorization();
  }

  async function post(params, headers) {
    const sent = new Headers(headers ?? {});
    const authorization = authorizationOf(headers);
    if (authorization) sent.set('authorization', authorization);
    sent.set('content-type', 'application/json');
    sent.set('accept', 'application/graphql-response+json, application/json;q=0.9');
    const answer = await fetch(new URL('graphql', ROOT), { method: 'POST', headers: sent, body: JSON.stringify(params) });
    const text = await answer.text();
    let parsed;
    try {
      parsed = JSON.parse(text);
    } catch {
      throw new Error(`${answer.status} ${answer.statusText}: ${text.slice(0, 200)}`);
    }
    if (answer.status === 401) askForToken(authorization, parsed.errors?.[0]?.message);
    return parsed;
  }

  // One socket for all subscriptions with the same authorization, or without any. It closes when it has no subscription left.
  let socket;
  function socketFor(authorization) {
    if (!socket || socket.authorization !== authorization) {
      const url = new URL('graphql/ws', ROOT);
      url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
      const client = graphqlWs.createClient({
        url: url.href,
        connectionParams: authorization ? { authorization } : undefined,
        // A token that was refused will be refused again.
        shouldRetry: (event) => event instanceof CloseEvent && event.code !== TOKEN_REFUSED,
      });
      socket = { authorization, client };
    }
    return socket.client;
  }

  async function* subscribe(params, headers) {
    const authorization = authorizationOf(headers);
    try {
      yield* socketFor(authorization).iterate(params);
    } catch (error) {
      if (error.code === TOKEN_REFUSED) askForToken(authorization, error.reason);
      const closed = error instanceof CloseEvent && `The server closed the socket: ${error.code} ${error.reason}`;
      yield { errors: Array.isArray(error) ? error : [{ message: closed || String(error?.message ?? error) }] };
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

  function showViewer(text, isWrong = false) {
    viewer.textContent = text;
    viewer.className = isWrong ? 'wrong' : '';
    field.setAttribute('aria-invalid', isWrong);
  }

  // The server refused the token in the field, or closed the socket because the token expired or was revoked.
  function askForToken(authorization, reason) {
    if (!authorization || authorization !== ownAuthorization()) return;
    showViewer(`${(reason || 'The token was refused').replace(/\.$/, '')}. Paste another token.`, true);
  }

  let expiry;
  async function lookUpViewer() {
    clearTimeout(expiry);
    const authorization = ownAuthorization();
    if (!authorization) return showViewer('nobody');
    showViewer('…');
    try {
      const { data, errors } = await post({ query: '{ viewer { displayName } viewerIsAdmin }' });
      if (authorization !== ownAuthorization()) return;
      const name = data?.viewer?.displayName;
      const roles = [name, data?.viewerIsAdmin && 'admin'].filter(Boolean).join(', ');
      if (data) {
        showViewer(roles || 'a token for nobody known here');
        // Even if nothing runs then, the expiry is shown.
        const left = secondsLeft(authorization);
        if (left < LONGEST_TIMER) expiry = setTimeout(lookUpViewer, Math.max(1, left) * 1_000);
      } else if (!viewer.classList.contains('wrong')) {
        showViewer(errors[0].message, true);
      }
    } catch (error) {
      showViewer(error.message, true);
    }
  }

  // How long a token lasts by this computer's clock; Infinity if it does not say.
  function secondsLeft(authorization) {
    try {
      const payload = authorization.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
      return (JSON.parse(atob(payload)).exp ?? Infinity) - Date.now() / 1_000;
    } catch {
      return Infinity;
    }
  }

  const root = ReactDOM.createRoot(document.getElementById('graphiql'));
  function render() {
    root.render(
      React.createElement(GraphiQL, {
        // GraphiQL reads the schema again when it gets another function: the schema may be visible to this viewer only.
        fetcher: (...request) => fetcher(...request),
        defaultTabs: EXAMPLES.map((query) => ({ query, variables: query.includes('$id') ? '{"id": "SessionInstance:1"}' : '' })),
        defaultEditorToolsVisibility: true,
        isHeadersEditorEnabled: true,
        shouldPersistHeaders: false,
        // Not localStorage: the history keeps the headers of past queries, tokens among them.
        storage,
      }),
    );
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const token = field.value.trim().replace(/^bearer\s+/i, '');
    if (token) storage.setItem(TOKEN_KEY, token);
    else storage.removeItem(TOKEN_KEY);
    lookUpViewer();
    render();
  });
  field.value = storage.getItem(TOKEN_KEY) ?? '';
  lookUpViewer();
  render();
})();
