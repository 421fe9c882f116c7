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
meeting-gone = Je antwoord is niet opgeslagen, omdat deze bijeenkomst intussen is verwijderd of verplaatst. Dit zijn de volgende bijeenkomsten.
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
change-meeting = Bijeenkomst wijzigen
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
paste-token = Plak je token. Je krijgt het van wie deze site beheert. Deze browser blijft ingelogd tot het token verloopt of je uitlogt.
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
seats-need-scripts = Meld je aan om mee te doen, of sta scripts toe voor deze site en laad de pagina opnieuw.
join-seat = Meedoen
join-queue = In de rij gaan staan
take-the-seat = Plaats innemen
leave-seat = Verlaten
leave-queue = De rij verlaten
still-here = Ik ben er nog
have-a-seat = Je hebt een plaats.
seat-elsewhere = Je hebt een plaats op een ander apparaat of in een andere browser.
move-seat-here = Plaats hierheen halen
waits-elsewhere = Je wacht op een ander apparaat of in een andere browser.
wait-here-too = Ook hier wachten
place-in-queue = Je bent nummer { $position } van { $length } in de rij.
seat-is-kept = Er wordt een plaats voor je vrijgehouden, nog { $seconds } s.
page-reloads = Laat deze pagina open. Ze laadt zichzelf elke { $seconds } s opnieuw en houdt zo je plaats, ook in de rij.
no-place-any-more = Je hebt hier geen plaats meer, ook niet in de rij. Een plaats die voor je wordt vrijgehouden moet je op tijd innemen, en deze pagina moet open blijven.
may-join-again = Wil je nog meedoen, doe dan opnieuw mee.
seats-closed = Dit is nu gesloten.
wait-closed = Dit is nu gesloten. Je plaats in de rij blijft bewaard tot het weer opengaat.
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
bad-address = Dit adres is niet leesbaar. Volg een link van deze site, of begin opnieuw.
unavailable = Op dit moment niet beschikbaar
database-away = Deze site kan zijn gegevens op dit moment niet bereiken. Probeer het over een minuut opnieuw.
nothing-saved = Er is niets opgeslagen, omdat deze site zijn gegevens op dit moment niet kan bereiken. Je formulier blijft op deze pagina bewaard: verstuur het over een minuut opnieuw.
nothing-saved-signed-out = Je bent niet meer ingelogd, dus er is niets opgeslagen. Je formulier blijft op deze pagina bewaard: log in een nieuw tabblad in, kom hier terug en verstuur het opnieuw.
sign-in-in-new-tab = Inloggen in een nieuw tabblad
send-again = Opnieuw versturen
server-error = Er ging iets mis op de server. Probeer het zo opnieuw. Als je een formulier hebt verstuurd, kijk dan of het is opgeslagen.
too-many-attempts = { $seconds ->
    [one] Te veel pogingen: probeer het over { $seconds } seconde opnieuw.
   *[other] Te veel pogingen: probeer het over { $seconds } seconden opnieuw.
}
too-busy = { $seconds ->
    [one] Deze site heeft het op dit moment te druk. Probeer het over { $seconds } seconde opnieuw.
   *[other] Deze site heeft het op dit moment te druk. Probeer het over { $seconds } seconden opnieuw.
}
form-kept = Er is niets opgeslagen. Je formulier blijft op deze pagina bewaard.

## What was done

