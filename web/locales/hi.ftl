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
meeting-gone = आपका जवाब नहीं सहेजा गया, क्योंकि यह बैठक इस बीच हटा दी गई या उसका समय बदल गया। अगली बैठकें ये हैं।
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
change-meeting = बैठक बदलें
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
paste-token = अपना टोकन चिपकाएँ। वह आपको इस साइट को चलाने वालों से मिलता है। टोकन समाप्त होने या आपके साइन आउट करने तक यह ब्राउज़र साइन इन रहेगा।
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
seats-need-scripts = शामिल होने के लिए साइन इन करें, या इस साइट पर स्क्रिप्ट चालू करके पृष्ठ फिर से लोड करें।
join-seat = शामिल हों
join-queue = कतार में लगें
take-the-seat = सीट लें
leave-seat = छोड़ें
leave-queue = कतार छोड़ें
still-here = मैं अब भी यहाँ हूँ
have-a-seat = आपके पास एक सीट है।
seat-elsewhere = आपके पास किसी दूसरे डिवाइस या ब्राउज़र पर एक सीट है।
move-seat-here = सीट यहाँ ले आएँ
waits-elsewhere = आप किसी दूसरे डिवाइस या ब्राउज़र पर प्रतीक्षा कर रहे हैं।
wait-here-too = यहाँ भी प्रतीक्षा करें
place-in-queue = आप कतार में { $length } में से { $position } नंबर पर हैं।
seat-is-kept = आपके लिए एक सीट रखी गई है, { $seconds } सेकंड बाकी हैं।
page-reloads = यह पृष्ठ खुला रखें। यह हर { $seconds } सेकंड में फिर से लोड होता है, और इससे आपकी सीट या कतार में आपका स्थान बना रहता है।
no-place-any-more = अब यहाँ आपके पास न सीट है, न कतार में स्थान। आपके लिए रखी गई सीट समय पर लेनी होती है, और यह पृष्ठ खुला रहना चाहिए।
may-join-again = अगर आप अब भी भाग लेना चाहते हैं, तो फिर से शामिल हों।
seats-closed = यह इस समय बंद है।
wait-closed = यह इस समय बंद है। कतार में आपका स्थान फिर से खुलने तक रखा जाएगा।
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
bad-address = यह पता पढ़ा नहीं जा सकता। इस साइट के किसी लिंक पर जाएँ या फिर से शुरू करें।
unavailable = इस समय उपलब्ध नहीं
database-away = यह साइट इस समय अपने डेटा तक नहीं पहुँच पा रही है। एक मिनट में फिर कोशिश करें।
nothing-saved = कुछ भी सहेजा नहीं गया, क्योंकि यह साइट इस समय अपने डेटा तक नहीं पहुँच पा रही है। आपका फ़ॉर्म इस पृष्ठ पर रखा है: एक मिनट में उसे फिर भेजें।
nothing-saved-signed-out = आपका साइन-इन समाप्त हो गया है, इसलिए कुछ भी सहेजा नहीं गया। आपका फ़ॉर्म इस पृष्ठ पर रखा है: नए टैब में साइन इन करें, यहाँ लौटें और उसे फिर भेजें।
sign-in-in-new-tab = नए टैब में साइन इन करें
send-again = फिर भेजें
server-error = सर्वर पर कुछ ग़लत हो गया। थोड़ी देर में फिर कोशिश करें। यदि आपने कोई फ़ॉर्म भेजा है, तो देखें कि वह सहेजा गया या नहीं।
too-many-attempts = बहुत ज़्यादा कोशिशें: { $seconds } सेकंड बाद फिर कोशिश करें।
too-busy = यह साइट इस समय बहुत व्यस्त है। { $seconds } सेकंड बाद फिर कोशिश करें।
form-kept = कुछ भी सहेजा नहीं गया। आपका फ़ॉर्म इस पृष्ठ पर सुरक्षित है।

## What was done

