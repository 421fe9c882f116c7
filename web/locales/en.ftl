# The texts of the pages in English, the default. The other files of this folder have the same texts with the same variables, which a
# test checks. A text that no page names any more has to go from all files.
#
# "session" is a recurring meeting, such as a weekly music session in a pub; "meeting" is one dated meeting of it.

## The frame of all pages

skip-to-content = Skip to content
nav-main = Main
nav-more = More
languages = Language
tagline = InSession shows who is in session right now.
on-now = On now
admin = Admin
me = Me
sign-in = Sign in
sign-out = Sign out
cities = Cities
calendar = Calendar
time-to-book = Time to book
feed = Feed
what-is-next = What is next
live-now = LIVE NOW
go-back = Go back
copied = Copied

## Dates and times

# Monday comes first. A comma and a space separate the names.
weekdays = Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday
weekdays-short = Mon, Tue, Wed, Thu, Fri, Sat, Sun
months = January, February, March, April, May, June, July, August, September, October, November, December
months-short = Jan, Feb, Mar, Apr, May, Jun, Jul, Aug, Sep, Oct, Nov, Dec
# The weekday and the month are short.
date = { $weekday } { $day } { $month } { $year }
# The weekday and the month are whole words.
day = { $weekday } { $day } { $month }
# Twelve o'clock has a name where days have twelve hours. "none" is for regions where English has 24 hours.
clock = { $half ->
    [midnight] midnight
    [noon] noon
    [am] { $hour }:{ $minute }am
    [pm] { $hour }:{ $minute }pm
   *[none] { $hour24 }:{ $minute }
}
clock-hour = { $half ->
    [midnight] midnight
    [noon] noon
    [am] { $hour }am
    [pm] { $hour }pm
   *[none] { $hour24 }:00
}
time-not-set = { $date }, time not set yet
starts-in = starts in { $span }
ends-in = ends in { $span }
span-minutes = { $minutes } min
span-hours = { $hours } h
span-hours-minutes = { $hours } h { $minutes } min
# Two days or more.
span-days = { $days } days
# The time of a meeting in the visitor's own time zone.
own-time = { $time } for you
schedule-unreadable = The schedule can't be shown at the moment

## Meetings in lists

cancelled = Cancelled
cancelled-within = cancelled
nobody-here = Nobody is here yet
here-now = { $count } here now
said-yes = { $count } said yes
other-places = Other places

## Home, cities and calendar

in-session-now = In session now
in-session-now-in = In session now in { $city }
home-description = { $title }: which sessions are on right now, who comes, and what is next.
city = City
session = Session
search = Search
everywhere = Everywhere
no-such-city = There is no session in a city with this name. Check the spelling, or look everywhere.
several-cities = Several cities match. Which one do you mean?
nothing-on = No session is on right now.
more-on-now = More sessions on now
coming-up = Coming up
no-such-name = No session has a name with these letters. Check the spelling, or look everywhere.
sessions-with-name = Sessions with this name
sessions-in-city = All sessions in this city
today-in = Today in { $city }
now = Now
no-sessions-yet = There are no sessions yet.
live-count = { $count } live now
session-count = { $count ->
    [one] { $count } session
   *[other] { $count } sessions
}
cities-description = All cities with sessions, and how many are live now.
calendar-of = Calendar of { $city }
show = Show
calendar-empty = No meetings are planned in the next two weeks.
calendar-description = { $title }: the sessions of the next two weeks.
more-sessions = More sessions
near-me = Near me
sessions-near-you = Sessions near you
# The place is a city or coordinates.
sessions-near = Sessions near { $place }
place-not-told = This browser did not say where you are. Type a city, or coordinates.
place = Place
place-hint = A city, or coordinates such as 48.21, 16.37
place-unknown = No city with sessions has this name. Type another city, or coordinates such as 48.21, 16.37.
place-of-several = This may be one of several cities: { $cities }.
place-without-coordinates = The sessions in { $city } have no coordinates.
distance = Distance
kilometres = { $count } km
# The distance of a session, such as 2.4 km: two numbers around the decimal separator.
away-tenths = { $kilometres }.{ $tenths } km away
away = { $kilometres } km away
away-least = less than 0.1 km away
nothing-on-near = No session is on near this place.
sessions-near-place = All sessions near this place
nothing-near = No session is near this place. Try a longer distance.