done-answered = Je antwoord is opgeslagen.
done-answered-moved = Je antwoord is opgeslagen. De bijeenkomst is intussen verplaatst: controleer de nieuwe tijd.
done-answered-over = Je antwoord is opgeslagen. De bijeenkomst is voorbij, dus je bent niet ingecheckt.
done-answered-cancelled = Je antwoord is opgeslagen, maar deze bijeenkomst gaat niet door.
done-arrived = Je bent ingecheckt.
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
done-set-live = De bijeenkomst is live.
done-set-not-live = De bijeenkomst is niet live.
done-override-cleared = De bijeenkomst volgt weer haar tijden.
done-checked-in = De persoon is ingecheckt.
done-checked-out = De persoon is uitgecheckt.
done-their-answer-saved = Het antwoord is opgeslagen.
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
done-activity-saved = De activiteit is opgeslagen.

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
delete-me-refused = Er is niets verwijderd. Typ je naam precies zoals hij wordt getoond en probeer het opnieuw.

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
person = Persoon
key-person-hint = Voor wie hij handelt, bijvoorbeeld Person:7
key-is-admin = Hij heeft de rechten van een beheerder
days = Dagen
days-hint = De sleutel eindigt na dit aantal dagen. Is dit leeg, dan eindigt die niet.
make-the-key = Sleutel maken
no-key-here = Op dit adres is geen API-sleutel.
revoke-question = Deze API-sleutel intrekken?
revoke-note = Programma's die { $name } gebruiken, worden vanaf nu geweigerd. Dit kan niet ongedaan worden gemaakt.
revoke-button = Sleutel intrekken

## Organising a session