done-answered = आपका जवाब सहेजा गया।
done-answered-moved = आपका जवाब सहेजा गया। इस बीच बैठक का समय बदल गया है: कृपया नया समय देखें।
done-answered-over = आपका जवाब सहेजा गया। बैठक समाप्त हो चुकी है, इसलिए आपकी उपस्थिति दर्ज नहीं हुई।
done-answered-cancelled = आपका जवाब सहेजा गया, लेकिन यह बैठक नहीं होगी।
done-arrived = आपकी उपस्थिति दर्ज हुई।
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
done-set-live = बैठक लाइव है।
done-set-not-live = बैठक लाइव नहीं है।
done-override-cleared = बैठक फिर अपने समय के अनुसार चलेगी।
done-checked-in = व्यक्ति की उपस्थिति दर्ज हुई।
done-checked-out = व्यक्ति का जाना दर्ज हुआ।
done-their-answer-saved = जवाब सहेजा गया।
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
done-activity-saved = गतिविधि सहेज दी गई है।

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
delete-me-refused = कुछ भी नहीं हटाया गया। अपना नाम ठीक वैसे ही लिखें जैसा दिखाया गया है, और फिर कोशिश करें।

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
person = व्यक्ति
key-person-hint = यह किसकी ओर से काम करती है, जैसे Person:7
key-is-admin = इसे प्रबंधक के अधिकार हैं
days = दिन
days-hint = इतने दिनों बाद कुंजी समाप्त होती है। खाली हो तो समाप्त नहीं होती।
make-the-key = कुंजी बनाएँ
no-key-here = इस पते पर कोई API कुंजी नहीं है।
revoke-question = यह API कुंजी रद्द करें?
revoke-note = जो प्रोग्राम { $name } इस्तेमाल करते हैं, उन्हें अब से मना किया जाएगा। इसे वापस नहीं लिया जा सकता।
revoke-button = कुंजी रद्द करें

## Organising a session

