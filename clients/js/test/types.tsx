// `tsc` checks this file. A line after `@ts-expect-error` must be an error.

import {
  configure,
  query,
  startHeartbeat,
  subscribe,
  watch,
  watchActivity,
  watchBooking,
  watchSession,
  type ActiveSessionChange,
  type Booking,
  type TypedDocument,
} from '@insession/client';
import { useActivity, useBooking, useHeartbeat, useLiveSession, useOutOfTouch, usePlace } from '@insession/client/react';

configure({ endpoint: 'https://insession.example', token: async ({ refresh }) => (refresh ? 'fresh' : null) });
// @ts-expect-error: a token is a string
configure({ token: () => 7 });
// @ts-expect-error: no such setting
configure({ url: 'https://insession.example' });

function describe(change: ActiveSessionChange): string {
  switch (change.kind) {
    case 'SNAPSHOT':
      return `${change.activeInstances?.length ?? 'many'} are active`;
    case 'PERSON_MOVED':
      return change.sessionInstance?.session.name ?? 'nowhere';
    case 'ACTIVATED':
    case 'DEACTIVATED':
    case 'UPDATED':
      // @ts-expect-error: only a snapshot has all active instances
      change.activeInstances;
      // @ts-expect-error: the instance may have been deleted
      change.sessionInstance.presentCount;
      return change.sessionInstanceId;
  }
}
const stop: () => void = watch({ city: 'Austin' }, (change) => console.log(describe(change)), { after: 'a cursor' });
stop();
// @ts-expect-error: no such argument
watch({ town: 'Austin' }, () => {});
watchSession('Session:7', (instances) => instances.map(({ presentCount }) => presentCount + 1));
watchBooking('Booking:7', (booking: Booking | null) => booking?.timeSlot.mentor.displayName);

// As the client preset of GraphQL Code Generator makes documents.
declare const seats: TypedDocument<
  { presenceChanged: { occupancy: number; activity: { key: string } } },
  { activityKey: string; after?: string }
>;
subscribe(seats, { activityKey: 'interview' }, (change) => change.occupancy.toFixed());
// @ts-expect-error: the variable is missing
subscribe(seats, {}, () => {});
// @ts-expect-error: no such field
subscribe(seats, { activityKey: 'interview' }, (change) => change.queue);
declare const viewer: TypedDocument<{ viewer: { id: string } | null }, Record<string, never>>;
query(viewer).then(({ viewer }) => viewer?.id);

const visit = startHeartbeat({ activity: 'interview', keepSeat: true });
visit.entered.then(({ admitted, message }) => (admitted ? 'in' : message));
// Without an activity there is no answer about a seat.
// @ts-expect-error: it may be undefined
startHeartbeat().entered.then((entry) => entry.admitted);
const waiting = startHeartbeat({ activity: 'interview', wait: true, acceptOffers: false });
waiting.addEventListener('waiting', ({ detail }) => detail.queuePlace?.estimatedWaitSeconds?.toFixed());
waiting.addEventListener('offered', ({ detail }) => waiting.enter().then(({ queuePlace }) => queuePlace ?? detail.activity));
const position: number | null = waiting.position ?? waiting.offer?.expiresAt.length ?? null;
// @ts-expect-error: nobody may change it
waiting.position = 1;
waiting.addEventListener('lost', ({ detail }) => (detail.reason === 'idle' ? position : waiting.isIdle));
watchActivity('interview', ({ activity, queueLength }) => (activity.maxConcurrent ?? 0) + queueLength);
visit.addEventListener('left', () => visit.complete().then(() => undefined));

document.addEventListener('active-session-changed', ({ detail }) => detail.sessionInstanceId);
document.addEventListener('session-status-updated', ({ detail }) => detail.started + detail.updates.length);
document.addEventListener('insession-connection', ({ detail }) => detail.state === 'online');
document.querySelector('live-now-badge')?.instances?.length;
document.addEventListener('activity-queue-changed', ({ detail }) => detail.queuePlace?.position);
document.querySelector('activity-queue')?.visit?.leave();

export function Component({ session }: { session?: string }) {
  const { isKnown, isLive, instances } = useLiveSession(session);
  const place = usePlace({ endpoint: 'https://insession.example' });
  const booking = useBooking('Booking:7');
  const { state, entry, enter, queuePlace, lostReason } = useHeartbeat({ activity: 'interview', wait: true, enabled: isKnown });
  const seats = useActivity('interview');
  const isOutOfTouch: boolean = useOutOfTouch();
  return (
    <p hidden={!isLive}>
      {instances[0]?.session.name} {place?.session.city} {booking?.status} {isOutOfTouch}
      <button onClick={enter} disabled={state !== 'full'}>{entry?.message}</button>
      <live-now-badge session="Session:7" collapse theme="dark">on</live-now-badge>
      <in-session-badge link="/where/{path}" />
      <booking-status booking="Booking:7">a booking</booking-status>
      <activity-queue activity="interview" confirm>{lostReason ?? queuePlace?.position ?? seats?.occupancy}</activity-queue>
      {/* @ts-expect-error: the session is missing */}
      <live-now-badge />
    </p>
  );
}