edit-session = Sessie bewerken
edit-session-purpose = Naam, plaats, beschrijving, tijdzone, codes bij de deur
edit-named = { $session } bewerken
change-schedule = Schema wijzigen
change-schedule-purpose = Wanneer ze is, met een voorbeeld van de volgende datums
meetings = Bijeenkomsten
meetings-purpose = Voeg er een toe, of annuleer, verplaats en hervat de volgende
past-meetings = Eerdere bijeenkomsten
past-meetings-purpose = Wie er was, de nieuwste eerst
organisers = Organisatoren
organisers-purpose = Wie deze sessie mag wijzigen
see-how-to-correct = Bekijk hoe je het herstelt
leave-out-purpose = Feestdagen, of een gesloten café
door-screen = Scherm bij de deur
door-screen-purpose = Een code die mensen scannen om in te checken
delete-session = Sessie verwijderen
share = Delen
share-badge = Badge voor je website
share-calendar = Agenda-adres om je op te abonneren
share-page = Adres van de pagina van deze sessie
wrong-with-session = Wat er mis is met deze sessie
wrong-with = Wat er mis is met { $session }
until-corrected = Tot het is hersteld, komen er uit het schema geen bijeenkomsten, en de bestaande houden hun tijden.
nothing-wrong = Er is niets mis mee.
schedule-is-unreadable = Het schema is niet leesbaar
this-is-stored = Dit is opgeslagen:
say-when-it-meets = Geef opnieuw aan wanneer ze is. Dat vervangt wat is opgeslagen.
enter-schedule-again = Schema opnieuw invoeren
zone-unknown = De tijdzone is niet bekend
zone-example = Bijvoorbeeld America/Chicago
correct-zone = Tijdzone herstellen
admins-delete-sessions = Alleen beheerders mogen sessies verwijderen.
delete-session-question = Deze sessie verwijderen?
delete-session-note = { $session } en alle bijeenkomsten verdwijnen, voor iedereen. Wie er nu is, is dan nergens.
delete-session-advice = Dit kan niet ongedaan worden gemaakt. Om een sessie te beëindigen, geef je het schema een laatste dag.
delete-for-good = Definitief verwijderen
organisers-of = Organisatoren van { $session }
organisers-may = Organisatoren mogen de sessie en de bijeenkomsten wijzigen, en mensen inchecken.
no-organisers = Nog niemand organiseert deze sessie. Beheerders mogen haar wijzigen.
add-organiser = Een organisator toevoegen
organises-already = organiseert haar al
add = Toevoegen
remove-named = { $name } verwijderen
add-named = { $name } toevoegen
find = Zoeken
people-found = Resultaten: { $count }
nobody-with-name = Niemand heeft een naam met deze letters.
stop-organising-question = Stoppen met organiseren van deze sessie?
stop-organising-note = Je kunt { $session } dan niet meer wijzigen. Een andere organisator of een beheerder kan je weer toevoegen.
stop-organising = Stoppen met organiseren
meetings-of = Bijeenkomsten van { $session }
past-meetings-of = Eerdere bijeenkomsten van { $session }
no-past-meetings = Er is nog geen bijeenkomst voorbij.
older-meetings = Oudere bijeenkomsten
see-answers = Bekijk wie heeft geantwoord
add-a-meeting = Een bijeenkomst toevoegen
in-session-zone = Datums en tijden zijn in de tijdzone van de sessie: { $zone }.
location = Locatie
location-if-unusual = Als het niet de gewone is
add-duplicate = Ook toevoegen als er op deze tijden al een bijeenkomst is
add-the-meeting = Bijeenkomst toevoegen
no-meeting-here = Op dit adres is geen bijeenkomst.
meeting-on = Bijeenkomst op { $date }
delete-meeting = Deze bijeenkomst verwijderen
hours = Uren
hours-hint = Hoe lang je beslissing geldt. Als dit leeg is: tot de volgende controle, binnen een kwartier.
status = Status
hold-after-all = Toch laten doorgaan
cancel-meeting = Deze bijeenkomst afgelasten
end-decision = De beslissing met de hand beëindigen
decision-until = De beslissing geldt tot { $time }.
decide-by-hand = Met de hand beslissen of ze live is
set-live = Live zetten
set-not-live = Niet live zetten
not-live-cancelled = Deze bijeenkomst is afgelast en kan dus niet live zijn. Laat haar eerst toch doorgaan.
not-live-terminated = Deze bijeenkomst is na de laatste dag van de sessie en kan dus niet live zijn. Wijzig eerst de laatste dag in het rooster.
check-in = Inchecken
check-out = Uitchecken
say-yes-for-them = Namens hen ja zeggen
say-no-for-them = Namens hen nee zeggen
remove-answer = Antwoord verwijderen
is-here-now = nu hier
check-somebody-in = Iemand inchecken
location-usual = Als dit leeg is, de gewone
move-meeting = Deze bijeenkomst verplaatsen
delete-meeting-question = Deze bijeenkomst verwijderen?
delete-meeting-note = { $session }, { $date }. De antwoorden verdwijnen ook. Dit kan niet ongedaan worden gemaakt.
delete-meeting-advice = Om te laten weten dat ze niet doorgaat, kun je haar beter afgelasten.
new-session = Nieuwe sessie
create-session = Sessie maken
address = Adres
address-hint = Het laatste deel van het adres van de pagina: letters, cijfers, '-', '_', '.' en '~'. Als dit leeg is, ontstaat het uit de naam.
description = Beschrijving
description-hint = Tot 2.000 tekens. Met Markdown maak je lijsten, links en nadruk.
website-hint = Bijvoorbeeld https://example.org
picture = Afbeelding
picture-hint = Het https-adres van een afbeelding, bijvoorbeeld https://example.org/foto.jpg. Alleen wie is ingelogd ziet de afbeelding, want de site ervan ziet wie die laadt.
location-hint = De naam van een café, of een adres
state = Staat of provincie
latitude = Breedtegraad
latitude-hint = In graden, zoals 30.2672
longitude = Lengtegraad
longitude-hint = In graden, zoals -97.7431
times = Tijden
zone-hint = Bijvoorbeeld America/Chicago. Alle tijden van de sessie zijn in deze zone.
minutes-before = Minuten voor het begin
minutes-before-hint = Vanaf dan is een bijeenkomst live
minutes-after = Minuten na het einde
minutes-after-hint = Tot dan is een bijeenkomst live
make-meetings = De bijeenkomsten van het schema vanzelf maken
hours-ahead = Uren vooraf
hours-ahead-hint = Hoe lang voor het begin een bijeenkomst wordt gemaakt
at-the-door = Bij de deur
codes = Codes
codes-none = Geen codes
codes-fixed = Eén code voor elke bijeenkomst
codes-rotating = Een code die elke 30 seconden verandert
requires-code = Alleen wie de code heeft, kan bij de bijeenkomst inchecken
schedule = Schema
schedule-of = Schema van { $session }
schedule-number = Schema { $number }
remove-schedule = Schema { $number } verwijderen
add-weekly = Een weekdag toevoegen
add-monthly = Een weekdag van de maand toevoegen
add-month-day = Dagen van de maand toevoegen
add-rrule = Een RRULE toevoegen
positions = Eerste, Tweede, Derde, Vierde, Vijfde, Laatste, Op een na laatste, Op twee na laatste, Op drie na laatste, Op vier na laatste
which-of-month = Welke van de maand
weekday = Weekdag
months-apart = Om de hoeveel maanden
every-month-hint = 1 is elke maand
weeks-apart = Om de hoeveel weken
every-week-hint = 1 is elke week
month-days-hint = Bijvoorbeeld 1, 15. -1 is de laatste dag van de maand.
rrule-hint = Bijvoorbeeld FREQ=MONTHLY;BYDAY=2TU
only-months = Alleen in de maanden
only-months-hint = Bijvoorbeeld 6, 7, 8 voor de zomer. Leeg betekent alle.
show-next-dates = De volgende datums tonen
no-schedule = Geen vast schema.
initiation-hint = Daarvoor is er geen sessie. Dit mag leeg zijn.
termination-hint = Daarna is er geen sessie. Dit mag leeg zijn.
save-schedule = Schema opslaan
the-next-dates = De volgende datums
no-dates = Er zijn er geen.

