/**
 * InSession in a web page: who is in session, as it changes.
 *
 *   <live-now-badge session="Session:7"></live-now-badge>   LIVE NOW while the session is on, else hidden
 *   <in-session-badge></in-session-badge>                   a green dot while the signed-in person is at a session
 *   <booking-status booking="Booking:7"></booking-status>   how a booking stands, with a countdown
 *   startHeartbeat({ activity: 'interview' })               keeps this visit on line, and asks for a seat
 *
 * All elements of a page that name the same server share one WebSocket (graphql-transport-ws). Each subscription keeps
 * the cursor of its last message and resumes after it, so that nothing is missed while the network, the computer or the
 * server sleeps. Events, on `document` (they bubble to `window`), once for every change:
 *
 *   active-session-changed   detail: the change ({kind, occurredAt, session, sessionInstanceId, sessionInstance, ...})
 *   session-status-updated   detail: {started, completed, updates}: bookings that started or ended
 *   insession-connection     detail: {endpoint, state: 'online' | 'offline' | 'refused', code, reason}
 *
 * The badges concerned get the first one as well. Tokens go into `connection_init`, never into an address.
 *
 * @module insession
 */

const PROTOCOL = 'graphql-transport-ws';
/** How many sessions one subscription may name. */
const SESSIONS_AT_ONCE = 100;
/** Changes of the set of badges within this time are one. */
const GATHER_MS = 20;
/** So many changes are known again when they come once more. */
const HEARD = 1_000;
const PING_MS = 20_000;
/** How long a connection may take, and an answer after the computer woke up. */
const CONNECT_MS = 15_000;
const PROBE_MS = 5_000;
/** How long the page before this one, in the same tab, may take to go. */
const HOLD_MS = 3_000;
const BACKOFF_MS = { first: 1_000, longest: 30_000, refused: 120_000 };
/** A page that has no connection for so long is out of touch: what it shows may be out of date. */
const OUT_OF_TOUCH_MS = 5_000;
/** Timers stop while a computer sleeps: what is to end then is looked at as often as this. */
const LOOK_MS = 60_000;
/** By how much this computer's two clocks may disagree before the server is asked for its time. */
const CLOCK_STEP_MS = 2_000;
/** A connection that lasted so long was a good one: the next back-off begins anew. */
const STABLE_MS = 5_000;
/** Close codes after which trying the same again soon is no use: of the protocol, and of WebSockets themselves. */
const REFUSALS = new Set([1002, 1003, 1009, 4400, 4401, 4406, 4409, 4429]);

// ---- settings -----------------------------------------------------------------------------------------------------

/** @type {{endpoint?: string, announce: boolean}} */
const settings = { announce: true };
/** @type {Map<string, Connection>} */
const connections = new Map();

/**
 * Says where InSession is, and who is here. Without it, the server that this module came from, and nobody.
 *
 * @param {object} options
 * @param {string} [options.endpoint] the server's address, such as `https://insession.example`
 * @param {(why: {refresh: boolean}) => (string | null | Promise<string | null>)} [options.token] gives the person's
 *   token, or null for nobody. Asked at every connection; `refresh` when the last one was refused or has ended.
 *   It is given to this endpoint only.
 * @param {boolean} [options.announce] whether screen readers hear of badges that turn; true unless told
 */
export function configure({ endpoint, token, announce } = {}) {
  if (endpoint !== undefined) settings.endpoint = new URL(endpoint, document.baseURI).href;
  if (announce !== undefined) settings.announce = announce;
  if (token !== undefined) connectionTo().identify(token);
}

