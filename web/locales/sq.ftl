# Shqip. Vizitorëve u drejtohemi me "ju".

## The frame of all pages

skip-to-content = Kalo te përmbajtja
nav-main = Menyja kryesore
nav-more = Faqe të tjera
languages = Gjuha
tagline = InSession tregon cilat sesione po zhvillohen tani.
on-now = Tani
admin = Administrimi
me = Unë
sign-in = Hyr
sign-out = Dil
cities = Qytetet
calendar = Kalendari
time-to-book = Orare për rezervim
feed = Prurja
what-is-next = Çfarë vjen më pas
live-now = DREJTPËRDREJT
go-back = Kthehu
copied = U kopjua

## Dates and times

weekdays = e hënë, e martë, e mërkurë, e enjte, e premte, e shtunë, e diel
weekdays-short = hën, mar, mër, enj, pre, sht, die
months = janar, shkurt, mars, prill, maj, qershor, korrik, gusht, shtator, tetor, nëntor, dhjetor
months-short = jan, shk, mar, pri, maj, qer, korr, gush, sht, tet, nën, dhj
date = { $weekday } { $day } { $month } { $year }
day = { $weekday }, { $day } { $month }
clock = { $hour24 }:{ $minute }
clock-hour = { $hour24 }:00
time-not-set = { $date }, ora ende e papërcaktuar
starts-in = fillon pas { $span }
ends-in = mbaron pas { $span }
span-minutes = { $minutes } min
span-hours = { $hours } orësh
span-hours-minutes = { $hours } orësh e { $minutes } min
span-days = { $days } ditësh
own-time = { $time } për ju
schedule-unreadable = Orari nuk mund të shfaqet për momentin

## Meetings in lists

cancelled = U anulua
cancelled-within = u anulua
nobody-here = Ende s'ka ardhur askush
here-now = Të pranishëm tani: { $count }
said-yes = { $count ->
    [one] { $count } person tha po
   *[other] { $count } persona thanë po
}
other-places = Vende të tjera

## Home, cities and calendar

in-session-now = Po zhvillohen tani
in-session-now-in = Po zhvillohen tani në { $city }
home-description = { $title }: cilat sesione po zhvillohen, kush vjen dhe çfarë vjen më pas.
city = Qyteti
session = Sesioni
search = Kërko
everywhere = Kudo
no-such-city = Nuk ka sesion në një qytet me këtë emër. Kontrolloni drejtshkrimin ose kërkoni kudo.
several-cities = Përputhen disa qytete. Cilin kërkoni?
nothing-on = Asnjë sesion nuk po zhvillohet tani.
more-on-now = Sesione të tjera që po zhvillohen tani
coming-up = Së shpejti
no-such-name = Asnjë sesion nuk ka emër me këto shkronja. Kontrolloni drejtshkrimin ose kërkoni kudo.
sessions-with-name = Sesionet me këtë emër
sessions-in-city = Të gjitha sesionet në këtë qytet
today-in = Sot në { $city }
now = Tani
no-sessions-yet = Ende nuk ka sesione.
live-count = { $count } drejtpërdrejt
session-count = { $count ->
    [one] { $count } sesion
   *[other] { $count } sesione
}
cities-description = Të gjitha qytetet me sesione dhe sa prej tyre po zhvillohen tani.
calendar-of = Kalendari i qytetit { $city }
show = Shfaq
calendar-empty = Nuk ka takime të planifikuara për dy javët e ardhshme.
calendar-description = { $title }: sesionet e dy javëve të ardhshme.
more-sessions = Sesione të tjera
near-me = Pranë meje
sessions-near-you = Sesione pranë jush
sessions-near = Sesione pranë { $place }
place-not-told = Ky shfletues nuk tregoi se ku jeni. Shkruani një qytet ose koordinata.
place = Vendi
place-hint = Një qytet ose koordinata si 48.21, 16.37
place-unknown = Asnjë qytet me sesione nuk e ka këtë emër. Shkruani një qytet tjetër ose koordinata si 48.21, 16.37.
place-of-several = Ky mund të jetë një nga disa qytete: { $cities }.
place-without-coordinates = Sesionet në { $city } nuk kanë koordinata.
distance = Largësia
kilometres = { $count } km
away-tenths = { $kilometres },{ $tenths } km larg
away = { $kilometres } km larg
away-least = më pak se 0,1 km larg
nothing-on-near = Asnjë sesion nuk po zhvillohet tani pranë këtij vendi.
sessions-near-place = Të gjitha sesionet pranë këtij vendi
nothing-near = Nuk ka sesion pranë këtij vendi. Provoni një largësi më të madhe.

## A session

no-session-here = Nuk ka sesion në këtë adresë.
organisers-only = Këtë mund ta bëjnë vetëm organizatorët e këtij sesioni.
organise = Organizo
organise-this-session = Organizo këtë sesion
print-notice = Shihni kush është këtu dhe çfarë vjen më pas:
when = Kur
where = Ku
organised-by = Organizuar nga
website = Faqja e internetit
add-to-calendar = Shtojeni në kalendarin tuaj
time-zone = Zona kohore
next-meetings = Takimet e ardhshme
no-meetings-planned = Nuk ka takime të planifikuara.
meeting-gone = Përgjigjja juaj nuk u ruajt, sepse ky takim ndërkohë u fshi ose u zhvendos. Këto janë takimet e ardhshme.
sign-in-to-answer = Hyni për të thënë nëse vini
sign-in-to-check-in = Hyni për të thënë se jeni këtu
also-on-in = Po zhvillohen gjithashtu në { $city }
are-you-here = A jeni këtu?
are-you-coming = A do të vini?
i-am-here = Jam këtu
yes = Po
maybe = Ndoshta
no = Jo
take-back-answer = Tërhiq përgjigjen time
who-answered = Kush është përgjigjur
checked-in-there = (i pranishëm në takim)
code-at-the-door = Ky sesion shfaq një kod te dera. Skanojeni për të shënuar ardhjen.
change = Ndrysho
change-meeting = Ndrysho takimin
no-session-on = Nuk ka sesion: { $date }
no-session-between = Nuk ka sesion nga { $from } deri { $to }
skips = Ditët pa sesion
no-skips = Asnjë ditë nuk është lënë jashtë.
first-date = Dita e parë
last-date = Dita e fundit
last-date-hint = E njëjta ditë, nëse është bosh
last-date-before-first = Dita e fundit është para së parës.
reason = Arsyeja
reason-hint = Për shembull: festë. Mund të jetë bosh.
remove = Hiq
leave-out-dates = Lër jashtë ditë
leave-out-these-dates = Lër jashtë këto ditë

