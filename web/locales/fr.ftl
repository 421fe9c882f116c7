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
change-meeting-on = Modifier la rencontre du { $date }
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
paste-token = Collez votre jeton. Ce navigateur reste connecté jusqu'à l'expiration du jeton ou jusqu'à votre déconnexion.
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
seats-need-scripts = Pour participer, autorisez les scripts pour ce site et rechargez la page. Une place est gardée pour une page ouverte qui se signale régulièrement, et seul un script peut le faire.
seats-closed = C'est fermé pour le moment.
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
server-error = Un problème est survenu sur le serveur. Réessayez dans un instant.
too-many-attempts = { $seconds ->
    [one] Trop d'essais : réessayez dans { $seconds } seconde.
   *[other] Trop d'essais : réessayez dans { $seconds } secondes.
}

## What was done

done-answered = Votre réponse est enregistrée.
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
done-override-set = Votre décision est enregistrée.
done-override-cleared = La rencontre suit de nouveau ses horaires.
done-checked-in = L'arrivée de la personne est enregistrée.
done-checked-out = Le départ de la personne est enregistré.
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
days = Jours
days-hint = Ensuite elle prend fin. Si c'est vide, elle ne prend pas fin.
make-the-key = Créer la clé
no-key-here = Il n'y a pas de clé API à cette adresse.
revoke-question = Révoquer cette clé API ?
revoke-note = Les programmes qui utilisent { $name } seront refusés dès maintenant. C'est irréversible.
revoke-button = Révoquer la clé
