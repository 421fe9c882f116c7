# Nederlands. Bezoekers worden met "je" aangesproken.

## The frame of all pages

skip-to-content = Naar de inhoud
nav-main = Hoofdmenu
nav-more = Meer pagina's
languages = Taal
tagline = InSession laat zien welke sessies nu bezig zijn.
on-now = Nu bezig
admin = Beheer
me = Ik
sign-in = Inloggen
sign-out = Uitloggen
cities = Steden
calendar = Agenda
time-to-book = Tijd om te boeken
feed = Feed
what-is-next = Wat er straks is
live-now = NU LIVE
go-back = Terug
copied = Gekopieerd

## Dates and times

weekdays = maandag, dinsdag, woensdag, donderdag, vrijdag, zaterdag, zondag
weekdays-short = ma, di, wo, do, vr, za, zo
months = januari, februari, maart, april, mei, juni, juli, augustus, september, oktober, november, december
months-short = jan, feb, mrt, apr, mei, jun, jul, aug, sep, okt, nov, dec
date = { $weekday } { $day } { $month } { $year }
day = { $weekday } { $day } { $month }
clock = { $hour24 }:{ $minute }
clock-hour = { $hour24 }:00
time-not-set = { $date }, tijd nog niet bekend
starts-in = begint over { $span }
ends-in = eindigt over { $span }
span-minutes = { $minutes } min
span-hours = { $hours } uur
span-hours-minutes = { $hours } uur { $minutes } min
span-days = { $days } dagen
own-time = { $time } bij jou
schedule-unreadable = De tijden kunnen nu niet worden getoond

## Meetings in lists

cancelled = Afgelast
cancelled-within = afgelast
nobody-here = Nog niemand aanwezig
here-now = Nu aanwezig: { $count }
said-yes = { $count ->
    [one] { $count } persoon komt
   *[other] { $count } personen komen
}
other-places = Andere plaatsen

## Home, cities and calendar

in-session-now = Nu bezig
in-session-now-in = Nu bezig in { $city }
home-description = { $title }: welke sessies nu bezig zijn, wie er komt en wat er straks is.
city = Stad
session = Sessie
search = Zoeken
everywhere = Overal
no-such-city = Er is geen sessie in een stad met deze naam. Controleer de spelling of zoek overal.
several-cities = Er passen meerdere steden. Welke bedoel je?
nothing-on = Er is nu geen sessie bezig.
more-on-now = Meer sessies die nu bezig zijn
coming-up = Binnenkort
no-such-name = Geen sessie heeft een naam met deze letters. Controleer de spelling of zoek overal.
sessions-with-name = Sessies met deze naam
sessions-in-city = Alle sessies in deze stad
today-in = Vandaag in { $city }
now = Nu
no-sessions-yet = Er zijn nog geen sessies.
live-count = { $count } nu live
session-count = { $count ->
    [one] { $count } sessie
   *[other] { $count } sessies
}
cities-description = Alle steden met sessies, en hoeveel er nu live zijn.
calendar-of = Agenda van { $city }
show = Tonen
calendar-empty = Er zijn de komende twee weken geen bijeenkomsten gepland.
calendar-description = { $title }: de sessies van de komende twee weken.
more-sessions = Meer sessies
near-me = Bij mij in de buurt
sessions-near-you = Sessies bij jou in de buurt
sessions-near = Sessies in de buurt van { $place }
place-not-told = Deze browser heeft niet gezegd waar je bent. Typ een stad of coördinaten.
place = Plaats
place-hint = Een stad of coördinaten zoals 48.21, 16.37
place-unknown = Geen stad met sessies heeft deze naam. Typ een andere stad, of coördinaten zoals 48.21, 16.37.
place-of-several = Dit kan een van meerdere steden zijn: { $cities }.
place-without-coordinates = De sessies in { $city } hebben geen coördinaten.
distance = Afstand
kilometres = { $count } km
away-tenths = op { $kilometres },{ $tenths } km
away = op { $kilometres } km
away-least = op minder dan 0,1 km
nothing-on-near = In de buurt van deze plaats is nu geen sessie bezig.
sessions-near-place = Alle sessies in de buurt van deze plaats
nothing-near = In de buurt van deze plaats is geen sessie. Probeer een grotere afstand.

## A session

