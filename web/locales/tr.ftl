# Türkçe. Ziyaretçilere "siz" diye hitap edilir.

## The frame of all pages

skip-to-content = İçeriğe geç
nav-main = Ana menü
nav-more = Diğer sayfalar
languages = Dil
tagline = InSession şu anda hangi oturumların sürdüğünü gösterir.
on-now = Şu anda
admin = Yönetim
me = Ben
sign-in = Oturum aç
sign-out = Oturumu kapat
cities = Şehirler
calendar = Takvim
time-to-book = Randevu saatleri
feed = Akış
what-is-next = Sırada ne var
live-now = ŞU AN CANLI
go-back = Geri dön
copied = Kopyalandı

## Dates and times

weekdays = Pazartesi, Salı, Çarşamba, Perşembe, Cuma, Cumartesi, Pazar
weekdays-short = Pzt, Sal, Çar, Per, Cum, Cmt, Paz
months = Ocak, Şubat, Mart, Nisan, Mayıs, Haziran, Temmuz, Ağustos, Eylül, Ekim, Kasım, Aralık
months-short = Oca, Şub, Mar, Nis, May, Haz, Tem, Ağu, Eyl, Eki, Kas, Ara
date = { $day } { $month } { $year } { $weekday }
day = { $day } { $month } { $weekday }
clock = { $hour24 }:{ $minute }
clock-hour = { $hour24 }:00
time-not-set = { $date }, saati henüz belli değil
starts-in = { $span } sonra başlıyor
ends-in = { $span } sonra bitiyor
span-minutes = { $minutes } dk.
span-hours = { $hours } sa.
span-hours-minutes = { $hours } sa. { $minutes } dk.
span-days = { $days } gün
own-time = sizin saatinizle { $time }
schedule-unreadable = Program şu anda gösterilemiyor

## Meetings in lists

cancelled = İptal edildi
cancelled-within = iptal edildi
nobody-here = Henüz kimse yok
here-now = Şu anda { $count } kişi burada
said-yes = { $count } kişi evet dedi
other-places = Diğer yerler

## Home, cities and calendar

in-session-now = Şu anda sürenler
in-session-now-in = Şu anda sürenler: { $city }
home-description = { $title }: hangi oturumlar sürüyor, kimler geliyor ve sırada ne var.
city = Şehir
session = Oturum
search = Ara
everywhere = Her yerde
no-such-city = Bu addaki bir şehirde oturum yok. Yazımı kontrol edin ya da her yerde arayın.
several-cities = Birkaç şehir uyuyor. Hangisini arıyorsunuz?
nothing-on = Şu anda süren oturum yok.
more-on-now = Şu anda süren diğer oturumlar
coming-up = Yakında
no-such-name = Adında bu harfler geçen oturum yok. Yazımı kontrol edin ya da her yerde arayın.
sessions-with-name = Bu addaki oturumlar
sessions-in-city = Bu şehirdeki bütün oturumlar
today-in = Bugün: { $city }
now = Şimdi
no-sessions-yet = Henüz oturum yok.
live-count = { $count } tanesi şu an canlı
session-count = { $count } oturum
cities-description = Oturumu olan bütün şehirler ve şu anda kaç oturumun sürdüğü.
calendar-of = Takvim: { $city }
show = Göster
calendar-empty = Önümüzdeki iki hafta için planlanmış buluşma yok.
calendar-description = { $title }: önümüzdeki iki haftanın oturumları.
more-sessions = Diğer oturumlar
near-me = Yakınımda
sessions-near-you = Yakınınızdaki oturumlar
sessions-near = Yakındaki oturumlar: { $place }
place-not-told = Bu tarayıcı nerede olduğunuzu söylemedi. Bir şehir ya da koordinat yazın.
place = Yer
place-hint = Bir şehir ya da 48.21, 16.37 gibi koordinatlar
place-unknown = Oturumu olan hiçbir şehrin adı bu değil. Başka bir şehir ya da 48.21, 16.37 gibi koordinatlar yazın.
place-of-several = Bu, birkaç şehirden biri olabilir: { $cities }.
place-without-coordinates = Bu şehirdeki oturumların koordinatları yok: { $city }.
distance = Uzaklık
kilometres = { $count } km
away-tenths = { $kilometres },{ $tenths } km uzakta
away = { $kilometres } km uzakta
away-least = 0,1 km’den yakın
nothing-on-near = Şu anda bu yerin yakınında süren oturum yok.
sessions-near-place = Bu yerin yakınındaki bütün oturumlar
nothing-near = Bu yerin yakınında oturum yok. Daha büyük bir uzaklık deneyin.

## A session