## At the door

door-organisers-only = Vetëm organizatorët e këtij sesioni mund ta hapin ekranin te dera.
door-of = Dera e { $session }
doors-closed = Dyert janë të mbyllura.
doors-closed-until = Dyert janë të mbyllura. Kur të hapen, ky ekran shfaq një kod.
point-phone = Drejtoni telefonin te figura ose hapni { $address }
no-codes = Ky sesion nuk ka kode hyrjeje. Një organizator mund t'i aktivizojë.
wrong-code = Ky kod nuk vlen tani. Skanoni përsëri kodin te dera.
your-name = Emri juaj, siç e shohin të tjerët këtu
guest-note = Po hyni si mysafir. Nëse keni llogari, { $link } më parë.
sign-in-within = hyni në të
no-guests = Hyni në llogari për të treguar që jeni këtu. Kjo faqe nuk pranon mysafirë.

## Signing in

sign-in-with = Hyr me { $provider }
with-a-token = Me një shenjë hyrjeje
paste-token = Ngjitni shenjën tuaj të hyrjes. Jua jep kush e mban këtë sajt. Ky shfletues ju mban të futur derisa shenja të skadojë ose derisa të dilni.
token = Shenja e hyrjes
demo-people = Kjo është një demonstrim. Zgjidhni kush jeni.
token-without-end = Kjo shenjë nuk skadon. Përdorni një që skadon.
no-such-provider = Nuk ka ofrues identiteti me këtë emër.
no-host = Kjo kërkesë nuk e përmend strehuesin e kësaj faqeje.
provider-unavailable = Ofruesi nuk arrihet për momentin.
provider-unavailable-advice = Provoni përsëri pas një minute. Faqet e tjera punojnë ndërkohë.
provider-not-begun = Kjo hyrje u nis në një shfletues tjetër ose shumë kohë më parë, ose është përdorur tashmë.
provider-not-begun-advice = Hyni edhe një herë, në këtë shfletues.
provider-refused = Ofruesi nuk ju lejoi të hyni ({ $reason }).
provider-refused-advice = Provoni përsëri ose pyesni atë që e drejton ofruesin.
provider-not-valid = Përgjigjja e ofruesit nuk është e vlefshme.
provider-not-valid-advice = Provoni përsëri. Nëse ndodh sërish, njoftoni një administrator.
provider-unknown-person = Ofruesi ju njeh, por këtu nuk keni llogari.
ask-an-administrator = Pyesni një administrator.
you-are-not-signed-in = Nuk keni hyrë
not-signed-in = Nuk keni hyrë
signed-out-here = Keni dalë këtu
sign-out-at = Dil edhe nga { $provider }
signed-out = Keni dalë

## People and activities

no-person-here = Nuk ka njeri në këtë adresë.
deactivated = Kjo llogari është çaktivizuar.
where-you-are = Ku jeni tani
where-they-are = Ku është tani
not-at-a-session = Në asnjë sesion për momentin.
place-is-hidden = Vetëm ata që janë në të njëjtin sesion mund të shohin ku është dikush.
to-your-page = Shkoni te faqja juaj
activities = Veprimtaritë
no-activity-here = Nuk ka veprimtari në këtë adresë.
seats = Vendet
seats-need-scripts = Për të marrë pjesë, hyni në llogari, ose lejoni skriptet për këtë faqe dhe ngarkojeni sërish.
join-seat = Merrni pjesë
join-queue = Hyni në radhë
take-the-seat = Zini vendin
leave-seat = Largohuni
leave-queue = Dilni nga radha
still-here = Jam ende këtu
have-a-seat = Keni një vend.
seat-elsewhere = Keni një vend në një pajisje tjetër ose në një shfletues tjetër.
move-seat-here = Sille vendin këtu
waits-elsewhere = Po prisni në një pajisje tjetër ose në një shfletues tjetër.
wait-here-too = Prit edhe këtu
place-in-queue = Jeni numri { $position } nga { $length } në radhë.
seat-is-kept = Një vend ruhet për ju, mbeten { $seconds } s.
page-reloads = Mbajeni të hapur këtë faqe. Ajo ringarkohet çdo { $seconds } s dhe kështu ruan vendin tuaj, edhe në radhë.
no-place-any-more = Nuk keni më vend këtu, as në radhë. Vendi që ruhet për ju duhet zënë në kohë, dhe kjo faqe duhet të mbetet e hapur.
may-join-again = Nëse doni ende të merrni pjesë, provoni sërish.
seats-closed = Kjo është e mbyllur për momentin.
wait-closed = Kjo është e mbyllur për momentin. Vendi juaj në radhë ruhet derisa të hapet sërish.
seats-taken = { $limit ->
    [one] I zënë: { $taken } nga { $limit } vend.
   *[other] Të zëna: { $taken } nga { $limit } vende.
}
taking-part = { $count ->
    [0] Askush nuk merr pjesë.
    [one] { $count } person merr pjesë.
   *[other] { $count } persona marrin pjesë.
}
waiting = { $count ->
    [one] { $count } person pret.
   *[other] { $count } persona presin.
}
who-has-a-seat = Kush ka vend
nobody-is-shown = Nuk shfaqet askush.
and-more = dhe të tjerë
without-a-name = { $count } pa emër
sign-in-to-join = Hyni për të marrë pjesë
deactivated-cannot-join = Kjo llogari është çaktivizuar, ndaj nuk mund të marrë pjesë.
only-people-join = Vetëm personat mund të marrin pjesë. Shenja me të cilën keni hyrë nuk përmend asnjë person.

