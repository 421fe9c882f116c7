/** Types of the module `insession.js`. Its documentation is in README.md and, in more detail, in `docs/badges.md`. */

/** A GraphQL id: `Session:7`. */
export type SessionId = string;
export type BookingId = string;

export interface Session {
  id: SessionId;
  name: string;
  path: string;
}

export interface SessionOfInstance extends Session {
  city: string | null;
  country: string | null;
  location: string | null;
  timeZone: string;
}

/** One dated meeting of a session. Instants are texts such as `2031-12-01T19:00:00Z`. */
export interface SessionInstance {
  id: string;
  isActive: boolean;
  startsAt: string | null;
  endsAt: string | null;
  activeFrom: string | null;
  activeUntil: string | null;
  activeOverride: { active: boolean; until: string | null } | null;
  presentCount: number;
  locationOverride: string | null;
  session: SessionOfInstance;
}

interface ChangeBase {
  /** The position of this change. A subscription that gets it as `after` continues with the next change. */
  cursor: string;
  occurredAt: string;
}

/** The state at the start of a subscription without `after`. */
export interface Snapshot extends ChangeBase {
  kind: 'SNAPSHOT';
  session: null;
  sessionInstanceId: null;
  sessionInstance: null;
  /** Null if there are more than 500. */
  activeInstances?: SessionInstance[] | null;
  /** The sessions of `sessionIds`. */
  sessions?: Session[] | null;
  /** The person of `personId`. */
  person?: PersonAtPlace | null;
}

export interface InstanceChange extends ChangeBase {
  kind: 'ACTIVATED' | 'DEACTIVATED' | 'UPDATED';
  session: Session | null;
  sessionInstanceId: string;
  /** Null if the instance was deleted. */
  sessionInstance: SessionInstance | null;
}

/** The person of the subscription is at another meeting now, or at none. */
export interface PersonMoved extends ChangeBase {
  kind: 'PERSON_MOVED';
  session: null;
  sessionInstanceId: string | null;
  sessionInstance: SessionInstance | null;
  previousSessionInstance: SessionInstance | null;
  person: PersonAtPlace | null;
}

export interface PersonAtPlace {
  id: string;
  displayName: string;
  activeSessionInstance: SessionInstance | null;
}

/** Use `kind` to tell the changes apart. */
export type ActiveSessionChange = Snapshot | InstanceChange | PersonMoved;

export type BookingStatusName = 'SCHEDULED' | 'ONGOING' | 'COMPLETED' | 'CANCELLED';

export interface Booking {
  id: BookingId;
  status: BookingStatusName;
  /** Whether the time slot began before anybody started the booking. */
  isDelayed: boolean;
  startedAt: string | null;
  completedAt: string | null;
  cancelledAt: string | null;
  timeSlot: { id: string; startsAt: string; endsAt: string; mentor: { id: string; displayName: string } };
  student: { id: string; displayName: string };
}

export interface BookingChange {
  cursor: string;
  occurredAt: string;
  oldStatus: BookingStatusName | null;
  newStatus: BookingStatusName;
  isDelayed: boolean;
  reason: string | null;
}

export interface Settings {
  /** The server's address, such as `https://insession.example`. */
  endpoint?: string;
  /**
   * Returns the person's token, or null if nobody is signed in. It is called before each connection. `refresh` is true if the last token was
   * refused or has expired. If the function fails, or returns something that is not a token, the console says so, and the page
   * connects without a token.
   */
  token?: (request: { refresh: boolean }) => string | null | undefined | Promise<string | null | undefined>;
  /** Whether changes are announced to screen readers. The default is true. */
  announce?: boolean;
}

/** Sets the server and the person. */
export function configure(settings?: Settings): void;

export interface EndpointOption {
  endpoint?: string;
}

export interface SubscribeOptions extends EndpointOption {
  /** A cursor, such as that of `changeCursor`. */
  after?: string;
  /** Called if the server refuses the subscription, with the code of the error. */
  refused?: (code: string | undefined, message: string | undefined) => void;
}

/**
 * A document with the types of its result and variables, as the client preset of GraphQL Code Generator makes them with
 * `documentMode: 'string'`. A plain string has no types.
 */
export interface TypedDocument<Result, Variables> {
  toString(): string;
  __apiType?: (variables: Variables) => Result;
}

/** Ends what the function that returned it has begun. */
export type Stop = () => void;

type AnyVariables = Record<string, unknown>;

/**
 * Follows any subscription that has the variable `$after: Cursor` and selects `cursor`. After a lost connection it resumes, so it
 * misses nothing. `changed` is called with the value of the subscription's one field.
 */
export function subscribe<Result extends object, Variables = AnyVariables>(
  document: string | TypedDocument<Result, Variables>,
  variables: Omit<Variables, 'after'>,
  changed: (change: NonNullable<Result[keyof Result]>) => void,
  options?: SubscribeOptions,
): Stop;