edit-session = सत्र बदलें
edit-session-purpose = नाम, स्थान, विवरण, समय क्षेत्र, दरवाज़े के कोड
edit-named = { $session } बदलें
change-schedule = समय-सारणी बदलें
change-schedule-purpose = यह कब होता है, अगली तारीख़ों की झलक के साथ
meetings = बैठकें
meetings-purpose = बैठक जोड़ें, या अगली बैठकें रद्द करें, खिसकाएँ और फिर रखें
past-meetings = पिछली बैठकें
past-meetings-purpose = कौन आया, सबसे नई पहले
organisers = आयोजक
organisers-purpose = यह सत्र कौन बदल सकता है
see-how-to-correct = देखें कि इसे कैसे ठीक करें
leave-out-purpose = त्योहार, या जगह बंद होने के दिन
door-screen = दरवाज़े की स्क्रीन
door-screen-purpose = कोड, जिसे लोग उपस्थिति के लिए स्कैन करते हैं
delete-session = सत्र हटाएँ
share = साझा करें
share-badge = आपकी वेबसाइट के लिए बैज
share-calendar = सदस्यता लेने के लिए कैलेंडर का पता
share-page = इस सत्र के पेज का पता
wrong-with-session = इस सत्र में क्या ग़लत है
wrong-with = { $session } में क्या ग़लत है
until-corrected = जब तक यह ठीक न हो, समय-सारणी से बैठकें नहीं बनतीं, और मौजूदा बैठकों का समय वही रहता है।
nothing-wrong = सब ठीक है।
schedule-is-unreadable = इसकी समय-सारणी पढ़ी नहीं जा सकती
this-is-stored = यह सहेजा हुआ है:
say-when-it-meets = फिर बताएँ कि यह कब होता है। यह सहेजे हुए की जगह ले लेगा।
enter-schedule-again = समय-सारणी फिर दर्ज करें
zone-unknown = समय क्षेत्र ज्ञात नहीं है
zone-example = जैसे America/Chicago
correct-zone = समय क्षेत्र ठीक करें
admins-delete-sessions = सत्र केवल प्रबंधक हटा सकते हैं।
delete-session-question = यह सत्र हटाएँ?
delete-session-note = { $session } और इसकी सभी बैठकें सबके लिए मिट जाएँगी। जो अभी वहाँ है, वह फिर कहीं नहीं होगा।
delete-session-advice = इसे वापस नहीं किया जा सकता। सत्र समाप्त करने के लिए समय-सारणी में अंतिम दिन दें।
delete-for-good = हमेशा के लिए हटाएँ
organisers-of = { $session } के आयोजक
organisers-may = आयोजक सत्र और उसकी बैठकें बदल सकते हैं, और लोगों की उपस्थिति दर्ज कर सकते हैं।
no-organisers = अभी इस सत्र का कोई आयोजक नहीं है। प्रबंधक इसे बदल सकते हैं।
add-organiser = आयोजक जोड़ें
organises-already = पहले से आयोजक है
add = जोड़ें
remove-named = { $name } को हटाएँ
add-named = { $name } को जोड़ें
find = खोजें
people-found = परिणाम: { $count }
nobody-with-name = किसी के नाम में ये अक्षर नहीं हैं।
stop-organising-question = इस सत्र का आयोजन छोड़ें?
stop-organising-note = फिर आप { $session } को नहीं बदल सकेंगे। कोई दूसरा आयोजक या प्रबंधक आपको फिर जोड़ सकता है।
stop-organising = आयोजन छोड़ें
meetings-of = { $session } की बैठकें
past-meetings-of = { $session } की पिछली बैठकें
no-past-meetings = अभी तक कोई बैठक समाप्त नहीं हुई है।
older-meetings = और पुरानी बैठकें
see-answers = देखें किसने जवाब दिया
add-a-meeting = बैठक जोड़ें
in-session-zone = तारीख़ और समय सत्र के समय क्षेत्र में हैं: { $zone }।
location = जगह
location-if-unusual = अगर यह हमेशा वाली न हो
add-duplicate = इस समय बैठक हो, तब भी जोड़ें
add-the-meeting = बैठक जोड़ें
no-meeting-here = इस पते पर कोई बैठक नहीं है।
meeting-on = { $date } की बैठक
delete-meeting = यह बैठक हटाएँ
hours = घंटे
hours-hint = आपका निर्णय कितनी देर रहेगा। ख़ाली हो तो: अगली जाँच तक, पंद्रह मिनट के भीतर।
status = स्थिति
hold-after-all = फिर भी बैठक करें
cancel-meeting = यह बैठक रद्द करें
end-decision = हाथ से लिया निर्णय समाप्त करें
decision-until = यह निर्णय { $time } तक रहेगा।
decide-by-hand = हाथ से तय करें कि यह लाइव है या नहीं
set-live = लाइव करें
set-not-live = लाइव से हटाएँ
not-live-cancelled = यह बैठक रद्द है, इसलिए लाइव नहीं हो सकती। पहले चुनें कि बैठक फिर भी होगी।
not-live-terminated = यह बैठक सत्र के अंतिम दिन के बाद है, इसलिए लाइव नहीं हो सकती। पहले कार्यक्रम का अंतिम दिन बदलें।
check-in = उपस्थिति दर्ज करें
check-out = जाना दर्ज करें
say-yes-for-them = उनकी ओर से हाँ कहें
say-no-for-them = उनकी ओर से नहीं कहें
remove-answer = जवाब हटाएँ
is-here-now = अभी यहाँ
check-somebody-in = किसी की उपस्थिति दर्ज करें
location-usual = ख़ाली हो तो हमेशा वाली
move-meeting = यह बैठक खिसकाएँ
delete-meeting-question = यह बैठक हटाएँ?
delete-meeting-note = { $session }, { $date }। इसके जवाब भी मिट जाएँगे। इसे वापस नहीं किया जा सकता।
delete-meeting-advice = लोगों को यह बताने के लिए कि बैठक नहीं होगी, इसे रद्द करें।
new-session = नया सत्र
create-session = सत्र बनाएँ
address = पता
address-hint = इसके पेज के पते का अंतिम भाग: अक्षर, अंक, '-', '_', '.' और '~'। ख़ाली हो तो नाम से बनता है।
description = विवरण
description-hint = 2,000 अक्षरों तक। Markdown से सूचियाँ, लिंक और ज़ोर दिए जा सकते हैं।
website-hint = जैसे https://example.org
picture = तस्वीर
picture-hint = तस्वीर का https पता, जैसे https://example.org/picture.jpg. इसे केवल साइन इन किए हुए लोग देखते हैं, क्योंकि उसकी वेबसाइट जान जाती है कि इसे कौन लोड करता है।
location-hint = किसी जगह का नाम, या पता
state = राज्य या प्रांत
latitude = अक्षांश
latitude-hint = डिग्री में, जैसे 30.2672
longitude = देशांतर
longitude-hint = डिग्री में, जैसे -97.7431
times = समय
zone-hint = जैसे America/Chicago। इसके सभी समय इसी क्षेत्र में हैं।
minutes-before = शुरुआत से पहले के मिनट
minutes-before-hint = तब से बैठक लाइव होती है
minutes-after = अंत के बाद के मिनट
minutes-after-hint = तब तक बैठक लाइव रहती है
make-meetings = समय-सारणी की बैठकें अपने आप बनाएँ
hours-ahead = कितने घंटे पहले
hours-ahead-hint = शुरुआत से कितनी देर पहले बैठक बनती है
at-the-door = दरवाज़े पर
codes = कोड
codes-none = कोई कोड नहीं
codes-fixed = हर बैठक के लिए एक कोड
codes-rotating = हर 30 सेकंड में बदलने वाला कोड
requires-code = बैठक में उपस्थिति केवल कोड वाले लोग दर्ज कर सकते हैं
schedule = समय-सारणी
schedule-of = { $session } की समय-सारणी
schedule-number = समय-सारणी { $number }
remove-schedule = समय-सारणी { $number } हटाएँ
add-weekly = सप्ताह का दिन जोड़ें
add-monthly = महीने का कोई वार जोड़ें
add-month-day = महीने की तारीख़ें जोड़ें
add-rrule = RRULE जोड़ें
positions = पहला, दूसरा, तीसरा, चौथा, पाँचवाँ, अंतिम, अंत से दूसरा, अंत से तीसरा, अंत से चौथा, अंत से पाँचवाँ
which-of-month = महीने का कौन-सा
weekday = वार
months-apart = कितने महीनों में
every-month-hint = 1 यानी हर महीने
weeks-apart = कितने सप्ताहों में
every-week-hint = 1 यानी हर सप्ताह
month-days-hint = जैसे 1, 15। -1 महीने का अंतिम दिन है।
rrule-hint = जैसे FREQ=MONTHLY;BYDAY=2TU
only-months = केवल इन महीनों में
only-months-hint = जैसे गर्मियों के लिए 6, 7, 8। ख़ाली यानी सभी।
show-next-dates = अगली तारीख़ें दिखाएँ
no-schedule = कोई नियमित समय-सारणी नहीं।
initiation-hint = इससे पहले सत्र नहीं होता। इसे ख़ाली छोड़ सकते हैं।
termination-hint = इसके बाद सत्र नहीं होता। इसे ख़ाली छोड़ सकते हैं।
save-schedule = समय-सारणी सहेजें
the-next-dates = अगली तारीख़ें
no-dates = कोई नहीं है।

