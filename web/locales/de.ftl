# Deutsch. Die Besucher werden gesiezt.

## The frame of all pages

skip-to-content = Zum Inhalt
nav-main = Hauptnavigation
nav-more = Weitere Seiten
languages = Sprache
tagline = InSession zeigt, welche Sessions gerade stattfinden.
on-now = Gerade jetzt
admin = Verwaltung
me = Ich
sign-in = Anmelden
sign-out = Abmelden
cities = Städte
calendar = Kalender
time-to-book = Termine zum Buchen
feed = Feed
what-is-next = Was als Nächstes kommt
live-now = JETZT LIVE
go-back = Zurück
copied = Kopiert

## Dates and times

weekdays = Montag, Dienstag, Mittwoch, Donnerstag, Freitag, Samstag, Sonntag
weekdays-short = Mo., Di., Mi., Do., Fr., Sa., So.
months = Januar, Februar, März, April, Mai, Juni, Juli, August, September, Oktober, November, Dezember
months-short = Jan., Feb., März, Apr., Mai, Juni, Juli, Aug., Sept., Okt., Nov., Dez.
date = { $weekday }, { $day }. { $month } { $year }
day = { $weekday }, { $day }. { $month }
clock = { $hour24 }:{ $minute }
clock-hour = { $hour24 }:00
time-not-set = { $date }, Uhrzeit noch offen
starts-in = beginnt in { $span }
ends-in = endet in { $span }
span-minutes = { $minutes } Min.
span-hours = { $hours } Std.
span-hours-minutes = { $hours } Std. { $minutes } Min.
span-days = { $days } Tagen
own-time = bei Ihnen { $time }
schedule-unreadable = Die Termine können im Moment nicht angezeigt werden

## Meetings in lists

cancelled = Abgesagt
cancelled-within = abgesagt
nobody-here = Noch niemand da
here-now = Gerade da: { $count }
said-yes = { $count ->
    [one] { $count } Zusage
   *[other] { $count } Zusagen
}
other-places = Andere Orte

## Home, cities and calendar

in-session-now = Jetzt im Gange
in-session-now-in = Jetzt im Gange in { $city }
home-description = { $title }: welche Sessions gerade stattfinden, wer kommt und was als Nächstes ansteht.
city = Stadt
session = Session
search = Suchen
everywhere = Überall
no-such-city = In keiner Stadt mit diesem Namen gibt es eine Session. Prüfen Sie die Schreibweise, oder suchen Sie überall.
several-cities = Mehrere Städte passen. Welche meinen Sie?
nothing-on = Gerade findet keine Session statt.
more-on-now = Weitere Sessions, die gerade stattfinden
coming-up = Demnächst
no-such-name = Keine Session hat einen Namen mit diesen Buchstaben. Prüfen Sie die Schreibweise, oder suchen Sie überall.
sessions-with-name = Sessions mit diesem Namen
sessions-in-city = Alle Sessions in dieser Stadt
today-in = Heute in { $city }
now = Jetzt
no-sessions-yet = Es gibt noch keine Sessions.
live-count = { $count } jetzt live
session-count = { $count ->
    [one] { $count } Session
   *[other] { $count } Sessions
}
cities-description = Alle Städte mit Sessions, und wie viele davon gerade stattfinden.
calendar-of = Kalender von { $city }
show = Anzeigen
calendar-empty = In den nächsten zwei Wochen sind keine Treffen geplant.
calendar-description = { $title }: die Sessions der nächsten zwei Wochen.
more-sessions = Weitere Sessions
near-me = In meiner Nähe
sessions-near-you = Sessions in Ihrer Nähe
sessions-near = Sessions in der Nähe von { $place }
place-not-told = Dieser Browser hat nicht gesagt, wo Sie sind. Geben Sie eine Stadt oder Koordinaten ein.
place = Ort
place-hint = Eine Stadt oder Koordinaten wie 48.21, 16.37
place-unknown = Keine Stadt mit Sessions hat diesen Namen. Geben Sie eine andere Stadt ein, oder Koordinaten wie 48.21, 16.37.
place-of-several = Das kann eine von mehreren Städten sein: { $cities }.
place-without-coordinates = Die Sessions in { $city } haben keine Koordinaten.
distance = Entfernung
kilometres = { $count } km
away-tenths = { $kilometres },{ $tenths } km entfernt
away = { $kilometres } km entfernt
away-least = weniger als 0,1 km entfernt
nothing-on-near = In der Nähe dieses Ortes findet gerade keine Session statt.
sessions-near-place = Alle Sessions in der Nähe dieses Ortes
nothing-near = In der Nähe dieses Ortes gibt es keine Session. Versuchen Sie es mit einer größeren Entfernung.

## A session

no-session-here = Unter dieser Adresse gibt es keine Session.
organisers-only = Das dürfen nur die Organisatoren dieser Session.
organise = Organisieren
organise-this-session = Diese Session organisieren
print-notice = Wer ist da, und was kommt als Nächstes? Hier steht es:
when = Wann
where = Wo
organised-by = Organisiert von
website = Website
add-to-calendar = Zum eigenen Kalender hinzufügen
time-zone = Zeitzone
next-meetings = Nächste Treffen
no-meetings-planned = Es sind keine Treffen geplant.
meeting-gone = Ihre Antwort ist nicht gespeichert, weil dieses Treffen inzwischen gelöscht oder verschoben wurde. Das sind die nächsten Treffen.
sign-in-to-answer = Anmelden, um zu- oder abzusagen
sign-in-to-check-in = Anmelden, um zu sagen, dass Sie da sind
also-on-in = Außerdem gerade in { $city }
are-you-here = Sind Sie da?
are-you-coming = Kommen Sie?
i-am-here = Ich bin da
yes = Ja
maybe = Vielleicht
no = Nein
take-back-answer = Antwort zurücknehmen
who-answered = Wer geantwortet hat
checked-in-there = (beim Treffen eingecheckt)
code-at-the-door = Diese Session zeigt an der Tür einen Code. Scannen Sie ihn, um einzuchecken.
change = Ändern
change-meeting = Treffen ändern
no-session-on = Keine Session am { $date }
no-session-between = Keine Session von { $from } bis { $to }
skips = Tage ohne Session
no-skips = Kein Tag fällt aus.
first-date = Erster Tag
last-date = Letzter Tag
last-date-hint = Derselbe Tag, wenn das Feld leer ist
last-date-before-first = Der letzte Tag liegt vor dem ersten.
reason = Grund
reason-hint = Zum Beispiel: Weihnachten. Das Feld darf leer sein.
remove = Entfernen
leave-out-dates = Tage ausfallen lassen
leave-out-these-dates = Diese Tage ausfallen lassen

