/** Types of the module `react.js`. */

import type { HTMLAttributes, Ref } from 'react';
import type {
  Booking,
  BookingStatusAttributes,
  EndpointOption,
  Entry,
  HeartbeatOptions,
  InSessionBadgeAttributes,
  LiveNowBadgeAttributes,
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

/** Whether the page has lost the server for more than 5 seconds. */
export function useOutOfTouch(options?: EndpointOption): boolean;

export interface Heartbeat {
  /**
   * `off`: no heartbeats, as on a server. `entering`: the request for a seat has no answer yet. `admitted`: the visit has a seat.
   * `full`: no seat is free. `online`: the visit is online, and asked for no seat. `failed`: see `error`; heartbeats go on.
   */
  state: 'off' | 'entering' | 'admitted' | 'full' | 'online' | 'failed';
  /** The last answer about a seat. */
  entry?: Entry;
  error?: Error;
  /** Asks for a seat again. */
  enter(): void;
  /** Gives the seat back. The visit stays online. */
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
    }
  }
}
