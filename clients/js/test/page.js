// Tabs of a browser, as far as the module needs them, and a server. Time passes only by `advance`.

import { readFileSync } from 'node:fs';

const source = readFileSync(new URL('../insession.js', import.meta.url), 'utf8');
const names = ['configure', 'startHeartbeat', 'watchActivity'];

/** A clock. All timers of a test are on it. */
export class Clock {
  #now = Date.parse('2031-12-01T19:00:00Z');
  #timers = new Map();
  #last = 0;

  now = () => this.#now;

  setTimeout = (callback, delay = 0, ...rest) => {
    this.#timers.set(++this.#last, { at: this.#now + delay, run: () => callback(...rest) });
    return this.#last;
  };

  clearTimeout = (id) => this.#timers.delete(id);

  /** Lets time pass in which nothing runs. */
  skip(ms) {
    this.#now += ms;
  }

  /** Lets time pass, and runs everything that falls due in it. */
  async advance(ms) {
    const end = this.#now + ms;
    for (;;) {
      await settled();
      const [id, next] = [...this.#timers].sort(([, one], [, other]) => one.at - other.at)[0] ?? [];
      if (!next || next.at > end) break;
      this.#timers.delete(id);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
    await settled();
  }
}

/** Waits until everything that needs no time has happened. */
export async function settled() {
  for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** What the tabs of one browser share: channels and locks. */
export class Channels {
  #open = new Set();
  /** By name: the end of the last page that has, or waits for, the lock. */
  #locks = new Map();

  constructor() {
    this.locks = { request: (name, options, use) => this.#lock(name, options, use) };
    const channels = this.#open;
    this.BroadcastChannel = class {
      constructor(name) {
        this.name = name;
        channels.add(this);
      }

      postMessage(message) {
        const data = structuredClone(message);
        for (const other of channels) if (other !== this && other.name === this.name) setImmediate(() => channels.has(other) && other.onmessage({ data }));
      }

      close() {
        channels.delete(this);
      }
    };
  }

  async #lock(name, { signal }, use) {
    const last = this.#locks.get(name);
    let ended;
    this.#locks.set(name, Promise.all([last, new Promise((resolve) => (ended = resolve))]));
    const isLate = new Promise((resolve) => signal.addEventListener('abort', () => resolve(true)));
    if (await Promise.race([last?.then(() => false) ?? false, isLate])) {
      ended();
      throw new DOMException('It is held for too long.', 'TimeoutError');
    }
    await use();
    ended();
  }
}

/** A tab with the module. `storage` is its session storage, which the next page of the same tab gets, and a duplicated tab gets a copy. */
export function openTab(server, { clock, channels, storage = new Map(), token = 'ann' }) {
  const page = new EventTarget();
  const document = Object.assign(new EventTarget(), { documentElement: { lang: 'en' }, baseURI: 'https://page.example/', visibilityState: 'visible' });
  const sessionStorage = {
    getItem: (key) => storage.get(key) ?? null,
    setItem: (key, value) => storage.set(key, value),
    removeItem: (key) => storage.delete(key),
  };
  class Socket {
    static OPEN = 1;
    static CLOSED = 3;

    get readyState() {
      return this.isOpen ? Socket.OPEN : Socket.CLOSED;
    }

    constructor() {
      this.isOpen = true;
      setImmediate(() => (server.isDown ? this.lose() : this.isOpen && this.onopen?.()));
      server.sockets.add(this);
    }

    send(text) {
      const message = JSON.parse(text);
      if (this.isOpen) setImmediate(() => server.receive(this, message));
    }

    receive(message) {
      setImmediate(() => this.isOpen && this.onmessage?.({ data: JSON.stringify(message) }));
    }

    close() {
      this.isOpen = false;
      server.sockets.delete(this);
    }

    /** Loses the connection. */
    lose() {
      const { onclose } = this;
      this.close();
      onclose?.({ code: 1006, reason: '' });
    }
  }
  const globals = {
    document,
    sessionStorage,
    BroadcastChannel: channels.BroadcastChannel,
    WebSocket: Socket,
    Date: Object.assign(function (...parts) { return new globalThis.Date(...parts); }, { now: clock.now, parse: Date.parse }),
    performance: { now: clock.now },
    location: { origin: 'https://insession.example', pathname: '/interview' },
    navigator: { locks: channels.locks },
    AbortSignal: {
      timeout: (ms) => {
        const controller = new AbortController();
        clock.setTimeout(() => controller.abort(), ms);
        return controller.signal;
      },
    },
    setTimeout: clock.setTimeout,
    clearTimeout: clock.clearTimeout,
    setInterval: () => 0,
    addEventListener: (...listener) => page.addEventListener(...listener),
    console: { warn: (text) => tab.warnings.push(text) },
    globalThis: {},
  };
  const text = source.replaceAll(/^export /gm, '').replaceAll('import.meta.url', "'https://insession.example/web/insession.js'");
  const module = new Function(...Object.keys(globals), `${text}; return { ${names.join(', ')} };`)(...Object.values(globals));
  const tab = {
    ...module,
    channels,
    document,
    storage,
    warnings: [],
    /** The person moves the pointer over the page. */
    use: () => page.dispatchEvent(new Event('pointermove')),
    leave: () => page.dispatchEvent(new Event('pagehide')),
    /** The person goes back to a page that was left, and that the browser has kept. */
    comeBack: () => page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true })),
    loseConnection: () => [...server.sockets].filter((socket) => socket.tab === tab).forEach((socket) => socket.lose()),
  };
  Socket.prototype.tab = tab;
  module.configure({ token: () => token });
  return tab;
}