## A session

no-session-here = There is no session at this address.
organisers-only = Only organisers of this session may do this.
organise = Organise
organise-this-session = Organise this session
print-notice = See who is here, and what is next:
when = When
where = Where
organised-by = Organised by
website = Website
add-to-calendar = Add to your calendar
time-zone = Time zone
next-meetings = Next meetings
no-meetings-planned = No meetings are planned.
meeting-gone = Your answer is not saved, because this meeting was deleted or moved in the meantime. These are the next meetings.
sign-in-to-answer = Sign in to say whether you are coming
sign-in-to-check-in = Sign in to say that you are here
also-on-in = Also on in { $city }
are-you-here = Are you here?
are-you-coming = Are you coming?
i-am-here = I am here
yes = Yes
maybe = Maybe
no = No
take-back-answer = Take back my answer
who-answered = Who answered
checked-in-there = (checked in at the meeting)
code-at-the-door = This session shows a code at the door. Scan it to check in.
change = Change
change-meeting = Change the meeting
no-session-on = No session on { $date }
no-session-between = No session from { $from } to { $to }
skips = Dates without a session
no-skips = No dates are left out.
first-date = First date
last-date = Last date
last-date-hint = The same, if it is empty
last-date-before-first = The last date is before the first one.
reason = Reason
reason-hint = Such as: Christmas. It may be empty.
remove = Remove
leave-out-dates = Leave out dates
leave-out-these-dates = Leave out these dates

## At the door

door-organisers-only = Only organisers of this session may open the screen at its door.
door-of = Door of { $session }
doors-closed = The doors are closed.
doors-closed-until = The doors are closed. This screen shows a code when they open.
point-phone = Point your phone at the picture, or open { $address }
no-codes = This session has no check-in codes. An organiser can turn them on.
wrong-code = This code does not work now. Scan the code at the door again.
your-name = Your name, as others here see it
# The link is the text sign-in-within.
guest-note = You check in as a guest. If you have an account, { $link } first.
sign-in-within = sign in
no-guests = Sign in to check in here. There are no guests on this site.

## Signing in

sign-in-with = Sign in with { $provider }
with-a-token = With a token
paste-token = Paste your token. Whoever runs this site gives it to you. This browser stays signed in until the token expires or you sign out.
token = Token
demo-people = This is a demo. Choose who you are.
token-without-end = This token does not expire. Use one that does.
no-such-provider = There is no identity provider of this name.
no-host = This request does not name the host of this site.
provider-unavailable = The provider cannot be reached at the moment.
provider-unavailable-advice = Try again in a minute. The other pages work meanwhile.
provider-not-begun = This sign-in was begun in another browser, or too long ago, or it has already been used.
provider-not-begun-advice = Sign in once more, in this browser.
provider-refused = The provider did not sign you in ({ $reason }).
provider-refused-advice = Try again, or ask whoever runs the provider.
provider-not-valid = The answer of the provider is not valid.
provider-not-valid-advice = Try again. If it happens again, tell an administrator.
provider-unknown-person = The provider knows you, but nobody here has your account.
ask-an-administrator = Ask an administrator.
you-are-not-signed-in = You are not signed in
not-signed-in = Not signed in
signed-out-here = You are signed out here
sign-out-at = Sign out at { $provider } too
signed-out = Signed out

## People and activities

