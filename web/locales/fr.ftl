# Français. Les visiteurs sont vouvoyés.

## The frame of all pages

skip-to-content = Aller au contenu
nav-main = Navigation principale
nav-more = Autres pages
languages = Langue
tagline = InSession montre quelles sessions ont lieu en ce moment.
on-now = En ce moment
admin = Administration
me = Moi
sign-in = Se connecter
sign-out = Se déconnecter
cities = Villes
calendar = Calendrier
time-to-book = Créneaux à réserver
feed = Flux
what-is-next = À venir
live-now = EN DIRECT
go-back = Retour
copied = Copié

## Dates and times

weekdays = lundi, mardi, mercredi, jeudi, vendredi, samedi, dimanche
weekdays-short = lun., mar., mer., jeu., ven., sam., dim.
months = janvier, février, mars, avril, mai, juin, juillet, août, septembre, octobre, novembre, décembre
months-short = janv., févr., mars, avr., mai, juin, juil., août, sept., oct., nov., déc.
date = { $weekday } { $day } { $month } { $year }
day = { $weekday } { $day } { $month }
clock = { $hour24 }:{ $minute }
clock-hour = { $hour24 }:00
time-not-set = { $date }, heure à préciser
starts-in = commence dans { $span }
ends-in = se termine dans { $span }
span-minutes = { $minutes } min
span-hours = { $hours } h
span-hours-minutes = { $hours } h { $minutes } min
span-days = { $days } jours
own-time = { $time } chez vous
schedule-unreadable = Les horaires ne peuvent pas être affichés pour le moment

## Meetings in lists

cancelled = Annulé
cancelled-within = annulé
nobody-here = Personne pour l'instant
here-now = Sur place : { $count }
said-yes = { $count ->
    [one] { $count } personne a dit oui
   *[other] { $count } personnes ont dit oui
}
other-places = Autres lieux

## Home, cities and calendar

in-session-now = En ce moment
in-session-now-in = En ce moment à { $city }
home-description = { $title } : les sessions qui ont lieu, qui y vient et ce qui suit.
city = Ville
session = Session
search = Rechercher
everywhere = Partout
no-such-city = Il n'y a aucune session dans une ville de ce nom. Vérifiez l'orthographe ou cherchez partout.
several-cities = Plusieurs villes correspondent. Laquelle cherchez-vous ?
nothing-on = Aucune session n'a lieu en ce moment.
more-on-now = Autres sessions en ce moment
coming-up = Prochainement
no-such-name = Aucune session n'a un nom avec ces lettres. Vérifiez l'orthographe ou cherchez partout.
sessions-with-name = Sessions de ce nom
sessions-in-city = Toutes les sessions de cette ville
today-in = Aujourd'hui à { $city }
now = Maintenant
no-sessions-yet = Il n'y a pas encore de session.
live-count = { $count } en direct
session-count = { $count ->
    [one] { $count } session
   *[other] { $count } sessions
}
cities-description = Toutes les villes avec des sessions, et combien ont lieu en ce moment.
calendar-of = Calendrier de { $city }
show = Afficher
calendar-empty = Aucune rencontre n'est prévue dans les deux semaines à venir.
calendar-description = { $title } : les sessions des deux semaines à venir.
more-sessions = Autres sessions
near-me = Près de moi
sessions-near-you = Sessions près de vous
sessions-near = Sessions près de { $place }
place-not-told = Ce navigateur n'a pas dit où vous êtes. Saisissez une ville ou des coordonnées.
place = Lieu
place-hint = Une ville, ou des coordonnées comme 48.21, 16.37
place-unknown = Aucune ville avec des sessions ne porte ce nom. Saisissez une autre ville, ou des coordonnées comme 48.21, 16.37.
place-of-several = Plusieurs villes sont possibles : { $cities }.
place-without-coordinates = Les sessions de { $city } n'ont pas de coordonnées.
distance = Distance
kilometres = { $count } km
away-tenths = à { $kilometres },{ $tenths } km
away = à { $kilometres } km
away-least = à moins de 0,1 km
nothing-on-near = Aucune session n'a lieu en ce moment près de ce lieu.
sessions-near-place = Toutes les sessions près de ce lieu
nothing-near = Il n'y a aucune session près de ce lieu. Essayez une plus grande distance.

## A session

no-session-here = Il n'y a pas de session à cette adresse.
organisers-only = Seuls les organisateurs de cette session peuvent faire cela.
organise = Organiser
organise-this-session = Organiser cette session
print-notice = Voyez qui est là et ce qui suit :
when = Quand
where = Où
organised-by = Organisé par
website = Site web
add-to-calendar = Ajouter à votre calendrier
time-zone = Fuseau horaire
next-meetings = Prochaines rencontres
no-meetings-planned = Aucune rencontre n'est prévue.
meeting-gone = Votre réponse n'est pas enregistrée, car cette rencontre a été supprimée ou déplacée entre-temps. Voici les prochaines rencontres.
sign-in-to-answer = Connectez-vous pour dire si vous venez
sign-in-to-check-in = Connectez-vous pour dire que vous êtes là
also-on-in = Aussi en ce moment à { $city }
are-you-here = Êtes-vous là ?
are-you-coming = Venez-vous ?
i-am-here = Je suis là
yes = Oui
maybe = Peut-être
no = Non
take-back-answer = Retirer ma réponse
who-answered = Qui a répondu
checked-in-there = (présence enregistrée)
code-at-the-door = Cette session affiche un code à l'entrée. Scannez-le pour enregistrer votre présence.
change = Modifier
change-meeting = Modifier la rencontre
no-session-on = Pas de session le { $date }
no-session-between = Pas de session du { $from } au { $to }
skips = Jours sans session
no-skips = Aucun jour n'est exclu.
first-date = Premier jour
last-date = Dernier jour
last-date-hint = Le même jour si le champ est vide
last-date-before-first = Le dernier jour est avant le premier.
reason = Raison
reason-hint = Par exemple : Noël. Le champ peut rester vide.
remove = Supprimer
leave-out-dates = Exclure des jours
leave-out-these-dates = Exclure ces jours