## At the door

door-organisers-only = Nur die Organisatoren dieser Session dürfen den Bildschirm an der Tür öffnen.
door-of = Tür von { $session }
doors-closed = Die Türen sind geschlossen.
doors-closed-until = Die Türen sind geschlossen. Sobald sie öffnen, zeigt dieser Bildschirm einen Code.
point-phone = Richten Sie Ihr Telefon auf das Bild, oder öffnen Sie { $address }
no-codes = Diese Session hat keine Codes zum Einchecken. Organisatoren können sie einschalten.
wrong-code = Dieser Code gilt jetzt nicht. Scannen Sie den Code an der Tür noch einmal.
your-name = Ihr Name, wie ihn die anderen hier sehen
guest-note = Sie checken als Gast ein. Wenn Sie ein Konto haben, { $link }
sign-in-within = melden Sie sich zuerst an.
no-guests = Melden Sie sich an, um hier einzuchecken. Gäste gibt es auf dieser Seite nicht.

## Signing in

sign-in-with = Mit { $provider } anmelden
with-a-token = Mit einem Token
paste-token = Fügen Sie Ihr Token ein. Sie bekommen es von denen, die diese Website betreiben. Dieser Browser bleibt angemeldet, bis das Token abläuft oder Sie sich abmelden.
token = Token
demo-people = Dies ist eine Vorführung. Wählen Sie, wer Sie sind.
token-without-end = Dieses Token läuft nie ab. Verwenden Sie eines, das abläuft.
no-such-provider = Es gibt keinen Anmeldedienst mit diesem Namen.
no-host = Diese Anfrage nennt den Host dieser Website nicht.
provider-unavailable = Der Anmeldedienst ist im Moment nicht erreichbar.
provider-unavailable-advice = Versuchen Sie es in einer Minute noch einmal. Die anderen Seiten funktionieren so lange.
provider-not-begun = Diese Anmeldung wurde in einem anderen Browser oder vor zu langer Zeit begonnen, oder sie wurde schon verwendet.
provider-not-begun-advice = Melden Sie sich in diesem Browser noch einmal an.
provider-refused = Der Anmeldedienst hat Sie nicht angemeldet ({ $reason }).
provider-refused-advice = Versuchen Sie es noch einmal, oder fragen Sie den Betreiber des Anmeldedienstes.
provider-not-valid = Die Antwort des Anmeldedienstes ist ungültig.
provider-not-valid-advice = Versuchen Sie es noch einmal. Wenn es wieder geschieht, wenden Sie sich an die Verwaltung.
provider-unknown-person = Der Anmeldedienst kennt Sie, aber hier gibt es kein Konto von Ihnen.
ask-an-administrator = Wenden Sie sich an die Verwaltung.
you-are-not-signed-in = Sie sind nicht angemeldet
not-signed-in = Nicht angemeldet
signed-out-here = Sie sind hier abgemeldet
sign-out-at = Auch bei { $provider } abmelden
signed-out = Abgemeldet

## People and activities

no-person-here = Unter dieser Adresse gibt es keine Person.
deactivated = Dieses Konto ist deaktiviert.
where-you-are = Wo Sie gerade sind
where-they-are = Wo diese Person gerade ist
not-at-a-session = Gerade bei keiner Session.
place-is-hidden = Nur wer bei derselben Session ist, sieht, wo jemand ist.
to-your-page = Zu Ihrer eigenen Seite
activities = Aktivitäten
no-activity-here = Unter dieser Adresse gibt es keine Aktivität.
seats = Plätze
seats-need-scripts = Um mitzumachen, melden Sie sich an. Oder erlauben Sie Skripte für diese Website, und laden Sie die Seite neu.
join-seat = Mitmachen
join-queue = Anstellen
take-the-seat = Platz nehmen
leave-seat = Verlassen
leave-queue = Warteschlange verlassen
still-here = Ich bin noch da
have-a-seat = Sie haben einen Platz.
seat-elsewhere = Sie haben einen Platz auf einem anderen Gerät oder in einem anderen Browser.
move-seat-here = Platz hierher holen
waits-elsewhere = Sie warten auf einem anderen Gerät oder in einem anderen Browser.
wait-here-too = Auch hier warten
place-in-queue = Sie sind Nummer { $position } von { $length } in der Warteschlange.
seat-is-kept = Ein Platz ist für Sie reserviert, noch { $seconds } s.
page-reloads = Lassen Sie diese Seite offen. Sie lädt sich alle { $seconds } s neu und behält so Ihren Platz, auch in der Warteschlange.
no-place-any-more = Sie haben hier keinen Platz mehr, auch nicht in der Warteschlange. Ein reservierter Platz muss rechtzeitig genommen werden, und diese Seite muss offen bleiben.
may-join-again = Sie können wieder mitmachen.
seats-closed = Das ist im Moment geschlossen.
wait-closed = Das ist im Moment geschlossen. Ihr Platz in der Warteschlange bleibt, bis es wieder öffnet.
seats-taken = { $limit ->
    [one] { $taken } von { $limit } Platz ist belegt.
   *[other] { $taken } von { $limit } Plätzen sind belegt.
}
taking-part = { $count ->
    [0] Niemand macht mit.
    [one] { $count } Person macht mit.
   *[other] { $count } Personen machen mit.
}
waiting = { $count ->
    [one] { $count } Person wartet.
   *[other] { $count } Personen warten.
}
who-has-a-seat = Wer einen Platz hat
nobody-is-shown = Niemand wird angezeigt.
and-more = und weitere
without-a-name = { $count } ohne Namen
sign-in-to-join = Anmelden, um mitzumachen
deactivated-cannot-join = Dieses Konto ist deaktiviert und kann nicht mitmachen.
only-people-join = Nur Personen können mitmachen. Das Token, mit dem Sie angemeldet sind, nennt keine.