no-person-here = There is no person at this address.
deactivated = This account is deactivated.
where-you-are = Where you are now
where-they-are = Where they are now
not-at-a-session = Not at a session right now.
place-is-hidden = Only people at the same session can see where somebody is.
to-your-page = Go to your own page
activities = Activities
no-activity-here = There is no activity at this address.
seats = Seats
seats-need-scripts = To join, sign in, or allow scripts for this site and load the page again.
join-seat = Join
join-queue = Join the queue
take-the-seat = Take the seat
leave-seat = Leave
leave-queue = Leave the queue
still-here = I am still here
have-a-seat = You have a seat.
seat-elsewhere = You have a seat on another device or in another browser.
move-seat-here = Move the seat here
waits-elsewhere = You wait on another device or in another browser.
wait-here-too = Wait here, too
place-in-queue = You are number { $position } of { $length } in the queue.
seat-is-kept = A seat is kept for you. Time left: { $seconds } s.
page-reloads = Keep this page open. It loads itself again every { $seconds } s, and that keeps your seat or your place.
no-place-any-more = You have no seat and no place here any more. A seat that is kept for you must be taken in time, and this page must stay open.
may-join-again = Join again if you still want to take part.
seats-closed = This is closed at the moment.
wait-closed = This is closed at the moment. Your place in the queue is kept for when it opens again.
seats-taken = { $limit ->
    [one] { $taken } of { $limit } seat is taken.
   *[other] { $taken } of { $limit } seats are taken.
}
taking-part = { $count ->
    [0] Nobody is taking part.
    [one] { $count } is taking part.
   *[other] { $count } are taking part.
}
waiting = { $count ->
    [one] { $count } is waiting.
   *[other] { $count } are waiting.
}
who-has-a-seat = Who has a seat
nobody-is-shown = Nobody is shown.
and-more = and more
without-a-name = { $count } without a name
sign-in-to-join = Sign in to join
deactivated-cannot-join = This account is deactivated, so it can't join.
only-people-join = Only people can join. The token that you signed in with names no person.

## Errors

not-found = Not found
not-allowed = Not allowed
sign-in-first = Sign in first
something-went-wrong = Something went wrong
did-not-work = This did not work
see-what-is-on = See what is in session now
no-page-here = There is no page at this address.
bad-form = This form is incomplete or out of date. Go back, reload the page and try again.
bad-address = This address cannot be read. Follow a link of this site, or start again.
unavailable = Not available at the moment
database-away = This site cannot reach its data at the moment. Try again in a minute.
nothing-saved = Nothing was saved, because this site cannot reach its data at the moment. Your form is kept on this page: send it again in a minute.
nothing-saved-signed-out = Your sign-in has ended, so nothing was saved. Your form is kept on this page: sign in in a new tab, come back here, and send it again.
sign-in-in-new-tab = Sign in in a new tab
send-again = Send it again
server-error = Something went wrong on the server. Try again in a moment. If you sent a form, look whether it was saved.
too-many-attempts = { $seconds ->
    [one] Too many attempts: try again in { $seconds } second.
   *[other] Too many attempts: try again in { $seconds } seconds.
}
too-busy = { $seconds ->
    [one] This site has too much to do at the moment. Try again in { $seconds } second.
   *[other] This site has too much to do at the moment. Try again in { $seconds } seconds.
}
form-kept = Nothing was saved. Your form is kept on this page.

## What was done

done-answered = Your answer is saved.
done-answered-moved = Your answer is saved. The meeting was moved in the meantime: please check the new time.
done-answered-over = Your answer is saved. The meeting is over, so you are not checked in.
done-answered-cancelled = Your answer is saved, but this meeting does not take place.
done-arrived = You are checked in.
done-answer-removed = Your answer is taken back.
done-skip-added = These dates are left out.
done-skip-removed = The session meets on these dates again.
done-session-created = The session is created. Now say when it meets.
done-session-saved = The session is saved.
done-session-deleted = The session is deleted.
done-schedule-saved = The schedule is saved.
done-meeting-added = The meeting is added.
done-meeting-saved = The meeting is saved.
done-meeting-cancelled = The meeting is cancelled.
done-meeting-restored = The meeting takes place after all.
done-meeting-deleted = The meeting is deleted.
done-set-live = The meeting is live.
done-set-not-live = The meeting is not live.
done-override-cleared = The meeting follows its times again.
done-checked-in = The person is checked in.
done-checked-out = The person is checked out.
done-their-answer-saved = The answer is saved.
done-their-answer-removed = The answer is removed.
done-organizer-added = The organiser is added.
done-person-created = The person is created.
done-person-saved = The person is saved.
done-people-merged = The two people are one now.
done-person-erased = The person is erased.
done-tokens-revoked = The person is signed out everywhere.
done-key-revoked = The key is revoked.
done-profile-saved = Your profile is saved.
done-slot-offered = Your time is offered.
done-slot-deleted = Your time is no longer offered.
done-booked = You have booked this time.
done-booking-started = The booking is started.
done-booking-completed = The booking is completed.
done-booking-cancelled = The booking is cancelled.
done-organizer-removed = The organiser is removed.
done-activity-saved = The activity is saved.