## At the door

door-organisers-only = Seuls les organisateurs de cette session peuvent ouvrir l'écran de l'entrée.
door-of = Entrée de { $session }
doors-closed = Les portes sont fermées.
doors-closed-until = Les portes sont fermées. Cet écran affichera un code à leur ouverture.
point-phone = Visez l'image avec votre téléphone, ou ouvrez { $address }
no-codes = Cette session n'a pas de code d'entrée. Un organisateur peut les activer.
wrong-code = Ce code n'est pas valable en ce moment. Scannez à nouveau le code à l'entrée.
your-name = Votre nom, tel que les autres le voient ici
guest-note = Vous entrez en tant qu'invité. Si vous avez un compte, { $link } d'abord.
sign-in-within = connectez-vous
no-guests = Connectez-vous pour signaler votre arrivée. Ce site n'accepte pas d'invités.

## Signing in

sign-in-with = Se connecter avec { $provider }
with-a-token = Avec un jeton
paste-token = Collez votre jeton. La personne qui gère ce site vous le donne. Ce navigateur reste connecté jusqu'à l'expiration du jeton ou jusqu'à votre déconnexion.
token = Jeton
demo-people = Ceci est une démonstration. Choisissez qui vous êtes.
token-without-end = Ce jeton n'expire pas. Utilisez-en un qui expire.
no-such-provider = Il n'y a pas de fournisseur d'identité de ce nom.
no-host = Cette requête n'indique pas l'hôte de ce site.
provider-unavailable = Le fournisseur est injoignable pour le moment.
provider-unavailable-advice = Réessayez dans une minute. Les autres pages fonctionnent entre-temps.
provider-not-begun = Cette connexion a été commencée dans un autre navigateur ou il y a trop longtemps, ou elle a déjà servi.
provider-not-begun-advice = Connectez-vous à nouveau dans ce navigateur.
provider-refused = Le fournisseur ne vous a pas connecté ({ $reason }).
provider-refused-advice = Réessayez, ou adressez-vous à la personne qui gère le fournisseur.
provider-not-valid = La réponse du fournisseur n'est pas valable.
provider-not-valid-advice = Réessayez. Si cela se reproduit, prévenez un administrateur.
provider-unknown-person = Le fournisseur vous connaît, mais personne ici n'a votre compte.
ask-an-administrator = Adressez-vous à un administrateur.
you-are-not-signed-in = Vous n'êtes pas connecté
not-signed-in = Non connecté
signed-out-here = Vous êtes déconnecté ici
sign-out-at = Se déconnecter aussi de { $provider }
signed-out = Déconnecté

## People and activities

no-person-here = Il n'y a personne à cette adresse.
deactivated = Ce compte est désactivé.
where-you-are = Où vous êtes en ce moment
where-they-are = Où cette personne est en ce moment
not-at-a-session = À aucune session en ce moment.
place-is-hidden = Seules les personnes à la même session peuvent voir où quelqu'un se trouve.
to-your-page = Aller à votre page
activities = Activités
no-activity-here = Il n'y a pas d'activité à cette adresse.
seats = Places
seats-need-scripts = Pour participer, connectez-vous, ou autorisez les scripts pour ce site et rechargez la page.
join-seat = Participer
join-queue = Rejoindre la file
take-the-seat = Prendre la place
leave-seat = Quitter
leave-queue = Quitter la file
still-here = Je suis toujours là
have-a-seat = Vous avez une place.
seat-elsewhere = Vous avez une place sur un autre appareil ou dans un autre navigateur.
move-seat-here = Déplacer la place ici
waits-elsewhere = Vous attendez sur un autre appareil ou dans un autre navigateur.
wait-here-too = Attendre ici aussi
place-in-queue = Vous êtes numéro { $position } sur { $length } dans la file.
seat-is-kept = Une place vous est réservée, encore { $seconds } s.
page-reloads = Gardez cette page ouverte. Elle se recharge toutes les { $seconds } s et garde ainsi votre place, aussi dans la file.
no-place-any-more = Vous n'avez plus de place ici, ni dans la file. Une place réservée doit être prise à temps, et cette page doit rester ouverte.
may-join-again = Si vous voulez encore participer, recommencez.
seats-closed = C'est fermé pour le moment.
wait-closed = C'est fermé pour le moment. Votre place dans la file est gardée jusqu'à la réouverture.
seats-taken = { $limit ->
    [one] { $taken } place sur { $limit } est prise.
   *[other] Places prises : { $taken } sur { $limit }.
}
taking-part = { $count ->
    [0] Personne ne participe.
    [one] { $count } personne participe.
   *[other] { $count } personnes participent.
}
waiting = { $count ->
    [one] { $count } personne attend.
   *[other] { $count } personnes attendent.
}
who-has-a-seat = Qui a une place
nobody-is-shown = Personne n'est affiché.
and-more = et d'autres
without-a-name = { $count } sans nom
sign-in-to-join = Connectez-vous pour participer
deactivated-cannot-join = Ce compte est désactivé et ne peut pas participer.
only-people-join = Seules des personnes peuvent participer. Le jeton de votre connexion n'en désigne aucune.

