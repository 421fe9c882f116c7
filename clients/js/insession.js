/**
 * InSession in a web page: who is in session, kept up to date.
 *
 *   <live-now-badge session="Session:7"></live-now-badge>   LIVE NOW while the session is active, otherwise hidden
 *   <in-session-badge></in-session-badge>                   a green dot while the signed-in person is at a session
 *   <booking-status booking="Booking:7"></booking-status>   the status of a booking, with a countdown
 *   <activity-queue activity="interview"></activity-queue>  the seats of an activity and its queue, with buttons to join and leave
 *   startHeartbeat({ activity: 'interview', wait: true })   keeps this visit online, and waits for a seat
 *
 * All elements of a page that name the same server share one WebSocket (graphql-transport-ws). Each subscription keeps
 * the cursor of its last message. After a lost connection it resumes there, so it misses nothing while the network, the
 * computer or the server is down. Events, on `document` (they bubble to `window`), once for each change:
 *
 *   active-session-changed   detail: the change ({kind, occurredAt, session, sessionInstanceId, sessionInstance, ...})
 *   session-status-updated   detail: {started, completed, updates}: bookings that started or ended
 *   activity-queue-changed   detail: {endpoint, activity, state, queuePlace, reason}: this tab's seat or its place in a queue
 *   insession-connection     detail: {endpoint, state: 'online' | 'offline' | 'refused', code, reason}
 *
 * `active-session-changed` is also dispatched on the badges that it concerns. Mistakes in the use of the module, and its
 * errors, are written to the console, each text once. Tokens are sent in `connection_init`, never in an address.
 *
 * The server serves this file as /web/insession.js, and the npm package @insession/client contains it. It is one file
 * without imports, so that a page loads it with one request and no build step.
 *
 * @module insession
 */

const PROTOCOL = 'graphql-transport-ws';
/** The number of sessions that one subscription may name. */
const SESSIONS_PER_SUBSCRIPTION = 100;
/** Calls within this time are handled together. */
const DEBOUNCE_MS = 20;
/** The number of changes that are remembered, so that one that comes twice is dispatched once. */
const REMEMBERED_CHANGES = 1_000;
const PING_MS = 20_000;
/** The longest time for a connection to be made. */
const CONNECT_MS = 15_000;
/** The longest time for an answer to a ping after the computer woke up. */
const PROBE_MS = 5_000;
/** The longest wait for a lock that the page before this one, in the same tab, still holds. */
const LOCK_TIMEOUT_MS = 3_000;
const BACKOFF_MS = { first: 1_000, longest: 30_000, refused: 120_000 };
/** After this time without a connection, elements show that they may be out of date. */
const OUT_OF_TOUCH_MS = 5_000;
/** Timers stop while a computer sleeps. So no timer for an end is longer than this. */
const LONGEST_TIMER_MS = 60_000;
/** If the two clocks of this computer disagree by more than this, the server is asked for its time. */
const CLOCK_STEP_MS = 2_000;
/** After a connection that lasted this long, the back-off starts at its first value again. */
const STABLE_MS = 5_000;
/** Without pointer, key, touch or scroll for this time, a visit is idle. */
const IDLE_MS = 300_000;
/** The longest wait for another tab to take over a seat or a place in a queue. */
const HAND_OVER_MS = 2_000;
/** After a silence of so many heartbeats a visit may be offline. */
const MISSED_BEATS = 3;
/** Within this time the server tells of each change of what other visits of the person have. */
const NEWS_MS = 2_000;
/** The shortest time between two moves of a seat to the tab that is used. */
const BETWEEN_MOVES_MS = 2_000;
/** The interval between attempts to get a valid token while the connection has none. */
const TOKEN_RETRY_MS = 60_000;
/** The close code for a token that is not valid, or no longer valid. */
const TOKEN_REFUSED = 4403;
/** Close codes after which an immediate retry is of no use: of the protocol, and of WebSockets themselves. */
const REFUSALS = new Set([1002, 1003, 1009, 4400, 4401, 4406, 4409, 4429]);

// ---- settings -----------------------------------------------------------------------------------------------------

/** @type {{endpoint?: string, announce: boolean}} */
const settings = { announce: true };
/** By address. @type {Map<string, Connection>} */
const connections = new Map();

/**
 * Sets the server and the person. The defaults are the server that this module came from, and nobody. In a bundle, the
 * default server is the site of the page.
 *
 * @param {object} options
 * @param {string} [options.endpoint] the server's address, such as `https://insession.example`
 * @param {(request: {refresh: boolean}) => (string | null | undefined | Promise<string | null | undefined>)} [options.token]
 *   returns the person's token, or null for nobody. It is called before each connection; `refresh` is true if the last
 *   token was refused or has expired. The token is sent to this endpoint only.
 * @param {boolean} [options.announce] whether changes are announced to screen readers; the default is true
 */
export function configure({ endpoint, token, announce } = {}) {
  // A server that renders pages runs the same code. There is nothing to connect there, and nobody whose token it is.
  if (typeof document === 'undefined') return;
  if (endpoint !== undefined) settings.endpoint = new URL(endpoint, document.baseURI).href;
  if (announce !== undefined) settings.announce = announce;
  if (token !== undefined) connectionTo().identify(token);
}

