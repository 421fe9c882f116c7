# हिन्दी। आगंतुकों को "आप" कहा जाता है।

## The frame of all pages

skip-to-content = सीधे सामग्री पर जाएँ
nav-main = मुख्य मेन्यू
nav-more = अन्य पृष्ठ
languages = भाषा
tagline = InSession दिखाता है कि इस समय कौन-से सत्र चल रहे हैं।
on-now = अभी चालू
admin = प्रबंधन
me = मैं
sign-in = साइन इन करें
sign-out = साइन आउट करें
cities = शहर
calendar = कैलेंडर
time-to-book = बुक करने का समय
feed = फ़ीड
what-is-next = आगे क्या है
live-now = अभी लाइव
go-back = वापस जाएँ
copied = कॉपी हो गया

## Dates and times

weekdays = सोमवार, मंगलवार, बुधवार, गुरुवार, शुक्रवार, शनिवार, रविवार
weekdays-short = सोम, मंगल, बुध, गुरु, शुक्र, शनि, रवि
months = जनवरी, फ़रवरी, मार्च, अप्रैल, मई, जून, जुलाई, अगस्त, सितंबर, अक्टूबर, नवंबर, दिसंबर
months-short = जन॰, फ़र॰, मार्च, अप्रैल, मई, जून, जुल॰, अग॰, सित॰, अक्टू॰, नव॰, दिस॰
date = { $weekday }, { $day } { $month } { $year }
day = { $weekday }, { $day } { $month }
clock = { $half ->
    [am] { $hour }:{ $minute } am
    [midnight] { $hour }:{ $minute } am
   *[other] { $hour }:{ $minute } pm
}
clock-hour = { $half ->
    [am] { $hour } am
    [midnight] { $hour } am
   *[other] { $hour } pm
}
time-not-set = { $date }, समय अभी तय नहीं
starts-in = { $span } में शुरू
ends-in = { $span } में समाप्त
span-minutes = { $minutes } मिनट
span-hours = { $hours } घंटे
span-hours-minutes = { $hours } घंटे { $minutes } मिनट
span-days = { $days } दिन
own-time = आपके यहाँ { $time }
schedule-unreadable = समय-सारणी इस समय नहीं दिखाई जा सकती

## Meetings in lists

cancelled = रद्द
cancelled-within = रद्द
nobody-here = अभी यहाँ कोई नहीं है
here-now = अभी यहाँ: { $count }
said-yes = { $count ->
    [one] { $count } व्यक्ति ने हाँ कहा
   *[other] { $count } लोगों ने हाँ कहा
}
other-places = अन्य स्थान

## Home, cities and calendar

in-session-now = अभी चल रहे सत्र
in-session-now-in = { $city } में अभी चल रहे सत्र
home-description = { $title }: कौन-से सत्र चल रहे हैं, कौन आ रहा है और आगे क्या है।
city = शहर
session = सत्र
search = खोजें
everywhere = हर जगह
no-such-city = इस नाम के किसी शहर में कोई सत्र नहीं है। वर्तनी जाँचें या हर जगह खोजें।
several-cities = कई शहर मेल खाते हैं। आपका मतलब किससे है?
nothing-on = इस समय कोई सत्र नहीं चल रहा है।
more-on-now = अभी चल रहे और सत्र
coming-up = जल्द ही
no-such-name = किसी सत्र के नाम में ये अक्षर नहीं हैं। वर्तनी जाँचें या हर जगह खोजें।
sessions-with-name = इस नाम के सत्र
sessions-in-city = इस शहर के सभी सत्र
today-in = आज { $city } में
now = अभी
no-sessions-yet = अभी तक कोई सत्र नहीं है।
live-count = { $count } अभी लाइव
session-count = { $count } सत्र
cities-description = सत्रों वाले सभी शहर, और कितने सत्र अभी लाइव हैं।
calendar-of = { $city } का कैलेंडर
show = दिखाएँ
calendar-empty = अगले दो सप्ताह में कोई बैठक तय नहीं है।
calendar-description = { $title }: अगले दो सप्ताह के सत्र।
more-sessions = और सत्र
near-me = मेरे पास
sessions-near-you = आपके पास के सत्र
sessions-near = { $place } के पास के सत्र
place-not-told = इस ब्राउज़र ने नहीं बताया कि आप कहाँ हैं। कोई शहर या निर्देशांक लिखें।
place = स्थान
place-hint = कोई शहर, या 48.21, 16.37 जैसे निर्देशांक
place-unknown = सत्रों वाले किसी शहर का यह नाम नहीं है। कोई दूसरा शहर लिखें, या 48.21, 16.37 जैसे निर्देशांक।
place-of-several = यह इन शहरों में से कोई हो सकता है: { $cities }।
place-without-coordinates = { $city } के सत्रों के निर्देशांक नहीं हैं।
distance = दूरी
kilometres = { $count } किमी
away-tenths = { $kilometres }.{ $tenths } किमी दूर
away = { $kilometres } किमी दूर
away-least = 0.1 किमी से कम दूर
nothing-on-near = इस समय इस स्थान के पास कोई सत्र नहीं चल रहा है।
sessions-near-place = इस स्थान के पास के सभी सत्र
nothing-near = इस स्थान के पास कोई सत्र नहीं है। ज़्यादा दूरी आज़माएँ।