## Your own page

page-for-people = This page is for people. Your token is an admin's and names no person.
unknown-person-of-token = The person that your token names does not exist. Sign in with another token.
your-account-deactivated = Your account is deactivated. You can read your data, but not change anything. Ask an administrator.
where-i-am = Where I am
i-left = I left
you-are-nowhere = You are not at a session right now.
on-now-in-my-city = On now in my city
sessions-i-organise = Sessions I organise
organise-session = Organise { $session }
my-check-ins = My check-ins
no-check-ins = You have not checked in anywhere yet.
older-check-ins = Older check-ins
name = Name
city-hint = Your page then shows what is on there.
country = Country
hide-place = Hide where I am from others at the same session
profile = Profile and privacy
save = Save
sign-out-everywhere = Sign out everywhere
sign-out-everywhere-question = Sign out everywhere?
sign-out-everywhere-note = All your tokens end: in this browser, in others, and those of your programs. Whoever has one of them must sign in again.
sign-out-browsers-note = You are signed out here and in all other browsers. A token that names no person stays valid until it expires.
type-name = Type your name ({ $name }) to confirm
my-data = My data
download-my-data = Download my data
delete-me = Delete me
delete-me-note = This deletes your name, your check-ins, your visits and your bookings. It cannot be undone. Past sessions keep only the number of people.
delete-me-for-good = Delete me for good
delete-me-refused = Nothing was deleted. Type your name exactly as it is shown, and try again.

## Bookings

my-bookings = My bookings
no-bookings = You have no bookings.
find-time-to-book = Find a time to book
as-mentor = As a mentor
as-student = As a student
somebody = Somebody
booking-start = Start
booking-complete = Complete
booking-cancel = Cancel
cancel-booking-question = Cancel this booking?
cancel-booking-note = Its time can then be booked by somebody else. This can't be undone.
cancel-booking-button = Cancel it
booking-scheduled = Scheduled
booking-delayed = Its time has begun, but nobody started it
booking-ongoing = Under way
booking-completed = Completed
booking-cancelled = Cancelled

## Time to book

time-of-all-mentors = Time of all mentors
no-time-offered = Nobody offers time at the moment.
with-mentor = with { $mentor }
book = Book
later = Later
offer-own-time = Offer your own time
sign-in-to-book = Sign in to book
time-i-offer = Time that I offer
no-time-of-mine = You offer no time.
booked = booked
withdraw = Withdraw
offer-time = Offer time
slot-date = Date
slot-start = Start
slot-end = End
slot-end-hint = An end before the start is on the next day.
slot-zone-hint = Of the date and the times
offer-this-time = Offer this time
withdraw-question = Withdraw this time?
withdraw-note = Nobody can book it any more.
withdraw-button = Withdraw it

## API keys

api-keys = API keys
key-intro = A program signs in with a key: it sends { $header } and the secret.
no-keys = There are no keys.
make-a-key = Make a key
key-is-made = The key { $name } is made. Copy its secret now: it is not shown again.
secret = Secret
copy = Copy
key-until = until { $time }
key-last-used = last used { $time }
key-never-used = never used
revoke = Revoke
revoke-named = Revoke { $name }
key-name-hint = Such as: Screen at the door
person = Person
key-person-hint = Whom it acts for, such as Person:7
key-is-admin = It has the rights of an admin
days = Days
days-hint = The key ends after this many days. If this is empty, it does not end.
make-the-key = Make the key
no-key-here = There is no API key at this address.
revoke-question = Revoke this API key?
revoke-note = Programs that use { $name } are refused from now on. This can't be undone.
revoke-button = Revoke it

## Organising a session