## Errors

not-found = Introuvable
not-allowed = Non autorisé
sign-in-first = Connectez-vous d'abord
something-went-wrong = Un problème est survenu
did-not-work = Cela n'a pas fonctionné
see-what-is-on = Voir ce qui a lieu en ce moment
no-page-here = Il n'y a pas de page à cette adresse.
bad-form = Ce formulaire est incomplet ou périmé. Revenez en arrière, rechargez la page et réessayez.
bad-address = Cette adresse n'est pas lisible. Suivez un lien de ce site ou recommencez.
unavailable = Indisponible pour le moment
database-away = Ce site ne peut pas accéder à ses données pour le moment. Réessayez dans une minute.
nothing-saved = Rien n'a été enregistré, car ce site ne peut pas accéder à ses données pour le moment. Votre formulaire est conservé sur cette page : renvoyez-le dans une minute.
nothing-saved-signed-out = Votre connexion a expiré : rien n'a été enregistré. Votre formulaire est conservé sur cette page : connectez-vous dans un nouvel onglet, revenez ici et renvoyez-le.
sign-in-in-new-tab = Se connecter dans un nouvel onglet
send-again = Renvoyer
server-error = Un problème est survenu sur le serveur. Réessayez dans un instant. Si vous avez envoyé un formulaire, vérifiez qu'il a été enregistré.
too-many-attempts = { $seconds ->
    [one] Trop d'essais : réessayez dans { $seconds } seconde.
   *[other] Trop d'essais : réessayez dans { $seconds } secondes.
}
too-busy = { $seconds ->
    [one] Ce site est trop sollicité pour le moment. Réessayez dans { $seconds } seconde.
   *[other] Ce site est trop sollicité pour le moment. Réessayez dans { $seconds } secondes.
}
form-kept = Rien n'a été enregistré. Votre formulaire est conservé sur cette page.

## What was done

done-answered = Votre réponse est enregistrée.
done-answered-moved = Votre réponse est enregistrée. La rencontre a été déplacée entre-temps : vérifiez le nouvel horaire.
done-answered-over = Votre réponse est enregistrée. La rencontre est terminée : votre arrivée n'est donc pas enregistrée.
done-answered-cancelled = Votre réponse est enregistrée, mais cette rencontre n'a pas lieu.
done-arrived = Votre arrivée est enregistrée.
done-answer-removed = Votre réponse est retirée.
done-skip-added = Ces jours sont exclus.
done-skip-removed = La session a de nouveau lieu ces jours-là.
done-session-created = La session est créée. Indiquez maintenant quand elle a lieu.
done-session-saved = La session est enregistrée.
done-session-deleted = La session est supprimée.
done-schedule-saved = Les horaires sont enregistrés.
done-meeting-added = La rencontre est ajoutée.
done-meeting-saved = La rencontre est enregistrée.
done-meeting-cancelled = La rencontre est annulée.
done-meeting-restored = La rencontre a lieu finalement.
done-meeting-deleted = La rencontre est supprimée.
done-set-live = La rencontre est en direct.
done-set-not-live = La rencontre n'est pas en direct.
done-override-cleared = La rencontre suit de nouveau ses horaires.
done-checked-in = L'arrivée de la personne est enregistrée.
done-checked-out = Le départ de la personne est enregistré.
done-their-answer-saved = La réponse est enregistrée.
done-their-answer-removed = La réponse est supprimée.
done-organizer-added = L'organisateur est ajouté.
done-person-created = La personne est créée.
done-person-saved = La personne est enregistrée.
done-people-merged = Les deux personnes n'en font plus qu'une.
done-person-erased = La personne est effacée.
done-tokens-revoked = La personne est déconnectée partout.
done-key-revoked = La clé est révoquée.
done-profile-saved = Votre profil est enregistré.
done-slot-offered = Votre créneau est proposé.
done-slot-deleted = Votre créneau n'est plus proposé.
done-booked = Vous avez réservé ce créneau.
done-booking-started = Le rendez-vous a commencé.
done-booking-completed = Le rendez-vous est terminé.
done-booking-cancelled = Le rendez-vous est annulé.
done-organizer-removed = L'organisateur est retiré.
done-activity-saved = L'activité est enregistrée.

## When a session meets

recurrence-none = Pas d'horaire régulier
recurrence-weekdays = lundi, mardi, mercredi, jeudi, vendredi, samedi, dimanche
recurrence-months = janvier, février, mars, avril, mai, juin, juillet, août, septembre, octobre, novembre, décembre
recurrence-list = { $most } et { $last }
recurrence-daily = tous les jours
recurrence-weekly = { $weeks ->
    [1] chaque { $weekday }
    [2] un { $weekday } sur deux
   *[other] toutes les { $weeks } semaines, le { $weekday }
}
recurrence-monthly = { $months ->
    [1] le { $positions } { $weekday } du mois
    [2] un mois sur deux, le { $positions } { $weekday }
   *[other] tous les { $months } mois, le { $positions } { $weekday }
}
recurrence-position = { $position ->
    [1] premier
    [2] deuxième
    [3] troisième
    [4] quatrième
    [5] cinquième
    [-1] dernier
    [-2] avant-dernier
    [-3] troisième avant la fin
    [-4] quatrième avant la fin
   *[other] cinquième avant la fin
}
recurrence-days = { $months ->
    [1] le { $days } jour du mois
    [2] un mois sur deux, le { $days } jour
   *[other] tous les { $months } mois, le { $days } jour
}
recurrence-day = { $end ->
    [0] { $day ->
        [1] 1er
       *[other] { $day }e
    }
    [1] dernier
    [2] avant-dernier
   *[other] { $end }e avant la fin
}
recurrence-hours = { $days } de { $start } à { $end }
recurrence-in-months = { $schedule } (seulement en { $months })