/** A server with one activity. A token is the name of a person, as is the person's id. */
export class Server {
  sockets = new Set();
  /** By the name of the root field: how many requests came. */
  counts = {};
  /** By id: `{person, isIdle, hasSeat}`. */
  visits = new Map();
  /** Ids of the visits that wait, in their order. */
  queue = [];
  offers = new Map();
  /** The people who wait in another activity. */
  waitsElsewhere = new Set();
  /** Whether no socket opens. */
  isDown = false;
  /** Whether answers to `enterActivity` and messages of `queueChanged` wait for `answerAll`. */
  isSlow = false;
  #unanswered = [];
  #feeds = new Set();

  constructor({ seats, clock, seatsPer = 'PERSON' }) {
    Object.assign(this, { seats, clock, seatsPer });
  }

  get taken() {
    return [...this.visits.values()].filter(({ hasSeat }) => hasSeat).length + this.offers.size;
  }

  receive(socket, { type, id, payload }) {
    if (type === 'connection_init') {
      socket.person = payload.authorization?.replace('Bearer ', '');
      return socket.receive({ type: 'connection_ack' });
    }
    if (type === 'complete') {
      for (const feed of this.#feeds) if (feed.socket === socket && feed.id === id) this.#feeds.delete(feed);
    }
    if (type !== 'subscribe') return undefined;
    const { query, variables } = payload;
    const [, name] = query.match(/\{\s*(\w+)/);
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    const answer = (data, errors) => {
      const send = () => {
        socket.receive({ type: 'next', id, payload: { data, errors } });
        socket.receive({ type: 'complete', id });
      };
      if (this.isSlow && name === 'enterActivity') this.#unanswered.push(send);
      else send();
    };
    if (name === 'viewer') return answer({ viewer: socket.person ? { id: socket.person } : null });
    if (name === 'queueChanged') {
      if (!socket.person) return socket.receive({ type: 'error', id, payload: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
      if (!this.visits.has(variables.id)) this.visits.set(variables.id, { person: socket.person, isIdle: false, hasSeat: false });
      const feed = { socket, id, visit: variables.id };
      this.#feeds.add(feed);
      return this.#tell(feed);
    }
    if (!socket.person) return answer(undefined, [{ message: 'sign in', extensions: { code: 'UNAUTHENTICATED' } }]);
    const key = variables.input?.presenceId ?? variables.id;
    if (!this.visits.has(key)) this.visits.set(key, { person: socket.person, isIdle: false, hasSeat: false });
    const visit = this.visits.get(key);
    if (visit.person !== socket.person) {
      return answer(undefined, [{ message: 'no such visit', extensions: { code: 'NOT_FOUND' } }]);
    }
    answer({ [name]: this[name](key, visit, variables.input ?? variables) });
    return this.#changed();
  }

  answerAll() {
    this.isSlow = false;
    for (const send of this.#unanswered.splice(0)) send();
    this.#changed();
  }

  get #activity() {
    return { key: 'interview', seatsPer: this.seatsPer };
  }

  heartbeat(key, visit, { isIdle }) {
    visit.isIdle = isIdle;
    return { heartbeatSeconds: 20, secret: null, presence: this.#presence(key) };
  }

  enterActivity(key, visit, { wait }) {
    const own = [...this.visits].filter(([id, other]) => id !== key && other.person === visit.person && this.seatsPer === 'PERSON');
    const moved = own.find(([, other]) => other.hasSeat);
    const place = this.queue.findIndex((id) => id === key || own.some(([other]) => other === id));
    const carrier = this.queue[place];
    const isFree = this.taken < this.seats && this.queue.length === 0;
    if (visit.hasSeat || moved || this.offers.has(carrier) || isFree) {
      if (moved) moved[1].hasSeat = false;
      visit.hasSeat = true;
      this.#remove(carrier);
    } else if (wait) {
      visit.waits = true;
      if (place < 0) this.queue.push(key);
      else this.#carry(carrier, key);
    }
    const { queuePlace } = this.#presence(key);
    return { admitted: visit.hasSeat, occupancy: this.taken, maxConcurrent: this.seats, message: '', queuePlace, activity: this.#activity };
  }

  leaveActivity(key, visit) {
    visit.hasSeat = false;
    return { presence: this.#presence(key) };
  }

  leaveQueue(key, visit, { onlyThisVisit = false, activityKey } = {}) {
    if (activityKey !== undefined && activityKey !== this.#activity.key) return { presence: this.#presence(key) };
    const carrier = this.#carrier(key);
    const others = [...this.visits].filter(([id, { person, waits }]) => id !== key && person === this.visits.get(key).person && waits);
    const other = this.seatsPer === 'PERSON' ? others.at(-1)?.[0] : undefined;
    if (onlyThisVisit && !this.visits.get(key).waits) return { presence: this.#presence(key) };
    if (!onlyThisVisit || !other) this.#remove(carrier);
    else if (carrier === key) this.#carry(key, other);
    this.visits.get(key).waits = false;
    return { presence: this.#presence(key) };
  }

  completePresence(key, visit) {
    this.leaveActivity(key, visit);
    visit.isCompleted = true;
    // Any other visit of the person keeps the place.
    const isKept = [...this.visits.values()].some((other) => other.person === visit.person && !other.isCompleted);
    return isKept ? { presence: this.#presence(key) } : this.leaveQueue(key, visit);
  }

  /** Removes a place. Nobody waits at it any more. */
  #remove(carrier) {
    this.queue = this.queue.filter((id) => id !== carrier);
    this.offers.delete(carrier);
    const person = this.visits.get(carrier)?.person;
    for (const [id, visit] of this.visits) if (id === carrier || (visit.person === person && this.seatsPer === 'PERSON')) visit.waits = false;
  }

  #carry(carrier, key) {
    this.queue[this.queue.indexOf(carrier)] = key;
    if (!this.offers.has(carrier)) return;
    const expiresAt = this.offers.get(carrier);
    this.offers.delete(carrier);
    this.offers.set(key, expiresAt);
  }

  /** Takes the seat of a visit, because it is idle, or its lease has ended. */
  endSeat(key) {
    this.visits.get(key).hasSeat = false;
    this.#changed();
  }

  endPlace(key) {
    this.leaveQueue(key);
    this.#changed();
  }

  /** Ends the offers that were not taken in time. */
  endOffers() {
    for (const [key, expiresAt] of this.offers) if (Date.parse(expiresAt) <= this.clock.now()) this.#remove(key);
    this.#changed();
  }

  #presence(key) {
    const { isIdle, hasSeat } = this.visits.get(key);
    return { id: key, status: 'ACTIVE', isOnline: true, isIdle, activity: hasSeat ? this.#activity : null, queuePlace: this.#place(key) };
  }

  /** The visit that carries the place of a visit or, with seats for each person, of its person. */
  #carrier(key) {
    if (this.queue.includes(key) || this.seatsPer === 'VISIT') return key;
    const { person } = this.visits.get(key);
    return this.queue.find((id) => this.visits.get(id).person === person);
  }

  /** The place that a visit shows. The person may also wait in another activity, with another visit. */
  #place(key, mayBeElsewhere = true) {
    const carrier = this.#carrier(key);
    const position = this.queue.indexOf(carrier) + 1;
    const elsewhere = { activity: { key: 'lecture', seatsPer: 'PERSON' }, position: 7, length: 9, joinedAt: '2031-12-01T18:00:00.000Z', estimatedWaitSeconds: null, offer: null };
    if (position === 0) return mayBeElsewhere && this.waitsElsewhere.has(this.visits.get(key).person) ? elsewhere : null;
    const expiresAt = this.offers.get(carrier);
    const offer = expiresAt ? { expiresAt } : null;
    return { activity: this.#activity, position, length: this.queue.length, joinedAt: '2031-12-01T19:00:00.000Z', estimatedWaitSeconds: null, offer };
  }

  /** Offers the free seats to the first waiting visits, and sends the new state to the subscribers. */
  #changed() {
    for (const key of this.queue) {
      if (this.taken >= this.seats) break;
      if (!this.offers.has(key)) this.offers.set(key, new Date(this.clock.now() + 30_000).toISOString());
    }
    for (const feed of this.#feeds) this.#tell(feed);
  }

  #tell(feed) {
    if (this.isSlow) return;
    const { socket, id, visit } = feed;
    const { person, hasSeat } = this.visits.get(visit);
    const ofPerson = [...this.visits.values()].some((other) => other.hasSeat && other.person === person);
    const admitted = hasSeat || (this.seatsPer === 'PERSON' && ofPerson);
    const queuePlace = this.#place(visit, false);
    const state = { queuePlace, admitted, isElsewhere: queuePlace ? !this.visits.get(visit).waits : admitted && !hasSeat };
    // Without an activity there is nothing to tell.
    const isNothing = !state.queuePlace && !state.admitted;
    if (feed.told === JSON.stringify(state) || (isNothing && !feed.told)) return;
    feed.told = JSON.stringify(state);
    const change = { activity: this.#activity, ...state, occurredAt: new Date(this.clock.now()).toISOString() };
    socket.receive({ type: 'next', id, payload: { data: { queueChanged: change } } });
  }
}