## A session

no-session-here = इस पते पर कोई सत्र नहीं है।
organisers-only = यह केवल इस सत्र के आयोजक कर सकते हैं।
organise = आयोजन करें
organise-this-session = इस सत्र का आयोजन करें
print-notice = देखें कि यहाँ कौन है और आगे क्या है:
when = कब
where = कहाँ
organised-by = आयोजक
website = वेबसाइट
add-to-calendar = अपने कैलेंडर में जोड़ें
time-zone = समय क्षेत्र
next-meetings = अगली बैठकें
no-meetings-planned = कोई बैठक तय नहीं है।
sign-in-to-answer = आप आ रहे हैं या नहीं, यह बताने के लिए साइन इन करें
sign-in-to-check-in = आप यहाँ हैं, यह बताने के लिए साइन इन करें
also-on-in = { $city } में अभी यह भी
are-you-here = क्या आप यहाँ हैं?
are-you-coming = क्या आप आ रहे हैं?
i-am-here = मैं यहाँ हूँ
yes = हाँ
maybe = शायद
no = नहीं
take-back-answer = मेरा जवाब वापस लें
who-answered = किसने जवाब दिया
checked-in-there = (बैठक में उपस्थित)
code-at-the-door = यह सत्र दरवाज़े पर एक कोड दिखाता है। उपस्थिति दर्ज करने के लिए उसे स्कैन करें।
change = बदलें
change-meeting-on = { $date } की बैठक बदलें
no-session-on = { $date } को कोई सत्र नहीं
no-session-between = { $from } से { $to } तक कोई सत्र नहीं
skips = बिना सत्र के दिन
no-skips = कोई दिन छोड़ा नहीं गया है।
first-date = पहला दिन
last-date = अंतिम दिन
last-date-hint = ख़ाली हो तो वही दिन
last-date-before-first = अंतिम दिन पहले दिन से पहले है।
reason = कारण
reason-hint = जैसे: त्योहार। इसे ख़ाली छोड़ सकते हैं।
remove = हटाएँ
leave-out-dates = दिन छोड़ें
leave-out-these-dates = ये दिन छोड़ें

## At the door

door-organisers-only = दरवाज़े की स्क्रीन केवल इस सत्र के आयोजक खोल सकते हैं।
door-of = { $session } का दरवाज़ा
doors-closed = दरवाज़े बंद हैं।
doors-closed-until = दरवाज़े बंद हैं। खुलने पर यह स्क्रीन एक कोड दिखाएगी।
point-phone = अपना फ़ोन चित्र की ओर करें, या { $address } खोलें
no-codes = इस सत्र में उपस्थिति के कोड नहीं हैं। कोई आयोजक उन्हें चालू कर सकता है।
wrong-code = यह कोड अभी काम नहीं करता। दरवाज़े पर कोड फिर से स्कैन करें।
your-name = आपका नाम, जैसा यहाँ दूसरे लोग देखेंगे
guest-note = आप अतिथि के रूप में आ रहे हैं। अगर आपका खाता है, तो पहले { $link }।
sign-in-within = साइन इन करें
no-guests = यहाँ आने की सूचना देने के लिए साइन इन करें। इस साइट पर अतिथि नहीं होते।

## Signing in

