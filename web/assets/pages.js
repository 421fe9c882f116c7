// What scripts add to the server's HTML: badges, and updates without a reload. After a
// change of something that a page shows, the page loads itself again and takes over the differences. So HTML is made in one
// place, the server.

import { configure, watch, watchActivity, watchBookings } from './insession.js';
import { TEXTS, filled, showOwnTimes } from './times.js';

const main = document.getElementById('main');
/** This is a screen that nobody touches, such as at a door. It shows who is there, so it follows each change at once. */
const isScreen = 'screen' in main.dataset;
/** The delay between a change and the update of the page. */
const SOON_MS = 150;
/** The delay after an error. */
const LATER_MS = 5_000;
/** The same for counts, which are shown at once. */
const COUNTS_MS = isScreen ? SOON_MS : LATER_MS;
/** A random part of the delay, so that many pages that follow the same change do not load at the same moment. */
const SPREAD_MS = isScreen ? 0 : 500;
/** The shortest time between two updates. */
const BETWEEN_MS = isScreen ? 500 : 2_000;
/** The longest time between two updates. Some changes have no event, such as new instances in a list of the next meetings. */
const ANYWAY_MS = Number(main.dataset.every ?? 300) * 1_000;
/** How long an update may take. */
const PATIENCE_MS = 20_000;
/** How long a screen shows names that it cannot update. Somebody may want to be hidden. */
const NAMES_MS = 60_000;

/** The person and the rights of this page. Another tab of this browser may have signed in somebody else since. */
const viewer = document.body.dataset.viewer;

/** When somebody last sent a form or opened a link here. The browser may still load the next page. */
let leftAt = -Infinity;
addEventListener('submit', () => (leftAt = Date.now()));
addEventListener('click', ({ target }) => target.closest?.('a[href]') && (leftAt = Date.now()));

/** The timer of a page that waits before it loads itself again. */
let reloading;

/** Loads the whole page again. That would stop the load of another page. So while one may be loading, this waits. */
function reload() {
  clearTimeout(reloading);
  if (Date.now() - leftAt > PATIENCE_MS) location.reload();
  else reloading = setTimeout(reload, LATER_MS);
}

/** Loads the whole page again if the browser is now signed in as somebody else. */
function reloadForAnother(nowViewer) {
  if (nowViewer === viewer) return false;
  reload();
  return true;
}

if (viewer !== undefined) {
  configure({
    token: async () => {
      const answer = await fetch(new URL('token', import.meta.url), { method: 'POST' });
      const { token, viewer: tokenViewer } = await answer.json();
      return reloadForAnother(tokenViewer ?? undefined) ? null : token;
    },
  });
}

for (const narrowing of JSON.parse(main.dataset.follows ?? '[]')) {
  const changed = ({ kind, sessionInstance }) => {
    if (kind === 'UPDATED' && sessionInstance) showPresent(main, sessionInstance);
    refreshWithin(kind === 'UPDATED' ? COUNTS_MS : SOON_MS);
  };
  // The cursor is from before the server made the page, so no change is missed.
  watch(narrowing, changed, { after: main.dataset.cursor });
}
if (main.dataset.activity) watchActivity(main.dataset.activity, () => refreshWithin(LATER_MS));
if ('bookings' in main.dataset) watchBookings(() => refreshWithin(SOON_MS));
// The page may be an old one from the browser's cache. Or another tab was used meanwhile, perhaps to sign in or out.
addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return;
  leftAt = -Infinity;
  refreshWithin(0);
});
document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && refreshWithin(0));
document.addEventListener('insession-connection', ({ detail }) => {
  document.body.toggleAttribute('data-offline', detail.state !== 'online');
});

let wakeLock;

/** Keeps the screen on while the page is shown, in browsers that can. They end it when the page is hidden, or to save power. */
async function stayAwake() {
  if (document.visibilityState !== 'visible' || wakeLock?.released === false) return;
  try {
    wakeLock = await navigator.wakeLock?.request('screen');
  } catch {
    // The browser refuses, for example because the battery is low.
  }
}
if (isScreen) {
  stayAwake();
  document.addEventListener('visibilitychange', stayAwake);
}

function showPresent(root, { id, presentCount }) {
  for (const shown of root.querySelectorAll('[data-present]')) {
    if (shown.dataset.present !== id) continue;
    const words = presentCount === 0 ? TEXTS.nobody : filled(TEXTS.here, presentCount);
    shown.textContent = 'words' in shown.dataset ? words : presentCount;
  }
}