## Errors

not-found = Nuk u gjet
not-allowed = Nuk lejohet
sign-in-first = Hyni më parë
something-went-wrong = Diçka shkoi keq
did-not-work = Kjo nuk funksionoi
see-what-is-on = Shihni çfarë po zhvillohet tani
no-page-here = Nuk ka faqe në këtë adresë.
bad-form = Ky formular është i paplotë ose i vjetruar. Kthehuni, ngarkoni faqen përsëri dhe provoni edhe një herë.
bad-address = Kjo adresë nuk lexohet. Ndiqni një lidhje të kësaj faqeje ose filloni nga e para.
unavailable = Për momentin e padisponueshme
database-away = Ky sajt nuk i arrin të dhënat e veta për momentin. Provoni përsëri pas një minute.
nothing-saved = Nuk u ruajt asgjë, sepse ky sajt nuk i arrin të dhënat e veta për momentin. Formulari juaj mbahet në këtë faqe: dërgojeni përsëri pas një minute.
nothing-saved-signed-out = Hyrja juaj ka përfunduar, prandaj nuk u ruajt asgjë. Formulari juaj mbahet në këtë faqe: hyni në një skedë të re, kthehuni këtu dhe dërgojeni përsëri.
sign-in-in-new-tab = Hyr në një skedë të re
send-again = Dërgoje përsëri
server-error = Diçka shkoi keq në server. Provoni përsëri pas pak. Nëse keni dërguar një formular, shihni nëse u ruajt.
too-many-attempts = { $seconds ->
    [one] Shumë përpjekje: provoni përsëri pas { $seconds } sekonde.
   *[other] Shumë përpjekje: provoni përsëri pas { $seconds } sekondash.
}
too-busy = { $seconds ->
    [one] Ky sajt ka shumë punë për momentin. Provoni përsëri pas { $seconds } sekonde.
   *[other] Ky sajt ka shumë punë për momentin. Provoni përsëri pas { $seconds } sekondash.
}
form-kept = Nuk u ruajt asgjë. Formulari juaj mbahet në këtë faqe.

## What was done

done-answered = Përgjigjja juaj u ruajt.
done-answered-moved = Përgjigjja juaj u ruajt. Ndërkohë takimi u zhvendos: ju lutemi shikoni kohën e re.
done-answered-over = Përgjigjja juaj u ruajt. Takimi ka mbaruar, prandaj ardhja juaj nuk u shënua.
done-answered-cancelled = Përgjigjja juaj u ruajt, por ky takim nuk zhvillohet.
done-arrived = Ardhja juaj u shënua.
done-answer-removed = Përgjigjja juaj u tërhoq.
done-skip-added = Këto ditë u lanë jashtë.
done-skip-removed = Sesioni mbahet përsëri në këto ditë.
done-session-created = Sesioni u krijua. Tani tregoni kur mbahet.
done-session-saved = Sesioni u ruajt.
done-session-deleted = Sesioni u fshi.
done-schedule-saved = Orari u ruajt.
done-meeting-added = Takimi u shtua.
done-meeting-saved = Takimi u ruajt.
done-meeting-cancelled = Takimi u anulua.
done-meeting-restored = Takimi mbahet megjithatë.
done-meeting-deleted = Takimi u fshi.
done-set-live = Takimi është drejtpërdrejt.
done-set-not-live = Takimi nuk është drejtpërdrejt.
done-override-cleared = Takimi ndjek sërish oraret e veta.
done-checked-in = Ardhja e personit u shënua.
done-checked-out = Ikja e personit u shënua.
done-their-answer-saved = Përgjigjja u ruajt.
done-their-answer-removed = Përgjigjja u hoq.
done-organizer-added = Organizatori u shtua.
done-person-created = Personi u krijua.
done-person-saved = Personi u ruajt.
done-people-merged = Dy personat tani janë një.
done-person-erased = Personi u fshi.
done-tokens-revoked = Personi u nxor nga të gjitha pajisjet.
done-key-revoked = Çelësi u shfuqizua.
done-profile-saved = Profili juaj u ruajt.
done-slot-offered = Koha juaj u ofrua.
done-slot-deleted = Koha juaj nuk ofrohet më.
done-booked = E rezervuat këtë kohë.
done-booking-started = Takimi i rezervuar filloi.
done-booking-completed = Takimi i rezervuar përfundoi.
done-booking-cancelled = Takimi i rezervuar u anulua.
done-organizer-removed = Organizatori u hoq.
done-activity-saved = Veprimtaria u ruajt.

## When a session meets

recurrence-none = Pa orar të rregullt
recurrence-weekdays = të hënën, të martën, të mërkurën, të enjten, të premten, të shtunën, të dielën
recurrence-months = janar, shkurt, mars, prill, maj, qershor, korrik, gusht, shtator, tetor, nëntor, dhjetor
recurrence-list = { $most } dhe { $last }
recurrence-daily = çdo ditë
recurrence-weekly = { $weeks ->
    [1] çdo javë { $weekday }
   *[other] çdo { $weeks } javë { $weekday }
}
recurrence-monthly = { $months ->
    [1] { $weekday } { $positions } të muajit
   *[other] çdo { $months } muaj, { $weekday } { $positions }
}
recurrence-position = { $position ->
    [1] e parë
    [2] e dytë
    [3] e tretë
    [4] e katërt
    [5] e pestë
    [-1] e fundit
    [-2] e parafundit
    [-3] e tretë nga fundi
    [-4] e katërt nga fundi
   *[other] e pestë nga fundi
}
recurrence-days = { $months ->
    [1] çdo muaj, ditën { $days }
   *[other] çdo { $months } muaj, ditën { $days }
}
recurrence-day = { $end ->
    [0] { $day }
    [1] e fundit
    [2] e parafundit
   *[other] e { $end }-të nga fundi
}
recurrence-hours = { $days }, nga ora { $start } deri në { $end }
recurrence-in-months = { $schedule } (vetëm në { $months })

## Your own page