/** Follows the changes of active sessions. The arguments select fewer changes. */
export function watch(
  narrowing: { sessionIds?: SessionId[]; personId?: string; city?: string; country?: string },
  changed: (change: ActiveSessionChange) => void,
  options?: SubscribeOptions,
): Stop;

/** Follows one session, with the same subscription as the badges of the page. */
export function watchSession(
  session: SessionId,
  changed: (activeInstances: SessionInstance[]) => void,
  options?: EndpointOption,
): Stop;

/** Follows where the signed-in person is: an instance, or null. */
export function watchPlace(changed: (instance: SessionInstance | null) => void, options?: EndpointOption): Stop;

/** Follows one booking; null if it does not exist, or the person may not see it. */
export function watchBooking(
  booking: BookingId,
  changed: (booking: Booking | null) => void,
  options?: EndpointOption,
): Stop;

/** Follows all bookings of the person. The first call, when they are known, has no change. */
export function watchBookings(changed: (booking?: Booking, change?: BookingChange) => void, options?: EndpointOption): Stop;

export interface ActivityChange {
  activity: {
    key: string;
    name: string;
    /** Null for no limit, 0 for closed. */
    maxConcurrent: number | null;
    isFull: boolean;
    /** Whether each person or each visit may have one seat. */
    seatsPer: 'PERSON' | 'VISIT';
  };
  /** How many seats are taken. */
  occupancy: number;
  /** How many wait. */
  queueLength: number;
  occurredAt: string;
}

/** Follows the seats of an activity and the length of its queue. */
export function watchActivity(
  activity: string,
  changed: (change: ActivityChange) => void,
  options?: EndpointOption & Pick<SubscribeOptions, 'refused'>,
): Stop;

/** Follows whether the page has lost the server for more than 5 seconds. */
export function watchConnection(changed: (isOutOfTouch: boolean) => void, options?: EndpointOption): Stop;

/** The error of a request. `errors` are those of the server's answer. */
export interface RequestError extends Error {
  errors: { message: string; extensions?: { code?: string; [key: string]: unknown } }[];
}

/** Runs a query or mutation over the page's socket. Rejects with a `RequestError`. */
export function query<Result = Record<string, unknown>, Variables = AnyVariables>(
  document: string | TypedDocument<Result, Variables>,
  variables?: Variables,
  options?: EndpointOption & { mayRepeat?: boolean },
): Promise<Result>;

export interface HeartbeatOptions extends EndpointOption {
  /** The key of the activity to enter. */
  activity?: string;
  /** Waits in the queue while the activity is full. */
  wait?: boolean;
  /** Takes a seat that is offered to this visit at once. The default is true. With false, call `enter` before the offer ends. */
  acceptOffers?: boolean;
  /** A language tag. The default is the language of the page. */
  languageCode?: string;
  /** The default is the path of the page. */
  currentPage?: string;
  /** Keeps the seat when the page is left, for an activity of several pages. The default is the value of `wait`. */
  keepSeat?: boolean;
}

/** A place in a queue. */
export interface QueuePlace {
  /** 1 is first. */
  position: number;
  /** How many wait. */
  length: number;
  joinedAt: string;
  /** Null while it is not known. */
  estimatedWaitSeconds: number | null;
  /** The seat that is kept for this visit. */
  offer: SeatOffer | null;
}

export interface SeatOffer {
  expiresAt: string;
}

/**
 * `entering`: asked for a seat, without an answer yet. `waiting`: in the queue. `offered`: a seat is kept for it. `admitted`: it has a
 * seat. `full`: no seat is free, and it does not wait. `lost`: its seat or place has ended. `failed`: it cannot ask.
 */
export type SeatState = 'entering' | 'waiting' | 'offered' | 'admitted' | 'full' | 'lost' | 'failed';

/**
 * Why a seat or place was lost: nobody used the page; there was no connection for too long; nobody took the offered seat in time; it
 * belongs to the person who was signed in before; or something else, such as another device.
 */
export type LostReason = 'idle' | 'away' | 'lapsed' | 'person' | 'ended';

/** The detail of `changed`, of the events that are named like states, and of `activity-queue-changed`. */
export interface SeatChange {
  endpoint: string;
  activity: string;
  state: SeatState;
  queuePlace: QueuePlace | null;
  reason: LostReason | null;
}

/** The answer to a request for a seat. */
export interface Entry {
  admitted: boolean;
  /** True if the visit was left, stopped or completed before the server answered. */
  cancelled?: boolean;
  occupancy: number | null;
  maxConcurrent: number | null;
  message: string | null;
  /** The place in the queue, if it waits. */
  queuePlace: QueuePlace | null;
}

export interface Presence {
  id: string;
  status: 'ACTIVE' | 'COMPLETED' | 'ABANDONED';
  isOnline: boolean;
  isIdle: boolean;
  activity: { key: string } | null;
  queuePlace: QueuePlace | null;
}

