// Components for the tests of the hooks. They are rendered on a server, and then in a browser.

import { StrictMode, createElement as h, useState } from 'react';
import { useBooking, useHeartbeat, useLiveSession, useOutOfTouch, usePlace } from '@insession/client/react';

function Live({ session }) {
  const { isKnown, isLive, instances } = useLiveSession(session);
  return h('p', { id: 'live' }, isKnown ? `live: ${isLive}, present: ${instances[0]?.presentCount ?? 0}` : 'not known');
}

function Place() {
  const place = usePlace();
  return h('p', { id: 'place' }, place === undefined ? 'not known' : (place?.session.name ?? 'nowhere'));
}

function Interview() {
  const { state, enter, leave } = useHeartbeat({ activity: 'interview' });
  return h('p', { id: 'interview' }, h('span', null, state), h('button', { onClick: leave }, 'Leave'), h('button', { onClick: enter }, 'Enter'));
}

function Status() {
  const booking = useBooking(undefined);
  return h('p', { id: 'status' }, `booking: ${booking?.status ?? 'none'}, out of touch: ${useOutOfTouch()}`);
}

export function App({ session }) {
  const [isIn, setIn] = useState(true);
  return h(
    StrictMode,
    null,
    h(Live, { session }),
    h(Place),
    h(Status),
    isIn && h(Interview),
    h('button', { id: 'unmount', onClick: () => setIn(false) }, 'Unmount'),
  );
}