## What a field of a form must be. In English the name of the field comes before it; in other languages it is a sentence.

must-be-date = कोई तारीख़ लिखें, जैसे 2027-03-31।
must-be-time = कोई समय लिखें, जैसे 19:30।
must-be-whole-number = कोई पूर्ण संख्या लिखें।
must-be-whole-numbers = पूर्ण संख्याएँ लिखें, जैसे 1, 15।
must-be-within = { $least } से { $most } तक की संख्या लिखें।
must-be-weekday = सप्ताह का कोई दिन चुनें।
must-be-degrees = डिग्री में कोई संख्या लिखें, जैसे 30.2672।
must-be-zone = किसी समय क्षेत्र का नाम लिखें, जैसे America/Chicago।
must-not-be-empty = इसे ख़ाली नहीं छोड़ सकते।
must-be-shorter = यह बहुत लंबा है: अधिकतम { $most } अक्षर।
must-be-kilometres = किलोमीटर की संख्या चुनें।
must-be-person = किसी व्यक्ति की आईडी लिखें, जैसे Person:7।
several-problems = यह सहेजा नहीं गया। ये { $count } बातें ठीक करें:
must-be-visible = कम से कम एक दिखने वाला अक्षर लिखें।
must-be-plain = पाठ में नियंत्रण अक्षर, या उसकी दिशा बदलने वाले अक्षर नहीं हो सकते।
must-be-website = किसी वेबसाइट का पता लिखें, जैसे https://example.org/session।
must-be-picture = किसी चित्र का https पता लिखें, जैसे https://example.org/picture.jpg, बिना उपयोगकर्ता नाम के।
must-be-short-id = यह ख़ाली है या बहुत लंबा है: अधिकतम 255 बाइट।
must-be-path = केवल अक्षर, अंक, '-', '_', '.' और '~' हो सकते हैं।
must-be-year = वर्ष { $first } से { $last } तक हो।
must-be-both = दोनों निर्देशांक लिखें, या कोई नहीं।
must-differ-from-start = समाप्ति आरंभ से अलग हो। आरंभ से पहले की समाप्ति अगले दिन की होती है।
must-not-be-before = अंतिम दिन पहले दिन, { $date }, से पहले नहीं हो सकता।
needs-codes = इसके लिए कोड चाहिए: ऊपर कोई प्रकार चुनें।
must-be-in-the-future = यह भविष्य में होना चाहिए।
must-not-be-negative = संख्या ऋणात्मक नहीं हो सकती। ख़ाली का अर्थ है कोई सीमा नहीं।
must-choose-one = कम से कम एक चुनें।
must-be-months = 1 से 12 तक के महीने लिखें।
must-be-month-days = 1 से 31 तक के दिन लिखें, या महीने के अंत से -1 से -31 तक।
never-meets = इस तरह कभी कोई बैठक नहीं होगी। यह या दूसरे मान बदलें।
too-many-schedules = एक सत्र के अधिकतम { $most } कार्यक्रम होते हैं।
skip-too-long = अंतिम दिन पहले दिन के अधिकतम { $days } दिन बाद हो सकता है।
too-many-skips = एक सत्र में अधिकतम { $most } छोड़ी हुई अवधियाँ होती हैं। पहले पुरानी हटाएँ।
key-needs-owner = कोई व्यक्ति लिखें, या प्रबंधक के अधिकारों वाली कुंजी बनाएँ।