no-session-here = Bu adreste oturum yok.
organisers-only = Bunu yalnızca bu oturumun düzenleyenleri yapabilir.
organise = Düzenle
organise-this-session = Bu oturumu düzenle
print-notice = Kimler burada, sırada ne var? Bakın:
when = Ne zaman
where = Nerede
organised-by = Düzenleyen
website = Web sitesi
add-to-calendar = Takviminize ekleyin
time-zone = Saat dilimi
next-meetings = Sonraki buluşmalar
no-meetings-planned = Planlanmış buluşma yok.
sign-in-to-answer = Gelip gelmeyeceğinizi bildirmek için oturum açın
sign-in-to-check-in = Burada olduğunuzu bildirmek için oturum açın
also-on-in = Şu anda sürenler, { $city }
are-you-here = Burada mısınız?
are-you-coming = Geliyor musunuz?
i-am-here = Buradayım
yes = Evet
maybe = Belki
no = Hayır
take-back-answer = Yanıtımı geri al
who-answered = Kimler yanıtladı
checked-in-there = (buluşmada giriş yaptı)
code-at-the-door = Bu oturum kapıda bir kod gösterir. Giriş yapmak için onu okutun.
change = Değiştir
change-meeting-on = { $date } tarihli buluşmayı değiştir
no-session-on = Oturum yok: { $date }
no-session-between = Oturum yok: { $from } – { $to }
skips = Oturum olmayan günler
no-skips = Atlanan gün yok.
first-date = İlk gün
last-date = Son gün
last-date-hint = Boşsa aynı gün
last-date-before-first = Son gün ilk günden önce.
reason = Neden
reason-hint = Örneğin: bayram. Boş kalabilir.
remove = Kaldır
leave-out-dates = Gün atla
leave-out-these-dates = Bu günleri atla

## At the door

door-organisers-only = Kapıdaki ekranı yalnızca bu oturumun düzenleyenleri açabilir.
door-of = Kapı: { $session }
doors-closed = Kapılar kapalı.
doors-closed-until = Kapılar kapalı. Açıldıklarında bu ekran bir kod gösterir.
point-phone = Telefonunuzu resme tutun ya da şu adresi açın: { $address }
no-codes = Bu oturumun giriş kodları yok. Bir düzenleyen onları açabilir.
wrong-code = Bu kod şu anda geçerli değil. Kapıdaki kodu yeniden okutun.
your-name = Buradakilerin göreceği adınız
guest-note = Konuk olarak giriş yapıyorsunuz. Hesabınız varsa önce { $link }.
sign-in-within = oturum açın
no-guests = Burada olduğunuzu bildirmek için oturum açın. Bu sitede konuk kabul edilmiyor.

## Signing in

sign-in-with = { $provider } ile oturum aç
with-a-token = Bir belirteçle
paste-token = Belirtecinizi yapıştırın. Belirtecin süresi dolana ya da siz oturumu kapatana kadar bu tarayıcıda oturumunuz açık kalır.
token = Belirteç
demo-people = Bu bir tanıtım. Kim olduğunuzu seçin.
token-without-end = Bu belirtecin süresi dolmuyor. Süresi dolan bir belirteç kullanın.
no-such-provider = Bu adda bir kimlik sağlayıcı yok.
no-host = Bu istek, sitenin ana makine adını belirtmiyor.
provider-unavailable = Sağlayıcıya şu anda ulaşılamıyor.
provider-unavailable-advice = Bir dakika sonra yeniden deneyin. Diğer sayfalar bu sırada çalışır.
provider-not-begun = Bu giriş başka bir tarayıcıda ya da çok önce başlatılmış veya daha önce kullanılmış.
provider-not-begun-advice = Bu tarayıcıda bir kez daha oturum açın.
provider-refused = Sağlayıcı oturumunuzu açmadı ({ $reason }).
provider-refused-advice = Yeniden deneyin ya da sağlayıcıyı yönetenlere sorun.
provider-not-valid = Sağlayıcının yanıtı geçerli değil.
provider-not-valid-advice = Yeniden deneyin. Yine olursa bir yöneticiye bildirin.
provider-unknown-person = Sağlayıcı sizi tanıyor, ama burada hesabınız yok.
ask-an-administrator = Bir yöneticiye sorun.
you-are-not-signed-in = Oturumunuz açık değil
not-signed-in = Oturum açık değil
signed-out-here = Buradaki oturumunuz kapandı
sign-out-at = { $provider } oturumunu da kapat
signed-out = Oturum kapandı

## People and activities