## Errors

not-found = Nicht gefunden
not-allowed = Nicht erlaubt
sign-in-first = Melden Sie sich zuerst an
something-went-wrong = Etwas ist schiefgegangen
did-not-work = Das hat nicht geklappt
see-what-is-on = Sehen, was gerade stattfindet
no-page-here = Unter dieser Adresse gibt es keine Seite.
bad-form = Dieses Formular ist unvollständig oder veraltet. Gehen Sie zurück, laden Sie die Seite neu, und versuchen Sie es noch einmal.
bad-address = Diese Adresse ist nicht lesbar. Folgen Sie einem Link dieser Website, oder beginnen Sie von vorn.
unavailable = Im Moment nicht verfügbar
database-away = Diese Website erreicht ihre Daten im Moment nicht. Versuchen Sie es in einer Minute noch einmal.
nothing-saved = Es wurde nichts gespeichert, weil diese Website ihre Daten im Moment nicht erreicht. Ihr Formular bleibt auf dieser Seite erhalten: Senden Sie es in einer Minute noch einmal.
nothing-saved-signed-out = Ihre Anmeldung ist abgelaufen. Es wurde nichts gespeichert. Ihr Formular bleibt auf dieser Seite erhalten: Melden Sie sich in einem neuen Tab an, kommen Sie hierher zurück und senden Sie es noch einmal.
sign-in-in-new-tab = In einem neuen Tab anmelden
send-again = Noch einmal senden
server-error = Auf dem Server ist etwas schiefgegangen. Versuchen Sie es gleich noch einmal. Wenn Sie ein Formular gesendet haben, sehen Sie nach, ob es gespeichert wurde.
too-many-attempts = { $seconds ->
    [one] Zu viele Versuche: Versuchen Sie es in { $seconds } Sekunde noch einmal.
   *[other] Zu viele Versuche: Versuchen Sie es in { $seconds } Sekunden noch einmal.
}
too-busy = { $seconds ->
    [one] Diese Website hat im Moment zu viel zu tun. Versuchen Sie es in { $seconds } Sekunde noch einmal.
   *[other] Diese Website hat im Moment zu viel zu tun. Versuchen Sie es in { $seconds } Sekunden noch einmal.
}
form-kept = Es wurde nichts gespeichert. Ihr Formular bleibt auf dieser Seite erhalten.

## What was done

done-answered = Ihre Antwort ist gespeichert.
done-answered-moved = Ihre Antwort ist gespeichert. Das Treffen wurde inzwischen verschoben: Bitte prüfen Sie die neue Zeit.
done-answered-over = Ihre Antwort ist gespeichert. Das Treffen ist vorbei, deshalb sind Sie nicht eingecheckt.
done-answered-cancelled = Ihre Antwort ist gespeichert, aber dieses Treffen findet nicht statt.
done-arrived = Sie sind eingecheckt.
done-answer-removed = Ihre Antwort ist zurückgenommen.
done-skip-added = Diese Tage fallen aus.
done-skip-removed = An diesen Tagen findet die Session wieder statt.
done-session-created = Die Session ist angelegt. Geben Sie nun an, wann sie stattfindet.
done-session-saved = Die Session ist gespeichert.
done-session-deleted = Die Session ist gelöscht.
done-schedule-saved = Die Termine sind gespeichert.
done-meeting-added = Das Treffen ist hinzugefügt.
done-meeting-saved = Das Treffen ist gespeichert.
done-meeting-cancelled = Das Treffen ist abgesagt.
done-meeting-restored = Das Treffen findet doch statt.
done-meeting-deleted = Das Treffen ist gelöscht.
done-set-live = Das Treffen ist live.
done-set-not-live = Das Treffen ist nicht live.
done-override-cleared = Das Treffen folgt wieder seinen Zeiten.
done-checked-in = Die Person ist eingecheckt.
done-checked-out = Die Person ist ausgecheckt.
done-their-answer-saved = Die Antwort ist gespeichert.
done-their-answer-removed = Die Antwort ist entfernt.
done-organizer-added = Die Person organisiert jetzt mit.
done-person-created = Die Person ist angelegt.
done-person-saved = Die Person ist gespeichert.
done-people-merged = Die beiden Personen sind jetzt eine.
done-person-erased = Die Person ist gelöscht.
done-tokens-revoked = Die Person ist überall abgemeldet.
done-key-revoked = Der Schlüssel ist widerrufen.
done-profile-saved = Ihr Profil ist gespeichert.
done-slot-offered = Ihre Zeit ist angeboten.
done-slot-deleted = Ihre Zeit wird nicht mehr angeboten.
done-booked = Sie haben diese Zeit gebucht.
done-booking-started = Der Termin hat begonnen.
done-booking-completed = Der Termin ist abgeschlossen.
done-booking-cancelled = Der Termin ist abgesagt.
done-organizer-removed = Die Person organisiert nicht mehr mit.
done-activity-saved = Die Aktivität ist gespeichert.

## When a session meets

recurrence-none = Keine regelmäßigen Termine
recurrence-weekdays = Montag, Dienstag, Mittwoch, Donnerstag, Freitag, Samstag, Sonntag
recurrence-months = Januar, Februar, März, April, Mai, Juni, Juli, August, September, Oktober, November, Dezember
recurrence-list = { $most } und { $last }
recurrence-daily = täglich
recurrence-weekly = { $weeks ->
    [1] jeden { $weekday }
    [2] jeden zweiten { $weekday }
   *[other] alle { $weeks } Wochen am { $weekday }
}
recurrence-monthly = { $months ->
    [1] am { $positions } { $weekday } des Monats
    [2] am { $positions } { $weekday } jedes zweiten Monats
   *[other] alle { $months } Monate am { $positions } { $weekday } des Monats
}
recurrence-position = { $position ->
    [1] ersten
    [2] zweiten
    [3] dritten
    [4] vierten
    [5] fünften
    [-1] letzten
    [-2] vorletzten
    [-3] drittletzten
    [-4] viertletzten
   *[other] fünftletzten
}
recurrence-days = { $months ->
    [1] am { $days } Tag des Monats
    [2] am { $days } Tag jedes zweiten Monats
   *[other] alle { $months } Monate am { $days } Tag des Monats
}
recurrence-day = { $end ->
    [0] { $day }.
    [1] letzten
    [2] vorletzten
   *[other] { $end }.-letzten
}
recurrence-hours = { $days } von { $start } bis { $end } Uhr
recurrence-in-months = { $schedule } (nur im { $months })