## Why a meeting is live or not.

why-deleted = हटाई गई
why-cancelled = रद्द
why-terminated = सत्र के अंतिम दिन के बाद
why-held-live = हाथ से लाइव, { $until } तक
why-held-not-live = हाथ से लाइव से हटाई गई, { $until } तक
why-live-until-sweep = अगली जाँच तक हाथ से लाइव
why-not-live-until-sweep = अगली जाँच तक हाथ से लाइव से हटाई गई
why-no-times = शुरुआत या अंत नहीं दिया गया
why-unreadable = तय नहीं: समय या समय क्षेत्र पढ़ा नहीं जा सकता
why-over = समाप्त: अंत { $ends }, बंद { $closes }
why-closing = बंद { $closes }, अभी लाइव से हटेगी
why-live = { $opens } से लाइव, शुरुआत { $starts }
why-live-from = { $opens } से लाइव होगी, शुरुआत { $starts }
why-opening = खुली { $opens }, अभी लाइव होगी, शुरुआत { $starts }
why-not-yet = अभी लाइव नहीं: खुलेगी { $opens }, शुरुआत { $starts }

## Why something is refused: the messages of the service about no field. `web/src/language/refusal.rs` says which. The English of `said-…` is that of the service.

schedule-changed-meanwhile = आपके यह पृष्ठ खोलने के बाद किसी और ने समय-सारणी बदल दी है। अब वह है: { $schedule }। कुछ भी सहेजा नहीं गया, और आपने जो लिखा वह अब भी यहाँ है। समय-सारणी फिर खोलें और वहीं बदलाव करें।
open-schedule-again = समय-सारणी फिर खोलें
path-taken = यह पता किसी और सत्र का है। दूसरा चुनें।
refused-zone-first = पहले सत्र का समय क्षेत्र ठीक करें।
refused-meeting-exists = सत्र की उस दिन इसी समय पहले से एक बैठक है। एक और जोड़ने के लिए नीचे का बॉक्स चुनें।
refused-meeting-cancelled = सत्र की उस दिन इसी समय पहले से एक बैठक है, जो रद्द है। एक और जोड़ने के लिए नीचे का बॉक्स चुनें।
said-slot-booked = यह समय बुक है। पहले बुकिंग रद्द करें।
said-slot-begun = यह समय शुरू हो चुका है। दूसरा चुनें।
said-slot-taken = यह समय किसी और ने बुक कर लिया है। दूसरा चुनें।
refused-own-slot = यह आपका ही समय है, इसलिए इसे बुक नहीं कर सकते।
refused-key-made = यह फ़ॉर्म अपनी कुंजी पहले ही बना चुका है, जिसका रहस्य केवल एक बार दिखाया जाता है। दूसरी कुंजी बनाने के लिए यह पृष्ठ फिर खोलें।
refused-booked-already = यह समय आप पहले ही बुक कर चुके हैं।
refused-booked-then = उस समय आपकी एक बुकिंग है। दूसरा समय चुनें।
refused-offered-then = उस समय आप पहले से समय दे रहे हैं। दूसरा समय चुनें।
refused-booking-status = बुकिंग इस बीच बदल गई है, इसलिए यह अब नहीं हो सकता। उसकी स्थिति देखें।
refused-external-id = यह बाहरी आईडी किसी और की है। पहले वहाँ से हटाएँ, या दोनों को मिला दें।
said-too-many-keys = एक व्यक्ति की अधिकतम { $most } API कुंजियाँ होती हैं। पहले एक रद्द करें।
said-merge-booked = इन लोगों ने एक-दूसरे का समय बुक किया है, इसलिए ये एक ही व्यक्ति नहीं हो सकते।
said-merge-overlap = दोनों का एक ही समय पर कोई प्रस्ताव या बुकिंग है। पहले एक प्रस्ताव वापस लें, या एक बुकिंग रद्द करें।
said-admins-only = यह केवल प्रबंधक कर सकते हैं।
said-own-only = यह केवल वह व्यक्ति और प्रबंधक कर सकते हैं।
said-mentor-only = यह केवल मेंटर और प्रबंधक कर सकते हैं।
said-deactivated-booking = मेंटर या विद्यार्थी का खाता निष्क्रिय है, इसलिए यह समय बुक नहीं हो सकता।
said-gone = यह अब नहीं है। वापस जाएँ और पेज फिर से खोलें।
refused-no-longer-then = सत्र अब उस समय नहीं मिलता। उसकी अगली बैठकें देखें।
said-nobody = यह करने के लिए साइन इन करें।
said-zone = समय क्षेत्र { $zone } अज्ञात है।
said-schedule = सहेजा गया कार्यक्रम पढ़ा नहीं जा सकता।