/** How soon something starts or ends, in the words of the server (`times::until`). */
function showUntil(root) {
  for (const shown of root.querySelectorAll('[data-until]')) {
    const minutes = Math.ceil((new Date(shown.dataset.until) - Date.now()) / 60_000);
    if (minutes < 1) continue;
    let span = filled(TEXTS.days, Math.round(minutes / 1_440));
    if (minutes < 60) span = filled(TEXTS.minutes, minutes);
    else if (minutes < 180 && minutes % 60 !== 0) span = filled(TEXTS.hoursMinutes, Math.floor(minutes / 60), minutes % 60);
    else if (minutes < 2_880) span = filled(TEXTS.hours, Math.round(minutes / 60));
    const text = filled(shown.dataset.words, span);
    if (shown.textContent !== text) shown.textContent = text;
  }
}

// Buttons that copy a text. Without scripts, and where nothing may be copied, they stay hidden.
for (const button of navigator.clipboard ? document.querySelectorAll('[data-copies]') : []) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent);
    button.textContent = TEXTS.copied;
  });
}

// "Near me" asks the browser for its position, only after a click. If the browser does not give it, the page asks for a place.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!('near' in form.dataset) || !navigator.geolocation) return;
  event.preventDefault();
  const button = form.querySelector('button');
  const { latitude, longitude } = form.elements;
  const send = (coords) => {
    // A thousandth of a degree is about a hundred metres, which is enough.
    latitude.value = coords?.latitude.toFixed(3) ?? '';
    longitude.value = coords?.longitude.toFixed(3) ?? '';
    form.submit();
    // The browser may keep the page, and must not keep the place with it.
    latitude.value = longitude.value = '';
    button.disabled = false;
  };
  button.disabled = true;
  const options = { timeout: 10_000, maximumAge: 60_000 };
  navigator.geolocation.getCurrentPosition(({ coords }) => send(coords), () => send(), options);
});

let timer;
let dueAt = Infinity;
let lastAt = 0;

/** Updates the page within this time. Several calls cause one update. */
function refreshWithin(ms) {
  // An update would remove the text that somebody types, or the message about an error.
  if ('still' in main.dataset) return;
  const at = Math.max(Date.now() + ms, lastAt + BETWEEN_MS);
  if (at >= dueAt) return;
  dueAt = at;
  clearTimeout(timer);
  timer = setTimeout(refresh, at - Date.now() + Math.random() * SPREAD_MS);
}

let isLoading = false;
let isOutdated = false;
let shownAt = Date.now();

async function refresh() {
  dueAt = Infinity;
  if (isScreen) stayAwake();
  // One at a time, so that no older answer replaces a newer one.
  isOutdated = isLoading;
  if (isLoading) return;
  isLoading = true;
  lastAt = Date.now();
  const next = await load();
  isLoading = false;
  refreshWithin(isOutdated ? 0 : next);
}

/** Loads the page, and takes over the differences. The result is when to do it again. */
async function load() {
  let answer;
  let text;
  try {
    const signal = AbortSignal.timeout?.(PATIENCE_MS);
    answer = await fetch(location.href, { headers: { accept: 'text/html' }, signal });
    text = await answer.text();
  } catch {
    // The server cannot be reached.
  }
  if (!answer || text === undefined || answer.status >= 500) {
    if (isScreen && Date.now() - shownAt > NAMES_MS) for (const names of main.querySelectorAll('.names')) names.replaceChildren();
    return LATER_MS;
  }
  // Redirected to the sign-in page: the visitor has signed out, or the token has expired.
  const isSignedOut = answer.redirected && viewer !== undefined;
  // This is no longer an organiser's, or the session is gone.
  const isRefused = isScreen && (answer.status === 403 || answer.status === 404);
  if (isSignedOut || isRefused) reload();
  if (answer.redirected || !answer.ok) return ANYWAY_MS;
  const page = new DOMParser().parseFromString(text, 'text/html');
  if (reloadForAnother(page.body.dataset.viewer)) return ANYWAY_MS;
  const fresh = document.adoptNode(page.getElementById('main'));
  // The policy of this page allows pictures from one other site at most. With a new policy the page can show the new picture.
  if (fresh.dataset.pictures !== main.dataset.pictures) {
    reload();
    return ANYWAY_MS;
  }
  showOwnTimes(fresh);
  takeOver(main, fresh);
  shownAt = Date.now();
  return ANYWAY_MS;
}

/** Gives `old` the children of `fresh`. Elements that are the same stay, with their focus and state. */
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
  // These stay: what the visitor has typed, opened or closed, and what a badge knows from its subscription.
  const isKept = (name) =>
    name === 'open' ||
    name === 'out-of-touch' ||
    (name === 'status' && Boolean(old.booking)) ||
    (name === 'state' && old.localName === 'activity-queue') ||
    old.matches('input, select, textarea');
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !isKept(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !isKept(name)) old.setAttribute(name, value);
  }
  takeOver(old, fresh);
}

document.body.toggleAttribute('data-live', true);
setInterval(() => showUntil(main), 15_000);
refreshWithin(ANYWAY_MS);
