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
    globalThis: {}, D: globalThis,
  };
  const text = source.replaceAll(/^export /gm, '').replace('async #enterAgain(activity, options,','async #enterAgain(...a) { if (D.DBG) console.log("X", this.id, new Error().stack, a); return this.eA(...a); }\n async eA(activity, options,').replaceAll('import.meta.url', "'https://insession.example/web/insession.js'");
  const module = new Function(...Object.keys(globals), `${text}; return { ${names.join(', ')} };`)(...Object.values(globals));
  const tab = {
    ...module,
    channels,
    document,
    storage,
    warnings: [],
    /** Whether its socket stays open, but nothing arrives. */
    isCutOff: false,
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

/** One activity of a server. */
class Activity {
  /** Ids of the visits that wait, in their order. */
  queue = [];
  /** By the id of the visit to which a seat is offered: when that ends. */
  offers = new Map();

  constructor(key, seats, seatsPer) {
    Object.assign(this, { key, seats, seatsPer });
  }

  get shown() {
    return { key: this.key, seatsPer: this.seatsPer };
  }

  /** The place moves to another visit of the person, with its offer. */
  carry(carrier, key) {
    this.queue[this.queue.indexOf(carrier)] = key;
    if (!this.offers.has(carrier)) return;
    const expiresAt = this.offers.get(carrier);
    this.offers.delete(carrier);
    this.offers.set(key, expiresAt);
  }
}

/**
 * A server with the activity `interview`, and others that `addActivity` adds. A token is the name of a person, as is the person's id.
 * Without a token a visit is anonymous, if the server allows that.
 */
export class Server {
  sockets = new Set();
  /** By the name of the root field: how many requests came. */
  counts = {};
  /** By id: `{person, secret, isIdle, seat, waits}`. `seat` and `waits` are keys of activities. */
  visits = new Map();
  activities = new Map();
  /** The people who wait in another activity. */
  waitsElsewhere = new Set();
  /** Whether visits without a token are allowed. */
  allowsAnonymous = false;
  /** Whether no socket opens. */
  isDown = false;
  /** Whether answers to `enterActivity` and messages of `queueChanged` wait for `answerAll`. */
  isSlow = false;
  #unanswered = [];
  #feeds = new Set();

  constructor({ seats, clock, seatsPer = 'PERSON' }) {
    this.clock = clock;
    this.interview = this.addActivity('interview', seats, seatsPer);
  }

  addActivity(key, seats, seatsPer = 'PERSON') {
    const activity = new Activity(key, seats, seatsPer);
    this.activities.set(key, activity);
    return activity;
  }

  get queue() {
    return this.interview.queue;
  }

  get taken() {
    return this.#taken(this.interview);
  }

  set seatsPer(seatsPer) {
    this.interview.seatsPer = seatsPer;
  }

  #taken({ key, offers }) {
    return [...this.visits.values()].filter(({ seat }) => seat === key).length + offers.size;
  }

  receive(socket, { type, id, payload }) {
    if (socket.tab.isCutOff) return undefined;
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
    const input = variables.input ?? variables;
    const key = input.presenceId ?? input.id;
    const refusal = this.#refusal(socket, key, input);
    if (name === 'queueChanged') {
      if (refusal) return socket.receive({ type: 'error', id, payload: [refusal] });
      const feed = { socket, id, visit: key };
      this.#feeds.add(feed);
      return this.#tell(feed);
    }
    if (refusal) return answer(undefined, [refusal]);
    answer({ [name]: this[name](key, this.visits.get(key), input) });
    return this.#changed();
  }

  /** Why a visitor may not act for a visit; undefined if they may. A visit that is new begins. */
  #refusal({ person }, key, { secret }) {
    if (!person && !this.allowsAnonymous) return { message: 'sign in', extensions: { code: 'UNAUTHENTICATED' } };
    if (!this.visits.has(key)) this.visits.set(key, { person, secret: person ? undefined : `secret of ${key}`, isIdle: false, isNew: true });
    const visit = this.visits.get(key);
    const isOwn = visit.person ? visit.person === person : visit.isNew || visit.secret === secret;
    if (!isOwn) return { message: 'no such visit', extensions: { code: 'NOT_FOUND' } };
    return visit.isCompleted ? { message: 'it is completed', extensions: { code: 'INVALID_TRANSITION' } } : undefined;
  }

  answerAll() {
    this.isSlow = false;
    for (const send of this.#unanswered.splice(0)) send();
    this.#changed();
  }

  heartbeat(key, visit, { isIdle }) {
    const secret = visit.isNew ? (visit.secret ?? null) : null;
    Object.assign(visit, { isIdle, isNew: false });
    return { heartbeatSeconds: 20, secret, presence: this.#presence(key) };
  }

  enterActivity(key, visit, input) { if (globalThis.DBG) console.log('X', key, JSON.stringify(input), new Date(this.clock.now()).toISOString()); return this.enterActivity_(key, visit, input); }
  enterActivity_(key, visit, { activityKey, wait, takeOffer = true, takeNew = true }) {
    const activity = this.activities.get(activityKey);
    const own = this.#othersOf(activity, key);
    const moved = own.find(([, other]) => other.seat === activityKey);
    const carrier = this.#carrier(activity, key);
    const isWaiting = activity.queue.includes(carrier);
    const isFree = this.#taken(activity) < activity.seats && activity.queue.length === 0;
    const isOffered = activity.offers.has(carrier);
    if (visit.seat === activityKey || moved || (isOffered && takeOffer) || (isFree && takeNew)) {
      if (moved) moved[1].seat = undefined;
      visit.seat = activityKey;
      this.#remove(activity, carrier);
    } else if (wait && takeNew) {
      if (visit.waits && visit.waits !== activityKey) this.leaveQueue(key, visit, { onlyThisVisit: true, activityKey: visit.waits });
      visit.waits = activityKey;
      if (isWaiting) activity.carry(carrier, key);
      else activity.queue.push(key);
    }
    const admitted = visit.seat === activityKey;
    const queuePlace = admitted ? null : this.#placeIn(activity, key);
    return { admitted, occupancy: this.#taken(activity), maxConcurrent: activity.seats, message: '', queuePlace, activity: activity.shown };
  }

  leaveActivity(key, visit, { activityKey } = {}) {
    const seats = activityKey === undefined ? [[key, visit]] : [[key, visit], ...this.#othersOf(this.activities.get(activityKey), key)];
    for (const [, other] of seats) if (activityKey === undefined || other.seat === activityKey) other.seat = undefined;
    return { presence: this.#presence(key) };
  }

  leaveQueue(key, visit, { onlyThisVisit = false, activityKey }) {
    const activity = this.activities.get(activityKey);
    const waits = visit.waits === activityKey;
    if (onlyThisVisit && !waits) return { presence: this.#presence(key) };
    const carrier = this.#carrier(activity, key);
    const other = this.#othersOf(activity, key).findLast(([, { waits }]) => waits === activityKey)?.[0];
    if (!onlyThisVisit || !other) this.#remove(activity, carrier);
    else if (carrier === key) activity.carry(key, other);
    if (waits) visit.waits = undefined;
    return { presence: this.#presence(key) };
  }

  completePresence(key, visit) {
    this.leaveActivity(key, visit);
    visit.isCompleted = true;
    // Any other visit of the person keeps the place.
    const isKept = visit.person && [...this.visits.values()].some((other) => other.person === visit.person && !other.isCompleted);
    if (!isKept) for (const activityKey of this.activities.keys()) this.leaveQueue(key, visit, { activityKey });
    return { presence: this.#presence(key) };
  }

  /** The other visits of the person of a visit, if the seats of an activity count people. */
  #othersOf({ seatsPer }, key) {
    const { person } = this.visits.get(key);
    if (seatsPer === 'VISIT' || !person) return [];
    return [...this.visits].filter(([id, other]) => id !== key && other.person === person);
  }

  /** Removes a place. Nobody waits at it any more. */
  #remove(activity, carrier) {
    if (!activity.queue.includes(carrier)) return;
    for (const [, visit] of [[carrier, this.visits.get(carrier)], ...this.#othersOf(activity, carrier)]) if (visit.waits === activity.key) visit.waits = undefined;
    activity.queue.splice(activity.queue.indexOf(carrier), 1);
    activity.offers.delete(carrier);
  }

  /** Takes the seat of a visit, because it is idle, or its lease has ended. */
  endSeat(key) {
    this.visits.get(key).seat = undefined;
    this.#changed();
  }

  /** Ends the place in the queue for interviews at which a visit waits. */
  endPlace(key) {
    this.leaveQueue(key, this.visits.get(key), { activityKey: 'interview' });
    this.#changed();
  }

  /** Ends the offers that were not taken in time. */
  endOffers() {
    for (const activity of this.activities.values()) {
      for (const [key, expiresAt] of activity.offers) if (Date.parse(expiresAt) <= this.clock.now()) this.#remove(activity, key);
    }
    this.#changed();
  }

  hasSeat(key, activity = 'interview') {
    return this.visits.get(key).seat === activity;
  }

  #presence(key) {
    const { isIdle, seat } = this.visits.get(key);
    const activity = seat ? this.activities.get(seat).shown : null;
    return { id: key, status: 'ACTIVE', isOnline: true, isIdle, activity, queuePlace: this.#place(key) };
  }

  /** The visit that carries the place of a visit or, with seats for each person, of its person. */
  #carrier(activity, key) {
    if (activity.queue.includes(key)) return key;
    const others = new Set(this.#othersOf(activity, key).map(([id]) => id));
    return activity.queue.find((id) => others.has(id)) ?? key;
  }

  /** The place that a visit shows: the one at which it waits, or another of its person. The person may also wait in another activity. */
  #place(key) {
    const { person, waits } = this.visits.get(key);
    const inOrder = [...this.activities.values()].sort((one, other) => (other.key === waits) - (one.key === waits));
    const elsewhere = { activity: { key: 'elsewhere', seatsPer: 'PERSON' }, position: 7, length: 9, joinedAt: '2031-12-01T18:00:00.000Z', estimatedWaitSeconds: null, offer: null };
    return inOrder.map((activity) => this.#placeIn(activity, key)).find(Boolean) ?? (this.waitsElsewhere.has(person) ? elsewhere : null);
  }

  #placeIn(activity, key) {
    const carrier = this.#carrier(activity, key);
    const position = activity.queue.indexOf(carrier) + 1;
    if (position === 0) return null;
    const expiresAt = activity.offers.get(carrier);
    const offer = expiresAt ? { expiresAt } : null;
    return { activity: activity.shown, position, length: activity.queue.length, joinedAt: '2031-12-01T19:00:00.000Z', estimatedWaitSeconds: null, offer };
  }

  /** Offers the free seats to the first waiting visits, and sends the new state to the subscribers. */
  #changed() {
    for (const activity of this.activities.values()) {
      for (const key of activity.queue) {
        if (this.#taken(activity) >= activity.seats) break;
        if (!activity.offers.has(key)) activity.offers.set(key, new Date(this.clock.now() + 30_000).toISOString());
      }
    }
    for (const feed of this.#feeds) this.#tell(feed);
  }

  /** What a visit and its person have in an activity. */
  #holding(activity, key) {
    const visit = this.visits.get(key);
    const queuePlace = this.#placeIn(activity, key);
    const hasSeat = visit.seat === activity.key;
    const admitted = !queuePlace && (hasSeat || this.#othersOf(activity, key).some(([, { seat }]) => seat === activity.key));
    const isOwn = queuePlace ? visit.waits === activity.key : hasSeat;
    return queuePlace || admitted ? { activity: activity.shown, queuePlace, admitted, isElsewhere: !isOwn } : undefined;
  }

  /** The own comes first, then what was shown last or its end, then the rest. A place comes before a seat. */
  #tell(feed) {
    const { socket, id, visit, last } = feed;
    if (this.isSlow || socket.tab.isCutOff) return;
    const holdings = [...this.activities.values()].map((activity) => this.#holding(activity, visit)).filter(Boolean);
    holdings.sort((one, other) => one.admitted - other.admitted);
    const ended = last && { activity: this.activities.get(last.activity.key).shown, queuePlace: null, admitted: false, isElsewhere: false };
    const lastHad = last && (last.queuePlace || last.admitted);
    const own = holdings.find(({ isElsewhere }) => !isElsewhere);
    const same = holdings.find(({ activity }) => activity.key === last?.activity.key);
    const state = own ?? same ?? (lastHad ? ended : (holdings[0] ?? ended));
    if (!state || JSON.stringify(state) === JSON.stringify(last)) return;
    feed.last = state;
    socket.receive({ type: 'next', id, payload: { data: { queueChanged: { ...state, occurredAt: new Date(this.clock.now()).toISOString() } } } });
    if (lastHad && state === ended) this.#tell(feed);
  }
}