## Your own page

page-for-people = Cette page est pour les personnes. Votre jeton est celui de l'administration et ne nomme personne.
unknown-person-of-token = La personne que nomme votre jeton n'existe pas. Connectez-vous avec un autre jeton.
your-account-deactivated = Votre compte est désactivé. Vous pouvez lire vos données, mais rien modifier. Demandez à l'administration.
where-i-am = Où je suis
i-left = Je suis parti
you-are-nowhere = Vous n'êtes à aucune session en ce moment.
on-now-in-my-city = En ce moment dans ma ville
sessions-i-organise = Sessions que j'organise
organise-session = Organiser { $session }
my-check-ins = Mes présences
no-check-ins = Vous ne vous êtes encore présenté nulle part.
older-check-ins = Présences plus anciennes
name = Nom
city-hint = Votre page montre alors ce qui s'y passe.
country = Pays
hide-place = Cacher où je suis aux autres de la même session
profile = Profil et vie privée
save = Enregistrer
sign-out-everywhere = Se déconnecter partout
sign-out-everywhere-question = Se déconnecter partout ?
sign-out-everywhere-note = Tous vos jetons prennent fin : dans ce navigateur, dans d'autres, et ceux de vos programmes. Qui en a un doit se reconnecter.
sign-out-browsers-note = Vous êtes déconnecté ici et dans tous les autres navigateurs. Un jeton qui ne nomme personne reste valable jusqu'à son expiration.
type-name = Tapez votre nom ({ $name }) pour confirmer
my-data = Mes données
download-my-data = Télécharger mes données
delete-me = Me supprimer
delete-me-note = Ceci supprime votre nom, vos présences, vos visites et vos rendez-vous. C'est irréversible. Les sessions passées ne gardent que le nombre de personnes.
delete-me-for-good = Me supprimer définitivement
delete-me-refused = Rien n'a été supprimé. Tapez votre nom exactement comme il est affiché et réessayez.

## Bookings

my-bookings = Mes rendez-vous
no-bookings = Vous n'avez pas de rendez-vous.
find-time-to-book = Trouver un créneau à réserver
as-mentor = Comme mentor
as-student = Comme élève
somebody = Quelqu'un
booking-start = Commencer
booking-complete = Terminer
booking-cancel = Annuler
cancel-booking-question = Annuler ce rendez-vous ?
cancel-booking-note = Quelqu'un d'autre pourra alors réserver ce créneau. C'est irréversible.
cancel-booking-button = Annuler le rendez-vous
booking-scheduled = Prévu
booking-delayed = L'heure est venue, mais personne n'a commencé
booking-ongoing = En cours
booking-completed = Terminé
booking-cancelled = Annulé

## Time to book

time-of-all-mentors = Créneaux de tous les mentors
no-time-offered = Personne ne propose de créneau en ce moment.
with-mentor = avec { $mentor }
book = Réserver
later = Plus tard
offer-own-time = Proposer vos créneaux
sign-in-to-book = Connectez-vous pour réserver
time-i-offer = Créneaux que je propose
no-time-of-mine = Vous ne proposez pas de créneau.
booked = réservé
withdraw = Retirer
offer-time = Proposer un créneau
slot-date = Date
slot-start = Début
slot-end = Fin
slot-end-hint = Une fin avant le début est le lendemain.
slot-zone-hint = De la date et des heures
offer-this-time = Proposer ce créneau
withdraw-question = Retirer ce créneau ?
withdraw-note = Personne ne pourra plus le réserver.
withdraw-button = Retirer le créneau

## API keys

api-keys = Clés API
key-intro = Un programme se connecte avec une clé : il envoie { $header } et le secret.
no-keys = Il n'y a pas de clé.
make-a-key = Créer une clé
key-is-made = La clé { $name } est créée. Copiez son secret maintenant : il ne sera plus montré.
secret = Secret
copy = Copier
key-until = jusqu'au { $time }
key-last-used = dernier usage { $time }
key-never-used = jamais utilisée
revoke = Révoquer
revoke-named = Révoquer { $name }
key-name-hint = Par exemple : Écran à la porte
person = Personne
key-person-hint = Pour qui elle agit, par exemple Person:7
key-is-admin = Elle a les droits de l'administration
days = Jours
days-hint = La clé prend fin après ce nombre de jours. Si c'est vide, elle ne prend pas fin.
make-the-key = Créer la clé
no-key-here = Il n'y a pas de clé API à cette adresse.
revoke-question = Révoquer cette clé API ?
revoke-note = Les programmes qui utilisent { $name } seront refusés dès maintenant. C'est irréversible.
revoke-button = Révoquer la clé

## Organising a session