## Your own page

page-for-people = Diese Seite ist für Personen. Ihr Token ist von der Verwaltung und nennt keine Person.
unknown-person-of-token = Die Person, die Ihr Token nennt, gibt es nicht. Melden Sie sich mit einem anderen Token an.
your-account-deactivated = Ihr Konto ist deaktiviert. Sie können Ihre Daten lesen, aber nichts ändern. Fragen Sie die Verwaltung.
where-i-am = Wo ich bin
i-left = Ich bin gegangen
you-are-nowhere = Sie sind gerade bei keiner Session.
on-now-in-my-city = Jetzt in meiner Stadt
sessions-i-organise = Sessions, die ich organisiere
organise-session = { $session } organisieren
my-check-ins = Meine Check-ins
no-check-ins = Sie haben noch nirgends eingecheckt.
older-check-ins = Ältere Check-ins
name = Name
city-hint = Ihre Seite zeigt dann, was dort stattfindet.
country = Land
hide-place = Vor anderen bei derselben Session verbergen, wo ich bin
profile = Profil und Datenschutz
save = Speichern
sign-out-everywhere = Überall abmelden
sign-out-everywhere-question = Überall abmelden?
sign-out-everywhere-note = Alle Ihre Token enden: in diesem Browser, in anderen und die Ihrer Programme. Wer eines hat, muss sich neu anmelden.
sign-out-browsers-note = Sie werden hier und in allen anderen Browsern abgemeldet. Ein Token, das keine Person nennt, gilt, bis es abläuft.
type-name = Geben Sie zur Bestätigung Ihren Namen ein ({ $name })
my-data = Meine Daten
download-my-data = Meine Daten herunterladen
delete-me = Mich löschen
delete-me-note = Das löscht Ihren Namen, Ihre Check-ins, Ihre Besuche und Ihre Termine. Es lässt sich nicht rückgängig machen. Vergangene Sessions behalten nur die Zahl der Personen.
delete-me-for-good = Mich endgültig löschen
delete-me-refused = Nichts wurde gelöscht. Geben Sie Ihren Namen genau so ein, wie er gezeigt wird, und versuchen Sie es noch einmal.

## Bookings

my-bookings = Meine Termine
no-bookings = Sie haben keine Termine.
find-time-to-book = Einen Termin finden
as-mentor = Als Mentor
as-student = Als Schüler
somebody = Jemand
booking-start = Beginnen
booking-complete = Abschließen
booking-cancel = Absagen
cancel-booking-question = Diesen Termin absagen?
cancel-booking-note = Die Zeit kann dann jemand anderes buchen. Das lässt sich nicht rückgängig machen.
cancel-booking-button = Termin absagen
booking-scheduled = Geplant
booking-delayed = Die Zeit hat begonnen, aber niemand hat den Termin begonnen
booking-ongoing = Im Gange
booking-completed = Abgeschlossen
booking-cancelled = Abgesagt

## Time to book

time-of-all-mentors = Termine aller Mentoren
no-time-offered = Zurzeit bietet niemand Termine an.
with-mentor = mit { $mentor }
book = Buchen
later = Später
offer-own-time = Eigene Termine anbieten
sign-in-to-book = Zum Buchen anmelden
time-i-offer = Termine, die ich anbiete
no-time-of-mine = Sie bieten keine Termine an.
booked = gebucht
withdraw = Zurückziehen
offer-time = Zeit anbieten
slot-date = Datum
slot-start = Beginn
slot-end = Ende
slot-end-hint = Ein Ende vor dem Beginn ist am nächsten Tag.
slot-zone-hint = Von Datum und Uhrzeiten
offer-this-time = Diese Zeit anbieten
withdraw-question = Diese Zeit zurückziehen?
withdraw-note = Niemand kann sie dann mehr buchen.
withdraw-button = Zeit zurückziehen

## API keys

api-keys = API-Schlüssel
key-intro = Ein Programm meldet sich mit einem Schlüssel an: Es sendet { $header } und das Geheimnis.
no-keys = Es gibt keine Schlüssel.
make-a-key = Einen Schlüssel erstellen
key-is-made = Der Schlüssel { $name } ist gemacht. Kopieren Sie das Geheimnis jetzt: Es wird nicht noch einmal gezeigt.
secret = Geheimnis
copy = Kopieren
key-until = bis { $time }
key-last-used = zuletzt benutzt { $time }
key-never-used = nie benutzt
revoke = Widerrufen
revoke-named = { $name } widerrufen
key-name-hint = Zum Beispiel: Bildschirm an der Tür
person = Person
key-person-hint = Für wen er handelt, zum Beispiel Person:7
key-is-admin = Er hat die Rechte der Verwaltung
days = Tage
days-hint = So viele Tage lang gilt der Schlüssel. Ist das Feld leer, gilt er unbegrenzt.
make-the-key = Schlüssel erstellen
no-key-here = An dieser Adresse gibt es keinen API-Schlüssel.
revoke-question = Diesen API-Schlüssel widerrufen?
revoke-note = Programme, die { $name } benutzen, werden ab jetzt abgewiesen. Das lässt sich nicht rückgängig machen.
revoke-button = Schlüssel widerrufen

## Organising a session

