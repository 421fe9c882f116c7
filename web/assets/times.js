// Times in the visitor's own time zone. The browser runs this module before it shows the page, so that nothing moves afterwards.

const main = document.getElementById('main');

/** What scripts write, in the language of the page. */
export const TEXTS = JSON.parse(main.dataset.texts);
/** Puts the values in the places of a text. */
export const filled = (text, ...values) => text.replaceAll('{}', () => values.shift());

/** Adds times in the visitor's time zone, if they differ from the session's. */
export function showOwnTimes(root) {
  // The language of the page, with the visitor's region where it is known.
  const format = (options) => new Intl.DateTimeFormat(document.documentElement.dataset.locale, options);
  const [weekday, clock] = [format({ weekday: 'short' }), format({ hour: 'numeric', minute: '2-digit' })];
  const zones = format({ hour: 'numeric', timeZoneName: 'short' });
  const zoneAt = (at) => zones.formatToParts(at).find(({ type }) => type === 'timeZoneName').value;
  // As the server writes them: '7:30pm', 'noon'.
  const short = (at) => clock.format(at).replace(/\s([AP])M$/, (_, half) => `${half.toLowerCase()}m`);
  const written = (at) => ({ '12:00pm': 'noon', '12:00am': 'midnight' })[short(at)] ?? short(at);
  const inZone = (at, timeZone) => new Intl.DateTimeFormat('en', { dateStyle: 'short', timeStyle: 'short', timeZone }).format(at);
  for (const shown of root.querySelectorAll('.when[data-starts]')) {
    const { zone, starts, ends } = shown.dataset;
    const at = new Date(starts);
    try {
      if (inZone(at, zone) === inZone(at)) continue;
    } catch {
      // This browser does not know the session's time zone.
    }
    const until = ends ? `–${written(new Date(ends))}` : '';
    const words = document.createElement('span');
    words.className = 'own-time';
    words.textContent = filled(TEXTS.own, `${weekday.format(at)}, ${written(at)}${until} ${zoneAt(at)}`);
    shown.append(words);
  }
}

showOwnTimes(main);