edit-session = Modifier la session
edit-session-purpose = Nom, lieu, description, fuseau horaire, codes à l'entrée
edit-named = Modifier { $session }
change-schedule = Modifier les horaires
change-schedule-purpose = Quand elle a lieu, avec un aperçu des prochaines dates
meetings = Rencontres
meetings-purpose = En ajouter une, ou annuler, déplacer et maintenir les prochaines
past-meetings = Rencontres passées
past-meetings-purpose = Qui est venu, la plus récente d'abord
organisers = Organisateurs
organisers-purpose = Qui peut modifier cette session
see-how-to-correct = Voir comment corriger
leave-out-purpose = Jours fériés, ou un pub fermé
door-screen = Écran à l'entrée
door-screen-purpose = Un code à scanner pour signaler son arrivée
delete-session = Supprimer la session
share = Partager
share-badge = Badge pour votre site web
share-calendar = Adresse du calendrier, pour s'y abonner
share-page = Adresse de la page de cette session
wrong-with-session = Ce qui ne va pas avec cette session
wrong-with = Ce qui ne va pas avec { $session }
until-corrected = Tant que ce n'est pas corrigé, les horaires ne créent aucune rencontre, et celles qui existent gardent leurs heures.
nothing-wrong = Tout est en ordre.
schedule-is-unreadable = Les horaires sont illisibles
this-is-stored = Voici ce qui est enregistré :
say-when-it-meets = Indiquez à nouveau quand elle a lieu. Cela remplace ce qui est enregistré.
enter-schedule-again = Saisir à nouveau les horaires
zone-unknown = Le fuseau horaire est inconnu
zone-example = Par exemple America/Chicago
correct-zone = Corriger le fuseau horaire
admins-delete-sessions = Seule l'administration peut supprimer des sessions.
delete-session-question = Supprimer cette session ?
delete-session-note = { $session } et toutes ses rencontres disparaissent, pour tout le monde. Les personnes présentes ne sont alors plus nulle part.
delete-session-advice = C'est irréversible. Pour mettre fin à une session, donnez un dernier jour à ses horaires.
delete-for-good = Supprimer définitivement
organisers-of = Organisateurs de { $session }
organisers-may = Les organisateurs peuvent modifier la session et ses rencontres, et enregistrer les arrivées.
no-organisers = Personne n'organise encore cette session. L'administration peut la modifier.
add-organiser = Ajouter un organisateur
organises-already = l'organise déjà
add = Ajouter
remove-named = Supprimer { $name }
add-named = Ajouter { $name }
find = Chercher
people-found = Résultats : { $count }
nobody-with-name = Personne n'a un nom avec ces lettres.
stop-organising-question = Ne plus organiser cette session ?
stop-organising-note = Vous ne pourrez plus modifier { $session }. Un autre organisateur ou l'administration peut vous ajouter à nouveau.
stop-organising = Ne plus organiser
meetings-of = Rencontres de { $session }
past-meetings-of = Rencontres passées de { $session }
no-past-meetings = Aucune rencontre n'est encore terminée.
older-meetings = Rencontres plus anciennes
see-answers = Voir qui a répondu
add-a-meeting = Ajouter une rencontre
in-session-zone = Les dates et les heures sont dans le fuseau horaire de la session : { $zone }.
location = Lieu de rencontre
location-if-unusual = Si ce n'est pas le lieu habituel
add-duplicate = L'ajouter même s'il y a déjà une rencontre à ces heures
add-the-meeting = Ajouter la rencontre
no-meeting-here = Il n'y a pas de rencontre à cette adresse.
meeting-on = Rencontre du { $date }
delete-meeting = Supprimer cette rencontre
hours = Heures
hours-hint = Durée de votre décision. Si le champ est vide : jusqu'au prochain contrôle, dans le quart d'heure.
status = État
hold-after-all = La maintenir finalement
cancel-meeting = Annuler cette rencontre
end-decision = Mettre fin à la décision manuelle
decision-until = La décision vaut jusqu'au { $time }.
decide-by-hand = Décider à la main si elle est en direct
set-live = Mettre en direct
set-not-live = Retirer du direct
not-live-cancelled = Cette rencontre est annulée et ne peut donc pas être en direct. Maintenez-la d'abord.
not-live-terminated = Cette rencontre est après le dernier jour de la session et ne peut donc pas être en direct. Modifiez d'abord le dernier jour du calendrier.
check-in = Enregistrer l'arrivée
check-out = Enregistrer le départ
say-yes-for-them = Dire oui à leur place
say-no-for-them = Dire non à leur place
remove-answer = Supprimer la réponse
is-here-now = là en ce moment
check-somebody-in = Enregistrer une arrivée
location-usual = Si le champ est vide, le lieu habituel
move-meeting = Déplacer cette rencontre
delete-meeting-question = Supprimer cette rencontre ?
delete-meeting-note = { $session }, { $date }. Les réponses disparaissent aussi. C'est irréversible.
delete-meeting-advice = Pour faire savoir qu'elle n'a pas lieu, annulez-la plutôt.
new-session = Nouvelle session
create-session = Créer la session
address = Adresse
address-hint = La fin de l'adresse de sa page : lettres, chiffres, « - », « _ », « . » et « ~ ». Si le champ est vide, elle est tirée du nom.
description = Description
description-hint = Jusqu'à 2 000 caractères. Markdown permet des listes, des liens et des mises en valeur.
website-hint = Par exemple https://example.org
picture = Image
picture-hint = L'adresse https d'une image, par exemple https://example.org/photo.jpg. Seules les personnes connectées la voient, car son site apprend qui la charge.
location-hint = Le nom d'un pub, ou une adresse
state = État ou province
latitude = Latitude
latitude-hint = En degrés, par exemple 30.2672
longitude = Longitude
longitude-hint = En degrés, par exemple -97.7431
times = Horaires
zone-hint = Par exemple America/Chicago. Toutes ses heures sont dans ce fuseau.
minutes-before = Minutes avant le début
minutes-before-hint = Une rencontre est en direct à partir de là
minutes-after = Minutes après la fin
minutes-after-hint = Une rencontre est en direct jusque-là
make-meetings = Créer automatiquement les rencontres prévues par les horaires
hours-ahead = Heures à l'avance
hours-ahead-hint = Combien de temps avant son début une rencontre est créée
at-the-door = À l'entrée
codes = Codes
codes-none = Pas de codes
codes-fixed = Un code par rencontre
codes-rotating = Un code qui change toutes les 30 secondes
requires-code = Seules les personnes qui ont le code peuvent signaler leur arrivée à la rencontre
schedule = Horaires
schedule-of = Horaires de { $session }
schedule-number = Horaire { $number }
remove-schedule = Supprimer l'horaire { $number }
add-weekly = Ajouter un jour de la semaine
add-monthly = Ajouter un jour de la semaine dans le mois
add-month-day = Ajouter des jours du mois
add-rrule = Ajouter une RRULE
positions = Premier, Deuxième, Troisième, Quatrième, Cinquième, Dernier, Avant-dernier, Troisième avant la fin, Quatrième avant la fin, Cinquième avant la fin
which-of-month = Lequel dans le mois
weekday = Jour de la semaine
months-apart = Intervalle en mois
every-month-hint = 1 signifie chaque mois
weeks-apart = Intervalle en semaines
every-week-hint = 1 signifie chaque semaine
month-days-hint = Par exemple 1, 15. -1 est le dernier jour du mois.
rrule-hint = Par exemple FREQ=MONTHLY;BYDAY=2TU
only-months = Seulement dans les mois
only-months-hint = Par exemple 6, 7, 8 pour l'été. Vide signifie tous.
show-next-dates = Afficher les prochaines dates
no-schedule = Pas d'horaire régulier.
initiation-hint = La session n'a pas lieu avant. Le champ peut rester vide.
termination-hint = La session n'a pas lieu après. Le champ peut rester vide.
save-schedule = Enregistrer les horaires
the-next-dates = Les prochaines dates
no-dates = Il n'y en a pas.