## What a field of a form must be. In English the name of the field comes before it; in other languages it is a sentence.

must-be-date = Geef een datum op, bijvoorbeeld 2027-03-31.
must-be-time = Geef een tijd op, bijvoorbeeld 19:30.
must-be-whole-number = Geef een heel getal op.
must-be-whole-numbers = Geef hele getallen op, bijvoorbeeld 1, 15.
must-be-within = Geef een getal van { $least } tot en met { $most } op.
must-be-weekday = Kies een dag van de week.
must-be-degrees = Geef een aantal graden op, bijvoorbeeld 30.2672.
must-be-zone = Geef de naam van een tijdzone op, bijvoorbeeld America/Chicago.
must-not-be-empty = Dit mag niet leeg zijn.
must-be-shorter = Dit is te lang: hoogstens { $most } tekens.
must-be-kilometres = Kies een aantal kilometers.
must-be-person = Geef de id van een persoon op, bijvoorbeeld Person:7.
several-problems = Dit is niet opgeslagen. Verbeter deze { $count } punten:
must-be-visible = Geef minstens één zichtbaar teken op.
must-be-plain = De tekst mag geen stuurtekens bevatten, en geen tekens die de leesrichting veranderen.
must-be-website = Geef het adres van een website op, bijvoorbeeld https://example.org/session.
must-be-picture = Geef het https-adres van een afbeelding op, bijvoorbeeld https://example.org/picture.jpg, zonder gebruikersnaam.
must-be-short-id = Dit is leeg of te lang: hoogstens 255 bytes.
must-be-path = Alleen letters, cijfers, '-', '_', '.' en '~' zijn toegestaan.
must-be-year = Het jaar moet tussen { $first } en { $last } liggen.
must-be-both = Geef beide coördinaten op, of geen van beide.
must-differ-from-start = Het einde moet verschillen van het begin. Een einde voor het begin is op de volgende dag.
must-not-be-before = De laatste dag mag niet voor de eerste dag liggen, { $date }.
needs-codes = Daarvoor zijn codes nodig: kies hierboven een soort.
must-be-in-the-future = Dit moet in de toekomst liggen.
must-not-be-negative = Het getal mag niet negatief zijn. Leeg betekent geen grens.
must-choose-one = Kies er minstens één.
must-be-months = Geef maanden van 1 tot en met 12 op.
must-be-month-days = Geef dagen van 1 tot en met 31 op, of van -1 tot en met -31 vanaf het einde van de maand.
never-meets = Zo is er nooit een bijeenkomst. Wijzig dit veld of de andere.
too-many-schedules = Een sessie heeft hoogstens { $most } roosters.
skip-too-long = De laatste dag mag hoogstens { $days } dagen na de eerste liggen.
too-many-skips = Een sessie heeft hoogstens { $most } keer dagen die uitvallen. Verwijder eerst oude.
key-needs-owner = Geef een persoon op, of maak een sleutel met de rechten van een beheerder.

## Why a meeting is live or not.