page-for-people = Kjo faqe është për njerëz. Shenja juaj e hyrjes është e administrimit dhe nuk përmend asnjë person.
unknown-person-of-token = Personi që përmend shenja juaj e hyrjes nuk ekziston. Hyni me një shenjë tjetër.
your-account-deactivated = Llogaria juaj është çaktivizuar. Mund t'i lexoni të dhënat tuaja, por jo të ndryshoni diçka. Pyesni administrimin.
where-i-am = Ku jam
i-left = U largova
you-are-nowhere = Tani nuk jeni në asnjë sesion.
on-now-in-my-city = Tani në qytetin tim
sessions-i-organise = Sesionet që organizoj
organise-session = Organizo { $session }
my-check-ins = Regjistrimet e mia
no-check-ins = Ende nuk jeni regjistruar askund.
older-check-ins = Regjistrime më të vjetra
name = Emri
city-hint = Faqja juaj tregon pastaj çfarë zhvillohet atje.
country = Shteti
hide-place = Fshihe ku jam nga të tjerët në të njëjtin sesion
profile = Profili dhe privatësia
save = Ruaj
sign-out-everywhere = Dil kudo
sign-out-everywhere-question = Të dilni kudo?
sign-out-everywhere-note = Të gjitha shenjat tuaja të hyrjes mbarojnë: në këtë shfletues, në të tjerë dhe ato të programeve tuaja. Kush ka një, duhet të hyjë përsëri.
sign-out-browsers-note = Do të dilni këtu dhe në të gjithë shfletuesit e tjerë. Një shenjë hyrjeje që nuk përmend asnjë person vlen derisa të skadojë.
type-name = Shkruani emrin tuaj ({ $name }) për ta konfirmuar
my-data = Të dhënat e mia
download-my-data = Shkarko të dhënat e mia
delete-me = Më fshij
delete-me-note = Kjo fshin emrin tuaj, regjistrimet, vizitat dhe takimet tuaja të rezervuara. Nuk mund të zhbëhet. Sesionet e kaluara mbajnë vetëm numrin e njerëzve.
delete-me-for-good = Më fshij përgjithmonë
delete-me-refused = Asgjë nuk u fshi. Shkruani emrin tuaj saktësisht siç shfaqet dhe provoni përsëri.

## Bookings

my-bookings = Takimet e mia të rezervuara
no-bookings = Nuk keni takime të rezervuara.
find-time-to-book = Gjej një orar për rezervim
as-mentor = Si mentor
as-student = Si nxënës
somebody = Dikush
booking-start = Fillo
booking-complete = Përfundo
booking-cancel = Anulo
cancel-booking-question = Të anulohet ky takim?
cancel-booking-note = Atë kohë mund ta rezervojë pastaj dikush tjetër. Kjo nuk mund të zhbëhet.
cancel-booking-button = Anulo takimin
booking-scheduled = I planifikuar
booking-delayed = Koha e tij filloi, por askush nuk e nisi
booking-ongoing = Po zhvillohet
booking-completed = I përfunduar
booking-cancelled = I anuluar

## Time to book

time-of-all-mentors = Orare të të gjithë mentorëve
no-time-offered = Askush nuk ofron kohë tani.
with-mentor = me { $mentor }
book = Rezervo
later = Më vonë
offer-own-time = Ofroni kohën tuaj
sign-in-to-book = Hyni për të rezervuar
time-i-offer = Koha që ofroj
no-time-of-mine = Nuk ofroni kohë.
booked = e rezervuar
withdraw = Tërhiq
offer-time = Ofro kohë
slot-date = Data
slot-start = Fillimi
slot-end = Fundi
slot-end-hint = Një fund para fillimit është të nesërmen.
slot-zone-hint = E datës dhe e orëve
offer-this-time = Ofro këtë kohë
withdraw-question = Të tërhiqet kjo kohë?
withdraw-note = Askush nuk mund ta rezervojë më.
withdraw-button = Tërhiqe kohën

## API keys

api-keys = Çelësat e API-së
key-intro = Një program hyn me një çelës: dërgon { $header } dhe sekretin.
no-keys = Nuk ka çelësa.
make-a-key = Krijo një çelës
key-is-made = Çelësi { $name } u krijua. Kopjojeni sekretin tani: nuk shfaqet më.
secret = Sekreti
copy = Kopjo
key-until = deri më { $time }
key-last-used = përdorur së fundi { $time }
key-never-used = e papërdorur
revoke = Shfuqizo
revoke-named = Shfuqizo { $name }
key-name-hint = Për shembull: Ekrani te dera
person = Personi
key-person-hint = Për kë vepron, për shembull Person:7
key-is-admin = I ka të drejtat e një administratori
days = Ditë
days-hint = Çelësi mbaron pas kaq ditësh. Nëse është bosh, nuk mbaron.
make-the-key = Krijo çelësin
no-key-here = Në këtë adresë nuk ka çelës API.
revoke-question = Të shfuqizohet ky çelës API?
revoke-note = Programet që përdorin { $name } refuzohen që tani. Kjo nuk mund të zhbëhet.
revoke-button = Shfuqizo çelësin

## Organising a session