/** The connection to a server, made when first asked for; it opens when there is something to do. */
function connectionTo(endpoint) {
  const address = endpoint || settings.endpoint || new URL('..', import.meta.url);
  const base = new URL(address, document.baseURI).href.replace(/[?#].*$/, '').replace(/\/$/, '');
  if (!connections.has(base)) connections.set(base, new Connection(base));
  return connections.get(base);
}

// ---- the connection -----------------------------------------------------------------------------------------------

/**
 * An operation that is under way.
 * @typedef {object} Operation
 * @property {string} query
 * @property {() => object} variables read each time it is sent: with the cursor to resume from
 * @property {boolean} lasts it is sent again on the next connection: a subscription, or what may be done twice
 * @property {boolean} [isSent] on the present connection
 * @property {(payload: object) => void} next
 * @property {(errors: object[]) => void} error
 */

/** One socket, which comes back by itself for as long as there is something to do. */
class Connection {
  /** @type {Map<string, Operation>} */
  #operations = new Map();
  #lastId = 0;
  #socket = null;
  #isReady = false;
  #isRefreshing = false;
  #failures = 0;
  #readyAt = 0;
  #awaitsLife = false;
  #timers = {};
  #token = null;
  /** What the server's clock, and this computer's two, said at the same moment. */
  #clocks;
  #touchTimer;
  /** Are told whether the page is out of touch. */
  #watchers = new Set();
  isOutOfTouch = false;

  /** What to do just before the page goes. */
  farewells = new Set();
  /** This tab's, once it was started. @type {TabVisit} */
  visit;

  constructor(base) {
    this.base = base;
    this.sessions = new LiveSessions(this);
    this.place = new OwnPlace(this);
    this.bookings = new Bookings(this);
    addEventListener('online', () => this.#wake());
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.#wake());
    // A page that is put away keeps no socket: browsers could not keep it for the way back.
    addEventListener('pagehide', () => {
      for (const farewell of this.farewells) farewell();
      this.#drop();
    });
    addEventListener('pageshow', ({ persisted }) => persisted && this.#wake());
  }

  /**
   * The server's time, in ms, as far as its messages have told it. The visitor's clock may be wrong, or be set meanwhile: what has
   * passed since is told by one that is never set. But that may stop while the computer sleeps, which also ends the connection.
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

  /** Learns the server's time from a message about something that has happened, `isNow` if at this very moment. */
  learnTime(text, isNow = false) {
    const at = Date.parse(text);
    if (isNow || at > this.now()) this.#setClocks(at);
  }

  /**
   * Asks for the server's time when it is in doubt: the computer slept, or its clock was set, or something ended by this clock
   * of which the server may say otherwise.
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
      this.sessions.look();
      this.place.look();
    };
    const id = this.#start({ query: SERVER_TIME, variables: () => ({}), lasts: false, next, error: () => {} });
  }

  /** Calls `watcher` now, and whenever the page gets out of touch with the server or in touch again. Returns what ends it. */
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

  /** Another person, or another way to know who: everything begins anew. */
  identify(token) {
    this.#token = token;
    if (this.#socket) {
      this.#drop();
      this.#open();
    }
    this.place.restart();
    this.bookings.restart();
  }

  /** Starts a subscription. Returns what ends it. */
  subscribe(operation) {
    const id = this.#start({ lasts: true, error: () => {}, ...operation });
    return () => this.#stop(id);
  }

  /**
   * Runs a query or mutation.
   * @param {object} [options]
   * @param {boolean} [options.mayRepeat] whether it may be sent again when the connection is lost before the answer
   * @param {AbortSignal} [options.signal] takes it back when it was not sent yet; what was sent is answered, and not sent again
   */
  request(query, variables = {}, { mayRepeat = false, signal } = {}) {
    return new Promise((resolve, reject) => {
      const failed = (errors) => reject(Object.assign(new Error(errors[0]?.message ?? 'no answer'), { errors }));
      const next = ({ data, errors }) => (errors ? failed(errors) : resolve(data));
      const id = this.#start({ query, variables: () => variables, lasts: mayRepeat, next, error: failed });
      signal?.addEventListener('abort', () => this.#takeBack(id) && reject(signal.reason), { once: true });
    });
  }

  #takeBack(id) {
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

  #write(message) {
    this.#socket.send(JSON.stringify(message));
  }

  #send(id, operation) {
    operation.isSent = true;
    this.#write({ id, type: 'subscribe', payload: { query: operation.query, variables: operation.variables() } });
  }

  async #open() {
    this.#clearTimers();
    this.#touchTimer ??= setTimeout(() => this.#setOutOfTouch(true), OUT_OF_TOUCH_MS);
    // What stands for the socket until there is one: another opening, or a drop, takes its place.
    const opening = (this.#socket = { close() {} });
    this.#timers.connect = setTimeout(() => this.#lost(1006, 'no answer in time'), CONNECT_MS);
    let token;
    try {
      token = await this.#token?.({ refresh: this.#isRefreshing });
    } catch (error) {
      if (this.#socket === opening) this.#lost(1006, `no token: ${error?.message ?? error}`);
      return;
    }
    if (this.#socket !== opening) return;
    const socket = (this.#socket = new WebSocket(`${this.base.replace(/^http/, 'ws')}/graphql/ws`, PROTOCOL));
    const payload = token ? { authorization: `Bearer ${token}` } : {};
    socket.onopen = () => this.#write({ type: 'connection_init', payload });
    socket.onmessage = ({ data }) => this.#read(JSON.parse(data));
    socket.onclose = ({ code, reason }) => this.#lost(code, reason);
  }

  #read({ type, id, payload }) {
    this.#awaitsLife = false;
    clearTimeout(this.#timers.probe);
    const operation = this.#operations.get(id);
    switch (type) {
      case 'connection_ack':
        this.#checkClocks();
        this.#isReady = true;
        this.#isRefreshing = false;
        this.#readyAt = Date.now();
        clearTimeout(this.#timers.connect);
        this.#timers.ping = setInterval(() => this.#ping(), PING_MS);
        this.#setOutOfTouch(false);
        this.#tell('online');
        for (const [id, operation] of this.#operations) this.#send(id, operation);
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

  /** A connection may be dead without a word: after sleep, behind a proxy. */
  #ping() {
    if (this.#awaitsLife) return this.#lost(1006, 'no sign of life');
    this.#awaitsLife = true;
    this.#write({ type: 'ping' });
  }

  /** The page is seen again, or the network is back: don't wait. */
  #wake() {
    if (this.#isReady) {
      this.#write({ type: 'ping' });
      clearTimeout(this.#timers.probe);
      this.#timers.probe = setTimeout(() => this.#lost(1006, 'no sign of life'), PROBE_MS);
    } else if (this.#operations.size > 0 && (this.#timers.retry || !this.#socket)) {
      this.#open();
    }
  }

  /** Ends the connection, without a new one. What may not be done twice has failed, or is not known to have been done. */
  #drop() {
    this.#clearTimers();
    const socket = this.#socket;
    this.#socket = null;
    this.#isReady = this.#awaitsLife = false;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close(1000);
    }
    for (const [id, operation] of this.#operations) {
      operation.isSent = false;
      if (operation.lasts) continue;
      this.#operations.delete(id);
      operation.error([{ message: 'The connection was lost before the answer came.' }]);
    }
  }

  /** The connection has ended, and not by our will. */
  #lost(code, reason) {
    if (this.#isReady && Date.now() - this.#readyAt > STABLE_MS) this.#failures = 0;
    this.#drop();
    const isRefused = REFUSALS.has(code);
    this.#isRefreshing ||= code === 4403;
    this.#tell(isRefused ? 'refused' : 'offline', code, reason);
    if (this.#operations.size === 0) return;
    this.#touchTimer ??= setTimeout(() => this.#setOutOfTouch(true), OUT_OF_TOUCH_MS);
    // Full jitter: a thousand pages that lost the same server don't come back at the same moment.
    const { first, longest, refused } = BACKOFF_MS;
    const limit = isRefused ? refused : Math.min(longest, first * 2 ** this.#failures++);
    this.#timers.retry = setTimeout(() => this.#open(), Math.random() * limit);
  }

  #clearTimers() {
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#timers = {};
  }

  #tell(state, code, reason) {
    tell('insession-connection', { endpoint: this.base, state, code, reason });
  }
}

function tell(name, detail, target = document) {
  target.dispatchEvent(new CustomEvent(name, { detail, bubbles: target === document }));
}

// ---- following changes --------------------------------------------------------------------------------------------

/** The first message has the server's time. */
const SERVER_TIME = 'subscription { activeSessionChanged(sessionIds: []) { occurredAt } }';

const INSTANCE = `fragment instance on SessionInstance {
  id isActive startsAt endsAt presentCount locationOverride activeFrom activeUntil activeOverride { active until }
  session { id name path city country location timeZone }
}`;

/** The same for everyone, whatever it is narrowed to: the server makes each message once for all who follow. */
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

/** A subscription to a list of changes, which resumes after the last that it has seen. */
class Feed {
  #cursor;
  #stop;
  #timer;
  #failures = 0;

  /** @param refused what to do when the server won't: with its code */
  constructor(connection, { query, field, narrowing, after }, changed, refused = () => {}) {
    Object.assign(this, { connection, query, field, narrowing, changed, refused });
    this.#cursor = after;
    this.#start();
  }

  /** Goes on with less, missing nothing. */
  narrow(narrowing) {
    this.narrowing = narrowing;
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
      variables: () => ({ ...this.narrowing, after: this.#cursor }),
      next: ({ data }) => {
        const change = data?.[this.field];
        if (!change) return;
        // Without a cursor it is how things stand, told this very moment.
        this.connection.learnTime(change.occurredAt, this.#cursor === undefined);
        this.#cursor = change.cursor;
        this.#failures = 0;
        this.changed(change);
      },
      error: ([error]) => this.#failed(error?.extensions?.code),
    });
  }

  #failed(code) {
    const isCursor = code === 'CURSOR_EXPIRED' || (code === 'BAD_USER_INPUT' && this.#cursor !== undefined);
    if (isCursor) {
      this.#cursor = undefined;
      this.#start();
    } else if (['BAD_USER_INPUT', 'NOT_FOUND', 'FORBIDDEN', 'UNAUTHENTICATED'].includes(code)) {
      this.refused(code);
    } else {
      const limit = Math.min(BACKOFF_MS.longest, BACKOFF_MS.first * 2 ** this.#failures++);
      this.#timer = setTimeout(() => this.#start(), limit * (0.5 + Math.random() / 2));
    }
  }
}

/** Several subscriptions may bring the same change: `document` hears of it once. */
const told = new Set();

function tellChange(change) {
  const name = `${change.kind} ${change.cursor} ${change.sessionInstanceId}`;
  if (told.has(name)) return;
  told.add(name);
  if (told.size > 500) told.delete(told.values().next().value);
  tell('active-session-changed', change);
}

/**
 * Follows changes, for pages that show more than badges.
 *
 * @param {{sessionIds?: string[], personId?: string, city?: string, country?: string}} narrowing
 * @param {(change: object) => void} changed is given each change; the first one without `after`, and one after a long
 *   absence, is a SNAPSHOT
 * @param {{endpoint?: string, after?: string}} [options] `after`: a cursor, such as that of `changeCursor`
 * @returns {() => void} what ends it
 */
export function watch(narrowing, changed, { endpoint, after } = {}) {
  const query = narrowing.personId ? PERSON_CHANGES : SESSION_CHANGES;
  const feed = new Feed(connectionTo(endpoint), { query, field: 'activeSessionChanged', narrowing, after }, (change) => {
    if (change.kind !== 'SNAPSHOT') tellChange(change);
    changed(change);
  });
  return () => feed.stop();
}

/**
 * Runs a query or mutation over the page's socket.
 * @returns {Promise<object>} its data; rejected with an error that has `errors`
 */
export function query(document, variables, { endpoint, mayRepeat } = {}) {
  return connectionTo(endpoint).request(document, variables, { mayRepeat });
}

/** When an instance that is active ends, in ms, if nothing new is heard of it; Infinity when only the server can tell. */
function endOf({ activeFrom, activeUntil, activeOverride }, now) {
  const [opens, closes] = [activeFrom, activeUntil].map((at) => (at ? Date.parse(at) : Infinity));
  if (!activeOverride?.active) return closes;
  // Without an end, an override lasts until the server's next sweep, within a minute; then the window counts.
  if (!activeOverride.until) return now < closes ? closes : Infinity;
  const until = Date.parse(activeOverride.until);
  return opens <= until && until < closes ? closes : until;
}

/** Calls `look` when the first of these instances ends, or a little later, by the server's clock. Returns the timer. */
function lookAtEnd(connection, instances, look) {
  const now = connection.now();
  const next = Math.min(...instances.map((instance) => endOf(instance, now)).filter((end) => end > now));
  return Number.isFinite(next) ? setTimeout(look, Math.min(next - now, LOOK_MS)) : undefined;
}

/** Which sessions are on: one subscription for up to 100 of them, whatever the number of badges. */
class LiveSessions {
  /** The listeners of each session. */
  #listeners = new Map();
  /** What was last heard to be on: of each session its active instances by id. They end by the clock, too. */
  #active = new Map();
  /** Of each session, how many of them its listeners were last told of. */
  #counts = new Map();
  #endTimer;
  /** @type {Map<Feed, string[]>} */
  #feeds = new Map();
  /** What the server does not know, or not any more. */
  #unknown = new Set();
  #timer;

  constructor(connection) {
    this.connection = connection;
  }

  /** Calls `listener(instances, change)` when it is known what is on, and when that changes. Returns what ends it. */
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
    this.#timer = setTimeout(() => this.#subscribe(), GATHER_MS);
  }

  /** New sessions get a subscription of their own; those that nobody asks for any more leave theirs. */
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
    // When there are many small ones, all begin anew; what changed meanwhile shows in the snapshot.
    if (this.#feeds.size > Math.ceil(this.#listeners.size / SESSIONS_AT_ONCE) + 3) {
      for (const feed of this.#feeds.keys()) this.#end(feed);
    }
    const followed = new Set([...[...this.#feeds.values()].flat(), ...this.#unknown]);
    const fresh = [...this.#listeners.keys()].filter((session) => !followed.has(session));
    for (let at = 0; at < fresh.length; at += SESSIONS_AT_ONCE) this.#follow(fresh.slice(at, at + SESSIONS_AT_ONCE));
    for (const session of this.#active.keys()) if (!isWanted(session)) this.#active.delete(session);
  }

  #follow(sessions) {
    const kind = { query: SESSION_CHANGES, field: 'activeSessionChanged', narrowing: { sessionIds: sessions } };
    const feed = new Feed(
      this.connection,
      kind,
      (change) => this.#changed(feed, change),
      () => this.#split(feed),
    );
    this.#feeds.set(feed, sessions);
  }

  #end(feed) {
    feed.stop();
    this.#feeds.delete(feed);
  }

  /** One session that does not exist is not to spoil it for the others: halves find it. */
  #split(feed) {
    const sessions = this.#feeds.get(feed);
    this.#end(feed);
    if (sessions.length === 1) {
      this.#unknown.add(sessions[0]);
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
      for (const session of this.#feeds.get(feed)) this.#stands(session, change);
      return;
    }
    const session = change.session?.id;
    const active = this.#active.get(session);
    if (!active) return;
    const isOn = change.kind !== 'DEACTIVATED' && change.sessionInstance?.isActive;
    if (isOn) active.set(change.sessionInstanceId, change.sessionInstance);
    else active.delete(change.sessionInstanceId);
    this.#notify(session, change);
    tellChange(change);
  }

  /** How a session stands. What was known before and is otherwise now has changed unseen, and is told now. */
  #stands(session, { activeInstances, cursor, occurredAt, sessions }) {
    const before = this.#active.get(session);
    const ofSession = activeInstances.filter((instance) => instance.session.id === session);
    const now = new Map(ofSession.map((instance) => [instance.id, instance]));
    this.#active.set(session, now);
    const unseen = [];
    if (before) {
      for (const [id, instance] of before) if (!now.has(id)) unseen.push(['DEACTIVATED', { ...instance, isActive: false }]);
      for (const [id, instance] of now) if (!before.has(id)) unseen.push(['ACTIVATED', instance]);
    }
    if (unseen.length === 0) return this.#notify(session);
    const about = sessions?.find(({ id }) => id === session);
    for (const [kind, sessionInstance] of unseen) {
      const change = { kind, cursor, occurredAt, session: about, sessionInstanceId: sessionInstance.id, sessionInstance };
      this.#notify(session, change);
      tellChange(change);
    }
  }

  #current(session) {
    const now = this.connection.now();
    return [...(this.#active.get(session)?.values() ?? [])].filter((instance) => now < endOf(instance, now));
  }

  /** Something has ended that no message has said so of. */
  hasEnded() {
    return [...this.#active].some(([session, active]) => this.#current(session).length < active.size);
  }

  /** Nobody may be there to say that something ended. */
  look() {
    for (const session of this.#active.keys()) {
      if (this.#current(session).length !== this.#counts.get(session)) this.#notify(session);
    }
    this.#lookAgain();
  }

  #lookAgain() {
    clearTimeout(this.#endTimer);
    const instances = [...this.#active.values()].flatMap((active) => [...active.values()]);
    this.#endTimer = lookAtEnd(this.connection, instances, () => this.look());
  }

  #notify(session, change) {
    const instances = this.#current(session);
    this.#counts.set(session, instances.length);
    this.#lookAgain();
    for (const listener of this.#listeners.get(session) ?? []) listener(instances, change);
  }
}

/** Where the signed-in person is. */
class OwnPlace {
  #listeners = new Set();
  #feed;
  /** Where the person was last heard to be; null for nowhere. That ends by the clock, too. */
  #place;
  #endTimer;
  #asking = 0;

  constructor(connection) {
    this.connection = connection;
  }

  /** Calls `listener(instance or null)` when it is known where the person is, and at each move and count. */
  listen(listener) {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) setTimeout(() => this.restart(), GATHER_MS);
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
    const data = await this.connection.request('{ viewer { id } }', {}, { mayRepeat: true }).catch(() => null);
    if (asked !== this.#asking) return;
    if (!data?.viewer) return this.#set(null);
    const kind = { query: PERSON_CHANGES, field: 'activeSessionChanged', narrowing: { personId: data.viewer.id } };
    this.#feed = new Feed(this.connection, kind, (change) => this.#changed(change), () => this.#set(null));
  }

  #changed(change) {
    const { kind, person, sessionInstance } = change;
    if (kind === 'SNAPSHOT' || kind === 'PERSON_MOVED') this.#set(person?.activeSessionInstance ?? null);
    else if (kind === 'UPDATED' && sessionInstance?.id === this.#place?.id) this.#set(sessionInstance);
    if (kind !== 'SNAPSHOT') tellChange(change);
  }

  #current() {
    const now = this.connection.now();
    return this.#place && now < endOf(this.#place, now) ? this.#place : null;
  }

  hasEnded() {
    return Boolean(this.#place) && !this.#current();
  }

  look() {
    if (this.#place) this.#set(this.#place);
  }

  #set(place) {
    this.#place = place;
    clearTimeout(this.#endTimer);
    this.#endTimer = lookAtEnd(this.connection, place ? [place] : [], () => this.look());
    const current = this.#current();
    for (const listener of this.#listeners) listener(current);
  }
}

/**
 * Follows all bookings of the person: `changed` is called once it is known how they stand, and at each change.
 * @returns {() => void} what ends it
 */
export function watchBookings(changed, { endpoint } = {}) {
  return connectionTo(endpoint).bookings.listen(ALL, (_, change) => changed(change));
}

/** Stands for every booking, among the ids that are listened to. */
const ALL = '*';

/** How bookings stand: one subscription for all of the person's, and one for each that is somebody else's. */
class Bookings {
  #listeners = new Map();
  #known = new Map();
  #own;
  #others = new Map();
  #news = [];
  /** The cursors of the last changes. */
  #heard = new Set();

  constructor(connection) {
    this.connection = connection;
  }

  /** Calls `listener(booking or null, change)`. Returns what ends it. */
  listen(id, listener) {
    if (!this.#listeners.has(id)) this.#listeners.set(id, new Set());
    this.#listeners.get(id).add(listener);
    if (this.#known.has(id)) listener(this.#known.get(id));
    else if (this.#own?.isKnown) this.#followOther(id);
    if (!this.#own) setTimeout(() => this.#own ?? this.restart(), GATHER_MS);
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
      for (const booking of bookings) this.#stands(booking.id, booking);
      this.#own.isKnown = true;
      for (const id of this.#listeners.keys()) if (!this.#known.has(id)) this.#followOther(id);
      this.#notify(ALL);
    });
  }

  #followOther(id) {
    if (id === ALL || this.#others.has(id)) return;
    const stands = ([booking]) => this.#stands(id, booking ?? null);
    this.#others.set(id, this.#follow({ bookingId: id }, stands));
  }

  /** `stands` is given the bookings of a snapshot; none when the server won't tell, or they are more than it tells. */
  #follow(narrowing, stands) {
    const kind = { query: BOOKING_CHANGES, field: 'bookingStatusChanged', narrowing };
    const changed = (change) => (change.newStatus ? this.#changed(change) : stands(change.bookings ?? []));
    return new Feed(this.connection, kind, changed, () => stands([]));
  }

  #stands(id, booking, change) {
    this.#known.set(id, booking);
    this.#notify(id, booking, change);
  }

  #notify(id, ...news) {
    for (const listener of this.#listeners.get(id) ?? []) listener(...news);
  }

  #changed({ booking, ...change }) {
    // What concerns several subscriptions comes by each of them, not always at the same time.
    if (!booking || this.#heard.has(change.cursor)) return;
    this.#heard.add(change.cursor);
    if (this.#heard.size > HEARD) this.#heard.delete(this.#heard.values().next().value);
    this.#stands(booking.id, booking, change);
    this.#notify(ALL, booking, change);
    // Those that change together, at a sweep, are told together.
    if (this.#news.length === 0) setTimeout(() => this.#tell(), GATHER_MS);
    this.#news.push({ ...change, bookingId: booking.id, booking });
  }

  #tell() {
    const updates = this.#news.splice(0);
    const count = (status) => updates.filter(({ newStatus }) => newStatus === status).length;
    tell('session-status-updated', { started: count('ONGOING'), completed: count('COMPLETED'), updates });
  }
}

// ---- the elements -------------------------------------------------------------------------------------------------

/** Makes an element. Texts become text, never markup. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** By their text, each made when an element first needs it. */
const styleSheets = new Map();

/** Not a style element: pages whose policy allows no inline style take this. */
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
 * What the elements have in common: they begin when they are in the page, and anew when an attribute changes. Servers that
 * import this module have no `HTMLElement`, and make no element.
 */
class InSessionElement extends (globalThis.HTMLElement ?? Object) {
  #stop;
  #timer;
  #note = element('span', { class: 'note', part: 'note' }, 'No connection: this may be out of date.');

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

  #begin() {
    const stops = [this.follow(), this.connection.watchTouch((isOutOfTouch) => this.#showTouch(isOutOfTouch))];
    return () => stops.forEach((stop) => stop?.());
  }

  /** What is shown may be out of date: that shows in the element's form, in words for screen readers, and by the mouse. */
  #showTouch(isOutOfTouch) {
    this.toggleAttribute('out-of-touch', isOutOfTouch);
    this.#note.remove();
    this.noteHome.removeAttribute('title');
    if (!isOutOfTouch) return;
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
 * LIVE NOW while a session is on. The attribute `active` tells, and may be there from the start; `collapse` gives the
 * room away while it is hidden; `label` names the session to screen readers; its content replaces the words.
 */
class LiveNowBadge extends InSessionElement {
  static observedAttributes = ['session', 'endpoint'];

  constructor() {
    super(LiveNowBadge.style);
    const dot = element('span', { class: 'dot pulse', part: 'dot', 'aria-hidden': 'true' });
    this.noteHome = element('span', { class: 'badge', part: 'badge' }, dot, element('slot', {}, 'LIVE NOW'));
    this.shadowRoot.append(this.noteHome);
  }

  follow() {
    const session = this.getAttribute('session') ?? '';
    if (!/^Session:[1-9]\d{0,18}$/.test(session)) {
      this.toggleAttribute('active', false);
      return undefined;
    }
    this.instances = undefined;
    return this.connection.sessions.listen(session, (instances, change) => {
      const [wasActive, isActive] = [this.hasAttribute('active'), instances.length > 0];
      const before = this.instances;
      this.instances = instances;
      this.toggleAttribute('active', isActive);
      if (change) tell('active-session-changed', change, this);
      if (!before) return;
      const name = this.getAttribute('label') ?? [...instances, ...before][0]?.session.name ?? 'The session';
      if (wasActive !== isActive) announce(`${name} is ${isActive ? 'live now' : 'no longer live'}.`);
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

/** A green dot while the signed-in person is at a session, with a popup. `link` is where a click goes: `{path}`, `{id}`. */
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

  /** Wherever the focus is. */
  #escape = ({ key }) => key === 'Escape' && this.#open(false);

  #open(isOpen) {
    this.toggleAttribute('open', isOpen && this.hasAttribute('active'));
    document[this.hasAttribute('open') ? 'addEventListener' : 'removeEventListener']('keydown', this.#escape);
    // Wherever the dot is, the popup is within the page.
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
      tell('active-session-changed', { kind: 'PERSON_MOVED', sessionInstance: place, previousSessionInstance: before }, this);
      announce(place ? `You are at ${place.session.name}.` : 'You are at no session now.');
    });
  }

  #show({ session, startsAt, endsAt, presentCount, locationOverride }) {
    const link = this.getAttribute('link') ?? `${this.connection.base}/sessions/{path}`;
    const values = { path: session.path, id: session.id };
    this.dot.href = link.replace(/\{(path|id)\}/g, (_, name) => encodeURIComponent(values[name]));
    this.dot.setAttribute('aria-label', `In session: ${session.name}`);
    const { name, place, time, count } = this.parts;
    name.textContent = session.name;
    place.textContent = [locationOverride ?? session.location, session.city].filter(Boolean).join(', ');
    time.textContent = timesText(startsAt, endsAt, session.timeZone);
    count.textContent = presentCount === 1 ? '1 person is here' : `${presentCount} people are here`;
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

/** How a booking stands, in words, with a countdown. The attribute `status` is its status. */
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
    const stop = this.connection.bookings.listen(this.getAttribute('booking'), (booking, change) => {
      this.booking = booking;
      if (booking) this.setAttribute('status', booking.status);
      else this.removeAttribute('status');
      this.#show();
      if (change) announce(`Your booking: ${this.text.textContent}.`);
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
    const words = {
      SCHEDULED: toStart > 0 ? `Starts in ${durationText(toStart)}` : 'About to start',
      ONGOING: `Under way${isDelayed ? ', started late' : ''}${toEnd > 0 ? `, ${durationText(toEnd)} left` : ''}`,
      COMPLETED: 'Completed',
      CANCELLED: 'Cancelled',
    };
    this.text.textContent = words[status] ?? status;
    if (status === 'SCHEDULED' || status === 'ONGOING') this.#timer = setTimeout(() => this.#show(), 1_000 - (now % 1_000));
  }
}

/** In the session's own time, and in the visitor's where that differs. */
function timesText(startsAt, endsAt, timeZone) {
  if (!startsAt || !endsAt) return '';
  const at = [new Date(startsAt), new Date(endsAt)];
  const range = (zone) => {
    const format = { hour: 'numeric', minute: '2-digit', timeZone: zone, timeZoneName: 'short' };
    return new Intl.DateTimeFormat(undefined, format).formatRange(...at);
  };
  try {
    const [there, here] = [range(timeZone), range(undefined)];
    return there === here ? there : `${there} (${here} for you)`;
  } catch {
    return range(undefined);
  }
}

function durationText(ms) {
  const seconds = Math.ceil(ms / 1_000);
  const [days, hours, minutes] = [seconds / 86_400, (seconds / 3_600) % 24, (seconds / 60) % 60].map(Math.floor);
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes >= 5 ? `${minutes} min` : `${minutes}:${String(seconds % 60).padStart(2, '0')}`;
}

let liveRegion;
let announcements = [];

/** Tells screen readers, when they are done with what they say; many at once as a few. */
function announce(text) {
  if (!settings.announce) return;
  if (!liveRegion) {
    liveRegion = element('div', { role: 'status', 'aria-live': 'polite' });
    const hidden = { position: 'absolute', width: '1px', height: '1px', overflow: 'hidden', clipPath: 'inset(50%)' };
    Object.assign(liveRegion.style, hidden, { whiteSpace: 'nowrap' });
    document.body.append(liveRegion);
  }
  if (announcements.length === 0) {
    setTimeout(() => {
      const told = announcements.length > 5 ? [...announcements.slice(0, 5), 'And more.'] : announcements;
      liveRegion.textContent = told.join(' ');
      announcements = [];
    }, 500);
  }
  if (!announcements.includes(text)) announcements.push(text);
}

// ---- the heartbeat ------------------------------------------------------------------------------------------------

const PRESENCE = 'presence { id status isOnline activity { key } }';
const BEAT = `mutation($input: HeartbeatInput!) { heartbeat(input: $input) { secret heartbeatSeconds ${PRESENCE} } }`;
const ENTER = `mutation($input: EnterActivityInput!) { enterActivity(input: $input) {
  admitted occupancy maxConcurrent message ${PRESENCE} activity { key name }
} }`;
const ends = (name) => `mutation($id: ID!, $secret: String) { ${name}(presenceId: $id, secret: $secret) { ${PRESENCE} } }`;
const [LEAVE, COMPLETE] = [ends('leaveActivity'), ends('completePresence')];

/** The answer to an entry that was cancelled before the server's came. */
const CANCELLED = { admitted: false, cancelled: true, occupancy: null, maxConcurrent: null, message: 'No longer asked for.' };

/**
 * Keeps this visit on line until the page goes, and asks for a seat in an activity. Over the page's socket, whose pongs
 * keep the visit on line in a hidden tab too, where timers hardly run.
 *
 * A tab has one visit at a server. It may be started several times, such as by several components of a page: the visit goes
 * on until all of them have stopped, and its seat is given back once none that runs wants it.
 *
 * @param {object} [options]
 * @param {string} [options.activity] the key of the activity to enter
 * @param {string} [options.languageCode] such as `en`; that of the page unless told. What is no language is left out
 * @param {string} [options.currentPage] the path of the page unless told
 * @param {boolean} [options.keepSeat] keeps the seat when the page goes, for an activity of several pages; a tab that is
 *   closed then gives it back when the server has not heard of it for a minute
 * @param {string} [options.endpoint]
 * @returns {Visit} `await visit.entered` is `{admitted, occupancy, maxConcurrent, message}`, with `cancelled: true` and
 *   `admitted: false` when the visit was left, stopped or completed before the answer
 */
export function startHeartbeat(options = {}) {
  return new Visit(options);
}

/** What `startHeartbeat` returns. Tells `entered` (each answer about the seat), `left` and `failed` as its own events. */
class Visit extends EventTarget {
  #tab;
  /** Ends the entries that are under way. */
  #entries = new AbortController();
  /** Whether the last answer gave it a seat, and it did not give that back. */
  isAdmitted = false;

  constructor({ activity, languageCode, currentPage, keepSeat = false, endpoint }) {
    super();
    this.connection = connectionTo(endpoint);
    this.#tab = this.connection.visit ??= new TabVisit(this.connection);
    Object.assign(this, { activity, keepSeat });
    const language = languageTag(languageCode || document.documentElement.lang);
    this.input = { languageCode: language, currentPage: currentPage || location.pathname };
    this.#tab.running.add(this);
    /** The first answer about the seat; undefined when no activity was asked for. */
    this.entered = activity ? this.enter() : this.beat();
    this.entered.catch((error) => tell('failed', error, this));
  }

  get id() {
    return this.#tab.id;
  }

  /** Of an anonymous visit: whoever knows it may act for the visit. */
  get secret() {
    return this.#tab.secret;
  }

  /** The visit as the server last told of it. */
  get presence() {
    return this.#tab.presence;
  }

  /** Beats now; else that is done as often as the server asks. A failure is told, and the next beat tries again. */
  beat() {
    return this.#tab.beat();
  }

  /**
   * Asks for a seat. Being full is an answer: `admitted` is false, and `message` says so. So is being cancelled, by `leave`,
   * `stop` or `complete` before the server's answer: `cancelled` is true then.
   */
  async enter(activity = this.activity) {
    const { signal } = this.#entries;
    if (signal.aborted) return CANCELLED;
    this.activity = activity;
    const cancelled = new Promise((resolve) => signal.addEventListener('abort', () => resolve(CANCELLED), { once: true }));
    const answered = this.#tab.enter(activity, signal).then((answer) => {
      if (signal.aborted) return CANCELLED;
      this.isAdmitted = answer.admitted;
      tell('entered', answer, this);
      return answer;
    });
    return Promise.race([answered, cancelled]);
  }

  /** Gives the seat back, and stays on line. Cancels an entry that is under way. The promise is kept when the server knows. */
  leave() {
    this.#cancelEntries();
    if (this.#tab.running.has(this)) this.#entries = new AbortController();
    return this.#left(this.#tab.settle(), false);
  }

  /**
   * Ends the beats, gives the seat back, and cancels an entry that is under way. When nothing else of this tab runs, the visit
   * goes off line within a minute. The promise is kept when the server knows; nothing waits for it.
   */
  stop() {
    this.#cancelEntries();
    this.#tab.running.delete(this);
    return this.#left(this.#tab.settle(), false);
  }

  /** The visit is done: it ends as completed, and a later one is another. */
  complete() {
    this.#cancelEntries();
    this.#tab.running.delete(this);
    return this.#left(this.#tab.complete(), true);
  }

  #cancelEntries() {
    this.activity = undefined;
    this.isAdmitted = false;
    this.#entries.abort();
  }

  #left(done, completed) {
    return done.then(
      () => tell('left', { completed }, this),
      (error) => tell('failed', error, this),
    );
  }
}

/** The one visit that a tab has at a server. What is asked of the server goes one after the other: it does not keep an order. */
class TabVisit {
  #timer;
  #last = Promise.resolve();
  /** Ends a beat that was not sent yet when nobody wants it any more. */
  #beats = new AbortController();
  /** The server may know it: from this page, or from the one before it in this tab. */
  #isKnown = false;
  /** And may count it as on line. */
  #isOnline = false;
  /** Whether it has beaten since it began or began again. */
  #hasBeaten = false;
  /** The key of the activity that it has, or may have, a seat in. */
  #seat;
  #isCompleted = false;
  /** What `startHeartbeat` returned and nobody has stopped, the latest last. @type {Set<Visit>} */
  running = new Set();

  constructor(connection) {
    this.connection = connection;
    this.key = `insession.visit ${connection.base}`;
    // Kept for the tab's life: its next page goes on with the same visit.
    const kept = attempt(() => JSON.parse(sessionStorage.getItem(this.key)));
    this.#become(kept ?? { id: randomId() });
    this.#isKnown = this.#isOnline = Boolean(kept);
    connection.farewells.add(() => this.#sayFarewell());
    // On the way back to a page that was put away, its seat is asked for again.
    addEventListener('pageshow', ({ persisted }) => persisted && this.beat());
  }

  #become({ id, secret }) {
    if (id !== this.id) this.#isKnown = this.#isOnline = false;
    Object.assign(this, { id, secret });
    attempt(() => sessionStorage.setItem(this.key, JSON.stringify({ id, secret })));
  }

  /** Does something once all that was to be done before it has been. */
  #inTurn(task) {
    const turn = this.#last.then(task);
    this.#last = turn.catch(() => {});
    return turn;
  }

  #isWanted(activity) {
    return [...this.running].some((visit) => visit.activity === activity);
  }

  beat() {
    return this.#inTurn(() => this.#beat());
  }

  async #beat() {
    clearTimeout(this.#timer);
    if (this.running.size === 0) return;
    if (this.#isCompleted) this.#become({ id: randomId() });
    this.#isCompleted = false;
    let seconds = 20;
    try {
      let answer = await this.#sendBeat();
      // The kept visit is over, or was that of who was signed in before: this is another one.
      if (answer.isGone) {
        this.#become({ id: randomId() });
        answer = await this.#sendBeat();
      }
      if (answer.isGone) throw answer.isGone;
      seconds = answer.heartbeatSeconds;
      this.#hasBeaten = true;
      this.presence = answer.presence;
      if (answer.secret) this.#become({ id: this.id, secret: answer.secret });
      this.#seat = answer.presence.activity?.key;
      // The seat's lease ran out while the computer slept: whoever comes back asks again.
      const loser = [...this.running].findLast((visit) => visit.isAdmitted);
      if (loser && !this.#seat) loser.enter().catch((error) => tell('failed', error, loser));
    } catch (error) {
      if (error.name !== 'AbortError') for (const visit of this.running) tell('failed', error, visit);
    }
    if (this.running.size > 0) this.#timer = setTimeout(() => this.beat(), seconds * 1_000);
  }

  /** The answer, with `isGone` in its place when there is no such visit any more. */
  async #sendBeat() {
    // A tab that was duplicated has a copy of the first one's storage: it makes a visit of its own.
    while (!(await hold(`${this.key} ${this.id}`))) this.#become({ id: randomId() });
    const { signal } = this.#beats;
    const latest = [...this.running].at(-1);
    if (!latest) throw new DOMException('Nobody wants it any more.', 'AbortError');
    this.#isKnown = this.#isOnline = true;
    const input = { ...latest.input, presenceId: this.id, secret: this.secret };
    try {
      return (await this.connection.request(BEAT, { input }, { mayRepeat: true, signal })).heartbeat;
    } catch (error) {
      if (['INVALID_TRANSITION', 'NOT_FOUND'].includes(codeOf(error))) return { isGone: error };
      throw error;
    }
  }

  /** Asks for a seat, unless `signal` says first that nobody wants it any more. */
  enter(activity, signal) {
    return this.#inTurn(async () => {
      if (!signal.aborted && !this.#hasBeaten) await this.#beat();
      signal.throwIfAborted();
      const before = this.#seat;
      const input = { presenceId: this.id, activityKey: activity, secret: this.secret };
      this.#isOnline = true;
      // Until the answer is here, there may be a seat.
      this.#seat = activity;
      try {
        const { enterActivity } = await this.connection.request(ENTER, { input }, { mayRepeat: true, signal });
        if (!enterActivity.admitted) this.#seat = before;
        return enterActivity;
      } catch (error) {
        if (error.name === 'AbortError') this.#seat = before;
        throw error;
      }
    });
  }

  /** Gives back what nobody wants any more: the seat, and being on line. */
  settle() {
    if (this.running.size === 0) this.#endBeats();
    return this.#inTurn(async () => {
      if (this.running.size === 0) {
        if (this.#isOnline) await this.#end(LEAVE);
        return;
      }
      if (!this.#hasBeaten) await this.#beat();
      if (!this.#seat || this.#isWanted(this.#seat)) return;
      await this.#end(LEAVE);
      await this.#beat();
    });
  }

  complete() {
    attempt(() => sessionStorage.removeItem(this.key));
    if (this.running.size === 0) this.#endBeats();
    return this.#inTurn(async () => {
      if (this.#isCompleted) return;
      this.#isCompleted = true;
      if (this.#isKnown) await this.#end(COMPLETE);
      await this.#beat();
    });
  }

  #endBeats() {
    clearTimeout(this.#timer);
    this.#beats.abort();
    this.#beats = new AbortController();
  }

  /** Also ends what the socket's pongs do for the visit, until the next beat. */
  async #end(mutation) {
    try {
      await this.connection.request(mutation, { id: this.id, secret: this.secret }, { mayRepeat: true });
    } catch (error) {
      // What is not there has no seat.
      if (codeOf(error) !== 'NOT_FOUND') throw error;
    }
    this.#isOnline = this.#hasBeaten = false;
    this.#seat = undefined;
  }

  /** The page goes, and nothing waits for an answer. */
  #sayFarewell() {
    const isKept = [...this.running].some(({ activity, keepSeat }) => keepSeat && activity === this.#seat);
    if (this.#seat && !isKept) this.connection.request(LEAVE, { id: this.id, secret: this.secret }).catch(() => {});
  }
}

/** A language as pages write it, such as `en_US`, as BCP 47 spells it; undefined for what is none. */
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

/** What this page holds, by name: what gives it back; nothing when another page has it. */
const held = new Map();

/**
 * Whether this page has this name for itself, among those of its site, until it goes. Always where there are no locks: on
 * pages that are not secure, and where storage is blocked.
 */
function hold(name) {
  const locks = attempt(() => navigator.locks);
  if (!locks) return true;
  if (held.size === 0) addEventListener('pagehide', releaseAll, { once: true });
  if (!held.has(name)) {
    const holding = new Promise((resolve) => {
      const hasIt = () => new Promise((release) => resolve(release));
      const failed = ({ name }) => resolve(name === 'TimeoutError' ? undefined : () => {});
      const options = { signal: AbortSignal.timeout(HOLD_MS) };
      // Where storage is blocked it throws, or the promise is rejected: browsers differ.
      new Promise((locked) => locked(locks.request(name, options, hasIt))).catch(failed);
    });
    held.set(name, holding);
  }
  return held.get(name);
}

/** Browsers keep no page for the way back that holds something; and this tab's next page is to have the same. */
function releaseAll() {
  for (const holding of held.values()) holding.then((release) => release?.());
  held.clear();
}

/**
 * What `use` returns; undefined when it throws. In a sandboxed frame, and where the visitor blocks storage, so does everything
 * that names a storage: the visit then has an id for this page alone.
 */
function attempt(use) {
  try {
    return use();
  } catch {
    return undefined;
  }
}

/** A UUID; `crypto.randomUUID` is there on secure pages only. */
function randomId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

for (const [name, constructor] of [
  ['live-now-badge', LiveNowBadge],
  ['in-session-badge', InSessionBadge],
  ['booking-status', BookingStatus],
]) {
  if (globalThis.customElements && !customElements.get(name)) customElements.define(name, constructor);
}