## What a field of a form must be. In English the name of the field comes before it; in other languages it is a sentence.

must-be-date = Indiquez une date, par exemple 2027-03-31.
must-be-time = Indiquez une heure, par exemple 19:30.
must-be-whole-number = Indiquez un nombre entier.
must-be-whole-numbers = Indiquez des nombres entiers, par exemple 1, 15.
must-be-within = Indiquez un nombre de { $least } à { $most }.
must-be-weekday = Choisissez un jour de la semaine.
must-be-degrees = Indiquez un nombre de degrés, par exemple 30.2672.
must-be-zone = Indiquez le nom d'un fuseau horaire, par exemple America/Chicago.
must-not-be-empty = Ce champ ne peut pas être vide.
must-be-shorter = C'est trop long : { $most } caractères au plus.
must-be-kilometres = Choisissez un nombre de kilomètres.
must-be-person = Indiquez l'identifiant d'une personne, par exemple Person:7.
several-problems = Rien n'a été enregistré. Corrigez ces { $count } points :
must-be-visible = Indiquez au moins un caractère visible.
must-be-plain = Le texte ne peut contenir ni caractères de contrôle ni caractères qui changent son sens de lecture.
must-be-website = Indiquez l'adresse d'un site web, par exemple https://example.org/session.
must-be-picture = Indiquez l'adresse https d'une image, par exemple https://example.org/picture.jpg, sans nom d'utilisateur.
must-be-short-id = C'est vide ou trop long : 255 octets au plus.
must-be-path = Seuls sont permis : lettres, chiffres, « - », « _ », « . » et « ~ ».
must-be-year = L'année doit être comprise entre { $first } et { $last }.
must-be-both = Indiquez les deux coordonnées, ou aucune.
must-differ-from-start = La fin doit différer du début. Une fin avant le début est le lendemain.
must-not-be-before = Le dernier jour ne peut pas précéder le premier, { $date }.
needs-codes = Il faut des codes : choisissez leur genre ci-dessus.
must-be-in-the-future = Cela doit être dans l'avenir.
must-not-be-negative = Le nombre ne peut pas être négatif. Vide veut dire sans limite.
must-choose-one = Choisissez-en au moins un.
must-be-months = Indiquez des mois de 1 à 12.
must-be-month-days = Indiquez des jours de 1 à 31, ou de -1 à -31 à partir de la fin du mois.
never-meets = Ainsi, il n'y a jamais de rencontre. Changez ce champ ou les autres.
too-many-schedules = Une session a au plus { $most } horaires.
skip-too-long = Le dernier jour peut suivre le premier de { $days } jours au plus.
too-many-skips = Une session a au plus { $most } périodes exclues. Supprimez d'abord les anciennes.
key-needs-owner = Indiquez une personne, ou créez une clé avec les droits de l'administration.

## Why a meeting is live or not.

why-deleted = Supprimée
why-cancelled = Annulée
why-terminated = Après le dernier jour de la session
why-held-live = Mise en direct à la main jusqu'au { $until }
why-held-not-live = Retirée du direct à la main jusqu'au { $until }
why-live-until-sweep = Mise en direct à la main jusqu'au prochain contrôle
why-not-live-until-sweep = Retirée du direct à la main jusqu'au prochain contrôle
why-no-times = Sans début ou sans fin
why-unreadable = Non prévue : ses heures ou son fuseau horaire sont illisibles
why-over = Terminée : fin { $ends }, fermeture { $closes }
why-closing = Fermée { $closes }, bientôt plus en direct
why-live = En direct depuis { $opens }, début { $starts }
why-live-from = En direct à partir de { $opens }, début { $starts }
why-opening = Ouverte { $opens }, bientôt en direct, début { $starts }
why-not-yet = Pas encore en direct : ouverture { $opens }, début { $starts }

## Why something is refused: the messages of the service about no field. `web/src/language/refusal.rs` says which. The English of `said-…` is that of the service.