edit-session = Ndrysho sesionin
edit-session-purpose = Emri, vendi, përshkrimi, zona kohore, kodet te dera
edit-named = Ndrysho { $session }
change-schedule = Ndrysho orarin
change-schedule-purpose = Kur mbahet, me një pamje paraprake të datave të ardhshme
meetings = Takimet
meetings-purpose = Shtoni një, ose anuloni, zhvendosni dhe mbani të ardhshmet
past-meetings = Takimet e kaluara
past-meetings-purpose = Kush erdhi, më i riu i pari
organisers = Organizatorët
organisers-purpose = Kush mund ta ndryshojë këtë sesion
see-how-to-correct = Shihni si ta ndreqni
leave-out-purpose = Festa, ose një lokal i mbyllur
door-screen = Ekrani te dera
door-screen-purpose = Një kod që skanohet për të shënuar ardhjen
delete-session = Fshije sesionin
share = Shpërndaje
share-badge = Distinktivi për faqen tuaj
share-calendar = Adresa e kalendarit, për t'u abonuar
share-page = Adresa e faqes së këtij sesioni
wrong-with-session = Çfarë nuk shkon me këtë sesion
wrong-with = Çfarë nuk shkon me { $session }
until-corrected = Derisa të ndreqet, nga orari nuk krijohen takime dhe ato që ekzistojnë i ruajnë oraret.
nothing-wrong = Gjithçka është në rregull.
schedule-is-unreadable = Orari nuk lexohet
this-is-stored = Kjo është e ruajtura:
say-when-it-meets = Tregoni sërish kur mbahet. Kjo zëvendëson atë që është ruajtur.
enter-schedule-again = Shkruaj sërish orarin
zone-unknown = Zona kohore nuk njihet
zone-example = Për shembull America/Chicago
correct-zone = Ndreqe zonën kohore
admins-delete-sessions = Vetëm administratorët mund të fshijnë sesione.
delete-session-question = Të fshihet ky sesion?
delete-session-note = { $session } dhe të gjitha takimet e tij zhduken, për të gjithë. Kush është aty tani, nuk është më askund.
delete-session-advice = Kjo nuk mund të zhbëhet. Për ta mbyllur një sesion, jepini orarit një ditë të fundit.
delete-for-good = Fshije përgjithmonë
organisers-of = Organizatorët e { $session }
organisers-may = Organizatorët mund ta ndryshojnë sesionin dhe takimet e tij, dhe të shënojnë ardhjet.
no-organisers = Askush nuk e organizon ende këtë sesion. Administratorët mund ta ndryshojnë.
add-organiser = Shto një organizator
organises-already = e organizon tashmë
add = Shto
remove-named = Hiq { $name }
add-named = Shto { $name }
find = Gjej
people-found = Rezultate: { $count }
nobody-with-name = Askush nuk ka emër me këto shkronja.
stop-organising-question = Të mos e organizoni më këtë sesion?
stop-organising-note = Nuk mund ta ndryshoni më { $session }. Një organizator tjetër ose një administrator mund t'ju shtojë sërish.
stop-organising = Mos e organizo më
meetings-of = Takimet e { $session }
past-meetings-of = Takimet e kaluara të { $session }
no-past-meetings = Ende nuk ka përfunduar asnjë takim.
older-meetings = Takime më të vjetra
see-answers = Shih kush u përgjigj
add-a-meeting = Shto një takim
in-session-zone = Datat dhe orët janë në zonën kohore të sesionit: { $zone }.
location = Vendndodhja
location-if-unusual = Nëse nuk është ajo e zakonshmja
add-duplicate = Shtoje edhe nëse ka takim në këto orë
add-the-meeting = Shto takimin
no-meeting-here = Nuk ka takim në këtë adresë.
meeting-on = Takimi i datës { $date }
delete-meeting = Fshije këtë takim
hours = Orë
hours-hint = Sa zgjat vendimi juaj. Nëse është bosh: deri në kontrollin e ardhshëm, brenda një çerek ore.
status = Gjendja
hold-after-all = Mbaje megjithatë
cancel-meeting = Anuloje këtë takim
end-decision = Mbyll vendimin me dorë
decision-until = Vendimi vlen deri më { $time }.
decide-by-hand = Vendos me dorë nëse është drejtpërdrejt
set-live = Vëre drejtpërdrejt
set-not-live = Hiqe nga drejtpërdrejt
not-live-cancelled = Ky takim është anuluar, prandaj nuk mund të jetë drejtpërdrejt. Së pari mbajeni megjithatë.
not-live-terminated = Ky takim është pas ditës së fundit të sesionit, prandaj nuk mund të jetë drejtpërdrejt. Së pari ndryshoni ditën e fundit të orarit.
check-in = Shëno ardhjen
check-out = Shëno ikjen
say-yes-for-them = Thuaj po në emër të tyre
say-no-for-them = Thuaj jo në emër të tyre
remove-answer = Hiq përgjigjen
is-here-now = këtu tani
check-somebody-in = Shëno ardhjen e dikujt
location-usual = Nëse është bosh, ajo e zakonshmja
move-meeting = Zhvendose këtë takim
delete-meeting-question = Të fshihet ky takim?
delete-meeting-note = { $session }, { $date }. Zhduken edhe përgjigjet. Kjo nuk mund të zhbëhet.
delete-meeting-advice = Për t'u treguar njerëzve se nuk mbahet, anulojeni në vend të kësaj.
new-session = Sesion i ri
create-session = Krijo sesionin
address = Adresa
address-hint = Pjesa e fundit e adresës së faqes: shkronja, shifra, “-”, “_”, “.” dhe “~”. Nëse është bosh, krijohet nga emri.
description = Përshkrimi
description-hint = Deri në 2.000 shenja. Markdown jep lista, lidhje dhe theksim.
website-hint = Për shembull https://example.org
picture = Figura
picture-hint = Adresa https e një figure, për shembull https://example.org/figura.jpg. E shohin vetëm ata që kanë hyrë, sepse faqja e saj mëson kush e ngarkon.
location-hint = Emri i një lokali, ose një adresë
state = Shteti federal ose provinca
latitude = Gjerësia gjeografike
latitude-hint = Në gradë, për shembull 30.2672
longitude = Gjatësia gjeografike
longitude-hint = Në gradë, për shembull -97.7431
times = Oraret
zone-hint = Për shembull America/Chicago. Të gjitha orët e tij janë në këtë zonë.
minutes-before = Minuta para fillimit
minutes-before-hint = Që atëherë takimi është drejtpërdrejt
minutes-after = Minuta pas mbarimit
minutes-after-hint = Deri atëherë takimi është drejtpërdrejt
make-meetings = Krijo vetvetiu takimet e orarit
hours-ahead = Orë përpara
hours-ahead-hint = Sa kohë para fillimit krijohet një takim
at-the-door = Te dera
codes = Kodet
codes-none = Pa kode
codes-fixed = Një kod për çdo takim
codes-rotating = Një kod që ndryshon çdo 30 sekonda
requires-code = Vetëm kush e ka kodin mund ta shënojë ardhjen në takim
schedule = Orari
schedule-of = Orari i { $session }
schedule-number = Orari { $number }
remove-schedule = Hiq orarin { $number }
add-weekly = Shto një ditë të javës
add-monthly = Shto një ditë jave të muajit
add-month-day = Shto ditë të muajit
add-rrule = Shto një RRULE
positions = E para, E dyta, E treta, E katërta, E pesta, E fundit, E parafundit, E treta nga fundi, E katërta nga fundi, E pesta nga fundi
which-of-month = Cila e muajit
weekday = Dita e javës
months-apart = Çdo sa muaj
every-month-hint = 1 do të thotë çdo muaj
weeks-apart = Çdo sa javë
every-week-hint = 1 do të thotë çdo javë
month-days-hint = Për shembull 1, 15. -1 është dita e fundit e muajit.
rrule-hint = Për shembull FREQ=MONTHLY;BYDAY=2TU
only-months = Vetëm në muajt
only-months-hint = Për shembull 6, 7, 8 për verën. Bosh do të thotë të gjithë.
show-next-dates = Shfaq datat e ardhshme
no-schedule = Pa orar të rregullt.
initiation-hint = Para saj sesioni nuk mbahet. Mund të jetë bosh.
termination-hint = Pas saj sesioni nuk mbahet. Mund të jetë bosh.
save-schedule = Ruaj orarin
the-next-dates = Datat e ardhshme
no-dates = Nuk ka asnjë.

