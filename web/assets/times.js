// Times in the visitor's own time zone. The browser runs this module before it shows the page, so that nothing moves afterwards.

const main = document.getElementById('main');

/** What scripts write, in the language of the page. */
export const TEXTS = JSON.parse(main.dataset.texts);
/** Puts the values in the places of a text. */
export const filled = (text, ...values) => text.replaceAll('{}', () => values.shift());

/** A time as the server writes it, such as '7:30pm', 'noon' or '19:30'. Not every browser knows each language of the pages. */
function clock(at) {
  const [hour, minute] = [at.getHours(), at.getMinutes()];
  const half = hour < 12 ? 'am' : 'pm';
  const pattern = TEXTS.clock[minute === 0 && hour % 12 === 0 ? { am: 'midnight', pm: 'noon' }[half] : half];
  const two = (number) => String(number).padStart(2, '0');
  return pattern.replace('{h}', hour % 12 || 12).replace('{H}', two(hour)).replace('{m}', two(minute));
}

/** Adds times in the visitor's time zone, if they differ from the session's. */
export function showOwnTimes(root) {
  // The language of the page, with the visitor's region where it is known.
  const { locale } = document.documentElement.dataset;
  const zones = new Intl.DateTimeFormat(locale, { hour: 'numeric', timeZoneName: 'short' });
  const zoneAt = (at) => zones.formatToParts(at).find(({ type }) => type === 'timeZoneName').value;
  const weekdays = TEXTS.weekdays.split(', ');
  const weekday = (at) => weekdays[(at.getDay() + 6) % 7];
  const inZone = (at, timeZone) => new Intl.DateTimeFormat('en', { dateStyle: 'short', timeStyle: 'short', timeZone }).format(at);
  for (const shown of root.querySelectorAll('.when[data-starts]')) {
    const { zone, starts, ends } = shown.dataset;
    const at = new Date(starts);
    try {
      if (inZone(at, zone) === inZone(at)) continue;
    } catch {
      // This browser does not know the session's time zone.
    }
    const until = ends ? `–${clock(new Date(ends))}` : '';
    const words = document.createElement('span');
    words.className = 'own-time';
    words.textContent = filled(TEXTS.own, `${weekday(at)}, ${clock(at)}${until} ${zoneAt(at)}`);
    shown.append(words);
  }
}

showOwnTimes(main);

for (const field of document.querySelectorAll('[data-own-zone]')) {
  field.value ||= new Intl.DateTimeFormat().resolvedOptions().timeZone;
}