why-deleted = Verwijderd
why-cancelled = Afgelast
why-terminated = Na de laatste dag van de sessie
why-held-live = Met de hand live gezet tot { $until }
why-held-not-live = Met de hand niet live tot { $until }
why-live-until-sweep = Met de hand live gezet tot de volgende controle
why-not-live-until-sweep = Met de hand niet live tot de volgende controle
why-no-times = Zonder begin of einde
why-unreadable = Niet gepland: tijden of tijdzone zijn niet leesbaar
why-over = Voorbij: einde { $ends }, gesloten { $closes }
why-closing = Gesloten { $closes }, zo niet meer live
why-live = Live sinds { $opens }, begin { $starts }
why-live-from = Live vanaf { $opens }, begin { $starts }
why-opening = Geopend { $opens }, zo live, begin { $starts }
why-not-yet = Nog niet live: opent { $opens }, begin { $starts }

## Why something is refused: the messages of the service about no field. `web/src/language/refusal.rs` says which. The English of `said-…` is that of the service.

schedule-changed-meanwhile = Iemand anders heeft het schema gewijzigd sinds je deze pagina opende. Het is nu: { $schedule }. Er is niets opgeslagen, en wat je hebt ingevuld staat hier nog. Open het schema opnieuw en wijzig het daar.
open-schedule-again = Het schema opnieuw openen
path-taken = Een andere sessie heeft dit adres. Kies een ander.
refused-zone-first = Verbeter eerst de tijdzone van de sessie.
refused-meeting-exists = De sessie heeft op die dag op deze tijden al een bijeenkomst. Kruis het vakje hieronder aan om er nog een toe te voegen.
refused-meeting-cancelled = De sessie heeft op die dag op deze tijden al een bijeenkomst, die is afgelast. Kruis het vakje hieronder aan om er nog een toe te voegen.
said-slot-booked = Deze tijd is geboekt. Annuleer eerst de afspraak.
said-slot-begun = Deze tijd is al begonnen. Kies een andere.
said-slot-taken = Iemand anders heeft deze tijd geboekt. Kies een andere.
refused-own-slot = Dit is je eigen tijd, dus die kun je niet boeken.
refused-key-made = Dit formulier heeft zijn sleutel al gemaakt, waarvan het geheim maar één keer wordt getoond. Open deze pagina opnieuw om er nog een te maken.
refused-booked-already = Je hebt deze tijd al geboekt.
refused-booked-then = Je hebt op die tijd al een afspraak. Kies een andere tijd.
refused-offered-then = Je biedt dan al tijd aan. Kies een andere tijd.
refused-booking-status = De afspraak is intussen veranderd, dus dit kan niet meer. Bekijk de status.
refused-external-id = Een andere persoon heeft deze externe id. Verwijder die daar eerst, of voeg de twee samen.
said-too-many-keys = Een persoon heeft hoogstens { $most } API-sleutels. Trek er eerst een in.
said-merge-booked = Deze personen hebben tijd met elkaar geboekt, dus ze kunnen niet dezelfde zijn.
said-merge-overlap = Beiden hebben op dezelfde tijd een aanbod of een afspraak. Trek eerst een aanbod in, of annuleer een afspraak.
said-admins-only = Dit mogen alleen beheerders.
said-own-only = Dit mogen alleen de persoon zelf en beheerders.
said-mentor-only = Dit mogen alleen de mentor en beheerders.
said-deactivated-booking = Het account van de mentor of de leerling is gedeactiveerd, dus deze tijd kan niet worden geboekt.
said-gone = Dit bestaat niet meer. Ga terug en laad de pagina opnieuw.
refused-no-longer-then = De sessie komt dan niet meer bijeen. Bekijk de volgende bijeenkomsten.
said-nobody = Meld je hiervoor aan.
said-zone = De tijdzone { $zone } is onbekend.
said-schedule = Het opgeslagen rooster kan niet worden gelezen.

## The pages for admins