## What a field of a form must be. In English the name of the field comes before it; in other languages it is a sentence.

must-be-date = Shkruani një datë, për shembull 2027-03-31.
must-be-time = Shkruani një orë, për shembull 19:30.
must-be-whole-number = Shkruani një numër të plotë.
must-be-whole-numbers = Shkruani numra të plotë, për shembull 1, 15.
must-be-within = Shkruani një numër nga { $least } deri në { $most }.
must-be-weekday = Zgjidhni një ditë të javës.
must-be-degrees = Shkruani një numër gradësh, për shembull 30.2672.
must-be-zone = Shkruani emrin e një zone kohore, për shembull America/Chicago.
must-not-be-empty = Kjo nuk mund të jetë bosh.
must-be-shorter = Kjo është shumë e gjatë: { $most } shenja më së shumti.
must-be-kilometres = Zgjidhni një numër kilometrash.
must-be-person = Shkruani id-në e një personi, për shembull Person:7.
several-problems = Kjo nuk u ruajt. Ndreqni këto { $count } pika:
must-be-visible = Shkruani të paktën një shenjë të dukshme.
must-be-plain = Teksti nuk mund të ketë shenja kontrolli, as shenja që ia ndryshojnë drejtimin.
must-be-website = Shkruani adresën e një sajti, për shembull https://example.org/session.
must-be-picture = Shkruani adresën https të një figure, për shembull https://example.org/picture.jpg, pa emër përdoruesi.
must-be-short-id = Kjo është bosh ose shumë e gjatë: 255 bajt më së shumti.
must-be-path = Lejohen vetëm shkronja, shifra, “-”, “_”, “.” dhe “~”.
must-be-year = Viti duhet të jetë nga { $first } deri në { $last }.
must-be-both = Shkruani të dyja koordinatat, ose asnjërën.
must-differ-from-start = Mbarimi duhet të ndryshojë nga fillimi. Një mbarim para fillimit është të nesërmen.
must-not-be-before = Dita e fundit nuk mund të jetë para së parës, { $date }.
needs-codes = Për këtë duhen kode: zgjidhni një lloj më lart.
must-be-in-the-future = Kjo duhet të jetë në të ardhmen.
must-not-be-negative = Numri nuk mund të jetë negativ. Bosh do të thotë pa kufi.
must-choose-one = Zgjidhni të paktën një.
must-be-months = Shkruani muaj nga 1 deri në 12.
must-be-month-days = Shkruani ditë nga 1 deri në 31, ose nga -1 deri në -31 nga fundi i muajit.
never-meets = Kështu nuk ka kurrë takim. Ndryshoni këtë fushë ose të tjerat.
too-many-schedules = Një sesion ka më së shumti { $most } orare.
skip-too-long = Dita e fundit mund të jetë më së shumti { $days } ditë pas së parës.
too-many-skips = Një sesion ka më së shumti { $most } periudha të lëna jashtë. Hiqni më parë të vjetrat.
key-needs-owner = Shkruani një person, ose krijoni një çelës me të drejtat e një administratori.

## Why a meeting is live or not.

why-deleted = I fshirë
why-cancelled = I anuluar
why-terminated = Pas ditës së fundit të sesionit
why-held-live = Vënë drejtpërdrejt me dorë deri më { $until }
why-held-not-live = Hequr nga drejtpërdrejt me dorë deri më { $until }
why-live-until-sweep = Vënë drejtpërdrejt me dorë deri në kontrollin e ardhshëm
why-not-live-until-sweep = Hequr nga drejtpërdrejt me dorë deri në kontrollin e ardhshëm
why-no-times = Pa fillim ose pa fund
why-unreadable = Nuk është planifikuar: oraret ose zona kohore nuk lexohen
why-over = Mbaroi: fundi { $ends }, mbyllja { $closes }
why-closing = Mbyllur { $closes }, së shpejti jo më drejtpërdrejt
why-live = Drejtpërdrejt që nga { $opens }, fillimi { $starts }
why-live-from = Drejtpërdrejt nga { $opens }, fillimi { $starts }
why-opening = Hapur { $opens }, së shpejti drejtpërdrejt, fillimi { $starts }
why-not-yet = Ende jo drejtpërdrejt: hapet { $opens }, fillimi { $starts }

## Why something is refused: the messages of the service about no field. `web/src/language/refusal.rs` says which. The English of `said-…` is that of the service.