edit-session = Edit the session
edit-session-purpose = Name, place, description, time zone, codes at the door
edit-named = Edit { $session }
change-schedule = Change the schedule
change-schedule-purpose = When it meets, with a preview of the next dates
meetings = Meetings
meetings-purpose = Add one, or cancel, move and hold the next ones
past-meetings = Past meetings
past-meetings-purpose = Who came, newest first
organisers = Organisers
organisers-purpose = Who may change this session
see-how-to-correct = See how to correct it
leave-out-purpose = Holidays, or a closed pub
door-screen = Screen at the door
door-screen-purpose = A code that people scan to check in
delete-session = Delete the session
share = Share it
share-badge = Badge for your website
share-calendar = Calendar address, to subscribe to
share-page = Address of this session's page
wrong-with-session = What is wrong with this session
wrong-with = What is wrong with { $session }
until-corrected = Until it is corrected, no meetings are made from its schedule, and those that exist keep their times.
nothing-wrong = Nothing is wrong with it.
schedule-is-unreadable = Its schedule can't be read
this-is-stored = This is stored:
say-when-it-meets = Say again when it meets. That replaces what is stored.
enter-schedule-again = Enter the schedule again
zone-unknown = Its time zone is not known
zone-example = Such as America/Chicago
correct-zone = Correct the time zone
admins-delete-sessions = Only admins may delete sessions.
delete-session-question = Delete this session?
delete-session-note = { $session } and all its meetings disappear, for everybody. Whoever is there now is then nowhere.
delete-session-advice = This can't be undone. To end a session, give its schedule a last date.
delete-for-good = Delete it for good
organisers-of = Organisers of { $session }
organisers-may = Organisers may change the session and its meetings, and check people in.
no-organisers = Nobody organises this session yet. Admins may change it.
add-organiser = Add an organiser
organises-already = organises it already
add = Add
remove-named = Remove { $name }
add-named = Add { $name }
find = Find
people-found = Results: { $count }
nobody-with-name = Nobody has a name with these letters.
stop-organising-question = Stop organising this session?
stop-organising-note = You can't change { $session } any more. Another organiser or an admin can add you again.
stop-organising = Stop organising it
meetings-of = Meetings of { $session }
past-meetings-of = Past meetings of { $session }
no-past-meetings = No meeting is over yet.
older-meetings = Older meetings
see-answers = See who answered
add-a-meeting = Add a meeting
in-session-zone = Dates and times are in the time zone of the session: { $zone }.
location = Location
location-if-unusual = If it is not the usual one
add-duplicate = Add it even if there is a meeting at these times
add-the-meeting = Add the meeting
no-meeting-here = There is no meeting at this address.
meeting-on = Meeting on { $date }
delete-meeting = Delete this meeting
hours = Hours
hours-hint = How long your decision holds. If it is empty: until the next sweep, within a quarter of an hour.
status = Status
hold-after-all = Hold it after all
cancel-meeting = Cancel this meeting
end-decision = End the decision by hand
decision-until = The decision holds until { $time }.
decide-by-hand = Decide by hand whether it is live
set-live = Set it live
set-not-live = Set it not live
not-live-cancelled = This meeting is cancelled, so it cannot be live. Hold it after all first.
not-live-terminated = This meeting is after the last date of the session, so it cannot be live. Change the last date of the schedule first.
check-in = Check in
check-out = Check out
say-yes-for-them = Say yes for them
say-no-for-them = Say no for them
remove-answer = Remove the answer
is-here-now = here now
check-somebody-in = Check somebody in
location-usual = If it is empty, the usual one
move-meeting = Move this meeting
delete-meeting-question = Delete this meeting?
delete-meeting-note = { $session }, { $date }. The answers to it disappear too. This can't be undone.
delete-meeting-advice = To tell people that it does not take place, cancel it instead.
new-session = New session
create-session = Create the session
address = Address
address-hint = The last part of the address of its page: letters, digits, '-', '_', '.' and '~'. If it is empty, it is made from the name.
description = Description
description-hint = Up to 2,000 characters. Markdown gives lists, links and emphasis.
website-hint = Such as https://example.org
picture = Picture
picture-hint = The https address of a picture, such as https://example.org/picture.jpg. Only people who are signed in see it, because its site learns who loads it.
location-hint = The name of a pub, or an address
state = State or province
latitude = Latitude
latitude-hint = In degrees, such as 30.2672
longitude = Longitude
longitude-hint = In degrees, such as -97.7431
times = Times
zone-hint = Such as America/Chicago. All its times are in this zone.
minutes-before = Minutes before its start
minutes-before-hint = From then on a meeting is live
minutes-after = Minutes after its end
minutes-after-hint = Until then a meeting is live
make-meetings = Create the meetings of the schedule automatically
hours-ahead = Hours ahead
hours-ahead-hint = How long before its start a meeting is made
at-the-door = At the door
codes = Codes
codes-none = No codes
codes-fixed = One code for each meeting
codes-rotating = A code that changes every 30 seconds
requires-code = Only people with the code can check in at the meeting
schedule = Schedule
schedule-of = Schedule of { $session }
schedule-number = Schedule { $number }
remove-schedule = Remove schedule { $number }
add-weekly = Add a weekday
add-monthly = Add a weekday of the month
add-month-day = Add days of the month
add-rrule = Add an RRULE
positions = First, Second, Third, Fourth, Fifth, Last, Last but one, Last but two, Last but three, Last but four
which-of-month = Which of the month
weekday = Weekday
months-apart = Months apart
every-month-hint = 1 is every month
weeks-apart = Weeks apart
every-week-hint = 1 is every week
month-days-hint = Such as 1, 15. -1 is the last day of the month.
rrule-hint = Such as FREQ=MONTHLY;BYDAY=2TU
only-months = Only in the months
only-months-hint = Such as 6, 7, 8 for the summer. Empty means all.
show-next-dates = Show the next dates
no-schedule = No regular schedule.
initiation-hint = The session does not meet before. It may be empty.
termination-hint = The session does not meet after. It may be empty.
save-schedule = Save the schedule
the-next-dates = The next dates
no-dates = There are none.