edit-session = Session bearbeiten
edit-session-purpose = Name, Ort, Beschreibung, Zeitzone, Codes an der Tür
edit-named = { $session } bearbeiten
change-schedule = Termine ändern
change-schedule-purpose = Wann sie stattfindet, mit einer Vorschau der nächsten Termine
meetings = Treffen
meetings-purpose = Eines hinzufügen, oder die nächsten absagen, verschieben und stattfinden lassen
past-meetings = Vergangene Treffen
past-meetings-purpose = Wer da war, das neueste zuerst
organisers = Organisatoren
organisers-purpose = Wer diese Session ändern darf
see-how-to-correct = Sehen, wie es sich beheben lässt
leave-out-purpose = Feiertage, oder das Lokal hat geschlossen
door-screen = Bildschirm an der Tür
door-screen-purpose = Ein Code, den man zum Einchecken scannt
delete-session = Session löschen
share = Weitergeben
share-badge = Abzeichen für Ihre Website
share-calendar = Kalenderadresse zum Abonnieren
share-page = Adresse der Seite dieser Session
wrong-with-session = Was an dieser Session nicht stimmt
wrong-with = Was an { $session } nicht stimmt
until-corrected = Bis das behoben ist, entstehen aus den Terminen keine Treffen, und die vorhandenen behalten ihre Zeiten.
nothing-wrong = Alles ist in Ordnung.
schedule-is-unreadable = Die Termine sind nicht lesbar
this-is-stored = Gespeichert ist:
say-when-it-meets = Geben Sie neu an, wann sie stattfindet. Das ersetzt das Gespeicherte.
enter-schedule-again = Termine neu eingeben
zone-unknown = Die Zeitzone ist nicht bekannt
zone-example = Zum Beispiel America/Chicago
correct-zone = Zeitzone berichtigen
admins-delete-sessions = Nur die Verwaltung darf Sessions löschen.
delete-session-question = Diese Session löschen?
delete-session-note = { $session } und alle Treffen verschwinden, für alle. Wer gerade dort ist, ist dann nirgends.
delete-session-advice = Das lässt sich nicht rückgängig machen. Um eine Session zu beenden, geben Sie ihren Terminen einen letzten Tag.
delete-for-good = Endgültig löschen
organisers-of = Organisatoren von { $session }
organisers-may = Organisatoren dürfen die Session und ihre Treffen ändern und Personen einchecken.
no-organisers = Noch niemand organisiert diese Session. Die Verwaltung darf sie ändern.
add-organiser = Jemanden als Organisator hinzufügen
organises-already = organisiert sie schon
add = Hinzufügen
remove-named = { $name } entfernen
add-named = { $name } hinzufügen
find = Suchen
people-found = Ergebnisse: { $count }
nobody-with-name = Niemand hat einen Namen mit diesen Buchstaben.
stop-organising-question = Diese Session nicht mehr organisieren?
stop-organising-note = Sie können { $session } dann nicht mehr ändern. Andere Organisatoren oder die Verwaltung können Sie wieder hinzufügen.
stop-organising = Nicht mehr organisieren
meetings-of = Treffen von { $session }
past-meetings-of = Vergangene Treffen von { $session }
no-past-meetings = Noch ist kein Treffen vorbei.
older-meetings = Ältere Treffen
see-answers = Antworten ansehen
add-a-meeting = Ein Treffen hinzufügen
in-session-zone = Tage und Uhrzeiten sind in der Zeitzone der Session: { $zone }.
location = Treffpunkt
location-if-unusual = Wenn es nicht der übliche ist
add-duplicate = Auch hinzufügen, wenn es zu dieser Zeit schon ein Treffen gibt
add-the-meeting = Treffen hinzufügen
no-meeting-here = Unter dieser Adresse gibt es kein Treffen.
meeting-on = Treffen am { $date }
delete-meeting = Dieses Treffen löschen
hours = Stunden
hours-hint = Wie lange Ihre Entscheidung gilt. Wenn das Feld leer ist: bis zum nächsten Abgleich, spätestens in einer Viertelstunde.
status = Status
hold-after-all = Doch stattfinden lassen
cancel-meeting = Dieses Treffen absagen
end-decision = Entscheidung von Hand beenden
decision-until = Die Entscheidung gilt bis { $time }.
decide-by-hand = Von Hand entscheiden, ob es live ist
set-live = Live schalten
set-not-live = Nicht live schalten
not-live-cancelled = Dieses Treffen ist abgesagt und kann deshalb nicht live sein. Lassen Sie es zuerst doch stattfinden.
not-live-terminated = Dieses Treffen ist nach dem letzten Tag der Session und kann deshalb nicht live sein. Ändern Sie zuerst den letzten Tag im Zeitplan.
check-in = Einchecken
check-out = Auschecken
say-yes-for-them = Für sie zusagen
say-no-for-them = Für sie absagen
remove-answer = Antwort entfernen
is-here-now = gerade da
check-somebody-in = Jemanden einchecken
location-usual = Wenn das Feld leer ist, der übliche
move-meeting = Dieses Treffen verschieben
delete-meeting-question = Dieses Treffen löschen?
delete-meeting-note = { $session }, { $date }. Die Antworten verschwinden auch. Das lässt sich nicht rückgängig machen.
delete-meeting-advice = Damit alle erfahren, dass es nicht stattfindet, sagen Sie es stattdessen ab.
new-session = Neue Session
create-session = Session anlegen
address = Adresse
address-hint = Der letzte Teil der Adresse ihrer Seite: Buchstaben, Ziffern, „-“, „_“, „.“ und „~“. Wenn das Feld leer ist, entsteht er aus dem Namen.
description = Beschreibung
description-hint = Bis zu 2.000 Zeichen. Mit Markdown gibt es Listen, Links und Hervorhebungen.
website-hint = Zum Beispiel https://example.org
picture = Bild
picture-hint = Die https-Adresse eines Bildes, zum Beispiel https://example.org/bild.jpg. Nur wer angemeldet ist, sieht es, denn dessen Website erfährt, wer es lädt.
location-hint = Der Name eines Lokals, oder eine Adresse
state = Bundesland oder Provinz
latitude = Geografische Breite
latitude-hint = In Grad, zum Beispiel 30.2672
longitude = Geografische Länge
longitude-hint = In Grad, zum Beispiel -97.7431
times = Zeiten
zone-hint = Zum Beispiel America/Chicago. Alle Zeiten der Session sind in dieser Zone.
minutes-before = Minuten vor dem Beginn
minutes-before-hint = Ab dann ist ein Treffen live
minutes-after = Minuten nach dem Ende
minutes-after-hint = Bis dahin ist ein Treffen live
make-meetings = Die Treffen aus den Terminen von selbst anlegen
hours-ahead = Stunden im Voraus
hours-ahead-hint = Wie lange vor dem Beginn ein Treffen angelegt wird
at-the-door = An der Tür
codes = Codes
codes-none = Keine Codes
codes-fixed = Ein Code für jedes Treffen
codes-rotating = Ein Code, der sich alle 30 Sekunden ändert
requires-code = Nur wer den Code hat, kann beim Treffen einchecken
schedule = Termine
schedule-of = Termine von { $session }
schedule-number = Termin { $number }
remove-schedule = Termin { $number } entfernen
add-weekly = Wochentag hinzufügen
add-monthly = Wochentag im Monat hinzufügen
add-month-day = Tage des Monats hinzufügen
add-rrule = Eine RRULE hinzufügen
positions = Erster, Zweiter, Dritter, Vierter, Fünfter, Letzter, Vorletzter, Drittletzter, Viertletzter, Fünftletzter
which-of-month = Welcher im Monat
weekday = Wochentag
months-apart = Abstand in Monaten
every-month-hint = 1 heißt jeden Monat
weeks-apart = Abstand in Wochen
every-week-hint = 1 heißt jede Woche
month-days-hint = Zum Beispiel 1, 15. -1 ist der letzte Tag des Monats.
rrule-hint = Zum Beispiel FREQ=MONTHLY;BYDAY=2TU
only-months = Nur in den Monaten
only-months-hint = Zum Beispiel 6, 7, 8 für den Sommer. Leer heißt alle.
show-next-dates = Nächste Termine zeigen
no-schedule = Keine regelmäßigen Termine.
initiation-hint = Vorher findet die Session nicht statt. Das Feld darf leer sein.
termination-hint = Danach findet die Session nicht statt. Das Feld darf leer sein.
save-schedule = Termine speichern
the-next-dates = Die nächsten Termine
no-dates = Es gibt keine.