schedule-changed-meanwhile = Dikush tjetër e ka ndryshuar orarin që kur e hapët këtë faqe. Tani është: { $schedule }. Nuk u ruajt asgjë, dhe ajo që shkruat është ende këtu. Hapeni orarin përsëri dhe bëjeni ndryshimin atje.
open-schedule-again = Hape orarin përsëri
path-taken = Një sesion tjetër e ka këtë adresë. Zgjidhni një tjetër.
refused-zone-first = Ndreqni më parë zonën kohore të sesionit.
refused-meeting-exists = Sesioni ka tashmë një takim atë ditë në këto orë. Shënoni kutinë më poshtë për të shtuar edhe një.
refused-meeting-cancelled = Sesioni ka tashmë një takim atë ditë në këto orë, që është anuluar. Shënoni kutinë më poshtë për të shtuar edhe një.
said-slot-booked = Kjo kohë është e rezervuar. Anuloni më parë rezervimin.
said-slot-begun = Kjo kohë ka filluar tashmë. Zgjidhni një tjetër.
said-slot-taken = Dikush tjetër e ka rezervuar këtë kohë. Zgjidhni një tjetër.
refused-own-slot = Kjo është koha juaj, ndaj nuk mund ta rezervoni.
refused-key-made = Ky formular e ka krijuar tashmë çelësin e vet, sekreti i të cilit shfaqet vetëm një herë. Për të krijuar një tjetër, hapeni përsëri këtë faqe.
refused-booked-already = E keni rezervuar tashmë këtë kohë.
refused-booked-then = Keni një rezervim në atë kohë. Zgjidhni një kohë tjetër.
refused-offered-then = Ju ofroni tashmë kohë atëherë. Zgjidhni një kohë tjetër.
refused-booking-status = Rezervimi ka ndryshuar ndërkohë, ndaj kjo nuk bëhet më. Shihni gjendjen e tij.
refused-external-id = Një person tjetër e ka këtë id të jashtme. Hiqeni më parë atje, ose bashkojini të dy.
said-too-many-keys = Një person ka më së shumti { $most } çelësa API. Shfuqizoni më parë një.
said-merge-booked = Këta persona kanë rezervuar kohë me njëri-tjetrin, ndaj nuk mund të jenë i njëjti person.
said-merge-overlap = Të dy kanë një ofertë ose një rezervim në të njëjtën kohë. Tërhiqni më parë një ofertë, ose anuloni një rezervim.
said-admins-only = Këtë mund ta bëjnë vetëm administratorët.
said-own-only = Këtë mund ta bëjnë vetëm personi vetë dhe administratorët.
said-mentor-only = Këtë mund ta bëjnë vetëm mentori dhe administratorët.
said-deactivated-booking = Llogaria e mentorit ose e nxënësit është çaktivizuar, ndaj kjo kohë nuk mund të rezervohet.
said-gone = Kjo nuk ekziston më. Kthehuni dhe ngarkojeni faqen përsëri.
refused-no-longer-then = Sesioni nuk mblidhet më atëherë. Shihni takimet e ardhshme.
said-nobody = Identifikohuni për ta bërë këtë.
said-zone = Zona kohore { $zone } është e panjohur.
said-schedule = Orari i ruajtur nuk mund të lexohet.

## The pages for admins