## What a field of a form must be. In English the name of the field comes before it; in other languages it is a sentence.

must-be-date = must be a date, such as 2027-03-31
must-be-time = must be a time, such as 19:30
must-be-whole-number = must be a whole number
must-be-whole-numbers = must be whole numbers, such as 1, 15
must-be-within = must be { $least } to { $most }
must-be-weekday = must be a day of the week
must-be-degrees = must be a number of degrees, such as 30.2672
must-be-zone = must be the name of a time zone, such as America/Chicago
must-not-be-empty = must not be empty
must-be-shorter = is too long: { $most } characters at most
must-be-kilometres = must be a number of kilometres
must-be-person = must be the id of a person, such as Person:7
several-problems = This was not saved. Correct these { $count } things:
must-be-visible = must have a character that can be seen
must-be-plain = must not contain control characters, or characters that change the direction of text
must-be-website = must be the address of a website, such as https://example.org/session
must-be-picture = must be the https address of a picture, such as https://example.org/picture.jpg, without a user name
must-be-short-id = must have 1 to 255 bytes
must-be-path = may have letters, digits, '-', '_', '.' and '~' only
must-be-year = must be in the years { $first } to { $last }
must-be-both = must be given together with the other coordinate
must-differ-from-start = must differ from the start: an end before the start is on the next day
must-not-be-before = must not be before the first date, { $date }
needs-codes = Choose a kind of codes first.
must-be-in-the-future = must be in the future
must-not-be-negative = must not be negative: leave it empty for no limit
must-choose-one = must have at least one
must-be-months = must be months from 1 to 12
must-be-month-days = must be days from 1 to 31, or from -1 to -31 counted from the end of the month
never-meets = must fit the other fields: this schedule never gives a meeting
too-many-schedules = A session has at most { $most } schedules.
skip-too-long = must be at most { $days } days after the first date
too-many-skips = A session has at most { $most } entries of left-out dates. Remove old ones first.
key-needs-owner = is required, unless the key is an admin's

## Why a meeting is live or not.