schedule-changed-meanwhile = Quelqu'un d'autre a modifié les horaires depuis que vous avez ouvert cette page. Les horaires actuels : { $schedule }. Rien n'a été enregistré, et votre saisie est toujours ici. Rouvrez les horaires et faites-y votre modification.
open-schedule-again = Rouvrir les horaires
path-taken = Une autre session a cette adresse. Choisissez-en une autre.
refused-zone-first = Corrigez d'abord le fuseau horaire de la session.
refused-meeting-exists = La session a déjà une rencontre ce jour-là à ces heures. Cochez la case ci-dessous pour en ajouter une autre.
refused-meeting-cancelled = La session a déjà une rencontre ce jour-là à ces heures, qui est annulée. Cochez la case ci-dessous pour en ajouter une autre.
said-slot-booked = Ce créneau est réservé. Annulez d'abord le rendez-vous.
said-slot-begun = Ce créneau a déjà commencé. Choisissez-en un autre.
said-slot-taken = Quelqu'un d'autre a réservé ce créneau. Choisissez-en un autre.
refused-own-slot = C'est votre propre créneau : vous ne pouvez pas le réserver.
refused-key-made = Ce formulaire a déjà créé sa clé, dont le secret n'est montré qu'une fois. Pour en créer une autre, rouvrez cette page.
refused-booked-already = Vous avez déjà réservé ce créneau.
refused-booked-then = Vous avez déjà un rendez-vous à ce moment. Choisissez une autre heure.
refused-offered-then = Vous proposez déjà du temps à ce moment. Choisissez une autre heure.
refused-booking-status = Le rendez-vous a changé entre-temps, ce n'est donc plus possible. Regardez son état.
refused-external-id = Une autre personne a cet identifiant externe. Retirez-le d'abord là-bas, ou fusionnez les deux.
said-too-many-keys = Une personne a au plus { $most } clés d'API. Révoquez-en d'abord une.
said-merge-booked = Ces personnes ont réservé du temps l'une avec l'autre : elles ne peuvent pas être la même.
said-merge-overlap = Toutes deux ont une offre ou un rendez-vous au même moment. Retirez d'abord une offre, ou annulez un rendez-vous.
said-admins-only = Seule l'administration peut faire cela.
said-own-only = Seules la personne et l'administration peuvent faire cela.
said-mentor-only = Seuls le mentor et l'administration peuvent faire cela.
said-deactivated-booking = Le compte du mentor ou de l'élève est désactivé : ce créneau ne peut pas être réservé.
said-gone = Cela n'existe plus. Revenez en arrière et rechargez la page.
refused-no-longer-then = La session ne se réunit plus à ce moment. Regardez ses prochaines rencontres.
said-nobody = Connectez-vous pour faire cela.
said-zone = Le fuseau horaire { $zone } est inconnu.
said-schedule = L'horaire enregistré est illisible.

## The pages for admins

