/**
 * React hooks for InSession. They work under StrictMode, and on a server that renders pages: there, and until the first answer,
 * nothing is known yet.
 *
 * @module @insession/client/react
 */

import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { startHeartbeat, watchActivity, watchBooking, watchConnection, watchPlace, watchSession } from './insession.js';

/**
 * The last value that `watch(changed)` passed to `changed`; undefined before the first one. `key` names what is watched: after
 * another key, the value is undefined until the first one of the new key.
 */
function useWatched(key, watch) {
  const last = useRef({ key: undefined, value: undefined });
  const subscribe = useCallback(
    (notify) =>
      watch((value) => {
        last.current = { key, value };
        notify();
      }),
    // `watch` is another function in each render. What it does depends on the key only.
    [key],
  );
  const read = () => (last.current.key === key ? last.current.value : undefined);
  return useSyncExternalStore(subscribe, read, () => undefined);
}

const keyOf = (...parts) => JSON.stringify(parts);
const nothing = () => () => {};

/**
 * Whether a session is in session now.
 *
 * @param {string | null | undefined} session an id such as `Session:7`; without one, nothing is known
 * @param {{endpoint?: string}} [options]
 * @returns {{isKnown: boolean, isLive: boolean, instances: object[]}}
 */
export function useLiveSession(session, { endpoint } = {}) {
  const watch = session ? (changed) => watchSession(session, changed, { endpoint }) : nothing;
  const instances = useWatched(keyOf('session', session, endpoint), watch);
  return { isKnown: instances !== undefined, isLive: (instances?.length ?? 0) > 0, instances: instances ?? NONE };
}

const NONE = Object.freeze([]);

/**
 * Where the signed-in person is: an instance, null for nowhere, or undefined if it is not known yet.
 *
 * @param {{endpoint?: string}} [options]
 */
export function usePlace({ endpoint } = {}) {
  return useWatched(keyOf('place', endpoint), (changed) => watchPlace(changed, { endpoint }));
}

/**
 * A booking; null if it does not exist or the person may not see it, undefined if it is not known yet.
 *
 * @param {string | null | undefined} booking an id such as `Booking:7`
 * @param {{endpoint?: string}} [options]
 */
export function useBooking(booking, { endpoint } = {}) {
  const watch = booking ? (changed) => watchBooking(booking, changed, { endpoint }) : nothing;
  return useWatched(keyOf('booking', booking, endpoint), watch);
}

/**
 * The seats of an activity and the length of its queue; undefined if they are not known yet.
 *
 * @param {string | null | undefined} activity its key
 * @param {{endpoint?: string}} [options]
 */
export function useActivity(activity, { endpoint } = {}) {
  const watch = activity ? (changed) => watchActivity(activity, changed, { endpoint }) : nothing;
  return useWatched(keyOf('activity', activity, endpoint), watch);
}

/**
 * Whether the page has lost the server for more than 5 seconds. What it shows may then be out of date.
 *
 * @param {{endpoint?: string}} [options]
 * @returns {boolean}
 */
export function useOutOfTouch({ endpoint } = {}) {
  const watched = useWatched(keyOf('connection', endpoint), (changed) => watchConnection(changed, { endpoint }));
  return watched ?? false;
}

/**
 * Keeps the visit online while the component is mounted, and asks for a seat in an activity.
 *
 * @param {object} [options] the options of `startHeartbeat`, and `enabled`
 * @param {boolean} [options.enabled] with false, no heartbeat is sent; the default is true
 * @returns {{state: 'off' | 'entering' | 'waiting' | 'offered' | 'admitted' | 'full' | 'lost' | 'online' | 'failed',
 *   queuePlace: object | null, lostReason: string | null, entry?: object, error?: Error,
 *   enter: () => void, leave: () => void, complete: () => void}} `enter` asks for a seat again, for example after `full`, and takes
 *   an offered one
 */
export function useHeartbeat(options = {}) {
  const { activity, wait, acceptOffers, languageCode, currentPage, keepSeat, endpoint, enabled = true } = options;
  const [result, setResult] = useState(OFF);
  const visit = useRef(null);

  useEffect(() => {
    if (!enabled) return undefined;
    const started = startHeartbeat({ activity, wait, acceptOffers, languageCode, currentPage, keepSeat, endpoint });
    visit.current = started;
    const show = (more) =>
      setResult((last) => {
        const { state, queuePlace, lostReason } = started;
        return { ...last, error: undefined, state, queuePlace, lostReason, ...more };
      });
    const changed = () => show();
    const entered = ({ detail: entry }) => show({ entry });
    // A failed heartbeat takes neither a seat nor a place in the queue away.
    const isKept = () => ['admitted', 'waiting', 'offered'].includes(started.state);
    const failed = ({ detail: error }) => show(isKept() ? { error } : { error, state: 'failed' });
    const listeners = { changed, left: changed, entered, failed };
    for (const [name, listener] of Object.entries(listeners)) started.addEventListener(name, listener);
    show({ entry: undefined });
    return () => {
      for (const [name, listener] of Object.entries(listeners)) started.removeEventListener(name, listener);
      visit.current = null;
      setResult(OFF);
      started.stop();
    };
  }, [activity, wait, acceptOffers, languageCode, currentPage, keepSeat, endpoint, enabled]);

  const enter = useCallback(() => {
    if (!visit.current || !activity) return;
    setResult((last) => (last.state === 'offered' ? last : { ...last, error: undefined, state: 'entering' }));
    visit.current.enter(activity).catch((error) => setResult((last) => ({ ...last, state: 'failed', error })));
  }, [activity]);
  const leave = useCallback(() => {
    if (!visit.current) return;
    visit.current.leave();
    setResult({ ...OFF, state: 'online' });
  }, []);
  const complete = useCallback(() => {
    if (!visit.current) return;
    visit.current.complete();
    visit.current = null;
    setResult(OFF);
  }, []);
  return { ...result, enter, leave, complete };
}

const OFF = Object.freeze({ state: 'off', queuePlace: null, lostReason: null });