why-deleted = Deleted
why-cancelled = Cancelled
why-terminated = After the last date of the session
why-held-live = Set live by hand until { $until }
why-held-not-live = Set not live by hand until { $until }
why-live-until-sweep = Set live by hand until the next sweep
why-not-live-until-sweep = Set not live by hand until the next sweep
why-no-times = Without a start or an end
why-unreadable = Not planned: its times or its time zone cannot be read
why-over = Over: ended { $ends }, closed { $closes }
why-closing = Closed { $closes }, about to be over
why-live = Live since { $opens }, start { $starts }
why-live-from = Live from { $opens }, start { $starts }
why-opening = Opened { $opens }, about to be live, start { $starts }
why-not-yet = Not live yet: opens { $opens }, start { $starts }

## Why something is refused: the messages of the service about no field. `web/src/language/refusal.rs` says which.

refused-zone-first = Correct the time zone of the session first.
refused-meeting-exists = The session already has a meeting on that date at these times. Tick the box below to add another one.
refused-meeting-cancelled = The session already has a meeting on that date at these times, which is cancelled. Tick the box below to add another one.
refused-own-slot = This is your own time, so you cannot book it.
refused-key-made = This form has made its key already, whose secret is shown only once. To make another key, open this page again.
refused-booked-already = You have booked this slot already.
refused-booked-then = You have booked another slot at that time. Choose another time.
refused-offered-then = You already have a slot at that time. Choose another time.
refused-booking-status = The booking has changed meanwhile, so this is no longer possible. Look at its status.
refused-external-id = Another person has this external id. Remove it there first, or merge the two people.
schedule-changed-meanwhile = Somebody else has changed the schedule since you opened this page. It is now: { $schedule }. Nothing was saved, and what you typed is still here. Open the schedule again, and make your change there.
open-schedule-again = Open the schedule again
path-taken = Another session has this address. Choose another.
refused-no-longer-then = The session does not meet then any more. Look at its next meetings.

## The pages for admins

admins-only = This page is for admins.
new-session-purpose = Name, place and times
people = People
people-purpose = Find, create, change, merge and erase them
audit-log = Audit log
audit-log-purpose = Who changed what
keys-purpose = Keys with which programs sign in
not-an-instance-id = This is not the id of an instance. Such an id looks like SessionInstance:7.
unknown-instance = There is no meeting with this id. The table above has the ids of the active ones.
entries-changed = Changed
entries-by = By
no-entries = No entries.
entries = Entries
when-utc = When (UTC)
who = Who
what = What
changes = Changes
older-entries = Older entries
active-count = Active instances: { $count }
no-active = No instance is active.
active-by-start = Active now, by start
set-inactive-by-hand = Set inactive by hand
set-by-hand = Set an instance active or inactive by hand
instance = Instance
such-as = Such as { $example }
set-active = Set active
set-inactive = Set inactive
why = Why
here = Here
override = Override
is-set-active = Set active
is-set-inactive = Set inactive
until-time = until { $time }
end-override = End override
sweep-question = What would a sweep do?
time-in-utc = Time in UTC (empty: now)
sweep-kind = Kind of sweep
mode-periodic = periodic sweep: one minute ahead
mode-exact = timer: exactly on time
dry-run = Dry run
instant-unreadable = This time can't be read. Write it like 2027-01-15T19:14:00.
sessions-with-problem = Sessions with a problem
no-problems = No session has a problem.
correct-it = Correct it
correct-named = Correct { $session }
latest-sweeps = Latest sweeps
no-sweeps = No sweep has run yet.
sweep-at = At
sweep-scope = Scope
sweep-took = Took
sweep-activated = Activated
sweep-deactivated = Deactivated
sweep-created = Created
sweep-moved = Moved
sweep-errors = Errors
not-finished = not finished
milliseconds = { $count } ms
sweep-would = A sweep at { $time } would make these changes. Nothing was changed.
sweep-mode = Mode: { $mode }.
counted = { $what }: { $count }
instances-created-for = { $count ->
    [one] Instances created for: { $count } session
   *[other] Instances created for: { $count } sessions
}
people-moved = People moved
bookings = Bookings
visits-abandoned = Visits abandoned
online-now = Online now
nobody-online = No visit is online.
visits-online = Visits online now
page = Page
activity = Activity
since = Since
anonymous-visitor = Anonymous visitor
seats-of-limit = { $taken } of { $limit } taken
seats-without-limit = { $taken } taken
new-activity = New activity
key = Key
activity-key-hint = Names it in addresses and programs, such as interview
activity-key-taken = An activity has this key already: choose another one.
seats-hint = If it is empty, there is no limit
visits-last-day = Visits in the last 24 hours
figure-online = online now
figure-completed = completed
figure-abandoned = abandoned
figure-average = on average
figure-longest = the longest
minutes-tenths = { $minutes }.{ $tenths } min
online-by-language = Online by language: { $counts }
visits-by-hour = Visits that started, by hour
visits-by-hour-utc = Visits that started, by hour (UTC)
hour = Hour
visits = Visits
zone-data = Time zone data
zone-data-version = Version
zone-data-source = Source
zone-data-stored = Version with which the stored windows were computed
not-known-yet = not known yet
new-person = New person
create-person = Create the person
more-people = More people
no-people = There are no people yet.
is-deactivated = deactivated
is-guest = guest
a-guest = a guest
change-named = Change { $name }
external-id = External id
external-id-hint = The id of the person at the identity provider: the claim sub of their tokens
hide-their-place = Hide where they are from others at the same session
account-deactivated = Deactivated
account-deactivated-hint = They may only read their own data.
more = More
what-was-changed = What was changed
merge-person = Merge into another person
merge-person-purpose = If two people are one
sign-out-purpose = Their tokens and API keys end
erase = Erase
erase-purpose = For good
merge-title = Merge { $name } into another person
merge-note = The other person stays, and gets the check-ins, bookings and sessions of { $name }. Find them first.
merge-into = Merge into { $name }
merge-named = Merge { $name }
merge-question = Merge these two people?
merge-becomes = { $person } becomes { $other }. This can't be undone.
merge-for-good = Merge them for good
erase-question = Erase this person?
erase-note = The name of { $name }, their check-ins, visits and bookings are erased. This can't be undone.
erase-keeps = Past sessions keep only the number of people.
erase-for-good = Erase them for good
sign-out-person-question = Sign this person out everywhere?
sign-out-person-note = All tokens that { $name } has now end. New ones work.
sign-out-person = Sign them out