/** The connection to a server. It opens when there is something to do. */
function connectionTo(endpoint) {
  const address = endpoint || settings.endpoint || defaultEndpoint();
  const base = new URL(address, document.baseURI).href.replace(/[?#].*$/, '').replace(/\/$/, '');
  if (!connections.has(base)) connections.set(base, new Connection(base));
  return connections.get(base);
}

function defaultEndpoint() {
  const own = import.meta.url ?? '';
  return /\/web\/insession(\.[0-9a-f]+)?\.js$/.test(own) ? new URL('..', own) : location.origin;
}

/** The texts that were written to the console. */
const warnings = new Set();

/** Writes to the console, each text once: a mistake in a page may repeat with every render. */
function warn(text) {
  if (warnings.has(text)) return;
  if (warnings.size < 100) warnings.add(text);
  console.warn(`InSession: ${text}`);
}

// ---- the connection -----------------------------------------------------------------------------------------------

/**
 * An operation that has not ended.
 * @typedef {object} Operation
 * @property {string} query
 * @property {() => object} variables read each time the operation is sent, because the cursor to resume from changes
 * @property {boolean} lasts whether it is sent again on the next connection: a subscription, or an operation that may be repeated
 * @property {boolean} [isSent] whether it was sent on the present connection
 * @property {(payload: object) => void} next
 * @property {(errors: object[]) => void} error
 */

/** One socket. While there are operations, a lost connection is made again. */
class Connection {
  /** @type {Map<string, Operation>} */
  #operations = new Map();
  #lastId = 0;
  #socket = null;
  #isReady = false;
  #isRefreshing = false;
  #failures = 0;
  #readyAt = 0;
  #awaitsAnswer = false;
  #timers = {};
  /** The function that returns the token. */
  #token = null;
  /** The token of the present connection; undefined for nobody. */
  #sentToken;
  /** The number of tokens that the server has refused one after the other, and why it refused the last one. */
  #refusals = 0;
  #refusal;
  #tokenTimer;
  /** The time of the server's clock, and of this computer's two clocks, at one moment. */
  #clocks;
  #touchTimer;
  /** Called with `isOutOfTouch` when it changes. */
  #watchers = new Set();
  isOutOfTouch = false;
  /** How many connections were made so far. */
  connected = 0;
  /** When the last message of the server came, and the longest time between two messages since `takeSilence`. */
  #heardAt = Date.now();
  #silence = 0;
  #viewer;

  /** Called just before the page is left. */
  pageHideTasks = new Set();
  /** Called after each connection was made. */
  readyTasks = new Set();
  /** The visit of this tab, once somebody asked for it. @type {TabVisit} */
  #tabVisit;

  constructor(base) {
    this.base = base;
    this.sessions = new LiveSessions(this);
    this.place = new OwnPlace(this);
    this.bookings = new Bookings(this);
    addEventListener('online', () => this.#wake());
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.#wake());
    // Browsers do not keep a page with an open socket in their cache for going back.
    addEventListener('pagehide', () => {
      for (const task of this.pageHideTasks) task();
      this.#drop();
    });
    addEventListener('pageshow', ({ persisted }) => persisted && this.#wake());
  }

  /**
   * The server's time in ms, computed from the time in its last message. The visitor's clock (`Date`) may be wrong, or somebody
   * may set it. `performance.now` is never set, but it may stop while the computer sleeps, which also ends the connection.
   */
  now() {
    if (!this.#clocks) return Date.now();
    const { server, date, ticks } = this.#clocks;
    const [byTicks, byDate] = [performance.now() - ticks, Date.now() - date];
    return server + (this.#isReady ? byTicks : Math.max(byTicks, byDate));
  }

  #setClocks(server) {
    this.#clocks = { server, date: Date.now(), ticks: performance.now() };
  }

  /** Takes the server's time from a message. `isNow`: the message is about this moment, and not about something earlier. */
  learnTime(text, isNow = false) {
    const at = Date.parse(text);
    if (isNow || at > this.now()) this.#setClocks(at);
  }

  /**
   * Asks for the server's time if it may be wrong: the computer slept, or its clock was set, or a meeting ended by the computed
   * time.
   */
  #checkClocks() {
    if (!this.#clocks) return;
    const { date, ticks } = this.#clocks;
    const apart = Math.abs(Date.now() - date - (performance.now() - ticks));
    this.#setClocks(this.now());
    if (apart < CLOCK_STEP_MS && !this.sessions.hasEnded() && !this.place.hasEnded()) return;
    const next = ({ data }) => {
      this.#stop(id);
      if (!data) return;
      this.learnTime(data.activeSessionChanged.occurredAt, true);
      this.sessions.checkEnds();
      this.place.checkEnds();
    };
    const id = this.#start({ query: SERVER_TIME, variables: () => ({}), lasts: false, next, error: () => {} });
  }

  /** The longest time without a message of the server since the last call. It is long after sleep and without a network. */
  takeSilence() {
    const silence = this.#silence;
    this.#silence = 0;
    return silence;
  }

  /** Whether the server has accepted the connection. */
  get isReady() {
    return this.#isReady;
  }

  /** Calls `watcher(isOutOfTouch)` now and at each change. Returns a function that ends this. */
  watchTouch(watcher) {
    this.#watchers.add(watcher);
    watcher(this.isOutOfTouch);
    return () => this.#watchers.delete(watcher);
  }

  #setOutOfTouch(isOutOfTouch) {
    clearTimeout(this.#touchTimer);
    this.#touchTimer = undefined;
    if (isOutOfTouch === this.isOutOfTouch) return;
    this.isOutOfTouch = isOutOfTouch;
    for (const watcher of this.#watchers) watcher(isOutOfTouch);
  }

  /** Connects again as another person, or with another function for the token. */
  identify(token) {
    this.#token = token;
    this.#refusals = 0;
    this.#isRefreshing = false;
    this.#reconnect();
  }

  #reconnect() {
    this.#viewer = undefined;
    if (this.#socket) {
      this.#drop();
      this.#open();
    } else {
      this.#tabVisit?.beat();
    }
    this.place.restart();
    this.bookings.restart();
  }

  /**
   * The token for the next connection; undefined for nobody, or if there is no valid token. Without a valid token, the connection
   * is made as nobody, so that badges that need no token work, and after a while the token is asked for again.
   */
  async #askForToken() {
    clearTimeout(this.#tokenTimer);
    if (!this.#token) return undefined;
    let problem;
    if (this.#refusals > 1) {
      // A fresh token was refused as well.
      this.#refusals = 0;
      problem = `the server refused the token: ${this.#refusal}`;
    } else {
      try {
        const token = await this.#token({ refresh: this.#isRefreshing });
        if (token === null || token === undefined || token === '') {
          this.#isRefreshing = false;
          return undefined;
        }
        if (TOKEN.test(token)) return token;
        problem = `the token function returned something that is not a token: ${shortened(token)}`;
      } catch (error) {
        problem = `the token function failed: ${error?.message ?? error}`;
      }
    }
    warn(`${problem}. The page is connected to ${this.base} as nobody.`);
    this.#tokenTimer = setTimeout(() => this.#retryToken(), TOKEN_RETRY_MS);
    return undefined;
  }

  /** The visit of this tab. */
  tabVisit() {
    return (this.#tabVisit ??= new TabVisit(this));
  }

  /** Whether the present connection was made with a token. */
  get hasToken() {
    return this.#sentToken !== undefined;
  }

  /** The id of the signed-in person; null for nobody, or if it cannot be read. */
  viewer() {
    this.#viewer ??= this.request('{ viewer { id } }', {}, { mayRepeat: true }).then(
      ({ viewer }) => viewer?.id ?? null,
      () => (this.#viewer = null),
    );
    return this.#viewer;
  }

  /** Connects again if there is a valid token now. */
  async #retryToken() {
    if (this.#operations.size === 0) return;
    const token = await this.#askForToken();
    if (token !== undefined && this.#sentToken === undefined) this.#reconnect();
  }

  /** Starts a subscription. Returns a function that ends it. */
  subscribe(operation) {
    const id = this.#start({ lasts: true, error: () => {}, ...operation });
    return () => this.#stop(id);
  }

  /**
   * Runs a query or mutation.
   * @param {object} [options]
   * @param {boolean} [options.mayRepeat] whether it may be sent again if the connection is lost before the answer
   * @param {number} [options.only] the number of the connection (`connected`) on which it may be sent. On another one it fails
   * @param {AbortSignal} [options.signal] cancels it if it was not sent yet. If it was sent, it is answered, but not sent again
   */
  request(query, variables = {}, { mayRepeat = false, only, signal } = {}) {
    let settled = () => {};
    return new Promise((resolve, reject) => {
      const failed = (errors) => reject(Object.assign(new Error(errors[0]?.message ?? 'no answer'), { errors }));
      if (only !== undefined && (only !== this.connected || !this.#isReady)) return void failed([LOST_CONNECTION]);
      const next = ({ data, errors }) => {
        // An answer is all there is. If the connection is lost before `complete` comes, the request is not sent again.
        this.#operations.delete(id);
        if (errors) failed(errors);
        else resolve(data);
      };
      const id = this.#start({ query, variables: () => variables, lasts: mayRepeat, next, error: failed });
      const abort = () => this.#cancel(id) && reject(signal.reason);
      signal?.addEventListener('abort', abort, { once: true });
      settled = () => signal?.removeEventListener('abort', abort);
    }).finally(() => settled());
  }

  #cancel(id) {
    const operation = this.#operations.get(id);
    if (!operation) return false;
    operation.lasts = false;
    if (operation.isSent) return false;
    this.#stop(id);
    return true;
  }

  #start(operation) {
    const id = String(++this.#lastId);
    this.#operations.set(id, operation);
    clearTimeout(this.#timers.idle);
    if (this.#isReady) this.#send(id, operation);
    else if (!this.#socket && !this.#timers.retry) this.#open();
    return id;
  }

  #stop(id) {
    const operation = this.#operations.get(id);
    if (!this.#operations.delete(id)) return;
    if (operation.isSent) this.#write({ id, type: 'complete' });
    this.#closeWhenIdle();
  }

  #closeWhenIdle() {
    clearTimeout(this.#timers.idle);
    this.#timers.idle = setTimeout(() => {
      if (this.#operations.size > 0) return;
      this.#drop();
      this.#setOutOfTouch(false);
    }, 3_000);
  }

  /** Browsers write an error to the console if a socket is used that is about to close. Its end is handled by `#lost`. */
  #write(message) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #send(id, operation) {
    operation.isSent = true;
    this.#write({ id, type: 'subscribe', payload: { query: operation.query, variables: operation.variables() } });
  }

  async #open() {
    this.#clearTimers();
    this.#touchTimer ??= setTimeout(() => this.#setOutOfTouch(true), OUT_OF_TOUCH_MS);
    // Until there is a socket, this object is in its place. `#open` and `#drop` replace it, which ends this attempt.
    const opening = (this.#socket = { close() {} });
    this.#timers.connect = setTimeout(() => this.#lost(1006, 'no answer in time'), CONNECT_MS);
    const token = await this.#askForToken();
    if (this.#socket !== opening) return;
    // Another token may be that of another person.
    if (this.connected > 0 && token !== this.#sentToken) this.#viewer = undefined;
    this.#sentToken = token;
    const socket = (this.#socket = new WebSocket(`${this.base.replace(/^http/, 'ws')}/graphql/ws`, PROTOCOL));
    const payload = token ? { authorization: `Bearer ${token}` } : {};
    socket.onopen = () => this.#write({ type: 'connection_init', payload });
    socket.onmessage = ({ data }) => this.#read(JSON.parse(data));
    socket.onclose = ({ code, reason }) => this.#lost(code, reason);
  }

  #read({ type, id, payload }) {
    this.#awaitsAnswer = false;
    this.#silence = Math.max(this.#silence, Date.now() - this.#heardAt);
    this.#heardAt = Date.now();
    clearTimeout(this.#timers.probe);
    const operation = this.#operations.get(id);
    switch (type) {
      case 'connection_ack':
        this.#checkClocks();
        this.#isReady = true;
        this.connected += 1;
        if (this.#sentToken !== undefined) {
          this.#isRefreshing = false;
          this.#refusals = 0;
        }
        this.#readyAt = Date.now();
        clearTimeout(this.#timers.connect);
        this.#timers.ping = setInterval(() => this.#ping(), PING_MS);
        this.#setOutOfTouch(false);
        this.#report('online');
        for (const [id, operation] of this.#operations) this.#send(id, operation);
        for (const task of this.readyTasks) task();
        this.#closeWhenIdle();
        break;
      case 'ping':
        this.#write({ type: 'pong', payload });
        break;
      case 'next':
        operation?.next(payload);
        break;
      case 'error':
      case 'complete':
        this.#operations.delete(id);
        if (type === 'error') operation?.error(payload);
        this.#closeWhenIdle();
    }
  }

  /** Finds a connection that is dead without having been closed, for example after sleep or behind a proxy. */
  #ping() {
    if (this.#awaitsAnswer) return this.#lost(1006, 'no answer to a ping');
    this.#awaitsAnswer = true;
    this.#write({ type: 'ping' });
  }

  /** The page is visible again, or the network is back: connect or check the connection at once. */
  #wake() {
    if (this.#isReady) {
      this.#write({ type: 'ping' });
      clearTimeout(this.#timers.probe);
      this.#timers.probe = setTimeout(() => this.#lost(1006, 'no answer to a ping'), PROBE_MS);
    } else if (this.#operations.size > 0 && (this.#timers.retry || !this.#socket)) {
      this.#open();
    }
  }

  /** Ends the connection, and makes no new one. Operations that may not be repeated fail. */
  #drop() {
    this.#clearTimers();
    const socket = this.#socket;
    this.#socket = null;
    this.#isReady = this.#awaitsAnswer = false;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close(1000);
    }
    for (const [id, operation] of this.#operations) {
      operation.isSent = false;
      if (operation.lasts) continue;
      this.#operations.delete(id);
      operation.error([LOST_CONNECTION]);
    }
  }

  /** The connection was lost, refused, or not made in time. */
  #lost(code, reason) {
    if (this.#isReady && Date.now() - this.#readyAt > STABLE_MS) this.#failures = 0;
    this.#drop();
    const isRefused = REFUSALS.has(code);
    if (code === TOKEN_REFUSED) {
      this.#refusals += 1;
      this.#refusal = reason;
      this.#isRefreshing = true;
    }
    this.#report(isRefused ? 'refused' : 'offline', code, reason);
    if (this.#operations.size === 0) return;
    this.#touchTimer ??= setTimeout(() => this.#setOutOfTouch(true), OUT_OF_TOUCH_MS);
    // Full jitter, so that a thousand pages that lost the same server do not connect at the same moment.
    const { first, longest, refused } = BACKOFF_MS;
    const limit = isRefused ? refused : Math.min(longest, first * 2 ** this.#failures++);
    this.#timers.retry = setTimeout(() => this.#open(), Math.random() * limit);
  }

  #clearTimers() {
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#timers = {};
  }

  #report(state, code, reason) {
    dispatch('insession-connection', { endpoint: this.base, state, code, reason });
    if (state === 'online') return;
    const why = [code, reason].filter(Boolean).join(' ');
    warn(state === 'refused' ? `${this.base} refused the connection: ${why}` : `the connection to ${this.base} was lost: ${why}`);
  }
}

/** The form of a token (RFC 6750). A page of HTML does not have it. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

function shortened(text) {
  const words = String(text).replace(/\s+/g, ' ');
  return words.length > 60 ? `${words.slice(0, 60)}…` : words;
}

function dispatch(name, detail, target = document) {
  target.dispatchEvent(new CustomEvent(name, { detail, bubbles: target === document }));
}

// ---- following changes --------------------------------------------------------------------------------------------

/** A subscription whose first message has the server's time. */
const SERVER_TIME = 'subscription { activeSessionChanged(sessionIds: []) { occurredAt } }';

const INSTANCE = `fragment instance on SessionInstance {
  id isActive startsAt endsAt presentCount locationOverride activeFrom activeUntil activeOverride { active until }
  session { id name path city country location timeZone }
}`;

/** This subscription has no fields that depend on the viewer. So the server makes each message once for all subscribers. */
const SESSION_CHANGES = `subscription($sessionIds: [ID!], $city: String, $country: String, $after: Cursor) {
  activeSessionChanged(sessionIds: $sessionIds, city: $city, country: $country, after: $after) {
    kind cursor occurredAt sessionInstanceId
    session { id name path } sessionInstance { ...instance } sessions { id name path } activeInstances { ...instance }
  }
} ${INSTANCE}`;

const PERSON_CHANGES = `subscription($personId: ID, $after: Cursor) {
  activeSessionChanged(personId: $personId, after: $after) {
    kind cursor occurredAt sessionInstanceId
    session { id name path } sessionInstance { ...instance } previousSessionInstance { ...instance }
    person { id displayName activeSessionInstance { ...instance } }
  }
} ${INSTANCE}`;

const BOOKING_CHANGES = `subscription($bookingId: ID, $after: Cursor) {
  bookingStatusChanged(bookingId: $bookingId, after: $after) {
    cursor occurredAt oldStatus newStatus isDelayed reason bookings { ...booking } booking { ...booking }
  }
} fragment booking on Booking {
  id status isDelayed startedAt completedAt cancelledAt
  timeSlot { id startsAt endsAt mentor { id displayName } } student { id displayName }
}`;

const ACTIVITY_CHANGES = `subscription($key: String!) {
  presenceChanged(activityKey: $key) { occupancy queueLength occurredAt activity { key name maxConcurrent isFull seatsPer } }
}`;

/** A subscription to changes. After a lost connection it resumes after the last change that it received. */
class Feed {
  #cursor;
  #isFirst = true;
  #stop;
  #timer;
  #failures = 0;

  /**
   * @param {{query: string, variables?: object, after?: string}} operation `after`: the cursor to resume from
   * @param {(change: object) => void} changed called with each change
   * @param {(code: string, message: string) => void} refused called if the server refuses the subscription
   */
  constructor(connection, { query, variables, after }, changed, refused = () => {}) {
    Object.assign(this, { connection, query, variables, changed, refused });
    this.#cursor = after;
    this.#start();
  }

  /** Continues with other variables that select fewer changes, and misses none of these. */
  narrow(variables) {
    this.variables = variables;
    this.stop();
    this.#start();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#stop?.();
  }

  #start() {
    this.#stop = this.connection.subscribe({
      query: this.query,
      variables: () => ({ ...this.variables, after: this.#cursor }),
      next: ({ data }) => {
        // A subscription has one field.
        const [change] = Object.values(data ?? {});
        if (!change) return;
        // Without a cursor, the first message is about this moment.
        if (change.occurredAt) this.connection.learnTime(change.occurredAt, this.#isFirst && this.#cursor === undefined);
        this.#isFirst = false;
        this.#cursor = change.cursor ?? undefined;
        this.#failures = 0;
        this.changed(change);
      },
      error: ([error]) => this.#failed(error?.extensions?.code, error?.message),
    });
  }

  #failed(code, message) {
    const isCursor = code === 'CURSOR_EXPIRED' || (code === 'BAD_USER_INPUT' && this.#cursor !== undefined);
    if (isCursor) {
      this.#cursor = undefined;
      this.#isFirst = true;
      this.#start();
    } else if (REFUSED.has(code)) {
      this.refused(code, message);
    } else {
      const limit = Math.min(BACKOFF_MS.longest, BACKOFF_MS.first * 2 ** this.#failures++);
      this.#timer = setTimeout(() => this.#start(), limit * (0.5 + Math.random() / 2));
    }
  }
}

/** An error of the module itself, in the form of the server's errors. */
const LOST_CONNECTION = { message: 'The connection was lost before the answer came.', extensions: { code: 'CONNECTION_LOST' } };

function isLost(error) {
  return codeOf(error) === LOST_CONNECTION.extensions.code;
}

/** Codes of errors that a retry would give again. */
const REFUSED = new Set(['BAD_USER_INPUT', 'NOT_FOUND', 'FORBIDDEN', 'UNAUTHENTICATED', 'GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_PARSE_FAILED']);

/** The changes that were dispatched. Several subscriptions may receive the same one. */
const dispatched = new Set();

function dispatchChange(change) {
  const name = `${change.kind} ${change.cursor} ${change.sessionInstanceId}`;
  if (dispatched.has(name)) return;
  dispatched.add(name);
  if (dispatched.size > REMEMBERED_CHANGES) dispatched.delete(dispatched.values().next().value);
  dispatch('active-session-changed', change);
}

/**
 * Follows any subscription that has the variable `$after: Cursor` and selects `cursor`. After a lost connection it resumes, so
 * it misses nothing and gets nothing twice.
 *
 * @param {string | {toString(): string}} document
 * @param {object} variables
 * @param {(change: object) => void} changed called with the value of the subscription's field in each message
 * @param {{endpoint?: string, after?: string, refused?: (code: string, message: string) => void}} [options] `after`: a cursor,
 *   such as that of `changeCursor`. `refused`: called if the server refuses the subscription; without it, the console says so
 * @returns {() => void} ends the subscription
 */
export function subscribe(document, variables, changed, { endpoint, after, refused } = {}) {
  const query = String(document);
  const inConsole = (code, message) => warn(`the server refused a subscription: ${code} ${message}`);
  const feed = new Feed(connectionTo(endpoint), { query, variables, after }, changed, refused ?? inConsole);
  return () => feed.stop();
}

/**
 * Follows the changes of active sessions. The arguments select fewer changes.
 *
 * @param {{sessionIds?: string[], personId?: string, city?: string, country?: string}} narrowing
 * @param {(change: object) => void} changed called with each change. Without `after`, and after a long absence, the first one is
 *   a SNAPSHOT
 * @param {{endpoint?: string, after?: string, refused?: (code: string, message: string) => void}} [options] as for `subscribe`
 * @returns {() => void} ends the subscription
 */
export function watch(narrowing, changed, options) {
  const query = narrowing.personId ? PERSON_CHANGES : SESSION_CHANGES;
  const dispatching = (change) => {
    if (change.kind !== 'SNAPSHOT') dispatchChange(change);
    changed(change);
  };
  return subscribe(query, narrowing, dispatching, options);
}

/**
 * Follows one session, with the same subscription as the badges of the page.
 *
 * @param {string} session an id such as `Session:7`
 * @param {(instances: object[]) => void} changed called with the active instances, once they are known and at each change
 * @returns {() => void} ends this
 */
export function watchSession(session, changed, { endpoint } = {}) {
  if (isSessionId(session)) return connectionTo(endpoint).sessions.listen(session, (instances) => changed(instances));
  warn(`watchSession(${JSON.stringify(session)}): this is not the id of a session. An id looks like "Session:7".`);
  return () => {};
}

/**
 * Follows where the signed-in person is.
 *
 * @param {(instance: object | null) => void} changed called with the instance, or null, once it is known and at each change
 * @returns {() => void} ends this
 */
export function watchPlace(changed, { endpoint } = {}) {
  return connectionTo(endpoint).place.listen(changed);
}

/**
 * Follows one booking.
 *
 * @param {string} booking an id such as `Booking:7`
 * @param {(booking: object | null) => void} changed called with the booking once it is known and at each change; null if it does
 *   not exist, or the person may not see it
 * @returns {() => void} ends this
 */
export function watchBooking(booking, changed, { endpoint } = {}) {
  if (isBookingId(booking)) return connectionTo(endpoint).bookings.listen(booking, (found) => changed(found));
  warn(`watchBooking(${JSON.stringify(booking)}): this is not the id of a booking. An id looks like "Booking:7".`);
  return () => {};
}

/**
 * Follows the seats of an activity and the length of its queue.
 *
 * @param {string} activity its key
 * @param {(change: {activity: object, occupancy: number, queueLength: number, occurredAt: string}) => void} changed called now and
 *   at each change
 * @param {{endpoint?: string, refused?: (code: string, message: string) => void}} [options] as for `subscribe`
 * @returns {() => void} ends this
 */
export function watchActivity(activity, changed, options) {
  if (isActivityKey(activity)) return subscribe(ACTIVITY_CHANGES, { key: activity }, changed, options);
  warn(`watchActivity(${JSON.stringify(activity)}): this is not the key of an activity. A key looks like "interview".`);
  return () => {};
}

/**
 * Follows whether the page has lost the server for more than 5 seconds. What it shows may then be out of date.
 *
 * @param {(isOutOfTouch: boolean) => void} changed called now and at each change
 * @returns {() => void} ends this
 */
export function watchConnection(changed, { endpoint } = {}) {
  return connectionTo(endpoint).watchTouch(changed);
}

/**
 * Runs a query or mutation over the page's socket.
 *
 * @param {string | {toString(): string}} document
 * @param {object} [variables]
 * @param {{endpoint?: string, mayRepeat?: boolean}} [options] `mayRepeat`: it is sent again if the connection is lost before the answer
 * @returns {Promise<object>} its data; rejected with an error that has `errors`
 */
export function query(document, variables, { endpoint, mayRepeat } = {}) {
  return connectionTo(endpoint).request(String(document), variables, { mayRepeat });
}

const isId = (type) => (text) => new RegExp(`^${type}:[1-9]\\d{0,18}$`).test(text ?? '');
const isSessionId = isId('Session');
const isBookingId = isId('Booking');
const isActivityKey = (text) => /^[\p{L}\p{N}._~-]+$/u.test(text ?? '') && !/^\.+$/.test(text);

/** The end of an active instance in ms, unless a message changes it. Infinity if it depends on what the server does. */
function endOf({ activeFrom, activeUntil, activeOverride }, now) {
  const [opens, closes] = [activeFrom, activeUntil].map((at) => (at ? Date.parse(at) : Infinity));
  if (!activeOverride?.active) return closes;
  // An override without an end lasts until the server's next sweep, within a minute. After that the window counts.
  if (!activeOverride.until) return now < closes ? closes : Infinity;
  const until = Date.parse(activeOverride.until);
  return opens <= until && until < closes ? closes : until;
}

/** Calls `ended` when the first of these instances ends by the server's clock, or a little earlier. Returns the timer. */
function callAtEnd(connection, instances, ended) {
  const now = connection.now();
  const next = Math.min(...instances.map((instance) => endOf(instance, now)).filter((end) => end > now));
  return Number.isFinite(next) ? setTimeout(ended, Math.min(next - now, LONGEST_TIMER_MS)) : undefined;
}

/** The active instances of the sessions that badges ask for. One subscription follows up to 100 sessions. */
class LiveSessions {
  /** The listeners of each session. */
  #listeners = new Map();
  /** The active instances of each session by id, from the last message. They may have ended since. */
  #active = new Map();
  /** The number of active instances of each session in the last call of its listeners. */
  #counts = new Map();
  #endTimer;
  /** @type {Map<Feed, string[]>} */
  #feeds = new Map();
  /** The sessions that do not exist, or no longer. */
  #unknown = new Set();
  #timer;

  constructor(connection) {
    this.connection = connection;
  }

  /** Calls `listener(instances, change)` once the active instances are known, and at each change. Returns a function that ends this. */
  listen(session, listener) {
    if (!this.#listeners.has(session)) this.#listeners.set(session, new Set());
    this.#listeners.get(session).add(listener);
    if (this.#active.has(session)) listener(this.#current(session));
    this.#plan();
    return () => {
      const listeners = this.#listeners.get(session);
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(session);
      this.#plan();
    };
  }

  #plan() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#subscribe(), DEBOUNCE_MS);
  }

  /** Starts a subscription for sessions that are new, and removes those without listeners from theirs. */
  #subscribe() {
    const isWanted = (session) => this.#listeners.has(session);
    for (const [feed, sessions] of this.#feeds) {
      const left = sessions.filter(isWanted);
      if (left.length === 0) this.#end(feed);
      else if (left.length < sessions.length) {
        this.#feeds.set(feed, left);
        feed.narrow({ sessionIds: left });
      }
    }
    // Many small subscriptions are replaced by few large ones. Changes in between show in the snapshot.
    if (this.#feeds.size > Math.ceil(this.#listeners.size / SESSIONS_PER_SUBSCRIPTION) + 3) {
      for (const feed of this.#feeds.keys()) this.#end(feed);
    }
    const followed = new Set([...[...this.#feeds.values()].flat(), ...this.#unknown]);
    const fresh = [...this.#listeners.keys()].filter((session) => !followed.has(session));
    for (let at = 0; at < fresh.length; at += SESSIONS_PER_SUBSCRIPTION) this.#follow(fresh.slice(at, at + SESSIONS_PER_SUBSCRIPTION));
    for (const session of this.#active.keys()) if (!isWanted(session)) this.#active.delete(session);
  }

  #follow(sessions) {
    const feed = new Feed(
      this.connection,
      { query: SESSION_CHANGES, variables: { sessionIds: sessions } },
      (change) => this.#changed(feed, change),
      () => this.#split(feed),
    );
    this.#feeds.set(feed, sessions);
  }

  #end(feed) {
    feed.stop();
    this.#feeds.delete(feed);
  }

  /** The server refuses a subscription that names a session that does not exist. Halving the list finds that session. */
  #split(feed) {
    const sessions = this.#feeds.get(feed);
    this.#end(feed);
    if (sessions.length === 1) {
      this.#unknown.add(sessions[0]);
      warn(`there is no session ${sessions[0]} on ${this.connection.base}.`);
      this.#active.delete(sessions[0]);
      return this.#notify(sessions[0]);
    }
    const middle = Math.ceil(sessions.length / 2);
    this.#follow(sessions.slice(0, middle));
    this.#follow(sessions.slice(middle));
  }

  #changed(feed, change) {
    if (change.kind === 'SNAPSHOT') {
      if (!change.activeInstances) return this.#split(feed);
      for (const session of this.#feeds.get(feed)) this.#setState(session, change);
      return;
    }
    const session = change.session?.id;
    const active = this.#active.get(session);
    if (!active) return;
    const isOn = change.kind !== 'DEACTIVATED' && change.sessionInstance?.isActive;
    if (isOn) active.set(change.sessionInstanceId, change.sessionInstance);
    else active.delete(change.sessionInstanceId);
    this.#notify(session, change);
    dispatchChange(change);
  }

  /** Takes the state of a session from a snapshot. Differences from the state before are changes that were missed. */
  #setState(session, { activeInstances, cursor, occurredAt, sessions }) {
    const before = this.#active.get(session);
    const ofSession = activeInstances.filter((instance) => instance.session.id === session);
    const now = new Map(ofSession.map((instance) => [instance.id, instance]));
    this.#active.set(session, now);
    const missed = [];
    if (before) {
      for (const [id, instance] of before) if (!now.has(id)) missed.push(['DEACTIVATED', { ...instance, isActive: false }]);
      for (const [id, instance] of now) if (!before.has(id)) missed.push(['ACTIVATED', instance]);
    }
    if (missed.length === 0) return this.#notify(session);
    const about = sessions?.find(({ id }) => id === session);
    for (const [kind, sessionInstance] of missed) {
      const change = { kind, cursor, occurredAt, session: about, sessionInstanceId: sessionInstance.id, sessionInstance };
      this.#notify(session, change);
      dispatchChange(change);
    }
  }

  #current(session) {
    const now = this.connection.now();
    return [...(this.#active.get(session)?.values() ?? [])].filter((instance) => now < endOf(instance, now));
  }

  /** Whether an instance has ended by the clock, without a message about it. */
  hasEnded() {
    return [...this.#active].some(([session, active]) => this.#current(session).length < active.size);
  }

  /** Notifies the listeners of instances that have ended by the clock. The server may be away. */
  checkEnds() {
    for (const session of this.#active.keys()) {
      if (this.#current(session).length !== this.#counts.get(session)) this.#notify(session);
    }
    this.#scheduleCheck();
  }

  #scheduleCheck() {
    clearTimeout(this.#endTimer);
    const instances = [...this.#active.values()].flatMap((active) => [...active.values()]);
    this.#endTimer = callAtEnd(this.connection, instances, () => this.checkEnds());
  }

  #notify(session, change) {
    const instances = this.#current(session);
    this.#counts.set(session, instances.length);
    this.#scheduleCheck();
    for (const listener of this.#listeners.get(session) ?? []) listener(instances, change);
  }
}

/** The instance where the signed-in person is. */
class OwnPlace {
  #listeners = new Set();
  #feed;
  /** The instance in the last message; null for none, undefined if not known yet. It may have ended since. */
  #place;
  #endTimer;
  #asking = 0;

  constructor(connection) {
    this.connection = connection;
  }

  /** Calls `listener(instance or null)` once it is known, and at each change. Returns a function that ends this. */
  listen(listener) {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) setTimeout(() => this.restart(), DEBOUNCE_MS);
    else if (this.#place !== undefined) listener(this.#current());
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#end();
    };
  }

  #end() {
    this.#asking += 1;
    clearTimeout(this.#endTimer);
    this.#feed?.stop();
    this.#feed = this.#place = undefined;
  }

  async restart() {
    this.#end();
    if (this.#listeners.size === 0) return;
    const asked = this.#asking;
    const personId = await this.connection.viewer();
    if (asked !== this.#asking) return;
    if (!personId) return this.#set(null);
    const operation = { query: PERSON_CHANGES, variables: { personId } };
    this.#feed = new Feed(this.connection, operation, (change) => this.#changed(change), () => this.#set(null));
  }

  #changed(change) {
    const { kind, person, sessionInstance } = change;
    if (kind === 'SNAPSHOT' || kind === 'PERSON_MOVED') this.#set(person?.activeSessionInstance ?? null);
    else if (kind === 'UPDATED' && sessionInstance?.id === this.#place?.id) this.#set(sessionInstance);
    if (kind !== 'SNAPSHOT') dispatchChange(change);
  }

  #current() {
    const now = this.connection.now();
    return this.#place && now < endOf(this.#place, now) ? this.#place : null;
  }

  hasEnded() {
    return Boolean(this.#place) && !this.#current();
  }

  checkEnds() {
    if (this.#place) this.#set(this.#place);
  }

  #set(place) {
    this.#place = place;
    clearTimeout(this.#endTimer);
    this.#endTimer = callAtEnd(this.connection, place ? [place] : [], () => this.checkEnds());
    const current = this.#current();
    for (const listener of this.#listeners) listener(current);
  }
}

/**
 * Follows all bookings of the signed-in person.
 *
 * @param {(change?: object) => void} changed called once they are known, without a change, and at each change
 * @returns {() => void} ends this
 */
export function watchBookings(changed, { endpoint } = {}) {
  return connectionTo(endpoint).bookings.listen(ALL, (_, change) => changed(change));
}

/** The key of the listeners to all bookings. */
const ALL = '*';

/** Bookings: one subscription to all bookings of the person, and one to each other booking. */
class Bookings {
  #listeners = new Map();
  #known = new Map();
  #own;
  #others = new Map();
  #updates = [];
  /** The cursors of the last changes, because several subscriptions may receive the same one. */
  #seen = new Set();

  constructor(connection) {
    this.connection = connection;
  }

  /** Calls `listener(booking or null, change)` once the booking is known, and at each change. Returns a function that ends this. */
  listen(id, listener) {
    if (!this.#listeners.has(id)) this.#listeners.set(id, new Set());
    this.#listeners.get(id).add(listener);
    if (this.#known.has(id)) listener(this.#known.get(id));
    else if (this.#own?.isKnown && id === ALL) listener();
    else if (this.#own?.isKnown) this.#followOther(id);
    if (!this.#own) setTimeout(() => this.#own ?? this.restart(), DEBOUNCE_MS);
    return () => {
      this.#listeners.get(id)?.delete(listener);
      if (this.#listeners.get(id)?.size === 0) this.#listeners.delete(id);
      if (this.#listeners.size === 0) this.#end();
    };
  }

  #end() {
    for (const feed of [this.#own, ...this.#others.values()]) feed?.stop();
    this.#own = undefined;
    this.#others.clear();
    this.#known.clear();
  }

  restart() {
    this.#end();
    if (this.#listeners.size === 0) return;
    this.#own = this.#follow({}, (bookings) => {
      for (const booking of bookings) this.#setState(booking.id, booking);
      this.#own.isKnown = true;
      for (const id of this.#listeners.keys()) if (!this.#known.has(id)) this.#followOther(id);
      this.#notify(ALL);
    });
  }

  #followOther(id) {
    if (id === ALL || this.#others.has(id)) return;
    const loaded = ([booking]) => {
      if (!booking) warn(`there is no booking ${id} on ${this.connection.base} that this person may see.`);
      this.#setState(id, booking ?? null);
    };
    this.#others.set(id, this.#follow({ bookingId: id }, loaded));
  }

  /**
   * `loaded` is called with the bookings of a snapshot. There are none if the server refuses the subscription, or if they are
   * too many for a snapshot.
   */
  #follow(variables, loaded) {
    const operation = { query: BOOKING_CHANGES, variables };
    const changed = (change) => (change.newStatus ? this.#changed(change) : loaded(change.bookings ?? []));
    return new Feed(this.connection, operation, changed, () => loaded([]));
  }

  #setState(id, booking, change) {
    this.#known.set(id, booking);
    this.#notify(id, booking, change);
  }

  #notify(id, ...values) {
    for (const listener of this.#listeners.get(id) ?? []) listener(...values);
  }

  #changed({ booking, ...change }) {
    if (!booking || this.#seen.has(change.cursor)) return;
    this.#seen.add(change.cursor);
    if (this.#seen.size > REMEMBERED_CHANGES) this.#seen.delete(this.#seen.values().next().value);
    this.#setState(booking.id, booking, change);
    this.#notify(ALL, booking, change);
    // Bookings that change together, in a sweep, make one event.
    if (this.#updates.length === 0) setTimeout(() => this.#dispatchUpdates(), DEBOUNCE_MS);
    this.#updates.push({ ...change, bookingId: booking.id, booking });
  }

  #dispatchUpdates() {
    const updates = this.#updates.splice(0);
    const count = (status) => updates.filter(({ newStatus }) => newStatus === status).length;
    dispatch('session-status-updated', { started: count('ONGOING'), completed: count('COMPLETED'), updates });
  }
}

// ---- the elements -------------------------------------------------------------------------------------------------

/** Makes an element. Strings become text, never markup. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** The style sheets by their text. Each is made when an element first needs it. */
const styleSheets = new Map();

/** A constructed style sheet, because a page's content security policy may forbid style elements. */
function styleSheet(text) {
  if (!styleSheets.has(text)) {
    styleSheets.set(text, new CSSStyleSheet());
    styleSheets.get(text).replaceSync(text);
  }
  return styleSheets.get(text);
}

const BASE_STYLE = `
  :host { display: inline-block; font: inherit; line-height: 1.3; }
  :host([hidden]) { display: none; }
  :host([theme='light']) { color-scheme: light; }
  :host([theme='dark']) { color-scheme: dark; }
  :host([theme='auto']) { color-scheme: light dark; }
  .pulse { animation: pulse 2s ease-in-out infinite; }
  @keyframes pulse { 50% { opacity: 0.45; } }
  @media (prefers-reduced-motion: reduce) { .pulse { animation: none; } }
  :host([out-of-touch]) .pulse { animation: none; }
  .note { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;

/**
 * The base of the elements. An element starts when it is in the page, and again when an attribute changes. A server that
 * imports this module has no `HTMLElement`, and makes no elements.
 */
class InSessionElement extends (globalThis.HTMLElement ?? Object) {
  #stop;
  #timer;
  #language;
  #note = element('span', { class: 'note', part: 'note' });

  constructor(style) {
    super();
    this.attachShadow({ mode: 'open' }).adoptedStyleSheets = [BASE_STYLE, style].map(styleSheet);
  }

  get connection() {
    return connectionTo(this.getAttribute('endpoint'));
  }

  connectedCallback() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#stop?.();
      this.#stop = this.isConnected ? this.#begin() : undefined;
    });
  }

  /** The language of this part of the page. */
  get language() {
    return (this.#language ??= languageOf(this));
  }

  say(key, values) {
    return say(this.language, key, values);
  }

  #begin() {
    this.#language = languageOf(this);
    // What the elements write may be in another language than the page: the module does not know all.
    this.noteHome.lang = this.language.words;
    const stops = [this.follow(), this.connection.watchTouch((isOutOfTouch) => this.#showTouch(isOutOfTouch))];
    return () => stops.forEach((stop) => stop?.());
  }

  /** Shows that the element may be out of date: by its look, by a text for screen readers, and by a tooltip. */
  #showTouch(isOutOfTouch) {
    this.toggleAttribute('out-of-touch', isOutOfTouch);
    this.#note.remove();
    this.noteHome.removeAttribute('title');
    if (!isOutOfTouch) return;
    this.#note.textContent = this.say('out-of-touch');
    this.noteHome.append(this.#note);
    this.noteHome.title = this.#note.textContent;
  }

  disconnectedCallback() {
    this.connectedCallback();
  }

  attributeChangedCallback(_name, before, after) {
    if (before !== after && this.isConnected) this.connectedCallback();
  }
}

/**
 * LIVE NOW while a session is active. Its content replaces these words. Attributes: `active` says whether it is active, and may
 * be set from the start; with `collapse` a hidden badge takes no room; `label` is the session's name for screen readers.
 */
class LiveNowBadge extends InSessionElement {
  static observedAttributes = ['session', 'endpoint'];

  constructor() {
    super(LiveNowBadge.style);
    const dot = element('span', { class: 'dot pulse', part: 'dot', 'aria-hidden': 'true' });
    this.noteHome = element('span', { class: 'badge', part: 'badge' }, dot, (this.words = element('slot')));
    this.shadowRoot.append(this.noteHome);
  }

  follow() {
    this.words.textContent = this.say('live-now');
    const session = this.getAttribute('session') ?? '';
    if (!isSessionId(session)) {
      warn(`<live-now-badge session="${session}"> does not name a session by its id. An id looks like "Session:7"; a path or name is none.`);
      this.toggleAttribute('active', false);
      return undefined;
    }
    this.instances = undefined;
    return this.connection.sessions.listen(session, (instances, change) => {
      const [wasActive, isActive] = [this.hasAttribute('active'), instances.length > 0];
      const before = this.instances;
      this.instances = instances;
      this.toggleAttribute('active', isActive);
      if (change) dispatch('active-session-changed', change, this);
      if (!before) return;
      const name = this.getAttribute('label') ?? [...instances, ...before][0]?.session.name ?? this.say('the-session');
      if (wasActive !== isActive) announce(this.say(isActive ? 'is-live' : 'no-longer-live', { session: name }), this.language);
    });
  }

  static style = `
    :host(:not([active])) { visibility: hidden; }
    :host([collapse]:not([active])) { display: none; }
    .badge {
      display: inline-flex; align-items: center; gap: 0.45em; padding: 0.15em 0.6em; border-radius: 1em;
      font-size: 0.75em; font-weight: 700; letter-spacing: 0.04em; white-space: nowrap;
      color: var(--insession-live-color, light-dark(#a3121f, #ffb3b0));
      background: var(--insession-live-background, light-dark(#fde8e8, #4a1518));
    }
    .dot { width: 0.6em; height: 0.6em; border-radius: 50%; background: currentColor; }
    :host([out-of-touch]) .badge { outline: 1px dashed currentColor; outline-offset: -1px; }
    :host([out-of-touch]) .dot { background: none; box-shadow: inset 0 0 0 0.12em currentColor; }
  `;
}

/** A green dot with a popup, while the signed-in person is at a session. `link`: the address that a click opens, with `{path}` or `{id}`. */
class InSessionBadge extends InSessionElement {
  static observedAttributes = ['endpoint'];

  constructor() {
    super(InSessionBadge.style);
    const part = (name) => element('span', { class: name, part: name });
    this.parts = { name: part('name'), place: part('place'), time: part('time'), count: part('count') };
    this.popup = element('div', { class: 'popup', part: 'popup', id: 'popup', role: 'tooltip' });
    this.popup.append(...Object.values(this.parts));
    this.noteHome = this.popup;
    this.dot = element('a', { class: 'dot', part: 'dot', 'aria-describedby': 'popup' });
    this.shadowRoot.append(this.dot, this.popup);
    this.addEventListener('mouseenter', () => this.#open(true));
    this.addEventListener('mouseleave', () => this.#open(false));
    this.addEventListener('focusin', () => this.#open(true));
    this.addEventListener('focusout', () => this.#open(false));
  }

  /** Closes the popup, wherever the focus is. */
  #escape = ({ key }) => key === 'Escape' && this.#open(false);

  #open(isOpen) {
    this.toggleAttribute('open', isOpen && this.hasAttribute('active'));
    document[this.hasAttribute('open') ? 'addEventListener' : 'removeEventListener']('keydown', this.#escape);
    // Near the edge of the page the popup moves, so that all of it is visible.
    const [left, width] = [this.getBoundingClientRect().left, document.documentElement.clientWidth];
    const shift = Math.min(0, width - left - this.popup.offsetWidth - 8);
    this.popup.style.left = `${Math.max(shift, 8 - left)}px`;
  }

  follow() {
    return this.connection.place.listen((place) => {
      const before = this.place;
      this.place = place;
      this.toggleAttribute('active', Boolean(place));
      if (!place) this.#open(false);
      else this.#show(place);
      if (before === undefined || before?.id === place?.id) return;
      dispatch('active-session-changed', { kind: 'PERSON_MOVED', sessionInstance: place, previousSessionInstance: before }, this);
      announce(place ? this.say('you-are-at', { session: place.session.name }) : this.say('you-are-nowhere'), this.language);
    });
  }

  #show({ session, startsAt, endsAt, presentCount, locationOverride }) {
    const link = this.getAttribute('link') ?? `${this.connection.base}/sessions/{path}`;
    const values = { path: session.path, id: session.id };
    this.dot.href = link.replace(/\{(path|id)\}/g, (_, name) => encodeURIComponent(values[name]));
    this.dot.setAttribute('aria-label', this.say('in-session', { session: session.name }));
    const { name, place, time, count } = this.parts;
    name.textContent = session.name;
    place.textContent = [locationOverride ?? session.location, session.city].filter(Boolean).join(', ');
    time.textContent = timesText(this.language, startsAt, endsAt, session.timeZone);
    count.textContent = this.say('people-here', { count: presentCount });
  }

  static style = `
    :host { position: relative; width: 1em; height: 1em; vertical-align: -0.1em; }
    :host(:not([active])) { visibility: hidden; }
    .dot {
      display: block; width: 100%; height: 100%; border-radius: 50%; box-sizing: border-box;
      background: var(--insession-dot-color, light-dark(#1a8f4c, #3ddc84));
      border: 2px solid light-dark(#fff, #14181f);
    }
    .dot:focus-visible { outline: 2px solid light-dark(#1a56c4, #9cc2ff); outline-offset: 2px; }
    .popup {
      position: absolute; z-index: 1000; top: calc(100% + 0.4em); left: 0; display: none; width: max-content;
      max-width: min(18em, calc(100vw - 16px)); box-sizing: border-box; padding: 0.7em 0.9em; border-radius: 0.6em; text-align: start; font-size: 0.9rem;
      color: var(--insession-popup-color, light-dark(#1d2433, #e9ecf3));
      background: var(--insession-popup-background, light-dark(#fff, #262d3a));
      box-shadow: 0 0.3em 1.2em rgb(0 0 0 / 25%);
    }
    .popup::before { content: ''; position: absolute; inset: -0.5em 0 auto; height: 0.5em; }
    :host([open]) .popup { display: block; }
    .popup span { display: block; }
    .popup span:empty { display: none; }
    .name { font-weight: 700; }
    .popup .note { position: static; width: auto; height: auto; clip-path: none; white-space: normal; font-style: italic; }
    :host([out-of-touch]) .dot { background: none; border: 2px dashed var(--insession-dot-color, light-dark(#1a8f4c, #3ddc84)); }
  `;
}

/** The status of a booking in words, with a countdown. The attribute `status` is the status. */
class BookingStatus extends InSessionElement {
  static observedAttributes = ['booking', 'endpoint'];
  #timer;

  constructor() {
    super(`
      :host { font-variant-numeric: tabular-nums; }
      :host([out-of-touch]) { text-decoration: underline dotted; text-underline-offset: 0.2em; }
    `);
    this.text = element('span', { part: 'text' }, element('slot'));
    this.noteHome = element('span', {}, this.text);
    this.shadowRoot.append(this.noteHome);
  }

  follow() {
    const id = this.getAttribute('booking') ?? '';
    if (!isBookingId(id)) {
      warn(`<booking-status booking="${id}"> does not name a booking by its id. An id looks like "Booking:7".`);
      this.removeAttribute('status');
      this.booking = undefined;
      return this.#show();
    }
    const stop = this.connection.bookings.listen(id, (booking, change) => {
      this.booking = booking;
      if (booking) this.setAttribute('status', booking.status);
      else this.removeAttribute('status');
      this.#show();
      if (change) announce(this.say('your-booking', { status: this.text.textContent }), this.language);
    });
    return () => {
      clearTimeout(this.#timer);
      stop();
    };
  }

  #show() {
    clearTimeout(this.#timer);
    if (!this.booking) return this.text.replaceChildren(element('slot'));
    const { status, isDelayed, timeSlot } = this.booking;
    const now = this.connection.now();
    const [toStart, toEnd] = [timeSlot.startsAt, timeSlot.endsAt].map((at) => Date.parse(at) - now);
    const delayed = () => this.say(toEnd > 0 ? 'booking-delayed' : 'time-is-over');
    const ongoing = () => (isDelayed ? delayed() : this.say('booking-ongoing'));
    const time = (ms) => durationText(this.language, ms);
    const words = {
      SCHEDULED: () => (toStart > 0 ? this.say('starts-in', { time: time(toStart) }) : this.say('about-to-start')),
      ONGOING: () => (toEnd > 0 ? this.say('status-left', { status: ongoing(), time: time(toEnd) }) : ongoing()),
      COMPLETED: () => this.say('booking-completed'),
      CANCELLED: () => this.say('booking-cancelled'),
    };
    this.text.textContent = words[status]?.() ?? status;
    if (status === 'SCHEDULED' || status === 'ONGOING') this.#timer = setTimeout(() => this.#show(), 1_000 - (now % 1_000));
  }
}

/**
 * The seats of an activity and its queue, with buttons to join and to leave. Its content shows until the seats are known. With
 * `join` it joins by itself. With `confirm` the person takes an offered seat with a button; otherwise it is taken at once. The
 * attribute `state` says where the person stands: `out`, or a state of the visit.
 */
class ActivityQueue extends InSessionElement {
  static observedAttributes = ['activity', 'endpoint'];
  #timer;
  /** The activity and the server of the visit, and the key under which the tab's storage says that the visit goes on. */
  #joined;
  #leftAt = -Infinity;
  #error;

  constructor() {
    super(ActivityQueue.style);
    const part = (name, attributes, ...children) => element('p', { class: name, part: name, ...attributes }, ...children);
    this.status = part('status', { role: 'status', 'aria-live': settings.announce ? 'polite' : 'off' }, element('slot'));
    this.details = part('details', {});
    this.joinButton = element('button', { type: 'button', part: 'button join', hidden: '' });
    this.leaveButton = element('button', { type: 'button', part: 'button leave', hidden: '' });
    this.joinButton.addEventListener('click', () => this.join());
    this.leaveButton.addEventListener('click', () => this.leave());
    const buttons = part('buttons', {}, this.joinButton, this.leaveButton);
    this.noteHome = element('div', { class: 'queue', part: 'queue' }, this.status, this.details, buttons);
    this.shadowRoot.append(this.noteHome);
  }

  get activity() {
    return this.getAttribute('activity') ?? '';
  }

  get state() {
    if (!this.visit) return 'out';
    return this.#error && !HOLDING.has(this.visit.state) ? 'failed' : this.visit.state;
  }

  follow() {
    const { activity } = this;
    if (this.#joined && this.#joined.of !== this.#of) this.#quit();
    this.seats = undefined;
    this.#show();
    if (!isActivityKey(activity)) {
      warn(`<activity-queue activity="${activity}"> does not name an activity by its key. A key looks like "interview".`);
      return undefined;
    }
    const refused = (code, message) => {
      const text = code === 'NOT_FOUND' ? `there is no activity ${activity}` : `the server does not tell about the activity ${activity}: ${message}`;
      warn(`${text} on ${this.connection.base}.`);
    };
    const tab = this.connection.tabVisit();
    const seatsChanged = (seats) => {
      this.seats = seats;
      tab.learnActivity(seats.activity);
      this.#show();
    };
    const feed = new Feed(this.connection, { query: ACTIVITY_CHANGES, variables: { key: activity } }, seatsChanged, refused);
    // What another part of this page, or another tab of the person, has shows here too.
    const stopWatching = tab.watchHolding(activity, () => this.#joinOthers());
    this.#resume();
    return () => {
      feed.stop();
      stopWatching();
      clearTimeout(this.#timer);
      // An element that only moves within its page keeps its seat or place.
      if (!this.isConnected) this.#quit();
    };
  }

  /** Joins again after a reload, if the same visit of the same person goes on. */
  async #resume() {
    if (this.hasAttribute('join')) return this.join();
    const kept = attempt(() => sessionStorage.getItem(this.#key));
    if (kept && kept === (await this.#visitor()) && this.isConnected && !this.visit) this.join();
  }

  #joinOthers() {
    // The other tab may have sent its message before this tab told it to leave.
    if (!this.visit && performance.now() - this.#leftAt > HAND_OVER_MS) this.join();
  }

  get #of() {
    return JSON.stringify([this.activity, this.getAttribute('endpoint')]);
  }

  get #key() {
    return `insession.queue ${this.connection.base} ${this.activity}`;
  }

  /** The person and the visit of this tab. A duplicated tab has a visit of its own. */
  async #visitor() {
    const tab = this.connection.tabVisit();
    const [viewer] = await Promise.all([this.connection.viewer(), tab.hold()]);
    return `${viewer} ${tab.id}`;
  }

  /** Stores that the visit takes part, until that has ended. */
  async #remember(visit, key) {
    const visitor = await this.#visitor();
    if (this.visit !== visit) return;
    const takesPart = visit.state !== 'lost' || visit.lostReason === 'away';
    attempt(() => (takesPart ? sessionStorage.setItem(key, visitor) : sessionStorage.removeItem(key)));
  }

  /** Asks for a seat, or takes the one that is offered. While the activity is full, it waits in the queue. */
  join() {
    if (!isActivityKey(this.activity)) return;
    this.#error = undefined;
    if (this.visit) {
      this.visit.enter(this.activity).catch((error) => this.#failed(error));
      return this.#show();
    }
    const { activity } = this;
    const acceptOffers = !this.hasAttribute('confirm');
    const visit = startHeartbeat({ activity, wait: true, acceptOffers, endpoint: this.connection.base });
    const key = this.#key;
    this.visit = visit;
    this.#joined = { of: this.#of, key };
    visit.addEventListener('changed', ({ detail }) => {
      this.#error = undefined;
      this.#remember(visit, key);
      this.#show();
      dispatch('activity-queue-changed', detail, this);
    });
    visit.addEventListener('failed', ({ detail }) => this.#failed(detail));
    visit.addEventListener('left', () => this.visit === visit && this.#quit());
    this.#remember(visit, key);
    this.#show();
  }

  /** Gives the seat or the place in the queue back. */
  leave() {
    this.visit?.leave();
  }

  #failed(error) {
    this.#error = error;
    this.#show();
  }

  #quit() {
    const { visit } = this;
    if (this.#joined) attempt(() => sessionStorage.removeItem(this.#joined.key));
    this.visit = this.#joined = this.#error = undefined;
    this.#leftAt = performance.now();
    visit?.stop();
    this.#show();
  }

  #show() {
    clearTimeout(this.#timer);
    const { state, seats } = this;
    const { [state]: words = {} } = this.#words();
    // Not before there is an answer: a framework that takes over the page of a server would complain about the attribute.
    if (seats || this.visit || this.hasAttribute('state')) this.setAttribute('state', state);
    if (seats || this.visit) setText(this.status, words.status ?? seatsText(this.language, seats));
    else this.status.replaceChildren(element('slot'));
    setText(this.details, words.details ?? '');
    const isKnown = Boolean(seats || this.visit);
    const hadFocus = this.shadowRoot.activeElement;
    for (const [button, text] of [[this.joinButton, words.join], [this.leaveButton, words.leave]]) {
      button.hidden = !isKnown || !text;
      setText(button, text ?? '');
    }
    // The focus stays in the element when its button goes.
    if (hadFocus?.hidden) [this.joinButton, this.leaveButton].find(({ hidden }) => !hidden)?.focus();
    if (state === 'offered') this.#timer = setTimeout(() => this.#show(), 1_000);
  }

  /** The texts and the buttons' labels in each state. */
  #words() {
    const { visit, seats } = this;
    const say = (key, values) => this.say(key, values);
    const place = visit?.queuePlace;
    const isFull = seats?.activity.isFull || seats?.queueLength > 0;
    const isClosed = seats?.activity.maxConcurrent === 0;
    const wait = place?.estimatedWaitSeconds;
    const waitWords = () => (wait === null || wait === undefined ? say('wait-unknown') : waitText(this.language, wait));
    const ends = place?.offer && Date.parse(place.offer.expiresAt);
    const left = ends ? Math.max(0, ends - this.connection.now()) : 0;
    return {
      out: { join: isClosed ? undefined : say(isFull ? 'join-queue' : 'join') },
      entering: { status: say('asking'), leave: say('cancel') },
      waiting: {
        status: place && say('position', place),
        details: isClosed ? say('wait-closed') : waitWords(),
        leave: say('leave-queue'),
      },
      offered: {
        status: ends && say('kept-until', { time: timeText(this.language, ends) }),
        details: say('left', { time: durationText(this.language, left) }),
        join: visit?.acceptOffers ? undefined : say('take-seat'),
        leave: say('leave-queue'),
      },
      admitted: { status: say('has-seat'), leave: say('leave') },
      online: { status: say('leaving'), leave: say('leave') },
      full: { status: say(isClosed ? 'seats-closed' : 'full'), join: isClosed ? undefined : say('try-again'), leave: say('cancel') },
      lost: {
        status: say(LOST[visit?.lostReason] ?? LOST.ended),
        details: isClosed ? say('seats-closed') : '',
        join: isClosed ? undefined : say('join-again'),
        leave: say('cancel'),
      },
      failed: { status: failureText(this.language, this.#error), join: say('try-again'), leave: say('cancel') },
    };
  }

  static style = `
    :host { display: block; }
    .queue { display: grid; gap: 0.5em; }
    p { margin: 0; }
    p:empty { display: none; }
    .status { font-weight: 600; }
    .details { color: var(--insession-queue-quiet, light-dark(#565f73, #a5aec0)); font-variant-numeric: tabular-nums; }
    :host([state='admitted']) .status { color: var(--insession-queue-admitted, light-dark(#14703b, #4ade8b)); }
    :host([state='offered']) .status { color: var(--insession-queue-offered, light-dark(#8a4b00, #ffc46b)); }
    :host([state='lost']) .status, :host([state='failed']) .status { color: var(--insession-queue-problem, light-dark(#a3121f, #ffb3b0)); }
    .buttons { display: flex; flex-wrap: wrap; gap: 0.5em; }
    .buttons:not(:has(button:not([hidden]))) { display: none; }
    button {
      min-height: 2.75rem; padding: 0.45em 1.1em; font: inherit; border-radius: 0.4em; cursor: pointer; border: 1px solid currentColor;
      color: inherit; background: none;
    }
    button[hidden] { display: none; }
    button[part~='join'] {
      color: var(--insession-queue-button-color, light-dark(#fff, #10151c));
      background: var(--insession-queue-button-background, light-dark(#14703b, #4ade8b));
      border-color: transparent;
    }
    button:focus-visible { outline: 3px solid light-dark(#1a56c4, #9cc2ff); outline-offset: 2px; }
    .note { position: static; width: auto; height: auto; clip-path: none; white-space: normal; font-style: italic; }
    @media (forced-colors: active) { button { border-color: ButtonBorder; } }
  `;
}

/** The texts that say why a seat, or a place in a queue, has ended. */
const LOST = { idle: 'lost-idle', away: 'lost-away', lapsed: 'lost-lapsed', person: 'lost-person', ended: 'lost-ended' };

function failureText(language, error) {
  if (NOT_ALLOWED.has(codeOf(error ?? {}))) return say(language, 'sign-in-to-join');
  return say(language, 'failed', { reason: error?.message ?? say(language, 'no-answer') });
}

function seatsText(language, { occupancy, queueLength, activity: { maxConcurrent: limit } }) {
  if (limit === 0) return say(language, 'seats-closed');
  const taken =
    limit === null ? say(language, 'taking-part', { count: occupancy }) : say(language, 'seats-taken', { taken: occupancy, limit });
  return queueLength > 0 ? `${taken} ${say(language, 'waiting', { count: queueLength })}` : taken;
}

function waitText(language, seconds) {
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 90) return say(language, 'wait-minutes', { count: minutes });
  return say(language, 'wait-hours', { count: Math.round(minutes / 60) });
}

function timeText({ times }, at) {
  return new Intl.DateTimeFormat(times, { timeStyle: 'medium' }).format(at);
}

/** Screen readers announce a live region again when its text is set, even to the same. */
function setText(node, text) {
  if (node.textContent !== text || node.firstElementChild) node.textContent = text;
}

/** The times in the session's time zone, and in the visitor's if they differ. */
function timesText(language, startsAt, endsAt, timeZone) {
  if (!startsAt || !endsAt) return '';
  const at = [new Date(startsAt), new Date(endsAt)];
  const range = (zone) => {
    const format = { hour: 'numeric', minute: '2-digit', timeZone: zone, timeZoneName: 'short' };
    return new Intl.DateTimeFormat(language.times, format).formatRange(...at);
  };
  try {
    const [there, here] = [range(timeZone), range(undefined)];
    return there === here ? there : say(language, 'times', { there, here });
  } catch {
    return range(undefined);
  }
}

function durationText(language, ms) {
  const seconds = Math.ceil(ms / 1_000);
  const [days, hours, minutes] = [seconds / 86_400, (seconds / 3_600) % 24, (seconds / 60) % 60].map(Math.floor);
  if (days > 0) return say(language, 'days-hours', { days, hours });
  if (hours > 0) return say(language, 'hours-minutes', { hours, minutes });
  return minutes >= 5 ? say(language, 'minutes', { minutes }) : `${minutes}:${String(seconds % 60).padStart(2, '0')}`;
}

let liveRegion;
let announcements = [];

/** Announces a text to screen readers, politely. Of many at once, only the first five are announced. */
function announce(text, language) {
  if (!settings.announce) return;
  if (!liveRegion) {
    liveRegion = element('div', { role: 'status', 'aria-live': 'polite' });
    const hidden = { position: 'absolute', width: '1px', height: '1px', overflow: 'hidden', clipPath: 'inset(50%)' };
    Object.assign(liveRegion.style, hidden, { whiteSpace: 'nowrap' });
    document.body.append(liveRegion);
  }
  if (announcements.length === 0) {
    setTimeout(() => {
      const texts = announcements.length > 5 ? [...announcements.slice(0, 5), say(language, 'and-more')] : announcements;
      liveRegion.lang = language.words;
      liveRegion.textContent = texts.join(' ');
      announcements = [];
    }, 500);
  }
  if (!announcements.includes(text)) announcements.push(text);
}

// ---- words --------------------------------------------------------------------------------------------------------

/**
 * The texts in each language. They are from `web/locales` of the server, where a test writes them. A text is a template, or has
 * a template for each case of the number `on`: the number itself, or its plural category.
 */
const WORDS = {
  languages: ["en","de","nl","fr","es","tr","sq","hi"],
  "live-now": ["LIVE NOW","JETZT LIVE","NU LIVE","EN DIRECT","EN VIVO","ŞU AN CANLI","DREJTPËRDREJT","अभी लाइव"],
  "seats-closed": ["This is closed at the moment.","Das ist im Moment geschlossen.","Dit is nu gesloten.","C'est fermé pour le moment.","Está cerrado en este momento.","Şu anda kapalı.","Kjo është e mbyllur për momentin.","यह इस समय बंद है।"],
  "wait-closed": ["This is closed at the moment. Your place in the queue is kept for when it opens again.","Das ist im Moment geschlossen. Ihr Platz in der Warteschlange bleibt, bis es wieder öffnet.","Dit is nu gesloten. Je plaats in de rij blijft bewaard tot het weer opengaat.","C'est fermé pour le moment. Votre place dans la file est gardée jusqu'à la réouverture.","Está cerrado en este momento. Se le guarda su puesto en la cola para cuando vuelva a abrir.","Şu anda kapalı. Sıradaki yeriniz yeniden açılana kadar korunur.","Kjo është e mbyllur për momentin. Vendi juaj në radhë ruhet derisa të hapet sërish.","यह इस समय बंद है। कतार में आपका स्थान फिर से खुलने तक रखा जाएगा।"],
  "seats-taken": [{"on":"limit","one":"{taken} of {limit} seat is taken.","other":"{taken} of {limit} seats are taken."},{"on":"limit","one":"{taken} von {limit} Platz ist belegt.","other":"{taken} von {limit} Plätzen sind belegt."},{"on":"limit","one":"{taken} van {limit} plaats is bezet.","other":"{taken} van {limit} plaatsen zijn bezet."},{"on":"limit","one":"{taken} place sur {limit} est prise.","other":"Places prises : {taken} sur {limit}."},{"on":"limit","one":"{taken} de {limit} plaza ocupada.","other":"{taken} de {limit} plazas ocupadas."},"{limit} yerden {taken} tanesi dolu.",{"on":"limit","one":"I zënë: {taken} nga {limit} vend.","other":"Të zëna: {taken} nga {limit} vende."},"{limit} में से {taken} सीटें भरी हैं।"],
  "taking-part": [{"0":"Nobody is taking part.","on":"count","one":"{count} is taking part.","other":"{count} are taking part."},{"0":"Niemand macht mit.","on":"count","one":"{count} Person macht mit.","other":"{count} Personen machen mit."},{"0":"Niemand doet mee.","on":"count","one":"{count} persoon doet mee.","other":"{count} personen doen mee."},{"0":"Personne ne participe.","on":"count","one":"{count} personne participe.","other":"{count} personnes participent."},{"0":"No participa nadie.","on":"count","one":"{count} persona participa.","other":"{count} personas participan."},{"0":"Kimse katılmıyor.","on":"count","other":"{count} kişi katılıyor."},{"0":"Askush nuk merr pjesë.","on":"count","one":"{count} person merr pjesë.","other":"{count} persona marrin pjesë."},{"0":"कोई भाग नहीं ले रहा है।","on":"count","one":"{count} व्यक्ति भाग ले रहा है।","other":"{count} लोग भाग ले रहे हैं।"}],
  "waiting": [{"on":"count","one":"{count} is waiting.","other":"{count} are waiting."},{"on":"count","one":"{count} Person wartet.","other":"{count} Personen warten."},{"on":"count","one":"{count} persoon wacht.","other":"{count} personen wachten."},{"on":"count","one":"{count} personne attend.","other":"{count} personnes attendent."},{"on":"count","one":"{count} persona espera.","other":"{count} personas esperan."},"{count} kişi bekliyor.",{"on":"count","one":"{count} person pret.","other":"{count} persona presin."},{"on":"count","one":"{count} व्यक्ति प्रतीक्षा में है।","other":"{count} लोग प्रतीक्षा में हैं।"}],
  "booking-ongoing": ["Under way","Im Gange","Bezig","En cours","En curso","Sürüyor","Po zhvillohet","चल रही है"],
  "booking-delayed": ["Its time has begun, but nobody started it","Die Zeit hat begonnen, aber niemand hat den Termin begonnen","De tijd is ingegaan, maar niemand is begonnen","L'heure est venue, mais personne n'a commencé","Ya es la hora, pero nadie la ha empezado","Zamanı geldi, ama kimse başlatmadı","Koha e tij filloi, por askush nuk e nisi","समय शुरू हो गया है, पर किसी ने शुरू नहीं किया"],
  "booking-completed": ["Completed","Abgeschlossen","Afgerond","Terminé","Completada","Tamamlandı","I përfunduar","पूरी हुई"],
  "booking-cancelled": ["Cancelled","Abgesagt","Afgezegd","Annulé","Cancelada","İptal edildi","I anuluar","रद्द"],
  "out-of-touch": ["No connection: this may be out of date.","Keine Verbindung: Das ist vielleicht nicht aktuell.","Geen verbinding: dit is misschien verouderd.","Pas de connexion : ceci n'est peut-être plus à jour.","Sin conexión: puede que esto no esté al día.","Bağlantı yok: bu bilgi eski olabilir.","Pa lidhje: kjo mund të mos jetë e përditësuar.","कनेक्शन नहीं है: यह पुराना हो सकता है।"],
  "the-session": ["The session","Die Session","De sessie","La session","La sesión","Oturum","Sesioni","सत्र"],
  "is-live": ["{session} is live now.","{session} ist jetzt live.","{session} is nu live.","{session} est en direct.","{session} está en vivo.","{session} şu anda canlı.","{session} po zhvillohet tani.","{session} अभी लाइव है।"],
  "no-longer-live": ["{session} is no longer live.","{session} ist nicht mehr live.","{session} is niet meer live.","{session} n'est plus en direct.","{session} ya no está en vivo.","{session} artık canlı değil.","{session} nuk po zhvillohet më.","{session} अब लाइव नहीं है।"],
  "you-are-at": ["You are at {session}.","Sie sind bei {session}.","Je bent bij {session}.","Vous êtes à {session}.","Está en {session}.","Şu anda buradasınız: {session}.","Jeni te {session}.","आप {session} में हैं।"],
  "you-are-nowhere": ["You are at no session now.","Sie sind gerade bei keiner Session.","Je bent nu niet bij een sessie.","Vous n'êtes à aucune session en ce moment.","Ahora no está en ninguna sesión.","Şu anda bir oturumda değilsiniz.","Tani nuk jeni në asnjë sesion.","आप अभी किसी सत्र में नहीं हैं।"],
  "in-session": ["In session: {session}","Gerade bei: {session}","Nu bij: {session}","En ce moment à : {session}","Ahora en: {session}","Şu anda: {session}","Tani te: {session}","अभी यहाँ: {session}"],
  "people-here": [{"on":"count","one":"{count} person is here","other":"{count} people are here"},{"on":"count","one":"{count} Person ist da","other":"{count} Personen sind da"},{"on":"count","one":"{count} persoon is er","other":"{count} personen zijn er"},{"on":"count","one":"{count} personne est là","other":"{count} personnes sont là"},{"on":"count","one":"{count} persona está aquí","other":"{count} personas están aquí"},"{count} kişi burada",{"on":"count","one":"{count} person është këtu","other":"{count} persona janë këtu"},{"on":"count","one":"{count} व्यक्ति यहाँ है","other":"{count} लोग यहाँ हैं"}],
  "times": ["{there} ({here} for you)","{there} (bei Ihnen {here})","{there} (bij jou {here})","{there} ({here} chez vous)","{there} (para usted {here})","{there} (sizin saatinizle {here})","{there} ({here} për ju)","{there} (आपके यहाँ {here})"],
  "your-booking": ["Your booking: {status}.","Ihr Termin: {status}.","Je afspraak: {status}.","Votre rendez-vous : {status}.","Su cita: {status}.","Randevunuz: {status}.","Takimi juaj i rezervuar: {status}.","आपकी बुकिंग: {status}।"],
  "starts-in": ["Starts in {time}","Beginnt in {time}","Begint over {time}","Commence dans {time}","Empieza en {time}","{time} sonra başlıyor","Fillon pas {time}","{time} में शुरू"],
  "about-to-start": ["About to start","Beginnt gleich","Begint zo","Sur le point de commencer","A punto de empezar","Başlamak üzere","Gati të fillojë","शुरू होने वाला है"],
  "time-is-over": ["Its time is over, but nobody started it","Seine Zeit ist vorbei, aber niemand hat ihn begonnen","De tijd is voorbij, maar niemand is begonnen","L'heure est passée, mais personne n'a commencé","Ya pasó la hora, pero nadie la empezó","Zamanı geçti, ama kimse başlatmadı","Koha e tij kaloi, por askush nuk e nisi","समय बीत गया, पर किसी ने शुरू नहीं किया"],
  "left": ["{time} left","noch {time}","nog {time}","encore {time}","quedan {time}","{time} kaldı","edhe {time}","{time} शेष"],
  "status-left": ["{status}, {time} left","{status}, noch {time}","{status}, nog {time}","{status}, encore {time}","{status}, quedan {time}","{status}, {time} kaldı","{status}, edhe {time}","{status}, {time} शेष"],
  "days-hours": ["{days} d {hours} h","{days} T. {hours} Std.","{days} d {hours} u","{days} j {hours} h","{days} d {hours} h","{days} gün {hours} sa.","{days} d {hours} orë","{days} दिन {hours} घंटे"],
  "hours-minutes": ["{hours} h {minutes} min","{hours} Std. {minutes} Min.","{hours} u {minutes} min","{hours} h {minutes} min","{hours} h {minutes} min","{hours} sa. {minutes} dk.","{hours} orë {minutes} min","{hours} घंटे {minutes} मिनट"],
  "minutes": ["{minutes} min","{minutes} Min.","{minutes} min","{minutes} min","{minutes} min","{minutes} dk.","{minutes} min","{minutes} मिनट"],
  "and-more": ["And more.","Und weitere.","En meer.","Et d'autres.","Y más.","Ve diğerleri.","Dhe të tjera.","और भी हैं।"],
  "join": ["Join","Mitmachen","Meedoen","Participer","Participar","Katıl","Merr pjesë","शामिल हों"],
  "join-queue": ["Join the queue","In die Warteschlange","In de wachtrij","Rejoindre la file","Ponerse en la cola","Sıraya gir","Hyr në radhë","कतार में लगें"],
  "asking": ["Asking for a seat …","Ein Platz wird angefragt …","Er wordt een plaats gevraagd …","Demande d'une place …","Se pide una plaza …","Yer isteniyor …","Po kërkohet një vend …","सीट माँगी जा रही है …"],
  "cancel": ["Cancel","Abbrechen","Annuleren","Annuler","Cancelar","Vazgeç","Anulo","रद्द करें"],
  "position": ["You are number {position} of {length} in the queue.","Sie sind Nummer {position} von {length} in der Warteschlange.","Je bent nummer {position} van {length} in de wachtrij.","Vous êtes numéro {position} sur {length} dans la file.","Tiene el número {position} de {length} en la cola.","Sırada {length} kişiden {position}. sıradasınız.","Jeni numri {position} nga {length} në radhë.","कतार में आप {length} में से {position} नंबर पर हैं।"],
  "wait-unknown": ["The time to wait is not known yet.","Die Wartezeit ist noch nicht bekannt.","De wachttijd is nog niet bekend.","Le temps d'attente n'est pas encore connu.","Todavía no se sabe cuánto hay que esperar.","Bekleme süresi henüz bilinmiyor.","Koha e pritjes ende nuk dihet.","प्रतीक्षा का समय अभी ज्ञात नहीं है।"],
  "wait-minutes": [{"on":"count","one":"About a minute to wait.","other":"About {count} minutes to wait."},{"on":"count","one":"Etwa eine Minute Wartezeit.","other":"Etwa {count} Minuten Wartezeit."},{"on":"count","one":"Ongeveer een minuut wachten.","other":"Ongeveer {count} minuten wachten."},{"on":"count","one":"Environ une minute d'attente.","other":"Environ {count} minutes d'attente."},{"on":"count","one":"Alrededor de un minuto de espera.","other":"Alrededor de {count} minutos de espera."},"Yaklaşık {count} dakika bekleme.",{"on":"count","one":"Rreth një minutë pritje.","other":"Rreth {count} minuta pritje."},"लगभग {count} मिनट की प्रतीक्षा।"],
  "wait-hours": [{"on":"count","one":"About an hour to wait.","other":"About {count} hours to wait."},{"on":"count","one":"Etwa eine Stunde Wartezeit.","other":"Etwa {count} Stunden Wartezeit."},{"on":"count","one":"Ongeveer een uur wachten.","other":"Ongeveer {count} uur wachten."},{"on":"count","one":"Environ une heure d'attente.","other":"Environ {count} heures d'attente."},{"on":"count","one":"Alrededor de una hora de espera.","other":"Alrededor de {count} horas de espera."},"Yaklaşık {count} saat bekleme.",{"on":"count","one":"Rreth një orë pritje.","other":"Rreth {count} orë pritje."},{"on":"count","one":"लगभग एक घंटे की प्रतीक्षा।","other":"लगभग {count} घंटे की प्रतीक्षा।"}],
  "leave-queue": ["Leave the queue","Warteschlange verlassen","Wachtrij verlaten","Quitter la file","Dejar la cola","Sıradan çık","Dil nga radha","कतार छोड़ें"],
  "kept-until": ["A seat is kept for you until {time}.","Ein Platz ist bis {time} für Sie frei gehalten.","Een plaats blijft tot {time} voor je vrij.","Une place vous est gardée jusqu'à {time}.","Se le guarda una plaza hasta las {time}.","Bir yer sizin için tutuluyor, bitiş: {time}.","Një vend mbahet për ju deri në {time}.","{time} तक आपके लिए एक सीट रखी है।"],
  "take-seat": ["Take the seat","Platz nehmen","Plaats nemen","Prendre la place","Ocupar la plaza","Yeri al","Merre vendin","सीट लें"],
  "has-seat": ["You have a seat.","Sie haben einen Platz.","Je hebt een plaats.","Vous avez une place.","Tiene una plaza.","Yeriniz var.","Keni një vend.","आपके पास सीट है।"],
  "leave": ["Leave","Verlassen","Verlaten","Quitter","Salir","Ayrıl","Largohu","छोड़ें"],
  "leaving": ["Leaving …","Sie verlassen den Platz …","Je verlaat de plaats …","Vous quittez la place …","Está saliendo …","Ayrılıyorsunuz …","Po largoheni …","छोड़ा जा रहा है …"],
  "full": ["No seat is free.","Kein Platz ist frei.","Er is geen plaats vrij.","Aucune place n'est libre.","No hay ninguna plaza libre.","Boş yer yok.","Asnjë vend nuk është i lirë.","कोई सीट ख़ाली नहीं है।"],
  "try-again": ["Try again","Noch einmal versuchen","Opnieuw proberen","Réessayer","Intentar de nuevo","Yeniden dene","Provo përsëri","फिर कोशिश करें"],
  "join-again": ["Join again","Wieder mitmachen","Weer meedoen","Participer à nouveau","Participar de nuevo","Yeniden katıl","Merr pjesë përsëri","फिर शामिल हों"],
  "lost-idle": ["Your seat was given up, because nobody used this page.","Sie haben Ihren Platz nicht mehr, weil niemand diese Seite benutzt hat.","Je hebt je plaats niet meer, omdat niemand deze pagina gebruikte.","Vous n'avez plus votre place, car personne n'utilisait cette page.","Ya no tiene su plaza, porque nadie usaba esta página.","Bu sayfayı kimse kullanmadığı için artık yeriniz yok.","Nuk e keni më vendin tuaj, sepse askush nuk e përdori këtë faqe.","आपकी सीट अब नहीं रही, क्योंकि यह पेज इस्तेमाल नहीं हो रहा था।"],
  "lost-away": ["This page was not connected for too long, so your place has ended.","Diese Seite war zu lange nicht verbunden. Ihr Platz ist deshalb verfallen.","Deze pagina was te lang niet verbonden. Daarom is je plaats vervallen.","Cette page est restée trop longtemps sans connexion, et votre place a pris fin.","Esta página estuvo demasiado tiempo sin conexión, así que su plaza terminó.","Bu sayfa çok uzun süre bağlantısız kaldı, bu yüzden yeriniz sona erdi.","Kjo faqe mbeti pa lidhje shumë gjatë, ndaj vendi juaj mbaroi.","यह पेज बहुत देर तक जुड़ा नहीं था, इसलिए आपकी जगह समाप्त हो गई।"],
  "lost-lapsed": ["A seat was kept for you, but nobody took it in time, so your place has ended.","Für Sie war ein Platz frei gehalten, aber er wurde nicht rechtzeitig genommen. Ihr Platz in der Warteschlange ist deshalb verfallen.","Er werd een plaats voor je vrij gehouden, maar die is niet op tijd genomen. Daarom is je plaats in de rij vervallen.","Une place vous était gardée, mais elle n'a pas été prise à temps. Votre place dans la file a donc pris fin.","Se le guardaba una plaza, pero no se ocupó a tiempo, así que su puesto en la cola terminó.","Sizin için bir yer tutuluyordu, ama zamanında alınmadı. Bu yüzden sıradaki yeriniz sona erdi.","Një vend mbahej për ju, por nuk u mor në kohë, ndaj vendi juaj në radhë mbaroi.","आपके लिए एक सीट रखी गई थी, पर वह समय पर नहीं ली गई, इसलिए कतार में आपका स्थान समाप्त हो गया।"],
  "lost-ended": ["Your place here has ended. Perhaps you went on elsewhere.","Ihr Platz hier ist verfallen. Vielleicht machen Sie anderswo weiter.","Je plaats hier is vervallen. Misschien ben je ergens anders verdergegaan.","Votre place ici a pris fin. Vous avez peut-être continué ailleurs.","Su plaza aquí terminó. Quizás siguió en otro sitio.","Buradaki yeriniz sona erdi. Belki başka yerde devam ettiniz.","Vendi juaj këtu mbaroi. Ndoshta vazhduat diku tjetër.","यहाँ आपकी जगह समाप्त हो गई। शायद आप कहीं और चले गए।"],
  "lost-person": ["This place belongs to the person who was signed in here before.","Dieser Platz gehört der Person, die vorher hier angemeldet war.","Deze plaats is van de persoon die hier eerder was ingelogd.","Cette place est celle de la personne qui était connectée ici auparavant.","Esta plaza es de la persona que antes había iniciado sesión aquí.","Bu yer, daha önce burada oturum açmış olan kişiye ait.","Ky vend i përket personit që kishte hyrë këtu më parë.","यह जगह उस व्यक्ति की है जिसने पहले यहाँ साइन इन किया था।"],
  "sign-in-to-join": ["Sign in to join.","Melden Sie sich an, um mitzumachen.","Log in om mee te doen.","Connectez-vous pour participer.","Inicie sesión para participar.","Katılmak için oturum açın.","Hyni për të marrë pjesë.","शामिल होने के लिए साइन इन करें।"],
  "failed": ["That did not work: {reason}","Das hat nicht geklappt: {reason}","Dat is niet gelukt: {reason}","Cela n'a pas fonctionné : {reason}","Esto no funcionó: {reason}","Bu olmadı: {reason}","Kjo nuk funksionoi: {reason}","यह नहीं हो पाया: {reason}"],
  "no-answer": ["no answer","keine Antwort","geen antwoord","pas de réponse","sin respuesta","yanıt yok","pa përgjigje","कोई जवाब नहीं"],
};

/**
 * The language of an element, as the page says it: the language of its words, and the locale of its times. In a language that
 * the module does not know, words are English and times are the browser's.
 */
function languageOf(element) {
  let home = element;
  while (!home.closest('[lang]') && home.getRootNode().host) home = home.getRootNode().host;
  const tag = languageTag(home.closest('[lang]')?.lang ?? '');
  const words = tag?.split('-')[0];
  if (!WORDS.languages.includes(words)) return { words: 'en', times: undefined };
  // The browser's own tag has the region, which decides how a time is written.
  const own = navigator.languages.find((language) => language === words || language.startsWith(`${words}-`));
  return { words, times: own ?? tag };
}

function say({ words }, key, values = {}) {
  const text = WORDS[key][WORDS.languages.indexOf(words)];
  const count = values[text.on];
  const template = typeof text === 'string' ? text : (text[count] ?? text[new Intl.PluralRules(words).select(count)] ?? text.other);
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// ---- the heartbeat ------------------------------------------------------------------------------------------------

const PRESENCE = 'presence { id status isOnline activity { key } }';
const PLACE = 'fragment place on QueuePlace { position length joinedAt estimatedWaitSeconds offer { expiresAt } }';
const BEAT = `mutation($input: HeartbeatInput!) { heartbeat(input: $input) {
  secret heartbeatSeconds presence { id status isOnline isIdle activity { key seatsPer } queuePlace { ...place activity { key seatsPer } } }
} } ${PLACE}`;
const ENTER = `mutation($input: EnterActivityInput!) { enterActivity(input: $input) {
  admitted occupancy maxConcurrent message queuePlace { ...place } ${PRESENCE} activity { key name seatsPer }
} } ${PLACE}`;
const QUEUE_CHANGES = `subscription($id: ID!, $secret: String) {
  queueChanged(presenceId: $id, secret: $secret) { activity { key seatsPer } queuePlace { ...place } admitted isElsewhere occurredAt }
} ${PLACE}`;
const LEAVE = `mutation($id: ID!, $secret: String, $activityKey: String) {
  leaveActivity(presenceId: $id, secret: $secret, activityKey: $activityKey) { ${PRESENCE} }
}`;
const COMPLETE = `mutation($id: ID!, $secret: String) { completePresence(presenceId: $id, secret: $secret) { ${PRESENCE} } }`;
const LEAVE_QUEUE = `mutation($id: ID!, $secret: String, $onlyThisVisit: Boolean!, $activityKey: String!) {
  leaveQueue(presenceId: $id, secret: $secret, onlyThisVisit: $onlyThisVisit, activityKey: $activityKey) { ${PRESENCE} }
}`;

/** The answer to an entry that was cancelled before the server answered. */
const CANCELLED = { admitted: false, cancelled: true, occupancy: null, maxConcurrent: null, queuePlace: null, message: 'No longer asked for.' };

/** The codes of errors for those who may not have a visit. */
const NOT_ALLOWED = new Set(['UNAUTHENTICATED', 'FORBIDDEN']);

/** States of a visit that has a seat or a place in a queue. */
const HOLDING = new Set(['waiting', 'offered', 'admitted']);

/** Whether a visit with this state in an activity has a seat or a place itself. Otherwise only other visits of the person may have. */
function isOwn(standing) {
  return standing !== undefined && HOLDING.has(standing.state) && !standing.isElsewhere;
}

function hasSeat(standing) {
  return isOwn(standing) && standing.state === 'admitted';
}

/**
 * Keeps this visit online until the page is left, and asks for a seat in an activity. Heartbeats go over the page's socket. Its
 * pongs keep the visit online in a hidden tab too, where timers hardly run. After five minutes without pointer, key, touch or
 * scroll, and while the screen is locked if the browser tells that without asking the person, heartbeats say that the visit is idle.
 *
 * A tab has one visit at a server. Several components of a page may start it. The visit goes on until all of them have stopped,
 * and keeps its seat as long as one of them needs it. Tabs of one person in the same browser share one seat and one place in the
 * queue: the tab that the person uses has it, and the others show it. A visit that did not ask to wait may show the place of its
 * person. It neither takes the offered seat by itself nor gives the place up.
 *
 * @param {object} [options]
 * @param {string} [options.activity] the key of the activity to enter
 * @param {boolean} [options.wait] waits in the queue while the activity is full
 * @param {boolean} [options.acceptOffers] with `wait`, takes a seat that is offered at once; the default is true. With false, call
 *   `enter` before the offer ends
 * @param {string} [options.languageCode] such as `en`; the default is the language of the page. A text that is not a language tag
 *   is left out
 * @param {string} [options.currentPage] the default is the path of the page
 * @param {boolean} [options.keepSeat] keeps the seat when the page is left, for an activity of several pages. A tab that is
 *   closed then keeps it until the visit is no longer online. The default is the value of `wait`, so that a reload keeps the seat
 * @param {string} [options.endpoint]
 * @returns {Visit} `await visit.entered` is `{admitted, occupancy, maxConcurrent, message, queuePlace}`. If the visit was left,
 *   stopped or completed before the server answered, `admitted` is false and `cancelled` is true
 */
export function startHeartbeat(options = {}) {
  return new Visit(options);
}

/**
 * One use of the tab's visit. It dispatches the events `entered` (with each answer about the seat), `left` and `failed`; `changed`
 * with each change of `state` or `queuePlace`; and, with the same detail, an event with the name of the state: `entering`,
 * `waiting`, `offered`, `admitted`, `full` or `lost`.
 */
class Visit extends EventTarget {
  #tab;
  /** Cancels the entries that have no answer yet. */
  #entries = new AbortController();

  constructor({ activity, wait = false, acceptOffers = true, languageCode, currentPage, keepSeat = wait, endpoint }) {
    super();
    this.connection = connectionTo(endpoint);
    this.#tab = this.connection.tabVisit();
    Object.assign(this, { activity, wait, acceptOffers, keepSeat });
    const language = languageTag(languageCode || document.documentElement.lang);
    this.input = { languageCode: language, currentPage: currentPage || location.pathname };
    this.#tab.running.add(this);
    /** The first answer about the seat. Without an activity it is undefined. */
    this.entered = activity ? this.enter(activity, { takeOffer: acceptOffers }) : this.beat();
    this.entered.catch((error) => this.reportFailure(error));
  }

  get id() {
    return this.#tab.id;
  }

  /** The secret of an anonymous visit. Whoever knows it may act for the visit. */
  get secret() {
    return this.#tab.secret;
  }

  /** The visit in the server's last answer. */
  get presence() {
    return this.#tab.presence;
  }

  /** Whether heartbeats say that nobody uses this page. */
  get isIdle() {
    return this.#tab.use.isIdle;
  }

  /**
   * `entering`, `waiting`, `offered`, `admitted`, `full`, `lost` (a seat or place that ended) or `failed`. `online` if it asks for no
   * seat, and `stopped` after `stop` and `complete`.
   */
  get state() {
    if (!this.#tab.running.has(this)) return 'stopped';
    return this.activity ? (this.#tab.standing(this.activity)?.state ?? 'entering') : 'online';
  }

  /** Whether it has a seat, by the last answer. */
  get isAdmitted() {
    return this.state === 'admitted';
  }

  /**
   * Why the seat or place was lost: `idle`, `away` (no connection), `lapsed` (an offer), `person` (another person is signed in, or
   * nobody) or `ended`; null in other states.
   */
  get lostReason() {
    return this.#tab.standing(this.activity)?.reason ?? null;
  }

  /** The place in the queue: `{position, length, joinedAt, estimatedWaitSeconds, offer}`; null if it does not wait. */
  get queuePlace() {
    return this.#tab.standing(this.activity)?.queuePlace ?? null;
  }

  get position() {
    return this.queuePlace?.position ?? null;
  }

  get queueLength() {
    return this.queuePlace?.length ?? null;
  }

  get estimatedWaitSeconds() {
    return this.queuePlace?.estimatedWaitSeconds ?? null;
  }

  /** The seat that is kept for this visit until `expiresAt`; null for none. */
  get offer() {
    return this.queuePlace?.offer ?? null;
  }

  /** Dispatches the event `failed`. */
  reportFailure(error) {
    warn(`a heartbeat, or a request for a seat, failed: ${[codeOf(error), error.message].filter(Boolean).join(' ')}`);
    dispatch('failed', error, this);
  }

  /** Dispatches `changed`, and the event of the new state. */
  reportChange(detail) {
    dispatch('changed', detail, this);
    if (detail.state !== 'failed') dispatch(detail.state, detail, this);
  }

  /** Sends a heartbeat now. Otherwise they are sent as often as the server asks. After a failure, the next one tries again. */
  beat() {
    return this.#tab.beat();
  }

  /**
   * Asks for a seat, or takes the one that is offered. A full activity is an answer: `admitted` is false, and `message` says why. If
   * `leave`, `stop` or `complete` is called before the server has answered, the answer has `cancelled: true`.
   */
  async enter(activity = this.activity, options = {}) {
    const { signal } = this.#entries;
    if (signal.aborted) return CANCELLED;
    this.activity = activity;
    const cancelled = new Promise((resolve) => signal.addEventListener('abort', () => resolve(CANCELLED), { once: true }));
    const answered = this.#tab.enter(activity, { wait: this.wait, ...options }, signal).then((answer) => {
      if (signal.aborted) return CANCELLED;
      dispatch('entered', answer, this);
      return answer;
    });
    return Promise.race([answered, cancelled]);
  }

  /**
   * Gives the seat or the place in the queue back, for the person: other uses of this activity, in this and other tabs, are left as
   * well. A seat that is shown here is given back, also if another device of the person has it. If no seat is shown here and this tab
   * did not ask to wait, the other tabs and the person's place are left alone. The visit stays online. Cancels an entry without an
   * answer. Resolves when the server has answered.
   */
  leave() {
    if (this.activity && this.#tab.running.has(this)) return this.#tab.leave(this.activity);
    return this.withdraw(this.#tab.settle());
  }

  /**
   * Ends the heartbeats, gives the seat or the place in the queue back unless another tab or device of the person needs it, and
   * cancels an entry without an answer. If nothing else in this tab uses the visit, it goes offline within a minute. Resolves when the server
   * has answered.
   */
  stop() {
    this.cancel();
    this.#tab.running.delete(this);
    return this.withdraw(this.#tab.settle());
  }

  /** Completes the visit. That is final: the next `startHeartbeat` begins another visit. */
  complete() {
    return this.#tab.complete(this, this.activity);
  }

  /** From now on this use asks for no seat. */
  cancel() {
    this.activity = undefined;
    this.#entries.abort();
    if (this.#tab.running.has(this)) this.#entries = new AbortController();
  }

  /** Dispatches `left` when `done` has ended. */
  withdraw(done, completed = false) {
    return done.then(
      () => dispatch('left', { completed }, this),
      (error) => this.reportFailure(error),
    );
  }
}

/** The one visit of a tab at a server. Requests are sent one after the other, because the server may answer them in any order. */
class TabVisit {
  #timer;
  #last = Promise.resolve();
  /** Cancels a heartbeat that was not sent before the last use of the visit stopped. */
  #beats = new AbortController();
  /** Whether the server may know the visit: from this page, or from the one before it in this tab. */
  #isKnown = false;
  /** Whether the server may count the visit as online. */
  #isOnline = false;
  /** Whether a heartbeat was answered since the visit started, or since it went offline. */
  #hasBeaten = false;
  /** Whether the last heartbeat said that it is idle, and the time between heartbeats. */
  #wasIdle = false;
  /** Whether there was no connection for too long before the first answer that was not certain. */
  #wasAway = false;
  /** The id of the person whose visit it was when it last asked for a seat; null for nobody. */
  #person;
  #heartbeatSeconds = 20;
  /** Since when the answers to heartbeats do not agree with the messages of the queue feed. */
  #unsureSince;
  /** Whether seats are for each person or for each visit, by the activity's key. */
  #seatsPer = new Map();
  /** The key of the activity in which the visit has, or may have, a seat. */
  #seat;
  /** The key of the activity in whose queue the visit has asked to wait, if it has, or may have, a place there. */
  #queue;
  #queueFeed;
  /** The last message of that feed on this connection. */
  #told;
  /** The activities in which an entry is on its way that nobody has asked for. */
  #unasked = new Set();
  /** The state of the seat or place in each activity, by the activity's key. */
  #standings = new Map();
  /** The functions to call when this tab, or another tab of the person, has a seat or place: by activity. */
  #watchers = new Map();
  /** The activity whose seat was given back when the page was left. */
  #givenBack;
  #siblings;
  #movedAt = -Infinity;
  #isCompleted = false;
  /** The uses of the visit that were not stopped, the latest last. @type {Set<Visit>} */
  running = new Set();

  constructor(connection) {
    this.connection = connection;
    this.key = `insession.visit ${connection.base}`;
    // The next page of this tab continues the same visit.
    const kept = attempt(() => JSON.parse(sessionStorage.getItem(this.key)));
    this.#become(kept ?? { id: randomId() });
    this.#isKnown = this.#isOnline = Boolean(kept);
    this.#siblings = new Siblings(this, (message) => this.#hear(message));
    connection.pageHideTasks.add(() => this.#hide());
    connection.readyTasks.add(() => this.#connected());
    addEventListener('pageshow', ({ persisted }) => persisted && this.#comeBack());
    this.use = pageUse();
    this.use.watch(
      () => this.#hasBeaten && this.beat(),
      () => this.#follow(),
    );
  }

  #become({ id, secret }) {
    if (id !== this.id) {
      this.#isKnown = this.#isOnline = false;
      this.#endQueueFeed();
    }
    Object.assign(this, { id, secret });
    attempt(() => sessionStorage.setItem(this.key, JSON.stringify({ id, secret })));
  }

  /** Runs a task after all tasks before it have ended. */
  #inTurn(task) {
    const turn = this.#last.then(task);
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** The latest use that asks for a seat in an activity. */
  #useOf(activity) {
    return [...this.running].findLast((visit) => visit.activity === activity);
  }

  /** The latest use that waits for a seat in an activity. */
  #waitingUseOf(activity) {
    return [...this.running].findLast((visit) => visit.activity === activity && visit.wait);
  }

  /** The latest use that takes a seat which is offered. */
  #acceptingUseOf(activity) {
    return [...this.running].findLast((visit) => visit.activity === activity && visit.wait && visit.acceptOffers);
  }

  /** The seat, or the place in a queue, may have ended meanwhile. And the token may be that of another person. */
  #connected() {
    this.#told = undefined;
    this.#meetSiblings();
    if (this.#hasBeaten) this.beat();
  }

  /** A page from the browser's cache asks again for the seat that it gave back when it was left. */
  #comeBack() {
    if (this.#givenBack) this.#enterAgain(this.#givenBack);
    else this.beat();
    this.#meetSiblings();
  }

  /**
   * Whether all tabs of the person share one seat, or one place in the queue: the seats are for each person, and the visit is that of
   * a person. Everything between tabs depends on this. Until the server has said what the seats are for, nothing is shared.
   */
  isShared(activity) {
    return this.#seatsPer.get(activity) === 'PERSON' && !this.secret;
  }

  /** Takes what an answer of the server says about an activity. */
  learnActivity({ key, seatsPer }) {
    if (this.#seatsPer.get(key) === seatsPer) return;
    this.#seatsPer.set(key, seatsPer);
    if (this.isShared(key)) this.#siblings.meet(key);
    else this.#siblings.forget(key);
  }

  #meetSiblings() {
    for (const activity of this.#seatsPer.keys()) if (this.isShared(activity)) this.#siblings.meet(activity);
  }

  beat() {
    return this.#inTurn(() => this.#beat());
  }

  async #beat() {
    clearTimeout(this.#timer);
    if (this.running.size === 0) return;
    if (this.#isCompleted) this.#become({ id: randomId() });
    this.#isCompleted = false;
    let isCertain = true;
    try {
      let answer = await this.#sendBeat();
      const isReplaced = answer.isGone !== undefined;
      const isOfOther = isReplaced && this.#person !== undefined && (await this.connection.viewer()) !== this.#person;
      // The stored visit has ended, or belongs to another person. Start another one.
      if (isReplaced) {
        this.#become({ id: randomId() });
        answer = await this.#sendBeat();
      } else if (await this.#isNeedless(answer.presence)) {
        await this.#end(COMPLETE);
        this.#become({ id: randomId() });
        this.#meetSiblings();
        answer = await this.#sendBeat();
      }
      if (answer.isGone) throw answer.isGone;
      this.#heartbeatSeconds = answer.heartbeatSeconds;
      this.#hasBeaten = true;
      if (answer.secret) this.#become({ id: this.id, secret: answer.secret });
      isCertain = this.#learn(answer.presence, isReplaced, isOfOther);
      this.#followQueue();
    } catch (error) {
      // Nobody is signed in any more. A heartbeat that is answered shows the seat or place again.
      if (NOT_ALLOWED.has(codeOf(error))) {
        for (const [activity, { state }] of this.#standings) if (HOLDING.has(state)) this.#put(activity, { state: 'failed' });
      }
      if (error.name !== 'AbortError') for (const visit of this.running) visit.reportFailure(error);
    }
    const next = isCertain ? this.#heartbeatSeconds * 1_000 : NEWS_MS;
    if (this.running.size > 0) this.#timer = setTimeout(() => this.beat(), next);
  }

  /** Whether this is an anonymous visit that has no seat and no place, although somebody is signed in. The person has a visit then. */
  async #isNeedless({ activity, queuePlace }) {
    if (!this.secret || activity || queuePlace || !this.connection.hasToken) return false;
    return (await this.connection.viewer()) !== null;
  }

  /** A duplicated tab has a copy of the first one's storage. The lock shows that, and the copy starts a visit of its own. */
  async hold() {
    while (!(await hold(`${this.key} ${this.id}`))) this.#become({ id: randomId() });
  }

  /** Sends a heartbeat. Returns the answer, or `{isGone}` if the visit does not exist or has ended. */
  async #sendBeat() {
    await this.hold();
    const { signal } = this.#beats;
    const latest = [...this.running].at(-1);
    if (!latest) throw new DOMException('The visit was stopped.', 'AbortError');
    this.#isKnown = this.#isOnline = true;
    const input = { ...latest.input, presenceId: this.id, secret: this.secret, isIdle: this.use.check() };
    try {
      return (await this.connection.request(BEAT, { input }, { mayRepeat: true, signal })).heartbeat;
    } catch (error) {
      if (['INVALID_TRANSITION', 'NOT_FOUND'].includes(codeOf(error))) return { isGone: error };
      throw error;
    }
  }

  /**
   * Stores the seat and the place in the queue from the answer to a heartbeat. `isReplaced`: it is the first one of a new visit, which
   * has nothing of what the last one had. `isOfOther`: that one belongs to another person. Returns false if only the next messages of
   * the server make all states certain.
   */
  #learn(presence, isReplaced, isOfOther) {
    this.presence = presence;
    const wasSilent = this.connection.takeSilence() > MISSED_BEATS * this.#heartbeatSeconds * 1_000;
    const wasAway = (wasSilent || this.#wasAway) && !isReplaced;
    const wasIdle = this.#wasIdle;
    this.#wasIdle = presence.isIdle;
    const { activity: seat, queuePlace: place } = presence;
    for (const known of [seat, place?.activity]) if (known) this.learnActivity(known);
    this.#seat = seat?.key;
    // The place at which the visit waits comes first. Without one, it is that of another visit of the person.
    if (this.#queue !== place?.activity.key) this.#queue = undefined;
    let isCertain = true;
    for (const [activity, standing] of [...this.#standings]) {
      if (this.#seat === activity) this.#put(activity, { state: 'admitted' });
      else if (place?.activity.key === activity) this.#putPlace(activity, place);
      else if (HOLDING.has(standing.state)) isCertain = this.#lose(activity, standing, { wasIdle, wasAway, isOfOther }) && isCertain;
    }
    this.#wasAway = wasAway && !isCertain;
    this.#unsureSince = isCertain ? undefined : (this.#unsureSince ?? performance.now());
    return isCertain;
  }

  /**
   * The visit has neither a seat nor a place any more. Another visit of the person may have the seat now, or it has ended. Returns
   * false if this is not known yet.
   */
  #lose(activity, { isElsewhere, queuePlace }, { wasIdle, wasAway, isOfOther }) {
    if (isOfOther) {
      this.#put(activity, { state: 'lost', reason: 'person' });
      return true;
    }
    if (this.isShared(activity)) {
      const told = this.#told?.activity.key === activity ? this.#told : undefined;
      if (told?.admitted && told.isElsewhere) {
        this.#put(activity, { state: 'admitted', isElsewhere: true });
        return true;
      }
      // The last message was about an earlier moment, or the first one has not come yet.
      const isOutdated = !told || told.admitted || told.queuePlace;
      if (isOutdated && !(performance.now() - this.#unsureSince >= NEWS_MS)) return false;
    }
    // The visit was offline for too long. What other visits have does not end by that.
    const isAway = wasAway && !isElsewhere;
    const isLapsed = queuePlace?.offer && Date.parse(queuePlace.offer.expiresAt) <= this.connection.now();
    // An offer that is for the person to take is not asked for again.
    const asksAgain = isAway && !(isLapsed && !this.#acceptingUseOf(activity));
    this.#put(activity, { state: 'lost', reason: asksAgain ? 'away' : isLapsed ? 'lapsed' : wasIdle ? 'idle' : 'ended' });
    return true;
  }

  async #enterAgain(activity, options, use = this.#waitingUseOf(activity) ?? this.#useOf(activity)) {
    const isExpected = (error) => options?.only !== undefined && isLost(error);
    await use?.enter(activity, options).catch((error) => isExpected(error) || use.reportFailure(error));
  }

  /**
   * Enters without a call of `enter`. The entry is sent once, on the present connection. After a lost connection, the person may have left
   * on another device. So the next sign of use, message or heartbeat decides anew.
   */
  async #enterUnasked(activity, options, use) {
    if (this.#unasked.has(activity)) return;
    this.#unasked.add(activity);
    await this.#enterAgain(activity, { ...options, only: this.connection.connected }, use);
    this.#unasked.delete(activity);
  }

  /** The state of the seat or place in an activity: `{state, queuePlace, reason, isElsewhere}`. */
  standing(activity) {
    return this.#standings.get(activity);
  }

  #putPlace(activity, { position, length, joinedAt, estimatedWaitSeconds, offer }) {
    const queuePlace = { position, length, joinedAt, estimatedWaitSeconds, offer };
    const standing = { state: offer ? 'offered' : 'waiting', queuePlace };
    this.#put(activity, this.#queue === activity ? standing : { ...standing, isElsewhere: true });
    if (offer) this.#accept(activity);
  }

  /** Takes the offered seat. If that fails, the next message or heartbeat that still shows the offer tries again. */
  #accept(activity) {
    const use = this.#acceptingUseOf(activity);
    if (use) this.#enterUnasked(activity, { takeNew: false }, use);
  }

  /** Stores the state of an activity, and dispatches events if it has changed. */
  #put(activity, standing) {
    const before = this.#standings.get(activity);
    if (!this.#useOf(activity)) return void this.#standings.delete(activity);
    this.#standings.set(activity, standing);
    const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);
    if (isSame(before, standing)) return;
    this.#siblings.tell('here', activity);
    if (isOwn(standing)) this.#notify(activity);
    if (isSame({ ...before, isElsewhere: false }, { ...standing, isElsewhere: false })) return;
    const { state, queuePlace = null, reason = null } = standing;
    const detail = { endpoint: this.connection.base, activity, state, queuePlace, reason };
    for (const visit of this.running) if (visit.activity === activity) visit.reportChange(detail);
    dispatch('activity-queue-changed', detail);
  }

  /**
   * Asks for a seat, unless `signal` is aborted before that. `takeOffer`: a seat that is offered already is taken. Without `takeNew`,
   * only what the person has already is taken: the offered seat, or the one of another visit. `only`: see `#enterUnasked`.
   */
  enter(activity, { wait, takeOffer = true, takeNew = true, only }, signal) {
    return this.#inTurn(async () => {
      if (!signal.aborted && !this.#hasBeaten) await this.#beat();
      // Whoever has a seat hears when the person leaves in another tab.
      if (!signal.aborted) await this.#siblings.open();
      if (!signal.aborted) this.#person = await this.connection.viewer();
      signal.throwIfAborted();
      const before = [this.#seat, this.#queue];
      const standing = this.standing(activity);
      const input = { presenceId: this.id, activityKey: activity, secret: this.secret, wait, takeOffer, takeNew };
      this.#isOnline = true;
      // Before the answer, the visit may have the seat, or a place in the queue.
      this.#seat = activity;
      if (wait && takeNew) this.#queue = activity;
      if (!HOLDING.has(standing?.state)) this.#put(activity, { state: 'entering' });
      try {
        const { enterActivity } = await this.connection.request(ENTER, { input }, { mayRepeat: only === undefined, only, signal });
        const { admitted, queuePlace } = enterActivity;
        if (!admitted) [this.#seat] = before;
        if (!wait || !queuePlace) this.#queue = !queuePlace && before[1] === activity ? undefined : before[1];
        this.learnActivity(enterActivity.activity);
        if (admitted) this.#put(activity, { state: 'admitted' });
        else if (queuePlace) this.#putPlace(activity, queuePlace);
        else if (takeNew) this.#put(activity, { state: 'full' });
        // What the person had has ended meanwhile. A heartbeat says how.
        else this.beat();
        this.#followQueue();
        return enterActivity;
      } catch (error) {
        if (error.name === 'AbortError') [this.#seat, this.#queue] = before;
        else if (only !== undefined && standing && isLost(error)) this.#put(activity, standing);
        else if (!HOLDING.has(this.standing(activity)?.state)) this.#put(activity, { state: 'failed' });
        throw error;
      }
    });
  }

  /** Whether a use waits, or other visits of the person may change what this one has. */
  #needsQueueFeed() {
    return [...this.running].some(({ activity, wait }) => activity && (wait || this.isShared(activity)));
  }

  /** Follows the place in the queue, and the seat. */
  #followQueue() {
    if (this.#queueFeed || !this.#needsQueueFeed()) return;
    const operation = { query: QUEUE_CHANGES, variables: { id: this.id, secret: this.secret } };
    this.#queueFeed = new Feed(this.connection, operation, (change) => this.#queueChanged(change), () => {
      this.#queueFeed = this.#told = undefined;
      this.beat();
    });
  }

  #endQueueFeed() {
    this.#queueFeed?.stop();
    this.#queueFeed = this.#told = undefined;
  }

  #queueChanged(change) {
    const { activity, queuePlace, admitted, isElsewhere } = change;
    const { key } = activity;
    this.#told = change;
    this.learnActivity(activity);
    if (!this.#useOf(key)) return;
    if (admitted) {
      if (this.#queue === key) this.#queue = undefined;
      this.#put(key, this.#seat === key ? { state: 'admitted' } : { state: 'admitted', isElsewhere: true });
      // The seat has moved, or this message was about an earlier moment. The answer says where it is.
      if (isElsewhere === (this.#seat === key)) this.beat();
    } else if (queuePlace) {
      this.#putPlace(key, queuePlace);
    } else if (HOLDING.has(this.standing(key)?.state)) {
      // The answer says what happened, or that this message was about an earlier moment.
      this.beat();
    }
  }

  /**
   * A person who uses this page gets the seat from another tab, or asks again for one that ended while they were away. A seat that
   * another tab has only moves: if the person has just left there, this tab takes no other.
   */
  #follow() {
    const now = performance.now();
    if (now - this.#movedAt < BETWEEN_MOVES_MS) return;
    // Without a connection, this tab does not know what the person has done elsewhere.
    if (!this.connection.isReady) return;
    for (const [activity, { reason }] of this.#standings) {
      const told = this.#told;
      const hasSeatElsewhere = this.#seat !== activity && told?.activity.key === activity && told.admitted && told.isElsewhere;
      if (!hasSeatElsewhere && reason !== 'away') continue;
      this.#movedAt = now;
      this.#enterUnasked(activity, hasSeatElsewhere ? { takeOffer: false, takeNew: false } : {});
    }
  }

  /** Handles a message about an activity from another tab of this browser with the same person. */
  async #hear({ kind, activity, standing }) {
    if (kind === 'left') await this.leave(activity, false);
    // The seat of the tab that ends moves to this one.
    else if (kind === 'gone' && hasSeat(standing) && HOLDING.has(this.standing(activity)?.state)) await this.#enterAgain(activity);
    else if (kind === 'here' && isOwn(standing)) this.#notify(activity);
  }

  /** Calls `watcher` when this tab, or another tab of the person, says that it has, or waits for, a seat. Returns a function that ends this. */
  watchHolding(activity, watcher) {
    if (!this.#watchers.has(activity)) this.#watchers.set(activity, new Set());
    this.#watchers.get(activity).add(watcher);
    if (isOwn(this.standing(activity))) watcher();
    else if (this.isShared(activity)) this.#siblings.meet(activity);
    return () => this.#watchers.get(activity).delete(watcher);
  }

  #notify(activity) {
    for (const watcher of this.#watchers.get(activity) ?? []) watcher();
  }

  /** Leaves the activity, for the person. `mayTell`: whether the other tabs are told. */
  leave(activity, mayTell = true) {
    const left = this.#leftOf(activity, mayTell);
    const uses = this.#cancel(activity, mayTell);
    const settled = this.settle(left);
    return Promise.all(uses.map((visit) => visit.withdraw(settled))).then(() => {});
  }

  /**
   * What the person gives back with all tabs and devices who leaves an activity: the keys of the activities of the place and of the
   * seat. `isFirst`: no other tab has begun this. It gives back the seat, so that a tab which hears of it later does not give back a
   * new one.
   */
  #leftOf(activity, isFirst) {
    if (!this.isShared(activity)) return {};
    const showsSeat = this.#seat === activity || this.standing(activity)?.state === 'admitted';
    return { queue: activity, seat: isFirst && showsSeat ? activity : undefined };
  }

  /** Cancels all uses of an activity, in other tabs too if they are told. Returns those of this tab. */
  #cancel(activity, mayTell) {
    const uses = [...this.running].filter((visit) => visit.activity === activity);
    // The place of the person is not for a tab to give up that did not ask to wait.
    const hasPart = this.standing(activity)?.state === 'admitted' || uses.some(({ wait }) => wait);
    for (const visit of uses) visit.cancel();
    if (mayTell && hasPart) this.#siblings.tell('left', activity);
    return uses;
  }

  /**
   * Gives back the seat or place that no use needs, and goes offline if no use is left. `left`: what the person leaves with all devices
   * (`#leftOf`). Otherwise other tabs and devices of the person that wait keep the place, and those that have a seat keep it.
   */
  settle(left = {}) {
    if (this.running.size === 0) this.#endBeats();
    return this.#inTurn(async () => {
      if (left.seat) await this.#leaveSeat(left.seat);
      if (this.running.size > 0 && !this.#hasBeaten) await this.#beat();
      const isWanted = (activity) => this.#useOf(activity) !== undefined;
      for (const activity of new Set([...this.#standings.keys(), this.#seat, this.#queue])) {
        if (activity && !isWanted(activity)) await this.#handOver(activity);
      }
      if (!this.#needsQueueFeed()) this.#endQueueFeed();
      if (this.#queue !== undefined && !this.#waitingUseOf(this.#queue)) {
        const isShown = isWanted(this.#queue);
        await this.#leaveQueue(left.queue);
        if (isShown) await this.#beat();
      }
      if (this.running.size === 0) {
        if (this.#isOnline || this.#seat) await this.#end(LEAVE);
      } else if (this.#seat && !isWanted(this.#seat)) {
        await this.#end(LEAVE);
        await this.#beat();
      }
    });
  }

  /** This tab no longer takes part. A seat moves to another tab of this person that needs it, before it is given back. */
  async #handOver(activity) {
    const standing = this.#seat === activity ? { state: 'admitted' } : this.standing(activity);
    this.#standings.delete(activity);
    await this.#siblings.part(activity, standing);
  }

  /** Completes the visit, for the person. `activity`: the activity in which they took part. */
  complete(visit, activity) {
    attempt(() => sessionStorage.removeItem(this.key));
    const left = activity ? this.#leftOf(activity, true) : {};
    const uses = activity ? this.#cancel(activity, true) : [];
    visit.cancel();
    this.running.delete(visit);
    if (this.running.size === 0) this.#endBeats();
    const completed = this.#inTurn(async () => {
      if (this.#isCompleted) return;
      this.#isCompleted = true;
      this.#endQueueFeed();
      this.#standings.clear();
      if (left.seat) await this.#leaveSeat(left.seat);
      if (this.#queue !== undefined) await this.#leaveQueue(left.queue);
      if (this.#isKnown) await this.#end(COMPLETE);
      await this.#beat();
    });
    return Promise.all([...new Set([visit, ...uses])].map((use) => use.withdraw(completed, true))).then(() => {});
  }

  #endBeats() {
    clearTimeout(this.#timer);
    this.#beats.abort();
    this.#beats = new AbortController();
  }

  /** Gives back the seat that the person has in an activity, whichever visit has it. */
  async #leaveSeat(activity) {
    const seat = this.#seat === activity ? undefined : this.#seat;
    await this.#end(LEAVE, { activityKey: activity });
    this.#seat = seat;
  }

  /**
   * Gives up the place at which the visit waits. The request names the activity, because it may be sent twice. `left`: the activity that
   * the person leaves with all devices.
   */
  #leaveQueue(left) {
    return this.#end(LEAVE_QUEUE, { onlyThisVisit: this.#queue !== left, activityKey: this.#queue });
  }

  /** After `LEAVE` and `COMPLETE`, pongs no longer count as heartbeats, until the next heartbeat. */
  async #end(mutation, more) {
    try {
      await this.connection.request(mutation, { id: this.id, secret: this.secret, ...more }, { mayRepeat: true });
    } catch (error) {
      // A visit that does not exist has no seat.
      if (codeOf(error) !== 'NOT_FOUND') throw error;
    }
    if (mutation !== LEAVE) this.#queue = undefined;
    if (mutation === LEAVE_QUEUE) return;
    this.#isOnline = this.#hasBeaten = false;
    this.#seat = undefined;
  }

  /** Called when the page is left. Nothing waits for an answer. The place in a queue is kept, because this may be a reload. */
  #hide() {
    const isKept = [...this.running].some(({ activity, keepSeat }) => keepSeat && activity === this.#seat);
    const heirs = [...this.#standings.keys()].filter((activity) => this.#siblings.goodbye(activity, this.standing(activity)));
    this.#siblings.close();
    const isGivenBack = this.#seat !== undefined && !isKept && !heirs.includes(this.#seat);
    this.#givenBack = isGivenBack ? this.#seat : undefined;
    if (isGivenBack) this.connection.request(LEAVE, { id: this.id, secret: this.secret }).catch(() => {});
  }
}

/**
 * The other tabs of this browser in which the same person takes part in an activity that they share ({@link TabVisit.isShared}).
 * They tell each other that they take part, so that all of them show the seat, none gives back a seat that another tab needs, and all
 * of them leave when the person leaves. What the person has, the server tells each tab.
 *
 * Messages: `hello` asks who takes part. `here`: the sender takes part, with its state. `gone`: it no longer does, with its last state.
 * `left`: the person has left.
 */
class Siblings {
  #channel;
  #person;
  /** The visits of the other tabs that show a seat or a place, by activity. */
  #present = new Map();
  /** Called when another tab has the seat, by activity. */
  #takenOver = new Map();

  constructor(tab, heard) {
    Object.assign(this, { tab, heard });
  }

  /** Opens the channel of the person. A visitor who is not signed in has no other tabs. */
  async open() {
    const person = await this.tab.connection.viewer();
    if (person !== this.#person) this.close();
    if (!person || this.#channel || typeof BroadcastChannel === 'undefined') return;
    this.#person = person;
    this.#channel = attempt(() => new BroadcastChannel(`insession.seats ${this.tab.connection.base} ${person}`));
    if (this.#channel) this.#channel.onmessage = ({ data }) => this.#hear(data);
  }

  /** Asks the other tabs who takes part, and tells them about this one. */
  async meet(activity) {
    await this.open();
    this.tell('hello', activity);
    if (this.tab.standing(activity)) this.tell('here', activity);
  }

  /** Sends a message with the state of this tab, or its last one. */
  tell(kind, activity, standing = this.tab.standing(activity)) {
    if (!this.tab.isShared(activity)) return;
    this.#channel?.postMessage({ from: this.tab.id, kind, activity, standing });
    if (kind === 'left') this.forget(activity);
  }

  #hear({ from, kind, activity, standing }) {
    if (!this.tab.isShared(activity)) return;
    if (!this.#present.has(activity)) this.#present.set(activity, new Set());
    const present = this.#present.get(activity);
    if (kind === 'hello') return void (this.tab.standing(activity) && this.tell('here', activity));
    if (kind === 'left') present.clear();
    else if (kind === 'here' && HOLDING.has(standing?.state)) present.add(from);
    else present.delete(from);
    if (kind === 'here' && hasSeat(standing)) this.#takenOver.get(activity)?.();
    this.heard({ kind, activity, standing });
  }

  /** Forgets who takes part: the person has left, or the activity is no longer shared. */
  forget(activity) {
    this.#present.delete(activity);
  }

  /** Tells the other tabs that this tab no longer takes part, and its last state. Returns whether another tab takes part. */
  goodbye(activity, standing) {
    this.tell('gone', activity, standing);
    return (this.#present.get(activity)?.size ?? 0) > 0;
  }

  /** Does the same, and waits until another tab has taken over the seat, if this tab has it. */
  async part(activity, standing) {
    if (!this.goodbye(activity, standing) || !hasSeat(standing)) return;
    await new Promise((done) => {
      this.#takenOver.set(activity, done);
      setTimeout(done, HAND_OVER_MS);
    });
    this.#takenOver.delete(activity);
  }

  close() {
    this.#channel?.close();
    this.#channel = this.#person = undefined;
    this.#present.clear();
  }
}

/** Whether somebody uses this page. */
class PageUse {
  #usedAt = Date.now();
  #isLocked = false;
  #timer;
  #watchers = new Set();
  isIdle = false;

  constructor() {
    const options = { capture: true, passive: true };
    for (const name of ['pointerdown', 'pointermove', 'keydown', 'touchstart', 'touchmove', 'wheel', 'scroll']) {
      addEventListener(name, () => this.#used(), options);
    }
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.#notify('used'));
    this.#watchLock();
    this.check();
  }

  /** Calls `changed()` when `isIdle` has changed, and `used()` at each sign of use. */
  watch(changed, used) {
    this.#watchers.add({ changed, used });
  }

  #notify(name) {
    for (const watcher of this.#watchers) watcher[name]();
  }

  #used() {
    this.#usedAt = Date.now();
    if (this.isIdle) this.check();
    this.#notify('used');
  }

  /** Computes `isIdle` anew. */
  check() {
    clearTimeout(this.#timer);
    const left = this.#usedAt + IDLE_MS - Date.now();
    if (left > 0) this.#timer = setTimeout(() => this.check(), Math.min(left, LONGEST_TIMER_MS));
    const isIdle = this.#isLocked || left <= 0;
    if (isIdle !== this.isIdle) {
      this.isIdle = isIdle;
      this.#notify('changed');
    }
    return isIdle;
  }

  /** Browsers tell a page that the screen is locked only with the person's permission. The module does not ask for it. */
  async #watchLock() {
    try {
      const { state } = await navigator.permissions.query({ name: 'idle-detection' });
      if (state !== 'granted') return;
      const detector = new IdleDetector();
      detector.addEventListener('change', () => {
        this.#isLocked = detector.screenState === 'locked';
        this.check();
      });
      await detector.start({ threshold: 60_000 });
    } catch {
      // This browser does not have it, or does not allow it here.
    }
  }
}

let ownUse;

/** One for the page: its listeners are never removed. */
function pageUse() {
  return (ownUse ??= new PageUse());
}

/** The BCP 47 form of a language tag such as `en_US`; undefined for a text that is not a language tag. */
function languageTag(text) {
  try {
    return Intl.getCanonicalLocales(text.trim().replaceAll('_', '-'))[0];
  } catch {
    return undefined;
  }
}

function codeOf(error) {
  return error.errors?.[0]?.extensions?.code;
}

/** By name: promises of the functions that release a lock, or of undefined if another page has the lock. */
const held = new Map();

/**
 * Whether this page gets the lock with this name among the pages of its site, until it is left. Where there are no locks, it
 * always does: on pages that are not secure, and where storage is blocked.
 */
function hold(name) {
  const locks = attempt(() => navigator.locks);
  if (!locks) return true;
  if (held.size === 0) addEventListener('pagehide', releaseAll, { once: true });
  if (!held.has(name)) {
    const holding = new Promise((resolve) => {
      const hasIt = () => new Promise((release) => resolve(release));
      const failed = ({ name }) => resolve(name === 'TimeoutError' ? undefined : () => {});
      const options = { signal: AbortSignal.timeout(LOCK_TIMEOUT_MS) };
      // Where storage is blocked, some browsers throw here, and others reject the promise.
      new Promise((locked) => locked(locks.request(name, options, hasIt))).catch(failed);
    });
    held.set(name, holding);
  }
  return held.get(name);
}

/** Browsers do not cache a page that holds a lock. And the next page of this tab needs the same lock. */
function releaseAll() {
  for (const holding of held.values()) holding.then((release) => release?.());
  held.clear();
}

/**
 * What `use` returns, or undefined if it throws. In a sandboxed frame, and if the visitor blocks storage, each access to a storage
 * throws. The visit then has an id for this page alone.
 */
function attempt(use) {
  try {
    return use();
  } catch {
    return undefined;
  }
}

/** A UUID. `crypto.randomUUID` exists on secure pages only. */
function randomId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

for (const [name, constructor] of [
  ['live-now-badge', LiveNowBadge],
  ['in-session-badge', InSessionBadge],
  ['booking-status', BookingStatus],
  ['activity-queue', ActivityQueue],
]) {
  if (globalThis.customElements && !customElements.get(name)) customElements.define(name, constructor);
}