no-session-here = Op dit adres is geen sessie.
organisers-only = Dit mogen alleen organisatoren van deze sessie.
organise = Organiseren
organise-this-session = Deze sessie organiseren
print-notice = Kijk wie er is en wat er straks is:
when = Wanneer
where = Waar
organised-by = Georganiseerd door
website = Website
add-to-calendar = Zet in je agenda
time-zone = Tijdzone
next-meetings = Volgende bijeenkomsten
no-meetings-planned = Er zijn geen bijeenkomsten gepland.
sign-in-to-answer = Log in om te laten weten of je komt
sign-in-to-check-in = Log in om te laten weten dat je er bent
also-on-in = Ook nu bezig in { $city }
are-you-here = Ben je er?
are-you-coming = Kom je?
i-am-here = Ik ben er
yes = Ja
maybe = Misschien
no = Nee
take-back-answer = Mijn antwoord intrekken
who-answered = Wie heeft geantwoord
checked-in-there = (ingecheckt bij de bijeenkomst)
code-at-the-door = Deze sessie toont een code bij de deur. Scan die om in te checken.
change = Wijzigen
change-meeting-on = De bijeenkomst op { $date } wijzigen
no-session-on = Geen sessie op { $date }
no-session-between = Geen sessie van { $from } tot en met { $to }
skips = Dagen zonder sessie
no-skips = Er vallen geen dagen uit.
first-date = Eerste dag
last-date = Laatste dag
last-date-hint = Dezelfde dag als dit leeg is
last-date-before-first = De laatste dag is vóór de eerste.
reason = Reden
reason-hint = Bijvoorbeeld: Kerstmis. Dit mag leeg zijn.
remove = Verwijderen
leave-out-dates = Dagen overslaan
leave-out-these-dates = Deze dagen overslaan

## At the door

door-organisers-only = Alleen organisatoren van deze sessie mogen het scherm bij de deur openen.
door-of = Deur van { $session }
doors-closed = De deuren zijn dicht.
doors-closed-until = De deuren zijn dicht. Zodra ze opengaan, toont dit scherm een code.
point-phone = Richt je telefoon op de afbeelding of open { $address }
no-codes = Deze sessie heeft geen codes om in te checken. Een organisator kan ze aanzetten.
wrong-code = Deze code werkt nu niet. Scan de code bij de deur opnieuw.
your-name = Je naam, zoals anderen die hier zien
guest-note = Je checkt in als gast. Heb je een account, { $link } dan eerst in.
sign-in-within = log
no-guests = Log in om hier in te checken. Op deze site zijn geen gasten.

## Signing in

sign-in-with = Inloggen met { $provider }
with-a-token = Met een token
paste-token = Plak je token. Deze browser blijft ingelogd tot het token verloopt of je uitlogt.
token = Token
demo-people = Dit is een demo. Kies wie je bent.
token-without-end = Dit token verloopt niet. Gebruik er een dat wel verloopt.
no-such-provider = Er is geen inlogdienst met deze naam.
no-host = Dit verzoek noemt de host van deze site niet.
provider-unavailable = De inlogdienst is nu niet bereikbaar.
provider-unavailable-advice = Probeer het over een minuut opnieuw. De andere pagina's werken ondertussen.
provider-not-begun = Deze aanmelding is in een andere browser begonnen, of te lang geleden, of is al gebruikt.
provider-not-begun-advice = Log in deze browser opnieuw in.
provider-refused = De inlogdienst heeft je niet ingelogd ({ $reason }).
provider-refused-advice = Probeer het opnieuw of vraag het de beheerder van de inlogdienst.
provider-not-valid = Het antwoord van de inlogdienst is niet geldig.
provider-not-valid-advice = Probeer het opnieuw. Gebeurt het weer, meld het dan aan een beheerder.
provider-unknown-person = De inlogdienst kent je, maar je hebt hier geen account.
ask-an-administrator = Vraag het een beheerder.
you-are-not-signed-in = Je bent niet ingelogd
not-signed-in = Niet ingelogd
signed-out-here = Je bent hier uitgelogd
sign-out-at = Ook uitloggen bij { $provider }
signed-out = Uitgelogd

## People and activities

no-person-here = Op dit adres is geen persoon.
deactivated = Dit account is gedeactiveerd.
where-you-are = Waar je nu bent
where-they-are = Waar deze persoon nu is
not-at-a-session = Nu niet bij een sessie.
place-is-hidden = Alleen wie bij dezelfde sessie is, kan zien waar iemand is.
to-your-page = Naar je eigen pagina
activities = Activiteiten
no-activity-here = Op dit adres is geen activiteit.
seats = Plaatsen
seats-need-scripts = Sta scripts toe voor deze site en laad de pagina opnieuw om mee te doen. Een plaats hoort bij een open pagina die zich regelmatig meldt, en dat kan alleen een script.
seats-closed = Dit is nu gesloten.
seats-taken = { $limit ->
    [one] { $taken } van { $limit } plaats is bezet.
   *[other] { $taken } van { $limit } plaatsen zijn bezet.
}
taking-part = { $count ->
    [0] Niemand doet mee.
    [one] { $count } persoon doet mee.
   *[other] { $count } personen doen mee.
}
waiting = { $count ->
    [one] { $count } persoon wacht.
   *[other] { $count } personen wachten.
}
who-has-a-seat = Wie heeft een plaats
nobody-is-shown = Er wordt niemand getoond.
and-more = en meer
without-a-name = { $count } zonder naam
sign-in-to-join = Log in om mee te doen
deactivated-cannot-join = Dit account is gedeactiveerd en kan niet meedoen.
only-people-join = Alleen personen kunnen meedoen. Het token waarmee je bent ingelogd, noemt geen persoon.

