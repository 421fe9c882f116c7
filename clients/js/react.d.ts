/** Types of the module `react.js`. */

import type { HTMLAttributes, Ref } from 'react';
import type {
  ActivityChange,
  ActivityQueueAttributes,
  Booking,
  BookingStatusAttributes,
  EndpointOption,
  Entry,
  HeartbeatOptions,
  InSessionBadgeAttributes,
  LiveNowBadgeAttributes,
  LostReason,
  QueuePlace,
  SessionInstance,
} from './insession.js';

export interface LiveSession {
  /** False on a server, and until the first answer. */
  isKnown: boolean;
  isLive: boolean;
  /** The active instances. */
  instances: readonly SessionInstance[];
}

/** Whether a session is in session now. */
export function useLiveSession(session: string | null | undefined, options?: EndpointOption): LiveSession;

/** Where the signed-in person is; null for nowhere, undefined if it is not known yet. */
export function usePlace(options?: EndpointOption): SessionInstance | null | undefined;

/** A booking; null if it does not exist or the person may not see it, undefined if it is not known yet. */
export function useBooking(booking: string | null | undefined, options?: EndpointOption): Booking | null | undefined;

/** The seats of an activity and the length of its queue; undefined if they are not known yet. */
export function useActivity(activity: string | null | undefined, options?: EndpointOption): ActivityChange | undefined;

/** Whether the page has lost the server for more than 5 seconds. */
export function useOutOfTouch(options?: EndpointOption): boolean;

export interface Heartbeat {
  /**
   * `off`: no heartbeats, as on a server. `entering`: the request for a seat has no answer yet. `waiting`: in the queue. `offered`: a
   * seat is kept for the visit. `admitted`: the visit has a seat. `full`: no seat is free. `lost`: the seat or place has ended.
   * `online`: the visit is online, and asked for no seat. `failed`: see `error`; heartbeats go on.
   */
  state: 'off' | 'entering' | 'waiting' | 'offered' | 'admitted' | 'full' | 'lost' | 'online' | 'failed';
  /** The place in the queue; null if it does not wait. */
  queuePlace: QueuePlace | null;
  /** Why the seat or place was lost. */
  lostReason: LostReason | null;
  /** The last answer about a seat. */
  entry?: Entry;
  error?: Error;
  /** Asks for a seat again, or takes the one that is offered. */
  enter(): void;
  /** Gives the seat or the place in the queue back. The visit stays online. */
  leave(): void;
  /** Completes the visit. That is final. */
  complete(): void;
}

/** Keeps the visit online while the component is mounted, and asks for a seat in an activity. */
export function useHeartbeat(options?: HeartbeatOptions & { enabled?: boolean }): Heartbeat;

type ElementProps<Attributes> = HTMLAttributes<HTMLElement> & Attributes & { ref?: Ref<HTMLElement>; key?: string | number };

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'live-now-badge': ElementProps<LiveNowBadgeAttributes>;
      'in-session-badge': ElementProps<InSessionBadgeAttributes>;
      'booking-status': ElementProps<BookingStatusAttributes>;
      'activity-queue': ElementProps<ActivityQueueAttributes>;
    }
  }
}