/** The events of a visit, with their details. */
export interface VisitEventMap {
  /** An answer about a seat. */
  entered: CustomEvent<Entry>;
  /** `state` or `queuePlace` has changed. The event with the name of the new state comes with it. */
  changed: CustomEvent<SeatChange>;
  entering: CustomEvent<SeatChange>;
  waiting: CustomEvent<SeatChange>;
  offered: CustomEvent<SeatChange>;
  admitted: CustomEvent<SeatChange>;
  full: CustomEvent<SeatChange>;
  lost: CustomEvent<SeatChange>;
  left: CustomEvent<{ completed: boolean }>;
  failed: CustomEvent<Error | RequestError>;
}

/** One use of the tab's visit. */
export interface Visit<FirstEntry = Entry | undefined> extends EventTarget {
  readonly id: string;
  readonly secret: string | undefined;
  readonly presence: Presence | undefined;
  readonly activity: string | undefined;
  readonly isAdmitted: boolean;
  /** `online` if it asks for no seat, and `stopped` after `stop` and `complete`. */
  readonly state: SeatState | 'online' | 'stopped';
  /** The place in the queue, if it waits. */
  readonly queuePlace: QueuePlace | null;
  readonly position: number | null;
  readonly queueLength: number | null;
  readonly estimatedWaitSeconds: number | null;
  readonly offer: SeatOffer | null;
  readonly lostReason: LostReason | null;
  /** Whether nobody has used the page for five minutes, or the screen is locked. */
  readonly isIdle: boolean;
  addEventListener<Name extends keyof VisitEventMap>(
    type: Name,
    listener: (event: VisitEventMap[Name]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /** The first answer about the seat. Without an activity it is undefined. */
  readonly entered: Promise<FirstEntry>;
  /** Sends a heartbeat now. */
  beat(): Promise<void>;
  /**
   * Asks for a seat, or takes the one that is offered. `startHeartbeat` does the same, but with `acceptOffers: false` it leaves an
   * offer to this method.
   */
  enter(activity?: string): Promise<Entry>;
  /**
   * Gives back the seat and the place in the queue, which all tabs and devices of the person share: also a seat that another device has
   * and this one shows. A visit that shows no seat and did not ask to wait leaves the person's place alone. The visit stays online.
   */
  leave(): Promise<void>;
  /** Gives the seat or the place back, unless another tab of the person needs it, and ends the heartbeats. */
  stop(): Promise<void>;
  /** Completes the visit. That is final. */
  complete(): Promise<void>;
}

/** Keeps this visit online until the page is left, and asks for a seat in an activity. */
export function startHeartbeat(options: HeartbeatOptions & { activity: string }): Visit<Entry>;
export function startHeartbeat(options?: HeartbeatOptions): Visit;

export interface ConnectionDetail {
  endpoint: string;
  state: 'online' | 'offline' | 'refused';
  code?: number;
  reason?: string;
}

export interface BookingsDetail {
  started: number;
  completed: number;
  updates: (BookingChange & { bookingId: BookingId; booking: Booking })[];
}

/** The attributes of the elements. */
export interface BadgeAttributes {
  endpoint?: string;
  theme?: 'light' | 'dark' | 'auto';
}
export interface LiveNowBadgeAttributes extends BadgeAttributes {
  session: SessionId;
  active?: boolean;
  collapse?: boolean;
  label?: string;
}
export interface InSessionBadgeAttributes extends BadgeAttributes {
  link?: string;
}
export interface BookingStatusAttributes extends BadgeAttributes {
  booking: BookingId;
}
export interface ActivityQueueAttributes extends BadgeAttributes {
  activity: string;
  join?: boolean;
  confirm?: boolean;
}

export interface LiveNowBadgeElement extends HTMLElement {
  /** The active instances; undefined until they are known. */
  readonly instances: SessionInstance[] | undefined;
}
export interface InSessionBadgeElement extends HTMLElement {
  /** Where the person is; undefined until it is known. */
  readonly place: SessionInstance | null | undefined;
}
export interface BookingStatusElement extends HTMLElement {
  readonly booking: Booking | null | undefined;
}

export interface ActivityQueueElement extends HTMLElement {
  /** `out`, or the state of the visit. */
  readonly state: SeatState | 'out' | 'online' | 'stopped';
  /** The seats and the length of the queue; undefined until they are known. */
  readonly seats: ActivityChange | undefined;
  /** The visit, while the person takes part or waits. */
  readonly visit: Visit | undefined;
  join(): void;
  leave(): void;
}

declare global {
  interface HTMLElementTagNameMap {
    'live-now-badge': LiveNowBadgeElement;
    'in-session-badge': InSessionBadgeElement;
    'booking-status': BookingStatusElement;
    'activity-queue': ActivityQueueElement;
  }
  interface DocumentEventMap {
    'active-session-changed': CustomEvent<InstanceChange | PersonMoved>;
    'session-status-updated': CustomEvent<BookingsDetail>;
    'activity-queue-changed': CustomEvent<SeatChange>;
    'insession-connection': CustomEvent<ConnectionDetail>;
  }
}