## What a field of a form must be. In English the name of the field comes before it; in other languages it is a sentence.

must-be-date = Geben Sie einen Tag an, zum Beispiel 2027-03-31.
must-be-time = Geben Sie eine Uhrzeit an, zum Beispiel 19:30.
must-be-whole-number = Geben Sie eine ganze Zahl an.
must-be-whole-numbers = Geben Sie ganze Zahlen an, zum Beispiel 1, 15.
must-be-within = Geben Sie eine Zahl von { $least } bis { $most } an.
must-be-weekday = Wählen Sie einen Wochentag.
must-be-degrees = Geben Sie eine Zahl in Grad an, zum Beispiel 30.2672.
must-be-zone = Geben Sie den Namen einer Zeitzone an, zum Beispiel America/Chicago.
must-not-be-empty = Das Feld darf nicht leer sein.
must-be-shorter = Das ist zu lang: höchstens { $most } Zeichen.
must-be-kilometres = Wählen Sie eine Zahl von Kilometern.
must-be-person = Geben Sie die Id einer Person an, zum Beispiel Person:7.
several-problems = Das wurde nicht gespeichert. Korrigieren Sie diese { $count } Angaben:
must-be-visible = Geben Sie mindestens ein sichtbares Zeichen ein.
must-be-plain = Der Text darf keine Steuerzeichen enthalten und keine Zeichen, die seine Richtung ändern.
must-be-website = Geben Sie die Adresse einer Website an, zum Beispiel https://example.org/session.
must-be-picture = Geben Sie die https-Adresse eines Bildes an, zum Beispiel https://example.org/picture.jpg, ohne Benutzernamen.
must-be-short-id = Das ist leer oder zu lang: höchstens 255 Bytes.
must-be-path = Erlaubt sind nur Buchstaben, Ziffern, „-“, „_“, „.“ und „~“.
must-be-year = Das Jahr muss zwischen { $first } und { $last } liegen.
must-be-both = Geben Sie beide Koordinaten an, oder keine.
must-differ-from-start = Das Ende muss sich vom Beginn unterscheiden. Ein Ende vor dem Beginn ist am nächsten Tag.
must-not-be-before = Der letzte Tag darf nicht vor dem ersten liegen, { $date }.
needs-codes = Dafür braucht die Session Codes: Wählen Sie oben eine Art.
must-be-in-the-future = Das muss in der Zukunft liegen.
must-not-be-negative = Die Zahl darf nicht negativ sein. Leer heißt ohne Grenze.
must-choose-one = Wählen Sie mindestens eines.
must-be-months = Geben Sie Monate von 1 bis 12 an.
must-be-month-days = Geben Sie Tage von 1 bis 31 an, oder von -1 bis -31 vom Monatsende an.
never-meets = So findet nie ein Treffen statt. Ändern Sie dieses Feld oder die anderen.
too-many-schedules = Eine Session hat höchstens { $most } Zeitpläne.
skip-too-long = Der letzte Tag darf höchstens { $days } Tage nach dem ersten liegen.
too-many-skips = Eine Session hat höchstens { $most } Einträge ausfallender Tage. Entfernen Sie zuerst alte.
key-needs-owner = Geben Sie eine Person an, oder machen Sie einen Schlüssel mit den Rechten der Verwaltung.

## Why a meeting is live or not.

why-deleted = Gelöscht
why-cancelled = Abgesagt
why-terminated = Nach dem letzten Tag der Session
why-held-live = Von Hand live geschaltet bis { $until }
why-held-not-live = Von Hand nicht live bis { $until }
why-live-until-sweep = Von Hand live geschaltet bis zum nächsten Abgleich
why-not-live-until-sweep = Von Hand nicht live bis zum nächsten Abgleich
why-no-times = Ohne Beginn oder Ende
why-unreadable = Nicht geplant: Zeiten oder Zeitzone sind nicht lesbar
why-over = Vorbei: Ende { $ends }, geschlossen { $closes }
why-closing = Geschlossen { $closes }, gleich nicht mehr live
why-live = Live seit { $opens }, Beginn { $starts }
why-live-from = Live ab { $opens }, Beginn { $starts }
why-opening = Geöffnet { $opens }, gleich live, Beginn { $starts }
why-not-yet = Noch nicht live: öffnet { $opens }, Beginn { $starts }

## Why something is refused: the messages of the service about no field. `web/src/language/refusal.rs` says which. The English of `said-…` is that of the service.