admins-only = Deze pagina is voor beheerders.
new-session-purpose = Naam, plaats en tijden
people = Personen
people-purpose = Zoeken, aanmaken, wijzigen, samenvoegen en wissen
audit-log = Wijzigingenlogboek
audit-log-purpose = Wie wat heeft gewijzigd
keys-purpose = Sleutels waarmee programma's inloggen
not-an-instance-id = Dit is niet de id van een bijeenkomst. Zo'n id ziet er zo uit: SessionInstance:7.
unknown-instance = Er is geen bijeenkomst met dit id. De tabel hierboven heeft de id's van de actieve.
entries-changed = Gewijzigd
entries-by = Door
no-entries = Geen vermeldingen.
entries = Vermeldingen
when-utc = Wanneer (UTC)
who = Wie
what = Wat
changes = Wijzigingen
older-entries = Oudere vermeldingen
active-count = Bijeenkomsten die live zijn: { $count }
no-active = Er is geen bijeenkomst live.
active-by-start = Nu live, op begintijd
set-inactive-by-hand = Met de hand niet live gezet
set-by-hand = Met de hand bepalen of een bijeenkomst live is
instance = Bijeenkomst
such-as = Zoals { $example }
set-active = Live zetten
set-inactive = Niet live zetten
why = Waarom
here = Hier
override = Met de hand bepaald
is-set-active = Live gezet
is-set-inactive = Niet live gezet
until-time = tot { $time }
end-override = Beëindigen
sweep-question = Wat zou een controle doen?
time-in-utc = Tijd in UTC (leeg: nu)
sweep-kind = Soort controle
mode-periodic = periodieke controle: een minuut vooraf
mode-exact = timer: precies op tijd
dry-run = Proefdraaien
instant-unreadable = Deze tijd is niet leesbaar. Schrijf hem zo: 2027-01-15T19:14:00.
sessions-with-problem = Sessies met een probleem
no-problems = Geen sessie heeft een probleem.
correct-it = Herstellen
correct-named = { $session } herstellen
latest-sweeps = Laatste controles
no-sweeps = Er is nog geen controle geweest.
sweep-at = Om
sweep-scope = Bereik
sweep-took = Duur
sweep-activated = Live gezet
sweep-deactivated = Niet meer live
sweep-created = Gemaakt
sweep-moved = Verplaatst
sweep-errors = Fouten
not-finished = niet klaar
milliseconds = { $count } ms
sweep-would = Een controle om { $time } zou dit veranderen. Er is niets veranderd.
sweep-mode = Modus: { $mode }.
counted = { $what }: { $count }
instances-created-for = { $count ->
    [one] Bijeenkomsten gemaakt voor: { $count } sessie
   *[other] Bijeenkomsten gemaakt voor: { $count } sessies
}
people-moved = Personen verplaatst
bookings = Afspraken
visits-abandoned = Afgebroken bezoeken
online-now = Nu online
nobody-online = Er is geen bezoek online.
visits-online = Bezoeken die nu online zijn
page = Pagina
activity = Activiteit
since = Sinds
anonymous-visitor = Anonieme bezoeker
seats-of-limit = { $taken } van { $limit } bezet
seats-without-limit = { $taken } bezet
new-activity = Nieuwe activiteit
key = Sleutelwoord
activity-key-hint = Noemt haar in adressen en programma's, zoals interview
activity-key-taken = Een activiteit heeft dit sleutelwoord al: kies een ander.
seats-hint = Leeg betekent geen grens
visits-last-day = Bezoeken in de laatste 24 uur
figure-online = nu online
figure-completed = afgerond
figure-abandoned = afgebroken
figure-average = gemiddeld
figure-longest = de langste
minutes-tenths = { $minutes },{ $tenths } min
online-by-language = Online per taal: { $counts }
visits-by-hour = Begonnen bezoeken, per uur
visits-by-hour-utc = Begonnen bezoeken, per uur (UTC)
hour = Uur
visits = Bezoeken
zone-data = Tijdzonegegevens
zone-data-version = Versie
zone-data-source = Bron
zone-data-stored = Versie van de tijdvensters in de database
not-known-yet = nog niet bekend
new-person = Nieuwe persoon
create-person = Persoon aanmaken
more-people = Meer personen
no-people = Er is nog niemand.
is-deactivated = gedeactiveerd
is-guest = gast
a-guest = een gast
change-named = { $name } wijzigen
external-id = Externe id
external-id-hint = De id van de persoon bij de inlogdienst: de claim sub van diens tokens
hide-their-place = Voor anderen bij dezelfde sessie verbergen waar deze persoon is
account-deactivated = Gedeactiveerd
account-deactivated-hint = Mag alleen de eigen gegevens lezen.
more = Meer
what-was-changed = Wat er is gewijzigd
merge-person = Samenvoegen met een andere persoon
merge-person-purpose = Als twee personen één zijn
sign-out-purpose = Tokens en API-sleutels eindigen
erase = Wissen
erase-purpose = Definitief
merge-title = { $name } samenvoegen met een andere persoon
merge-note = De andere persoon blijft, en krijgt de check-ins, afspraken en sessies van { $name }. Zoek die persoon eerst.
merge-into = Samenvoegen met { $name }
merge-named = { $name } samenvoegen
merge-question = Deze twee personen samenvoegen?
merge-becomes = { $person } wordt { $other }. Dit kan niet ongedaan worden gemaakt.
merge-for-good = Definitief samenvoegen
erase-question = Deze persoon wissen?
erase-note = De naam van { $name }, de check-ins, bezoeken en afspraken worden gewist. Dit kan niet ongedaan worden gemaakt.
erase-keeps = Voorbije sessies bewaren alleen het aantal personen.
erase-for-good = Definitief wissen
sign-out-person-question = Deze persoon overal uitloggen?
sign-out-person-note = Alle tokens die { $name } nu heeft, eindigen. Nieuwe werken.
sign-out-person = Uitloggen