no-person-here = Bu adreste kimse yok.
deactivated = Bu hesap devre dışı.
where-you-are = Şu anda neredesiniz
where-they-are = Şu anda nerede
not-at-a-session = Şu anda hiçbir oturumda değil.
place-is-hidden = Birinin nerede olduğunu yalnızca aynı oturumdakiler görebilir.
to-your-page = Kendi sayfanıza gidin
activities = Etkinlikler
no-activity-here = Bu adreste etkinlik yok.
seats = Yerler
seats-need-scripts = Katılmak için bu sitede betiklere izin verin ve sayfayı yeniden yükleyin. Yer, düzenli olarak sinyal gönderen açık bir sayfa için tutulur ve bunu yalnızca bir betik yapabilir.
seats-closed = Şu anda kapalı.
seats-taken = { $limit } yerden { $taken } tanesi dolu.
taking-part = { $count ->
    [0] Kimse katılmıyor.
   *[other] { $count } kişi katılıyor.
}
waiting = { $count } kişi bekliyor.
who-has-a-seat = Kimlerin yeri var
nobody-is-shown = Gösterilecek kimse yok.
and-more = ve diğerleri
without-a-name = { $count } adsız
sign-in-to-join = Katılmak için oturum açın
deactivated-cannot-join = Bu hesap devre dışı, bu yüzden katılamaz.
only-people-join = Yalnızca kişiler katılabilir. Oturum açtığınız belirteç bir kişiyi belirtmiyor.

## Errors

not-found = Bulunamadı
not-allowed = İzin yok
sign-in-first = Önce oturum açın
something-went-wrong = Bir şeyler ters gitti
did-not-work = Bu olmadı
see-what-is-on = Şu anda ne sürüyor, bakın
no-page-here = Bu adreste sayfa yok.
bad-form = Bu form eksik ya da eski. Geri dönün, sayfayı yeniden yükleyin ve bir daha deneyin.
server-error = Sunucuda bir şeyler ters gitti. Biraz sonra yeniden deneyin.
too-many-attempts = Çok fazla deneme: { $seconds } saniye sonra yeniden deneyin.

## What was done

done-answered = Yanıtınız kaydedildi.
done-answer-removed = Yanıtınız geri alındı.
done-skip-added = Bu günler atlanacak.
done-skip-removed = Oturum bu günlerde yeniden yapılacak.
done-session-created = Oturum oluşturuldu. Şimdi ne zaman yapılacağını belirtin.
done-session-saved = Oturum kaydedildi.
done-session-deleted = Oturum silindi.
done-schedule-saved = Program kaydedildi.
done-meeting-added = Buluşma eklendi.
done-meeting-saved = Buluşma kaydedildi.
done-meeting-cancelled = Buluşma iptal edildi.
done-meeting-restored = Buluşma yine de yapılacak.
done-meeting-deleted = Buluşma silindi.
done-override-set = Kararınız kaydedildi.
done-override-cleared = Buluşma yeniden kendi saatlerine uyuyor.
done-checked-in = Kişinin girişi yapıldı.
done-checked-out = Kişinin çıkışı yapıldı.
done-their-answer-removed = Yanıt kaldırıldı.
done-organizer-added = Düzenleyen eklendi.
done-person-created = Kişi oluşturuldu.
done-person-saved = Kişi kaydedildi.
done-people-merged = İki kişi artık tek kişi.
done-person-erased = Kişi silindi.
done-tokens-revoked = Kişinin bütün oturumları kapatıldı.
done-key-revoked = Anahtar iptal edildi.
done-profile-saved = Profiliniz kaydedildi.
done-slot-offered = Zamanınız sunuldu.
done-slot-deleted = Zamanınız artık sunulmuyor.
done-booked = Bu zamanı ayırttınız.
done-booking-started = Randevu başladı.
done-booking-completed = Randevu tamamlandı.
done-booking-cancelled = Randevu iptal edildi.
done-organizer-removed = Düzenleyen çıkarıldı.

## When a session meets

recurrence-none = Düzenli program yok
recurrence-weekdays = pazartesi, salı, çarşamba, perşembe, cuma, cumartesi, pazar
recurrence-months = ocak, şubat, mart, nisan, mayıs, haziran, temmuz, ağustos, eylül, ekim, kasım, aralık
recurrence-list = { $most } ve { $last }
recurrence-daily = her gün
recurrence-weekly = { $weeks ->
    [1] her { $weekday }
   *[other] her { $weeks } haftada bir { $weekday }
}
recurrence-monthly = { $months ->
    [1] her ayın { $positions } { $weekday } günü
   *[other] her { $months } ayda bir, ayın { $positions } { $weekday } günü
}
recurrence-position = { $position ->
    [1] birinci
    [2] ikinci
    [3] üçüncü
    [4] dördüncü
    [5] beşinci
    [-1] son
    [-2] sondan ikinci
    [-3] sondan üçüncü
    [-4] sondan dördüncü
   *[other] sondan beşinci
}
recurrence-days = { $months ->
    [1] her ayın { $days } günü
   *[other] her { $months } ayda bir, ayın { $days } günü
}
recurrence-day = { $end ->
    [0] { $day }.
    [1] son
   *[other] sondan { $end }.
}
recurrence-hours = { $days }, { $start }–{ $end }
recurrence-in-months = { $schedule } (yalnızca { $months } aylarında)