## Errors

not-found = Niet gevonden
not-allowed = Niet toegestaan
sign-in-first = Log eerst in
something-went-wrong = Er ging iets mis
did-not-work = Dit is niet gelukt
see-what-is-on = Bekijk wat er nu bezig is
no-page-here = Op dit adres is geen pagina.
bad-form = Dit formulier is onvolledig of verouderd. Ga terug, laad de pagina opnieuw en probeer het nog eens.
server-error = Er ging iets mis op de server. Probeer het zo opnieuw.
too-many-attempts = { $seconds ->
    [one] Te veel pogingen: probeer het over { $seconds } seconde opnieuw.
   *[other] Te veel pogingen: probeer het over { $seconds } seconden opnieuw.
}

## What was done

done-answered = Je antwoord is opgeslagen.
done-answer-removed = Je antwoord is ingetrokken.
done-skip-added = Deze dagen vallen uit.
done-skip-removed = Op deze dagen is er weer een sessie.
done-session-created = De sessie is gemaakt. Geef nu aan wanneer ze is.
done-session-saved = De sessie is opgeslagen.
done-session-deleted = De sessie is verwijderd.
done-schedule-saved = De tijden zijn opgeslagen.
done-meeting-added = De bijeenkomst is toegevoegd.
done-meeting-saved = De bijeenkomst is opgeslagen.
done-meeting-cancelled = De bijeenkomst is afgelast.
done-meeting-restored = De bijeenkomst gaat toch door.
done-meeting-deleted = De bijeenkomst is verwijderd.
done-override-set = Je beslissing is opgeslagen.
done-override-cleared = De bijeenkomst volgt weer haar tijden.
done-checked-in = De persoon is ingecheckt.
done-checked-out = De persoon is uitgecheckt.
done-their-answer-removed = Het antwoord is verwijderd.
done-organizer-added = De organisator is toegevoegd.
done-person-created = De persoon is aangemaakt.
done-person-saved = De persoon is opgeslagen.
done-people-merged = De twee personen zijn nu één.
done-person-erased = De persoon is gewist.
done-tokens-revoked = De persoon is overal uitgelogd.
done-key-revoked = De sleutel is ingetrokken.
done-profile-saved = Je profiel is opgeslagen.
done-slot-offered = Je tijd wordt aangeboden.
done-slot-deleted = Je tijd wordt niet meer aangeboden.
done-booked = Je hebt deze tijd geboekt.
done-booking-started = De afspraak is begonnen.
done-booking-completed = De afspraak is afgerond.
done-booking-cancelled = De afspraak is afgezegd.
done-organizer-removed = De organisator is verwijderd.

## When a session meets

recurrence-none = Geen vaste tijden
recurrence-weekdays = maandag, dinsdag, woensdag, donderdag, vrijdag, zaterdag, zondag
recurrence-months = januari, februari, maart, april, mei, juni, juli, augustus, september, oktober, november, december
recurrence-list = { $most } en { $last }
recurrence-daily = elke dag
recurrence-weekly = { $weeks ->
    [1] elke { $weekday }
    [2] om de week op { $weekday }
   *[other] elke { $weeks } weken op { $weekday }
}
recurrence-monthly = { $months ->
    [1] de { $positions } { $weekday } van de maand
    [2] om de maand op de { $positions } { $weekday }
   *[other] elke { $months } maanden op de { $positions } { $weekday }
}
recurrence-position = { $position ->
    [1] eerste
    [2] tweede
    [3] derde
    [4] vierde
    [5] vijfde
    [-1] laatste
    [-2] op een na laatste
    [-3] op twee na laatste
    [-4] op drie na laatste
   *[other] op vier na laatste
}
recurrence-days = { $months ->
    [1] de { $days } dag van de maand
    [2] om de maand op de { $days } dag
   *[other] elke { $months } maanden op de { $days } dag
}
recurrence-day = { $end ->
    [0] { $day }e
    [1] laatste
    [2] op een na laatste
   *[other] { $end }e van achteren
}
recurrence-hours = { $days } van { $start } tot { $end } uur
recurrence-in-months = { $schedule } (alleen in { $months })

