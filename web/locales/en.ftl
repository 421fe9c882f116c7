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
sign-in-to-answer = Sign in to say whether you are coming
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
change-meeting-on = Change the meeting on { $date }
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
paste-token = Paste your token. This browser stays signed in until the token expires or you sign out.
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
seats-need-scripts = To join, allow scripts for this site and load the page again. A seat is kept for an open page that sends heartbeats, and only a script can send them.
seats-closed = This is closed at the moment.
seats-taken = { $limit ->
    [one] { $taken } of { $limit } seat is taken.
   *[other] { $taken } of { $limit } seats are taken.
}
taking-part = { $count ->
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
server-error = Something went wrong on the server. Try again in a moment.
too-many-attempts = { $seconds ->
    [one] Too many attempts: try again in { $seconds } second.
   *[other] Too many attempts: try again in { $seconds } seconds.
}

## What was done

done-answered = Your answer is saved.
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
done-override-set = Your decision is saved.
done-override-cleared = The meeting follows its times again.
done-checked-in = The person is checked in.
done-checked-out = The person is checked out.
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