## Your own page

page-for-people = Bu sayfa kişiler içindir. Belirteciniz bir yöneticinin ve kimsenin adını taşımıyor.
unknown-person-of-token = Belirtecinizdeki kişi yok. Başka bir belirteçle oturum açın.
your-account-deactivated = Hesabınız devre dışı. Verilerinizi okuyabilir, ama hiçbir şeyi değiştiremezsiniz. Bir yöneticiye sorun.
where-i-am = Neredeyim
i-left = Ayrıldım
you-are-nowhere = Şu anda bir oturumda değilsiniz.
on-now-in-my-city = Şehrimde şu anda
sessions-i-organise = Düzenlediğim oturumlar
organise-session = Düzenle: { $session }
my-check-ins = Katıldıklarım
no-check-ins = Henüz hiçbir yere giriş yapmadınız.
older-check-ins = Daha eskiler
name = Ad
city-hint = Sayfanız o zaman orada olanları gösterir.
country = Ülke
hide-place = Nerede olduğumu aynı oturumdakilerden gizle
profile = Profil ve gizlilik
save = Kaydet
sign-out-everywhere = Her yerde oturumu kapat
sign-out-everywhere-question = Her yerde oturum kapatılsın mı?
sign-out-everywhere-note = Tüm belirteçleriniz sona erer: bu tarayıcıda, diğerlerinde ve programlarınızda. Birine sahip olan yeniden oturum açmalıdır.
sign-out-browsers-note = Burada ve diğer tüm tarayıcılarda oturumunuz kapatılır. Kimsenin adını taşımayan bir belirteç süresi dolana kadar geçerlidir.
type-name = Onaylamak için adınızı yazın ({ $name })
my-data = Verilerim
download-my-data = Verilerimi indir
delete-me = Beni sil
delete-me-note = Bu, adınızı, katıldıklarınızı, ziyaretlerinizi ve randevularınızı siler. Geri alınamaz. Geçmiş oturumlarda yalnızca kişi sayısı kalır.
delete-me-for-good = Beni kalıcı olarak sil

## Bookings

my-bookings = Randevularım
no-bookings = Randevunuz yok.
find-time-to-book = Randevu saati bul
as-mentor = Mentor olarak
as-student = Öğrenci olarak
somebody = Biri
booking-start = Başlat
booking-complete = Tamamla
booking-cancel = İptal et
cancel-booking-question = Bu randevu iptal edilsin mi?
cancel-booking-note = Bu zamanı o zaman başka biri ayırtabilir. Bu geri alınamaz.
cancel-booking-button = Randevuyu iptal et
booking-scheduled = Planlandı
booking-delayed = Zamanı geldi, ama kimse başlatmadı
booking-ongoing = Sürüyor
booking-completed = Tamamlandı
booking-cancelled = İptal edildi

## Time to book

time-of-all-mentors = Tüm mentorların saatleri
no-time-offered = Şu anda kimse zaman sunmuyor.
with-mentor = { $mentor } ile
book = Ayırt
later = Daha sonra
offer-own-time = Kendi zamanınızı sunun
sign-in-to-book = Ayırtmak için oturum açın
time-i-offer = Sunduğum zaman
no-time-of-mine = Zaman sunmuyorsunuz.
booked = ayırtıldı
withdraw = Geri çek
offer-time = Zaman sun
slot-date = Tarih
slot-start = Başlangıç
slot-end = Bitiş
slot-end-hint = Başlangıçtan önceki bitiş ertesi gündür.
slot-zone-hint = Tarihin ve saatlerin
offer-this-time = Bu zamanı sun
withdraw-question = Bu zaman geri çekilsin mi?
withdraw-note = Artık kimse ayırtamaz.
withdraw-button = Zamanı geri çek

## API keys

api-keys = API anahtarları
key-intro = Bir program anahtarla oturum açar: { $header } ve gizli anahtarı gönderir.
no-keys = Anahtar yok.
make-a-key = Anahtar oluştur
key-is-made = { $name } anahtarı oluşturuldu. Gizli anahtarı şimdi kopyalayın: bir daha gösterilmez.
secret = Gizli anahtar
copy = Kopyala
key-until = bitiş: { $time }
key-last-used = son kullanım: { $time }
key-never-used = hiç kullanılmadı
revoke = İptal et
revoke-named = İptal et: { $name }
key-name-hint = Örneğin: Kapıdaki ekran
days = Gün
days-hint = Sonra sona erer. Boşsa sona ermez.
make-the-key = Anahtarı oluştur
no-key-here = Bu adreste API anahtarı yok.
revoke-question = Bu API anahtarı iptal edilsin mi?
revoke-note = { $name } kullanan programlar bundan sonra reddedilir. Bu geri alınamaz.
revoke-button = Anahtarı iptal et