admins-only = Cette page est réservée à l'administration.
new-session-purpose = Nom, lieu et horaires
people = Personnes
people-purpose = Les chercher, créer, modifier, fusionner et effacer
audit-log = Journal des modifications
audit-log-purpose = Qui a modifié quoi
keys-purpose = Clés avec lesquelles les programmes se connectent
not-an-instance-id = Ce n'est pas l'identifiant d'une rencontre. Un tel identifiant ressemble à SessionInstance:7.
unknown-instance = Il n'y a pas de rencontre avec cet identifiant. Le tableau ci-dessus a les identifiants de celles qui sont actives.
entries-changed = Modifié
entries-by = Par
no-entries = Aucune entrée.
entries = Entrées
when-utc = Quand (UTC)
who = Qui
what = Quoi
changes = Modifications
older-entries = Entrées plus anciennes
active-count = Rencontres en direct : { $count }
no-active = Aucune rencontre n'est en direct.
active-by-start = En direct, par heure de début
set-inactive-by-hand = Retirées du direct à la main
set-by-hand = Décider à la main si une rencontre est en direct
instance = Rencontre
such-as = Par exemple { $example }
set-active = Mettre en direct
set-inactive = Retirer du direct
why = Pourquoi
here = Présents
override = Décision manuelle
is-set-active = Mise en direct
is-set-inactive = Retirée du direct
until-time = jusqu'au { $time }
end-override = Mettre fin
sweep-question = Que ferait un contrôle ?
time-in-utc = Heure UTC (vide : maintenant)
sweep-kind = Genre de contrôle
mode-periodic = contrôle périodique : une minute à l'avance
mode-exact = minuterie : à l'instant exact
dry-run = Essai à blanc
instant-unreadable = Cette heure est illisible. Écrivez-la ainsi : 2027-01-15T19:14:00.
sessions-with-problem = Sessions qui ont un problème
no-problems = Aucune session n'a de problème.
correct-it = Corriger
correct-named = Corriger { $session }
latest-sweeps = Derniers contrôles
no-sweeps = Aucun contrôle n'a encore eu lieu.
sweep-at = À
sweep-scope = Portée
sweep-took = Durée
sweep-activated = Mises en direct
sweep-deactivated = Retirées du direct
sweep-created = Créées
sweep-moved = Déplacées
sweep-errors = Erreurs
not-finished = pas terminé
milliseconds = { $count } ms
sweep-would = Un contrôle à { $time } ferait ces changements. Rien n'a été modifié.
sweep-mode = Mode : { $mode }.
counted = { $what } : { $count }
instances-created-for = { $count ->
    [one] Rencontres créées pour : { $count } session
   *[other] Rencontres créées pour : { $count } sessions
}
people-moved = Personnes déplacées
bookings = Rendez-vous
visits-abandoned = Visites abandonnées
online-now = En ligne maintenant
nobody-online = Aucune visite n'est en ligne.
visits-online = Visites en ligne maintenant
page = Page
activity = Activité
since = Depuis
anonymous-visitor = Visiteur anonyme
seats-of-limit = { $taken } sur { $limit } prises
seats-without-limit = { $taken } prises
new-activity = Nouvelle activité
key = Mot-clé
activity-key-hint = La désigne dans les adresses et les programmes, par exemple interview
activity-key-taken = Une activité a déjà ce mot-clé : choisissez-en un autre.
seats-hint = Vide veut dire sans limite
visits-last-day = Visites des dernières 24 heures
figure-online = en ligne
figure-completed = terminées
figure-abandoned = abandonnées
figure-average = en moyenne
figure-longest = la plus longue
minutes-tenths = { $minutes },{ $tenths } min
online-by-language = En ligne par langue : { $counts }
visits-by-hour = Visites commencées, par heure
visits-by-hour-utc = Visites commencées, par heure (UTC)
hour = Heure
visits = Visites
zone-data = Données des fuseaux horaires
zone-data-version = Version
zone-data-source = Source
zone-data-stored = Version des plages horaires dans la base de données
not-known-yet = pas encore connue
new-person = Nouvelle personne
create-person = Créer la personne
more-people = Autres personnes
no-people = Il n'y a encore personne.
is-deactivated = désactivé
is-guest = invité
a-guest = en tant qu'invité
change-named = Modifier { $name }
external-id = Identifiant externe
external-id-hint = L'identifiant de la personne chez le fournisseur d'identité : le champ sub de ses jetons
hide-their-place = Cacher où est cette personne aux autres de la même session
account-deactivated = Désactivé
account-deactivated-hint = Elle ne peut que lire ses propres données.
more = Plus
what-was-changed = Ce qui a été modifié
merge-person = Fusionner avec une autre personne
merge-person-purpose = Si deux personnes n'en font qu'une
sign-out-purpose = Ses jetons et ses clés API prennent fin
erase = Effacer
erase-purpose = Définitivement
merge-title = Fusionner { $name } avec une autre personne
merge-note = L'autre personne reste et reçoit les présences, les rendez-vous et les sessions de { $name }. Cherchez-la d'abord.
merge-into = Fusionner avec { $name }
merge-named = Fusionner { $name }
merge-question = Fusionner ces deux personnes ?
merge-becomes = { $person } devient { $other }. C'est irréversible.
merge-for-good = Fusionner définitivement
erase-question = Effacer cette personne ?
erase-note = Le nom de { $name }, ses présences, ses visites et ses rendez-vous sont effacés. C'est irréversible.
erase-keeps = Les sessions passées ne gardent que le nombre de personnes.
erase-for-good = Effacer définitivement
sign-out-person-question = Déconnecter cette personne partout ?
sign-out-person-note = Tous les jetons actuels de { $name } prennent fin. Les nouveaux fonctionnent.
sign-out-person = Déconnecter

## The elements of the browser module. `web/src/language/module.rs` says which other texts it uses.

element-out-of-touch = Pas de connexion : ceci n'est peut-être plus à jour.
element-the-session = La session
element-is-live = { $session } est en direct.
element-no-longer-live = { $session } n'est plus en direct.
element-you-are-at = Vous êtes à { $session }.
element-you-are-nowhere = Vous n'êtes à aucune session en ce moment.
element-in-session = En ce moment à : { $session }
element-people-here = { $count ->
    [one] { $count } personne est là
   *[other] { $count } personnes sont là
}
element-times = { $there } ({ $here } chez vous)
element-your-booking = Votre rendez-vous : { $status }.
element-starts-in = Commence dans { $time }
element-about-to-start = Sur le point de commencer
element-time-is-over = L'heure est passée, mais personne n'a commencé
element-left = encore { $time }
element-status-left = { $status }, encore { $time }
element-days-hours = { $days } j { $hours } h
element-hours-minutes = { $hours } h { $minutes } min
element-minutes = { $minutes } min
element-and-more = Et d'autres.
element-join = Participer
element-join-queue = Rejoindre la file
element-asking = Demande d'une place …
element-cancel = Annuler
element-position = Vous êtes numéro { $position } sur { $length } dans la file.
element-wait-unknown = Le temps d'attente n'est pas encore connu.
element-wait-minutes = { $count ->
    [one] Environ une minute d'attente.
   *[other] Environ { $count } minutes d'attente.
}
element-wait-hours = { $count ->
    [one] Environ une heure d'attente.
   *[other] Environ { $count } heures d'attente.
}
element-leave-queue = Quitter la file
element-kept-until = Une place vous est gardée jusqu'à { $time }.
element-take-seat = Prendre la place
element-has-seat = Vous avez une place.
element-leave = Quitter
element-leaving = Vous quittez la place …
element-full = Aucune place n'est libre.
element-try-again = Réessayer
element-join-again = Participer à nouveau
element-lost-idle = Vous n'avez plus votre place, car personne n'utilisait cette page.
element-lost-away = Cette page est restée trop longtemps sans connexion, et votre place a pris fin.
element-lost-lapsed = Une place vous était gardée, mais elle n'a pas été prise à temps. Votre place dans la file a donc pris fin.
element-lost-ended = Votre place ici a pris fin. Vous avez peut-être continué ailleurs.
element-lost-person = Cette place est celle de la personne qui était connectée ici auparavant.
element-sign-in-to-join = Connectez-vous pour participer.
element-failed = Cela n'a pas fonctionné : { $reason }
element-no-answer = pas de réponse