## Your own page

page-for-people = Deze pagina is voor personen. Je token is van een beheerder en noemt geen persoon.
unknown-person-of-token = De persoon die je token noemt, bestaat niet. Log in met een ander token.
your-account-deactivated = Je account is gedeactiveerd. Je kunt je gegevens lezen, maar niets wijzigen. Vraag een beheerder.
where-i-am = Waar ik ben
i-left = Ik ben vertrokken
you-are-nowhere = Je bent nu niet bij een sessie.
on-now-in-my-city = Nu in mijn stad
sessions-i-organise = Sessies die ik organiseer
organise-session = { $session } organiseren
my-check-ins = Mijn check-ins
no-check-ins = Je hebt nog nergens ingecheckt.
older-check-ins = Oudere check-ins
name = Naam
city-hint = Je pagina toont dan wat daar bezig is.
country = Land
hide-place = Verberg waar ik ben voor anderen bij dezelfde sessie
profile = Profiel en privacy
save = Opslaan
sign-out-everywhere = Overal uitloggen
sign-out-everywhere-question = Overal uitloggen?
sign-out-everywhere-note = Al je tokens eindigen: in deze browser, in andere, en die van je programma's. Wie er een heeft, moet opnieuw inloggen.
sign-out-browsers-note = Je wordt hier en in alle andere browsers uitgelogd. Een token dat geen persoon noemt, blijft geldig tot het verloopt.
type-name = Typ je naam ({ $name }) om te bevestigen
my-data = Mijn gegevens
download-my-data = Mijn gegevens downloaden
delete-me = Verwijder mij
delete-me-note = Dit verwijdert je naam, je check-ins, je bezoeken en je afspraken. Het kan niet ongedaan worden gemaakt. Voorbije sessies houden alleen het aantal personen.
delete-me-for-good = Verwijder mij voorgoed

## Bookings

my-bookings = Mijn afspraken
no-bookings = Je hebt geen afspraken.
find-time-to-book = Een tijd zoeken om te boeken
as-mentor = Als mentor
as-student = Als leerling
somebody = Iemand
booking-start = Beginnen
booking-complete = Afronden
booking-cancel = Afzeggen
cancel-booking-question = Deze afspraak afzeggen?
cancel-booking-note = De tijd kan dan door iemand anders worden geboekt. Dit kan niet ongedaan worden gemaakt.
cancel-booking-button = Afspraak afzeggen
booking-scheduled = Gepland
booking-delayed = De tijd is ingegaan, maar niemand is begonnen
booking-ongoing = Bezig
booking-completed = Afgerond
booking-cancelled = Afgezegd

## Time to book

time-of-all-mentors = Tijd van alle mentoren
no-time-offered = Op dit moment biedt niemand tijd aan.
with-mentor = met { $mentor }
book = Boeken
later = Later
offer-own-time = Zelf tijd aanbieden
sign-in-to-book = Log in om te boeken
time-i-offer = Tijd die ik aanbied
no-time-of-mine = Je biedt geen tijd aan.
booked = geboekt
withdraw = Intrekken
offer-time = Tijd aanbieden
slot-date = Datum
slot-start = Begin
slot-end = Einde
slot-end-hint = Een einde vóór het begin is op de volgende dag.
slot-zone-hint = Van de datum en de tijden
offer-this-time = Deze tijd aanbieden
withdraw-question = Deze tijd intrekken?
withdraw-note = Niemand kan deze dan nog boeken.
withdraw-button = Tijd intrekken

## API keys

api-keys = API-sleutels
key-intro = Een programma logt in met een sleutel: het stuurt { $header } en het geheim.
no-keys = Er zijn geen sleutels.
make-a-key = Een sleutel maken
key-is-made = De sleutel { $name } is gemaakt. Kopieer het geheim nu: het wordt niet nog eens getoond.
secret = Geheim
copy = Kopiëren
key-until = tot { $time }
key-last-used = laatst gebruikt { $time }
key-never-used = nooit gebruikt
revoke = Intrekken
revoke-named = { $name } intrekken
key-name-hint = Zoals: Scherm bij de deur
days = Dagen
days-hint = Daarna eindigt de sleutel. Is dit leeg, dan eindigt die niet.
make-the-key = Sleutel maken
no-key-here = Op dit adres is geen API-sleutel.
revoke-question = Deze API-sleutel intrekken?
revoke-note = Programma's die { $name } gebruiken, worden vanaf nu geweigerd. Dit kan niet ongedaan worden gemaakt.
revoke-button = Sleutel intrekken