## The elements of the browser module. `web/src/language/module.rs` says which other texts it uses.

element-out-of-touch = No connection: this may be out of date.
element-the-session = The session
element-is-live = { $session } is live now.
element-no-longer-live = { $session } is no longer live.
element-you-are-at = You are at { $session }.
element-you-are-nowhere = You are at no session now.
element-in-session = In session: { $session }
element-people-here = { $count ->
    [one] { $count } person is here
   *[other] { $count } people are here
}
element-times = { $there } ({ $here } for you)
element-your-booking = Your booking: { $status }.
element-starts-in = Starts in { $time }
element-about-to-start = About to start
element-time-is-over = Its time is over, but nobody started it
element-left = { $time } left
element-status-left = { $status }, { $time } left
element-days-hours = { $days } d { $hours } h
element-hours-minutes = { $hours } h { $minutes } min
element-minutes = { $minutes } min
element-and-more = And more.
element-join = Join
element-join-queue = Join the queue
element-asking = Asking for a seat …
element-cancel = Cancel
element-position = You are number { $position } of { $length } in the queue.
element-wait-unknown = The time to wait is not known yet.
element-wait-minutes = { $count ->
    [one] About a minute to wait.
   *[other] About { $count } minutes to wait.
}
element-wait-hours = { $count ->
    [one] About an hour to wait.
   *[other] About { $count } hours to wait.
}
element-leave-queue = Leave the queue
element-kept-until = A seat is kept for you until { $time }.
element-take-seat = Take the seat
element-has-seat = You have a seat.
element-leave = Leave
element-leaving = Leaving …
element-full = No seat is free.
element-try-again = Try again
element-join-again = Join again
element-lost-idle = Your seat was given up, because nobody used this page.
element-lost-away = This page was not connected for too long, so your place has ended.
element-lost-lapsed = A seat was kept for you, but nobody took it in time, so your place has ended.
element-lost-ended = Your place here has ended. Perhaps you went on elsewhere.
element-lost-person = This place belongs to the person who was signed in here before.
element-sign-in-to-join = Sign in to join.
element-failed = That did not work: { $reason }
element-no-answer = no answer
