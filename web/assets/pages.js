// What the pages add to the HTML of the server: badges, the visitor's own time, and keeping themselves up to date. When
// something changes that the page shows, it asks for itself again and takes over what is different: so a page is made
// in one place only.

import { configure, watch, watchBookings } from './insession.js';

const main = document.getElementById('main');
/** How long after a change the page asks for itself again; counts, which are shown at once, may wait longer. */
const SOON_MS = 150;
const LATER_MS = 5_000;
/** Not all pages that follow the same change ask at the same moment. */
const SPREAD_MS = 500;
/** However much happens, the page asks no oftener. */
const BETWEEN_MS = 2_000;
/** What is next changes without a word, as instances are made; and some pages show more such. */
const ANYWAY_MS = Number(main.dataset.every ?? 300) * 1_000;

if (document.body.hasAttribute('data-signed-in')) {
  configure({
    token: async () => {
      const answer = await fetch(new URL('token', import.meta.url), { method: 'POST' });
      return (await answer.json()).token;
    },
  });
}

for (const narrowing of JSON.parse(main.dataset.follows ?? '[]')) {
  const changed = ({ kind, sessionInstance }) => {
    if (kind === 'UPDATED' && sessionInstance) showPresent(main, sessionInstance);
    refreshWithin(kind === 'UPDATED' ? LATER_MS : SOON_MS);
  };
  // From when the server made the page: nothing falls between.
  watch(narrowing, changed, { after: main.dataset.cursor });
}
if ('bookings' in main.dataset) watchBookings(() => refreshWithin(SOON_MS));
// Back from elsewhere: the page may be an old one.
addEventListener('pageshow', ({ persisted }) => persisted && refreshWithin(0));
document.addEventListener('insession-connection', ({ detail }) => {
  document.body.toggleAttribute('data-offline', detail.state !== 'online');
});

function showPresent(root, { id, presentCount }) {
  for (const shown of root.querySelectorAll('[data-present]')) {
    if (shown.dataset.present === id) shown.textContent = presentCount;
  }
}

let timer;
let dueAt = Infinity;
let lastAt = 0;

/** Asks again by then; what is asked for meanwhile is one. */
function refreshWithin(ms) {
  const at = Math.max(Date.now() + ms, lastAt + BETWEEN_MS);
  if (at >= dueAt) return;
  dueAt = at;
  clearTimeout(timer);
  timer = setTimeout(refresh, at - Date.now() + Math.random() * SPREAD_MS);
}

async function refresh() {
  dueAt = Infinity;
  lastAt = Date.now();
  let text;
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
    // Elsewhere now, such as to sign in: the visitor finds out when they go on.
    if (answer.redirected || !answer.ok) return;
    text = await answer.text();
  } catch {
    // The connection is lost; it may be back by then.
    return refreshWithin(LATER_MS);
  }
  const page = new DOMParser().parseFromString(text, 'text/html');
  const fresh = document.adoptNode(page.getElementById('main'));
  showOwnTimes(fresh);
  takeOver(main, fresh);
  refreshWithin(ANYWAY_MS);
}

/** Makes the children of `old` those of `fresh`, keeping what is the same: focus, open details, badges. */
function takeOver(old, fresh) {
  const kept = new Map([...old.children].filter(({ id }) => id).map((child) => [child.id, child]));
  let at = old.firstChild;
  for (const node of [...fresh.childNodes]) {
    const match = kept.get(node.id) ?? at;
    if (match && isSame(match, node)) {
      if (match === at) at = at.nextSibling;
      else old.insertBefore(match, at);
      update(match, node);
    } else {
      old.insertBefore(node, at);
    }
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function isSame(one, other) {
  return one.nodeName === other.nodeName && (one.id ?? '') === (other.id ?? '');
}

function update(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  // What the visitor is about to send, and has opened or closed, is theirs.
  const isTheirs = (name) => name === 'open' || name === 'out-of-touch' || old.matches('input, select, textarea');
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !isTheirs(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !isTheirs(name)) old.setAttribute(name, value);
  }
  takeOver(old, fresh);
}

/** Beside the session's time the visitor's own, where clocks differ. */
function showOwnTimes(root) {
  const clock = (at, timeZone) => new Intl.DateTimeFormat('en', { dateStyle: 'short', timeStyle: 'short', timeZone }).format(at);
  const own = new Intl.DateTimeFormat(undefined, { weekday: 'short', hour: 'numeric', minute: '2-digit', timeZoneName: 'short' });
  for (const shown of root.querySelectorAll('.when[data-starts]')) {
    const { zone, starts, ends } = shown.dataset;
    const at = new Date(starts);
    try {
      if (clock(at, zone) === clock(at)) continue;
    } catch {
      // A zone that this browser does not know: the visitor's own time is all the more of use.
    }
    const words = document.createElement('span');
    words.className = 'own-time';
    words.textContent = `${ends ? own.formatRange(at, new Date(ends)) : own.format(at)} for you`;
    shown.append(words);
  }
}

showOwnTimes(main);
refreshWithin(ANYWAY_MS);