schedule-changed-meanwhile = Jemand anders hat die Termine geändert, seit Sie diese Seite geöffnet haben. Sie lauten jetzt: { $schedule }. Es wurde nichts gespeichert, und Ihre Eingaben sind noch hier. Öffnen Sie die Termine neu und ändern Sie sie dort.
open-schedule-again = Die Termine neu öffnen
path-taken = Eine andere Session hat diese Adresse. Wählen Sie eine andere.
refused-zone-first = Korrigieren Sie zuerst die Zeitzone der Session.
refused-meeting-exists = Die Session hat an diesem Tag zu dieser Zeit schon ein Treffen. Kreuzen Sie das Kästchen unten an, um noch eines hinzuzufügen.
refused-meeting-cancelled = Die Session hat an diesem Tag zu dieser Zeit schon ein Treffen, das abgesagt ist. Kreuzen Sie das Kästchen unten an, um noch eines hinzuzufügen.
said-slot-booked = Diese Zeit ist gebucht. Sagen Sie zuerst den Termin ab.
said-slot-begun = Diese Zeit hat schon begonnen. Wählen Sie eine andere.
said-slot-taken = Jemand anders hat diese Zeit gebucht. Wählen Sie eine andere.
refused-own-slot = Das ist Ihre eigene Zeit. Sie können sie nicht buchen.
refused-key-made = Dieses Formular hat seinen Schlüssel schon erstellt, dessen Geheimnis nur einmal gezeigt wird. Öffnen Sie diese Seite neu, um einen weiteren zu erstellen.
refused-booked-already = Sie haben diese Zeit schon gebucht.
refused-booked-then = Sie haben zu dieser Zeit schon einen Termin. Wählen Sie eine andere Zeit.
refused-offered-then = Sie bieten dann schon Zeit an. Wählen Sie eine andere Zeit.
refused-booking-status = Der Termin hat sich inzwischen geändert, deshalb geht das nicht mehr. Sehen Sie seinen Status an.
refused-external-id = Eine andere Person hat diese externe Id. Entfernen Sie sie zuerst dort, oder führen Sie die beiden zusammen.
said-too-many-keys = Eine Person hat höchstens { $most } API-Schlüssel. Widerrufen Sie zuerst einen.
said-merge-booked = Diese Personen haben Zeit miteinander gebucht, können also nicht dieselbe sein.
said-merge-overlap = Beide haben zur selben Zeit ein Angebot oder einen Termin. Ziehen Sie zuerst ein Angebot zurück, oder sagen Sie einen Termin ab.
said-admins-only = Das darf nur die Verwaltung.
said-own-only = Das dürfen nur die Person selbst und die Verwaltung.
said-mentor-only = Das dürfen nur der Mentor und die Verwaltung.
said-deactivated-booking = Das Konto des Mentors oder des Lernenden ist deaktiviert, deshalb kann diese Zeit nicht gebucht werden.
said-gone = Das gibt es nicht mehr. Gehen Sie zurück und laden Sie die Seite neu.
refused-no-longer-then = Die Session trifft sich dann nicht mehr. Sehen Sie die nächsten Treffen an.
said-nobody = Melden Sie sich dafür an.
said-zone = Die Zeitzone { $zone } ist unbekannt.
said-schedule = Der gespeicherte Zeitplan kann nicht gelesen werden.

## The pages for admins