sign-in-with = { $provider } से साइन इन करें
with-a-token = टोकन से
paste-token = अपना टोकन चिपकाएँ। टोकन समाप्त होने या आपके साइन आउट करने तक यह ब्राउज़र साइन इन रहेगा।
token = टोकन
demo-people = यह एक डेमो है। चुनें कि आप कौन हैं।
token-without-end = यह टोकन कभी समाप्त नहीं होता। ऐसा टोकन दें जो समाप्त होता हो।
no-such-provider = इस नाम का कोई पहचान प्रदाता नहीं है।
no-host = इस अनुरोध में इस साइट का होस्ट नहीं है।
provider-unavailable = इस समय प्रदाता से संपर्क नहीं हो पा रहा है।
provider-unavailable-advice = एक मिनट बाद फिर कोशिश करें। तब तक अन्य पृष्ठ काम करते हैं।
provider-not-begun = यह साइन इन किसी दूसरे ब्राउज़र में या बहुत पहले शुरू हुआ था, या पहले ही इस्तेमाल हो चुका है।
provider-not-begun-advice = इसी ब्राउज़र में एक बार फिर साइन इन करें।
provider-refused = प्रदाता ने आपको साइन इन नहीं किया ({ $reason })।
provider-refused-advice = फिर कोशिश करें, या प्रदाता चलाने वालों से पूछें।
provider-not-valid = प्रदाता का उत्तर मान्य नहीं है।
provider-not-valid-advice = फिर कोशिश करें। दोबारा हो तो किसी प्रबंधक को बताएँ।
provider-unknown-person = प्रदाता आपको जानता है, पर यहाँ आपका खाता नहीं है।
ask-an-administrator = किसी प्रबंधक से पूछें।
you-are-not-signed-in = आप साइन इन नहीं हैं
not-signed-in = साइन इन नहीं
signed-out-here = आप यहाँ साइन आउट हो गए हैं
sign-out-at = { $provider } से भी साइन आउट करें
signed-out = साइन आउट हो गए

## People and activities

no-person-here = इस पते पर कोई व्यक्ति नहीं है।
deactivated = यह खाता निष्क्रिय है।
where-you-are = आप अभी कहाँ हैं
where-they-are = यह व्यक्ति अभी कहाँ है
not-at-a-session = इस समय किसी सत्र में नहीं।
place-is-hidden = कोई कहाँ है, यह केवल उसी सत्र के लोग देख सकते हैं।
to-your-page = अपने पृष्ठ पर जाएँ
activities = गतिविधियाँ
no-activity-here = इस पते पर कोई गतिविधि नहीं है।
seats = सीटें
seats-need-scripts = शामिल होने के लिए इस साइट पर स्क्रिप्ट चालू करें और पृष्ठ फिर से लोड करें। सीट उस खुले पृष्ठ के लिए रखी जाती है जो नियमित संकेत भेजता है, और यह केवल स्क्रिप्ट कर सकती है।
seats-closed = यह इस समय बंद है।
seats-taken = { $limit } में से { $taken } सीटें भरी हैं।
taking-part = { $count ->
    [0] कोई भाग नहीं ले रहा है।
    [one] { $count } व्यक्ति भाग ले रहा है।
   *[other] { $count } लोग भाग ले रहे हैं।
}
waiting = { $count ->
    [one] { $count } व्यक्ति प्रतीक्षा में है।
   *[other] { $count } लोग प्रतीक्षा में हैं।
}
who-has-a-seat = किसके पास सीट है
nobody-is-shown = कोई नहीं दिखाया गया है।
and-more = और अन्य
without-a-name = { $count } बिना नाम के
sign-in-to-join = शामिल होने के लिए साइन इन करें
deactivated-cannot-join = यह खाता निष्क्रिय है, इसलिए शामिल नहीं हो सकता।
only-people-join = केवल व्यक्ति शामिल हो सकते हैं। जिस टोकन से आपने साइन इन किया है, उसमें किसी व्यक्ति का नाम नहीं है।

## Errors

not-found = नहीं मिला
not-allowed = अनुमति नहीं
sign-in-first = पहले साइन इन करें
something-went-wrong = कुछ ग़लत हो गया
did-not-work = यह नहीं हो पाया
see-what-is-on = देखें कि अभी क्या चल रहा है
no-page-here = इस पते पर कोई पृष्ठ नहीं है।
bad-form = यह फ़ॉर्म अधूरा या पुराना है। वापस जाएँ, पृष्ठ फिर से लोड करें और दोबारा कोशिश करें।
server-error = सर्वर पर कुछ ग़लत हो गया। थोड़ी देर में फिर कोशिश करें।
too-many-attempts = बहुत ज़्यादा कोशिशें: { $seconds } सेकंड बाद फिर कोशिश करें।

## What was done