## The elements of the browser module. `web/src/language/module.rs` says which other texts it uses.

element-out-of-touch = Geen verbinding: dit is misschien verouderd.
element-the-session = De sessie
element-is-live = { $session } is nu live.
element-no-longer-live = { $session } is niet meer live.
element-you-are-at = Je bent bij { $session }.
element-you-are-nowhere = Je bent nu niet bij een sessie.
element-in-session = Nu bij: { $session }
element-people-here = { $count ->
    [one] { $count } persoon is er
   *[other] { $count } personen zijn er
}
element-times = { $there } (bij jou { $here })
element-your-booking = Je afspraak: { $status }.
element-starts-in = Begint over { $time }
element-about-to-start = Begint zo
element-time-is-over = De tijd is voorbij, maar niemand is begonnen
element-left = nog { $time }
element-status-left = { $status }, nog { $time }
element-days-hours = { $days } d { $hours } u
element-hours-minutes = { $hours } u { $minutes } min
element-minutes = { $minutes } min
element-and-more = En meer.
element-join = Meedoen
element-join-queue = In de wachtrij
element-asking = Er wordt een plaats gevraagd …
element-cancel = Annuleren
element-position = Je bent nummer { $position } van { $length } in de wachtrij.
element-wait-unknown = De wachttijd is nog niet bekend.
element-wait-minutes = { $count ->
    [one] Ongeveer een minuut wachten.
   *[other] Ongeveer { $count } minuten wachten.
}
element-wait-hours = { $count ->
    [one] Ongeveer een uur wachten.
   *[other] Ongeveer { $count } uur wachten.
}
element-leave-queue = Wachtrij verlaten
element-kept-until = Een plaats blijft tot { $time } voor je vrij.
element-take-seat = Plaats nemen
element-has-seat = Je hebt een plaats.
element-leave = Verlaten
element-leaving = Je verlaat de plaats …
element-full = Er is geen plaats vrij.
element-try-again = Opnieuw proberen
element-join-again = Weer meedoen
element-lost-idle = Je hebt je plaats niet meer, omdat niemand deze pagina gebruikte.
element-lost-away = Deze pagina was te lang niet verbonden. Daarom is je plaats vervallen.
element-lost-lapsed = Er werd een plaats voor je vrij gehouden, maar die is niet op tijd genomen. Daarom is je plaats in de rij vervallen.
element-lost-ended = Je plaats hier is vervallen. Misschien ben je ergens anders verdergegaan.
element-lost-person = Deze plaats is van de persoon die hier eerder was ingelogd.
element-sign-in-to-join = Log in om mee te doen.
element-failed = Dat is niet gelukt: { $reason }
element-no-answer = geen antwoord