## The pages for admins

admins-only = यह पेज प्रबंधकों के लिए है।
new-session-purpose = नाम, स्थान और समय
people = लोग
people-purpose = खोजें, बनाएँ, बदलें, मिलाएँ और मिटाएँ
audit-log = बदलावों का लेखा
audit-log-purpose = किसने क्या बदला
keys-purpose = कुंजियाँ जिनसे प्रोग्राम साइन इन करते हैं
not-an-instance-id = यह किसी बैठक की आईडी नहीं है। ऐसी आईडी SessionInstance:7 जैसी होती है।
unknown-instance = इस आईडी की कोई बैठक नहीं है। सक्रिय बैठकों की आईडी ऊपर की तालिका में हैं।
entries-changed = क्या बदला
entries-by = किसने
no-entries = कोई प्रविष्टि नहीं।
entries = प्रविष्टियाँ
when-utc = कब (UTC)
who = कौन
what = क्या
changes = बदलाव
older-entries = पुरानी प्रविष्टियाँ
active-count = लाइव बैठकें: { $count }
no-active = कोई बैठक लाइव नहीं है।
active-by-start = अभी लाइव, शुरुआत के क्रम में
set-inactive-by-hand = हाथ से लाइव से हटाई गईं
set-by-hand = हाथ से तय करें कि कोई बैठक लाइव है या नहीं
instance = बैठक
such-as = जैसे { $example }
set-active = लाइव करें
set-inactive = लाइव से हटाएँ
why = क्यों
here = यहाँ
override = हाथ से लिया निर्णय
is-set-active = लाइव किया गया
is-set-inactive = लाइव से हटाया गया
until-time = { $time } तक
end-override = समाप्त करें
sweep-question = जाँच क्या करेगी?
time-in-utc = UTC में समय (ख़ाली: अभी)
sweep-kind = जाँच का प्रकार
mode-periodic = नियमित जाँच: एक मिनट पहले
mode-exact = टाइमर: ठीक समय पर
dry-run = बिना बदलाव जाँचें
instant-unreadable = यह समय पढ़ा नहीं जा सकता। इसे ऐसे लिखें: 2027-01-15T19:14:00।
sessions-with-problem = समस्या वाले सत्र
no-problems = किसी सत्र में समस्या नहीं है।
correct-it = ठीक करें
correct-named = { $session } ठीक करें
latest-sweeps = पिछली जाँचें
no-sweeps = अभी तक कोई जाँच नहीं हुई है।
sweep-at = समय
sweep-scope = दायरा
sweep-took = अवधि
sweep-activated = लाइव की गईं
sweep-deactivated = लाइव से हटाई गईं
sweep-created = बनाई गईं
sweep-moved = जगह बदली
sweep-errors = त्रुटियाँ
not-finished = पूरी नहीं हुई
milliseconds = { $count } मिलीसेकंड
sweep-would = { $time } पर जाँच ये बदलाव करेगी। कुछ नहीं बदला गया।
sweep-mode = तरीका: { $mode }।
counted = { $what }: { $count }
instances-created-for = बैठकें बनीं: { $count } सत्र
people-moved = जगह बदलने वाले लोग
bookings = बुकिंग
visits-abandoned = अधूरी छूटी विज़िट
online-now = अभी ऑनलाइन
nobody-online = कोई विज़िट ऑनलाइन नहीं है।
visits-online = अभी ऑनलाइन विज़िट
page = पेज
activity = गतिविधि
since = कब से
anonymous-visitor = अनाम आगंतुक
seats-of-limit = { $limit } में से { $taken } भरी
seats-without-limit = { $taken } भरी
new-activity = नई गतिविधि
key = कुंजी-शब्द
activity-key-hint = पतों और प्रोग्रामों में इसका नाम, जैसे interview
activity-key-taken = किसी गतिविधि का यह कुंजी-शब्द पहले से है: कोई दूसरा चुनें।
seats-hint = ख़ाली का अर्थ है कोई सीमा नहीं
visits-last-day = पिछले 24 घंटों की विज़िट
figure-online = अभी ऑनलाइन
figure-completed = पूरी हुईं
figure-abandoned = अधूरी छूटीं
figure-average = औसतन
figure-longest = सबसे लंबी
minutes-tenths = { $minutes }.{ $tenths } मिनट
online-by-language = भाषा के अनुसार ऑनलाइन: { $counts }
visits-by-hour = शुरू हुई विज़िट, घंटे के अनुसार
visits-by-hour-utc = शुरू हुई विज़िट, घंटे के अनुसार (UTC)
hour = घंटा
visits = विज़िट
zone-data = समय क्षेत्रों का डेटा
zone-data-version = संस्करण
zone-data-source = स्रोत
zone-data-stored = डेटाबेस की समय-अवधियों का संस्करण
not-known-yet = अभी ज्ञात नहीं
new-person = नया व्यक्ति
create-person = व्यक्ति बनाएँ
more-people = और लोग
no-people = अभी कोई नहीं है।
is-deactivated = निष्क्रिय
is-guest = अतिथि
a-guest = अतिथि
change-named = { $name } को बदलें
external-id = बाहरी आईडी
external-id-hint = पहचान प्रदाता के यहाँ व्यक्ति की आईडी: उसके टोकन का sub
hide-their-place = उसी सत्र के दूसरे लोगों से छिपाएँ कि यह व्यक्ति कहाँ है
account-deactivated = निष्क्रिय
account-deactivated-hint = केवल अपना डेटा पढ़ सकता है।
more = और
what-was-changed = क्या बदला गया
merge-person = किसी दूसरे व्यक्ति में मिलाएँ
merge-person-purpose = अगर दो व्यक्ति असल में एक हों
sign-out-purpose = टोकन और API कुंजियाँ समाप्त होती हैं
erase = मिटाएँ
erase-purpose = हमेशा के लिए
merge-title = { $name } को किसी दूसरे व्यक्ति में मिलाएँ
merge-note = दूसरा व्यक्ति रहेगा, और उसे { $name } के चेक-इन, बुकिंग और सत्र मिलेंगे। पहले उसे खोजें।
merge-into = { $name } में मिलाएँ
merge-named = { $name } को मिलाएँ
merge-question = इन दो व्यक्तियों को मिलाएँ?
merge-becomes = { $person } अब { $other } हो जाएगा। इसे वापस नहीं किया जा सकता।
merge-for-good = हमेशा के लिए मिलाएँ
erase-question = इस व्यक्ति को मिटाएँ?
erase-note = { $name } का नाम, चेक-इन, विज़िट और बुकिंग मिटा दिए जाएँगे। इसे वापस नहीं किया जा सकता।
erase-keeps = पिछले सत्रों में केवल लोगों की संख्या रहती है।
erase-for-good = हमेशा के लिए मिटाएँ
sign-out-person-question = इस व्यक्ति को हर जगह से साइन आउट करें?
sign-out-person-note = { $name } के अभी के सभी टोकन समाप्त होते हैं। नए काम करेंगे।
sign-out-person = साइन आउट करें