admins-only = Diese Seite ist für die Verwaltung.
new-session-purpose = Name, Ort und Zeiten
people = Personen
people-purpose = Suchen, anlegen, ändern, zusammenführen und löschen
audit-log = Protokoll der Änderungen
audit-log-purpose = Wer was geändert hat
keys-purpose = Schlüssel, mit denen sich Programme anmelden
not-an-instance-id = Das ist nicht die Id eines Treffens. Eine solche Id sieht so aus: SessionInstance:7.
unknown-instance = Es gibt kein Treffen mit dieser ID. Die IDs der aktiven Treffen stehen in der Tabelle oben.
entries-changed = Geändert
entries-by = Von
no-entries = Keine Einträge.
entries = Einträge
when-utc = Wann (UTC)
who = Wer
what = Was
changes = Änderungen
older-entries = Ältere Einträge
active-count = Treffen, die live sind: { $count }
no-active = Kein Treffen ist live.
active-by-start = Jetzt live, nach Beginn
set-inactive-by-hand = Von Hand nicht live
set-by-hand = Von Hand entscheiden, ob ein Treffen live ist
instance = Treffen
such-as = Zum Beispiel { $example }
set-active = Live schalten
set-inactive = Nicht live schalten
why = Warum
here = Da
override = Entscheidung von Hand
is-set-active = Live geschaltet
is-set-inactive = Nicht live geschaltet
until-time = bis { $time }
end-override = Entscheidung beenden
sweep-question = Was würde ein Abgleich tun?
time-in-utc = Zeit in UTC (leer: jetzt)
sweep-kind = Art des Abgleichs
mode-periodic = regelmäßig: eine Minute vorher
mode-exact = Zeitschaltung: genau zur Zeit
dry-run = Probelauf
instant-unreadable = Diese Zeit ist nicht lesbar. Schreiben Sie sie so: 2027-01-15T19:14:00.
sessions-with-problem = Sessions mit einem Problem
no-problems = Keine Session hat ein Problem.
correct-it = Beheben
correct-named = { $session } beheben
latest-sweeps = Letzte Abgleiche
no-sweeps = Es gab noch keinen Abgleich.
sweep-at = Um
sweep-scope = Bereich
sweep-took = Dauer
sweep-activated = Live geschaltet
sweep-deactivated = Nicht mehr live
sweep-created = Angelegt
sweep-moved = Umgezogen
sweep-errors = Fehler
not-finished = nicht beendet
milliseconds = { $count } ms
sweep-would = Ein Abgleich um { $time } würde dies ändern. Nichts wurde geändert.
sweep-mode = Art: { $mode }.
counted = { $what }: { $count }
instances-created-for = { $count ->
    [one] Treffen angelegt für: { $count } Session
   *[other] Treffen angelegt für: { $count } Sessions
}
people-moved = Personen umgezogen
bookings = Gebuchte Termine
visits-abandoned = Abgebrochene Besuche
online-now = Jetzt online
nobody-online = Kein Besuch ist online.
visits-online = Besuche, die jetzt online sind
page = Seite
activity = Aktivität
since = Seit
anonymous-visitor = Unbekannter Besucher
seats-of-limit = { $taken } von { $limit } belegt
seats-without-limit = { $taken } belegt
new-activity = Neue Aktivität
key = Schlüsselwort
activity-key-hint = Benennt sie in Adressen und Programmen, zum Beispiel interview
activity-key-taken = Eine Aktivität hat schon dieses Schlüsselwort: wählen Sie ein anderes.
seats-hint = Leer heißt ohne Grenze
visits-last-day = Besuche in den letzten 24 Stunden
figure-online = jetzt online
figure-completed = abgeschlossen
figure-abandoned = abgebrochen
figure-average = im Durchschnitt
figure-longest = am längsten
minutes-tenths = { $minutes },{ $tenths } Min.
online-by-language = Online nach Sprache: { $counts }
visits-by-hour = Begonnene Besuche, nach Stunde
visits-by-hour-utc = Begonnene Besuche, nach Stunde (UTC)
hour = Stunde
visits = Besuche
zone-data = Zeitzonendaten
zone-data-version = Version
zone-data-source = Quelle
zone-data-stored = Version der Zeitfenster in der Datenbank
not-known-yet = noch nicht bekannt
new-person = Neue Person
create-person = Person anlegen
more-people = Weitere Personen
no-people = Es gibt noch niemanden.
is-deactivated = deaktiviert
is-guest = Gast
a-guest = ein Gast
change-named = { $name } ändern
external-id = Externe Id
external-id-hint = Die Id der Person beim Anmeldedienst: der Claim sub ihrer Token
hide-their-place = Vor anderen bei derselben Session verbergen, wo diese Person ist
account-deactivated = Deaktiviert
account-deactivated-hint = Sie darf nur ihre eigenen Daten lesen.
more = Mehr
what-was-changed = Was geändert wurde
merge-person = Mit einer anderen Person zusammenführen
merge-person-purpose = Wenn zwei Personen eine sind
sign-out-purpose = Token und API-Schlüssel enden
erase = Löschen
erase-purpose = Endgültig
merge-title = { $name } mit einer anderen Person zusammenführen
merge-note = Die andere Person bleibt und bekommt die Check-ins, Termine und Sessions von { $name }. Suchen Sie sie zuerst.
merge-into = Mit { $name } zusammenführen
merge-named = { $name } zusammenführen
merge-question = Diese beiden Personen zusammenführen?
merge-becomes = { $person } wird zu { $other }. Das lässt sich nicht rückgängig machen.
merge-for-good = Endgültig zusammenführen
erase-question = Diese Person löschen?
erase-note = Der Name von { $name }, die Check-ins, Besuche und Termine werden gelöscht. Das lässt sich nicht rückgängig machen.
erase-keeps = Vergangene Sessions behalten nur die Zahl der Personen.
erase-for-good = Endgültig löschen
sign-out-person-question = Diese Person überall abmelden?
sign-out-person-note = Alle Token, die { $name } jetzt hat, enden. Neue gelten.
sign-out-person = Abmelden

## The elements of the browser module. `web/src/language/module.rs` says which other texts it uses.

element-out-of-touch = Keine Verbindung: Das ist vielleicht nicht aktuell.
element-the-session = Die Session
element-is-live = { $session } ist jetzt live.
element-no-longer-live = { $session } ist nicht mehr live.
element-you-are-at = Sie sind bei { $session }.
element-you-are-nowhere = Sie sind gerade bei keiner Session.
element-in-session = Gerade bei: { $session }
element-people-here = { $count ->
    [one] { $count } Person ist da
   *[other] { $count } Personen sind da
}
element-times = { $there } (bei Ihnen { $here })
element-your-booking = Ihr Termin: { $status }.
element-starts-in = Beginnt in { $time }
element-about-to-start = Beginnt gleich
element-time-is-over = Seine Zeit ist vorbei, aber niemand hat ihn begonnen
element-left = noch { $time }
element-status-left = { $status }, noch { $time }
element-days-hours = { $days } T. { $hours } Std.
element-hours-minutes = { $hours } Std. { $minutes } Min.
element-minutes = { $minutes } Min.
element-and-more = Und weitere.
element-join = Mitmachen
element-join-queue = In die Warteschlange
element-asking = Ein Platz wird angefragt …
element-cancel = Abbrechen
element-position = Sie sind Nummer { $position } von { $length } in der Warteschlange.
element-wait-unknown = Die Wartezeit ist noch nicht bekannt.
element-wait-minutes = { $count ->
    [one] Etwa eine Minute Wartezeit.
   *[other] Etwa { $count } Minuten Wartezeit.
}
element-wait-hours = { $count ->
    [one] Etwa eine Stunde Wartezeit.
   *[other] Etwa { $count } Stunden Wartezeit.
}
element-leave-queue = Warteschlange verlassen
element-kept-until = Ein Platz ist bis { $time } für Sie frei gehalten.
element-take-seat = Platz nehmen
element-has-seat = Sie haben einen Platz.
element-leave = Verlassen
element-leaving = Sie verlassen den Platz …
element-full = Kein Platz ist frei.
element-try-again = Noch einmal versuchen
element-join-again = Wieder mitmachen
element-lost-idle = Sie haben Ihren Platz nicht mehr, weil niemand diese Seite benutzt hat.
element-lost-away = Diese Seite war zu lange nicht verbunden. Ihr Platz ist deshalb verfallen.
element-lost-lapsed = Für Sie war ein Platz frei gehalten, aber er wurde nicht rechtzeitig genommen. Ihr Platz in der Warteschlange ist deshalb verfallen.
element-lost-ended = Ihr Platz hier ist verfallen. Vielleicht machen Sie anderswo weiter.
element-lost-person = Dieser Platz gehört der Person, die vorher hier angemeldet war.
element-sign-in-to-join = Melden Sie sich an, um mitzumachen.
element-failed = Das hat nicht geklappt: { $reason }
element-no-answer = keine Antwort