done-answered = आपका जवाब सहेजा गया।
done-answer-removed = आपका जवाब वापस लिया गया।
done-skip-added = ये दिन छोड़ दिए गए।
done-skip-removed = इन दिनों में सत्र फिर होगा।
done-session-created = सत्र बनाया गया। अब बताएँ कि यह कब होता है।
done-session-saved = सत्र सहेजा गया।
done-session-deleted = सत्र हटाया गया।
done-schedule-saved = समय-सारणी सहेजी गई।
done-meeting-added = बैठक जोड़ी गई।
done-meeting-saved = बैठक सहेजी गई।
done-meeting-cancelled = बैठक रद्द की गई।
done-meeting-restored = बैठक अब होगी।
done-meeting-deleted = बैठक हटाई गई।
done-override-set = आपका निर्णय सहेजा गया।
done-override-cleared = बैठक फिर अपने समय के अनुसार चलेगी।
done-checked-in = व्यक्ति की उपस्थिति दर्ज हुई।
done-checked-out = व्यक्ति का जाना दर्ज हुआ।
done-their-answer-removed = जवाब हटाया गया।
done-organizer-added = आयोजक जोड़ा गया।
done-person-created = व्यक्ति बनाया गया।
done-person-saved = व्यक्ति सहेजा गया।
done-people-merged = दोनों व्यक्ति अब एक हैं।
done-person-erased = व्यक्ति मिटाया गया।
done-tokens-revoked = व्यक्ति हर जगह से साइन आउट हुआ।
done-key-revoked = कुंजी रद्द की गई।
done-profile-saved = आपकी प्रोफ़ाइल सहेजी गई।
done-slot-offered = आपका समय उपलब्ध है।
done-slot-deleted = आपका समय अब उपलब्ध नहीं है।
done-booked = आपने यह समय बुक किया।
done-booking-started = बुकिंग शुरू हुई।
done-booking-completed = बुकिंग पूरी हुई।
done-booking-cancelled = बुकिंग रद्द हुई।
done-organizer-removed = आयोजक हटाया गया।

## When a session meets

recurrence-none = कोई नियमित समय नहीं
recurrence-weekdays = सोमवार, मंगलवार, बुधवार, गुरुवार, शुक्रवार, शनिवार, रविवार
recurrence-months = जनवरी, फ़रवरी, मार्च, अप्रैल, मई, जून, जुलाई, अगस्त, सितंबर, अक्टूबर, नवंबर, दिसंबर
recurrence-list = { $most } और { $last }
recurrence-daily = हर दिन
recurrence-weekly = { $weeks ->
    [1] हर { $weekday }
   *[other] हर { $weeks } सप्ताह में { $weekday } को
}
recurrence-monthly = { $months ->
    [1] महीने के { $positions } { $weekday } को
   *[other] हर { $months } महीने में { $positions } { $weekday } को
}
recurrence-position = { $position ->
    [1] पहले
    [2] दूसरे
    [3] तीसरे
    [4] चौथे
    [5] पाँचवें
    [-1] अंतिम
    [-2] अंत से दूसरे
    [-3] अंत से तीसरे
    [-4] अंत से चौथे
   *[other] अंत से पाँचवें
}
recurrence-days = { $months ->
    [1] महीने के { $days } दिन
   *[other] हर { $months } महीने में { $days } दिन
}
recurrence-day = { $end ->
    [0] { $day }वें
    [1] अंतिम
   *[other] अंत से { $end }वें
}
recurrence-hours = { $days }, { $start } से { $end } तक
recurrence-in-months = { $schedule } (केवल { $months } में)

## Your own page