admins-only = Kjo faqe është për administratorët.
new-session-purpose = Emri, vendi dhe oraret
people = Njerëzit
people-purpose = Gjeni, krijoni, ndryshoni, bashkoni dhe fshini
audit-log = Regjistri i ndryshimeve
audit-log-purpose = Kush çfarë ndryshoi
keys-purpose = Çelësa me të cilët hyjnë programet
not-an-instance-id = Kjo nuk është id e një takimi. Një id e tillë duket si SessionInstance:7.
unknown-instance = Nuk ka takim me këtë id. Tabela më sipër ka id-të e takimeve aktive.
entries-changed = Ndryshuar
entries-by = Nga
no-entries = Nuk ka shënime.
entries = Shënimet
when-utc = Kur (UTC)
who = Kush
what = Çfarë
changes = Ndryshimet
older-entries = Shënime më të vjetra
active-count = Takime drejtpërdrejt: { $count }
no-active = Asnjë takim nuk është drejtpërdrejt.
active-by-start = Drejtpërdrejt tani, sipas fillimit
set-inactive-by-hand = Hequr nga drejtpërdrejt me dorë
set-by-hand = Vendosni me dorë nëse një takim është drejtpërdrejt
instance = Takimi
such-as = Për shembull { $example }
set-active = Vëre drejtpërdrejt
set-inactive = Hiqe nga drejtpërdrejt
why = Pse
here = Këtu
override = Vendim me dorë
is-set-active = Vënë drejtpërdrejt
is-set-inactive = Hequr nga drejtpërdrejt
until-time = deri më { $time }
end-override = Mbylle
sweep-question = Çfarë do të bënte një kontroll?
time-in-utc = Koha në UTC (bosh: tani)
sweep-kind = Lloji i kontrollit
mode-periodic = kontroll periodik: një minutë përpara
mode-exact = kohëmatës: saktësisht në kohë
dry-run = Provë pa ndryshime
instant-unreadable = Kjo kohë nuk lexohet. Shkruajeni kështu: 2027-01-15T19:14:00.
sessions-with-problem = Sesione me problem
no-problems = Asnjë sesion nuk ka problem.
correct-it = Ndreqe
correct-named = Ndreq { $session }
latest-sweeps = Kontrollet e fundit
no-sweeps = Ende nuk është bërë asnjë kontroll.
sweep-at = Më
sweep-scope = Shtrirja
sweep-took = Zgjati
sweep-activated = Vënë drejtpërdrejt
sweep-deactivated = Hequr nga drejtpërdrejt
sweep-created = Krijuar
sweep-moved = Zhvendosur
sweep-errors = Gabimet
not-finished = e papërfunduar
milliseconds = { $count } ms
sweep-would = Një kontroll më { $time } do t'i bënte këto ndryshime. Asgjë nuk u ndryshua.
sweep-mode = Mënyra: { $mode }.
counted = { $what }: { $count }
instances-created-for = { $count ->
    [one] Takime të krijuara për: { $count } sesion
   *[other] Takime të krijuara për: { $count } sesione
}
people-moved = Persona të zhvendosur
bookings = Takime të rezervuara
visits-abandoned = Vizita të braktisura
online-now = Në linjë tani
nobody-online = Asnjë vizitë nuk është në linjë.
visits-online = Vizitat në linjë tani
page = Faqja
activity = Veprimtaria
since = Që nga
anonymous-visitor = Vizitor pa emër
seats-of-limit = { $taken } nga { $limit } të zëna
seats-without-limit = { $taken } të zëna
new-activity = Veprimtari e re
key = Fjala kyçe
activity-key-hint = E emërton në adresa dhe programe, për shembull interview
activity-key-taken = Një veprimtari e ka tashmë këtë fjalë kyçe: zgjidhni një tjetër.
seats-hint = Bosh do të thotë pa kufi
visits-last-day = Vizitat në 24 orët e fundit
figure-online = në linjë
figure-completed = të përfunduara
figure-abandoned = të braktisura
figure-average = mesatarisht
figure-longest = më e gjata
minutes-tenths = { $minutes },{ $tenths } min
online-by-language = Në linjë sipas gjuhës: { $counts }
visits-by-hour = Vizita të nisura, sipas orës
visits-by-hour-utc = Vizita të nisura, sipas orës (UTC)
hour = Ora
visits = Vizitat
zone-data = Të dhënat e zonave kohore
zone-data-version = Versioni
zone-data-source = Burimi
zone-data-stored = Versioni i intervaleve kohore në bazën e të dhënave
not-known-yet = ende nuk njihet
new-person = Person i ri
create-person = Krijo personin
more-people = Persona të tjerë
no-people = Ende nuk ka asnjë njeri.
is-deactivated = e çaktivizuar
is-guest = mysafir
a-guest = mysafir
change-named = Ndrysho { $name }
external-id = Id e jashtme
external-id-hint = Id-ja e personit te ofruesi i identitetit: fusha sub e shenjave të tij
hide-their-place = Fshihe ku është nga të tjerët në të njëjtin sesion
account-deactivated = E çaktivizuar
account-deactivated-hint = Mund të lexojë vetëm të dhënat e veta.
more = Më shumë
what-was-changed = Çfarë u ndryshua
merge-person = Bashko me një person tjetër
merge-person-purpose = Nëse dy persona janë një
sign-out-purpose = Shenjat e hyrjes dhe çelësat API mbarojnë
erase = Fshi
erase-purpose = Përgjithmonë
merge-title = Bashko { $name } me një person tjetër
merge-note = Personi tjetër mbetet dhe merr regjistrimet, takimet e rezervuara dhe sesionet e { $name }. Gjejeni më parë.
merge-into = Bashko me { $name }
merge-named = Bashko { $name }
merge-question = Të bashkohen këta dy persona?
merge-becomes = { $person } bëhet { $other }. Kjo nuk mund të zhbëhet.
merge-for-good = Bashkoji përgjithmonë
erase-question = Të fshihet ky person?
erase-note = Emri i { $name }, regjistrimet, vizitat dhe takimet e rezervuara fshihen. Kjo nuk mund të zhbëhet.
erase-keeps = Sesionet e kaluara mbajnë vetëm numrin e personave.
erase-for-good = Fshije përgjithmonë
sign-out-person-question = Të nxirret ky person kudo?
sign-out-person-note = Të gjitha shenjat e hyrjes që { $name } ka tani mbarojnë. Të rejat vlejnë.
sign-out-person = Nxirre

## The elements of the browser module. `web/src/language/module.rs` says which other texts it uses.

element-out-of-touch = Pa lidhje: kjo mund të mos jetë e përditësuar.
element-the-session = Sesioni
element-is-live = { $session } po zhvillohet tani.
element-no-longer-live = { $session } nuk po zhvillohet më.
element-you-are-at = Jeni te { $session }.
element-you-are-nowhere = Tani nuk jeni në asnjë sesion.
element-in-session = Tani te: { $session }
element-people-here = { $count ->
    [one] { $count } person është këtu
   *[other] { $count } persona janë këtu
}
element-times = { $there } ({ $here } për ju)
element-your-booking = Takimi juaj i rezervuar: { $status }.
element-starts-in = Fillon pas { $time }
element-about-to-start = Gati të fillojë
element-time-is-over = Koha e tij kaloi, por askush nuk e nisi
element-left = edhe { $time }
element-status-left = { $status }, edhe { $time }
element-days-hours = { $days } d { $hours } orë
element-hours-minutes = { $hours } orë { $minutes } min
element-minutes = { $minutes } min
element-and-more = Dhe të tjera.
element-join = Merr pjesë
element-join-queue = Hyr në radhë
element-asking = Po kërkohet një vend …
element-cancel = Anulo
element-position = Jeni numri { $position } nga { $length } në radhë.
element-wait-unknown = Koha e pritjes ende nuk dihet.
element-wait-minutes = { $count ->
    [one] Rreth një minutë pritje.
   *[other] Rreth { $count } minuta pritje.
}
element-wait-hours = { $count ->
    [one] Rreth një orë pritje.
   *[other] Rreth { $count } orë pritje.
}
element-leave-queue = Dil nga radha
element-kept-until = Një vend mbahet për ju deri në { $time }.
element-take-seat = Merre vendin
element-has-seat = Keni një vend.
element-leave = Largohu
element-leaving = Po largoheni …
element-full = Asnjë vend nuk është i lirë.
element-try-again = Provo përsëri
element-join-again = Merr pjesë përsëri
element-lost-idle = Nuk e keni më vendin tuaj, sepse askush nuk e përdori këtë faqe.
element-lost-away = Kjo faqe mbeti pa lidhje shumë gjatë, ndaj vendi juaj mbaroi.
element-lost-lapsed = Një vend mbahej për ju, por nuk u mor në kohë, ndaj vendi juaj në radhë mbaroi.
element-lost-ended = Vendi juaj këtu mbaroi. Ndoshta vazhduat diku tjetër.
element-lost-person = Ky vend i përket personit që kishte hyrë këtu më parë.
element-sign-in-to-join = Hyni për të marrë pjesë.
element-failed = Kjo nuk funksionoi: { $reason }
element-no-answer = pa përgjigje