## The elements of the browser module. `web/src/language/module.rs` says which other texts it uses.

element-out-of-touch = कनेक्शन नहीं है: यह पुराना हो सकता है।
element-the-session = सत्र
element-is-live = { $session } अभी लाइव है।
element-no-longer-live = { $session } अब लाइव नहीं है।
element-you-are-at = आप { $session } में हैं।
element-you-are-nowhere = आप अभी किसी सत्र में नहीं हैं।
element-in-session = अभी यहाँ: { $session }
element-people-here = { $count ->
    [one] { $count } व्यक्ति यहाँ है
   *[other] { $count } लोग यहाँ हैं
}
element-times = { $there } (आपके यहाँ { $here })
element-your-booking = आपकी बुकिंग: { $status }।
element-starts-in = { $time } में शुरू
element-about-to-start = शुरू होने वाला है
element-time-is-over = समय बीत गया, पर किसी ने शुरू नहीं किया
element-left = { $time } शेष
element-status-left = { $status }, { $time } शेष
element-days-hours = { $days } दिन { $hours } घंटे
element-hours-minutes = { $hours } घंटे { $minutes } मिनट
element-minutes = { $minutes } मिनट
element-and-more = और भी हैं।
element-join = शामिल हों
element-join-queue = कतार में लगें
element-asking = सीट माँगी जा रही है …
element-cancel = रद्द करें
element-position = कतार में आप { $length } में से { $position } नंबर पर हैं।
element-wait-unknown = प्रतीक्षा का समय अभी ज्ञात नहीं है।
element-wait-minutes = लगभग { $count } मिनट की प्रतीक्षा।
element-wait-hours = { $count ->
    [one] लगभग एक घंटे की प्रतीक्षा।
   *[other] लगभग { $count } घंटे की प्रतीक्षा।
}
element-leave-queue = कतार छोड़ें
element-kept-until = { $time } तक आपके लिए एक सीट रखी है।
element-take-seat = सीट लें
element-has-seat = आपके पास सीट है।
element-leave = छोड़ें
element-leaving = छोड़ा जा रहा है …
element-full = कोई सीट ख़ाली नहीं है।
element-try-again = फिर कोशिश करें
element-join-again = फिर शामिल हों
element-lost-idle = आपकी सीट अब नहीं रही, क्योंकि यह पेज इस्तेमाल नहीं हो रहा था।
element-lost-away = यह पेज बहुत देर तक जुड़ा नहीं था, इसलिए आपकी जगह समाप्त हो गई।
element-lost-lapsed = आपके लिए एक सीट रखी गई थी, पर वह समय पर नहीं ली गई, इसलिए कतार में आपका स्थान समाप्त हो गया।
element-lost-ended = यहाँ आपकी जगह समाप्त हो गई। शायद आप कहीं और चले गए।
element-lost-person = यह जगह उस व्यक्ति की है जिसने पहले यहाँ साइन इन किया था।
element-sign-in-to-join = शामिल होने के लिए साइन इन करें।
element-failed = यह नहीं हो पाया: { $reason }
element-no-answer = कोई जवाब नहीं