page-for-people = यह पेज लोगों के लिए है। आपका टोकन प्रबंधक का है और किसी व्यक्ति का नाम नहीं बताता।
unknown-person-of-token = आपके टोकन का व्यक्ति मौजूद नहीं है। किसी दूसरे टोकन से साइन इन करें।
your-account-deactivated = आपका खाता निष्क्रिय है। आप अपना डेटा पढ़ सकते हैं, पर कुछ बदल नहीं सकते। किसी प्रबंधक से पूछें।
where-i-am = मैं कहाँ हूँ
i-left = मैं चला गया
you-are-nowhere = आप अभी किसी सत्र में नहीं हैं।
on-now-in-my-city = मेरे शहर में अभी
sessions-i-organise = मेरे आयोजित सत्र
organise-session = { $session } का आयोजन करें
my-check-ins = मेरे चेक-इन
no-check-ins = आपने अभी तक कहीं चेक-इन नहीं किया है।
older-check-ins = पुराने चेक-इन
name = नाम
city-hint = तब आपका पेज दिखाता है कि वहाँ क्या चल रहा है।
country = देश
hide-place = उसी सत्र के दूसरे लोगों से छिपाएँ कि मैं कहाँ हूँ
profile = प्रोफ़ाइल और निजता
save = सहेजें
sign-out-everywhere = हर जगह साइन आउट करें
sign-out-everywhere-question = हर जगह साइन आउट करें?
sign-out-everywhere-note = आपके सभी टोकन समाप्त हो जाते हैं: इस ब्राउज़र में, दूसरों में, और आपके प्रोग्रामों के। जिसके पास कोई है, उसे फिर से साइन इन करना होगा।
sign-out-browsers-note = आप यहाँ और बाकी सभी ब्राउज़रों में साइन आउट हो जाते हैं। जो टोकन किसी व्यक्ति का नाम नहीं बताता, वह अपनी अवधि तक मान्य रहता है।
type-name = पुष्टि के लिए अपना नाम ({ $name }) लिखें
my-data = मेरा डेटा
download-my-data = मेरा डेटा डाउनलोड करें
delete-me = मुझे हटाएँ
delete-me-note = इससे आपका नाम, आपके चेक-इन, आपकी विज़िट और आपकी बुकिंग हट जाती हैं। इसे वापस नहीं लिया जा सकता। बीते सत्रों में सिर्फ़ लोगों की संख्या रहती है।
delete-me-for-good = मुझे हमेशा के लिए हटाएँ

## Bookings

my-bookings = मेरी बुकिंग
no-bookings = आपकी कोई बुकिंग नहीं है।
find-time-to-book = बुक करने का समय खोजें
as-mentor = मेंटर के रूप में
as-student = विद्यार्थी के रूप में
somebody = कोई
booking-start = शुरू करें
booking-complete = पूरा करें
booking-cancel = रद्द करें
cancel-booking-question = यह बुकिंग रद्द करें?
cancel-booking-note = तब यह समय कोई और बुक कर सकता है। इसे वापस नहीं लिया जा सकता।
cancel-booking-button = बुकिंग रद्द करें
booking-scheduled = निर्धारित
booking-delayed = समय शुरू हो गया है, पर किसी ने शुरू नहीं किया
booking-ongoing = चल रही है
booking-completed = पूरी हुई
booking-cancelled = रद्द

## Time to book

time-of-all-mentors = सभी मेंटरों का समय
no-time-offered = इस समय कोई समय नहीं दे रहा है।
with-mentor = { $mentor } के साथ
book = बुक करें
later = बाद के समय
offer-own-time = अपना समय दें
sign-in-to-book = बुक करने के लिए साइन इन करें
time-i-offer = मेरा दिया हुआ समय
no-time-of-mine = आपने कोई समय नहीं दिया है।
booked = बुक है
withdraw = वापस लें
offer-time = समय दें
slot-date = तारीख
slot-start = शुरुआत
slot-end = अंत
slot-end-hint = शुरुआत से पहले का अंत अगले दिन का है।
slot-zone-hint = तारीख और समय का
offer-this-time = यह समय दें
withdraw-question = यह समय वापस लें?
withdraw-note = फिर इसे कोई बुक नहीं कर सकता।
withdraw-button = समय वापस लें

## API keys

api-keys = API कुंजियाँ
key-intro = प्रोग्राम कुंजी से साइन इन करता है: वह { $header } और गुप्त कुंजी भेजता है।
no-keys = कोई कुंजी नहीं है।
make-a-key = कुंजी बनाएँ
key-is-made = कुंजी { $name } बन गई। गुप्त कुंजी अभी कॉपी करें: यह फिर नहीं दिखेगी।
secret = गुप्त कुंजी
copy = कॉपी करें
key-until = { $time } तक
key-last-used = पिछला उपयोग { $time }
key-never-used = कभी उपयोग नहीं हुई
revoke = रद्द करें
revoke-named = { $name } रद्द करें
key-name-hint = जैसे: दरवाज़े की स्क्रीन
days = दिन
days-hint = इसके बाद वह समाप्त होती है। खाली हो तो समाप्त नहीं होती।
make-the-key = कुंजी बनाएँ
no-key-here = इस पते पर कोई API कुंजी नहीं है।
revoke-question = यह API कुंजी रद्द करें?
revoke-note = जो प्रोग्राम { $name } इस्तेमाल करते हैं, उन्हें अब से मना किया जाएगा। इसे वापस नहीं लिया जा सकता।
revoke-button = कुंजी रद्द करें
