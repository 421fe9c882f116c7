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
meeting-gone = Yanıtınız kaydedilmedi, çünkü bu buluşma bu arada silindi ya da taşındı. Sonraki buluşmalar bunlar.
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
change-meeting = Buluşmayı değiştir
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
paste-token = Belirtecinizi yapıştırın. Onu size bu siteyi işletenler verir. Belirtecin süresi dolana ya da siz oturumu kapatana kadar bu tarayıcıda oturumunuz açık kalır.
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
seats-need-scripts = Katılmak için oturum açın veya bu sitede betiklere izin verip sayfayı yeniden yükleyin.
join-seat = Katıl
join-queue = Sıraya gir
take-the-seat = Yeri al
leave-seat = Ayrıl
leave-queue = Sıradan çık
still-here = Hâlâ buradayım
have-a-seat = Bir yeriniz var.
seat-elsewhere = Başka bir cihazda veya tarayıcıda yeriniz var.
move-seat-here = Yeri buraya taşı
waits-elsewhere = Başka bir cihazda veya tarayıcıda bekliyorsunuz.
wait-here-too = Burada da bekle
place-in-queue = Sırada { $length } kişi arasında { $position }. sıradasınız.
seat-is-kept = Sizin için bir yer ayrıldı, kalan süre: { $seconds } sn.
page-reloads = Bu sayfayı açık tutun. Sayfa her { $seconds } saniyede bir kendini yeniler, böylece yeriniz veya sıranız korunur.
no-place-any-more = Burada artık ne yeriniz ne de sıranız var. Sizin için ayrılan yer zamanında alınmalı ve bu sayfa açık kalmalıdır.
may-join-again = Hâlâ katılmak istiyorsanız yeniden katılın.
seats-closed = Şu anda kapalı.
wait-closed = Şu anda kapalı. Sıradaki yeriniz yeniden açılana kadar korunur.
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
bad-address = Bu adres okunamıyor. Bu sitedeki bir bağlantıyı izleyin ya da baştan başlayın.
unavailable = Şu anda kullanılamıyor
database-away = Bu site şu anda verilerine ulaşamıyor. Bir dakika sonra yeniden deneyin.
nothing-saved = Bu site şu anda verilerine ulaşamadığı için hiçbir şey kaydedilmedi. Formunuz bu sayfada duruyor: bir dakika sonra yeniden gönderin.
nothing-saved-signed-out = Oturumunuz sona erdiği için hiçbir şey kaydedilmedi. Formunuz bu sayfada duruyor: yeni bir sekmede oturum açın, buraya dönün ve yeniden gönderin.
sign-in-in-new-tab = Yeni sekmede oturum aç
send-again = Yeniden gönder
server-error = Sunucuda bir şeyler ters gitti. Biraz sonra yeniden deneyin. Bir form gönderdiyseniz kaydedilip kaydedilmediğine bakın.
too-many-attempts = Çok fazla deneme: { $seconds } saniye sonra yeniden deneyin.
too-busy = Bu site şu anda çok yoğun. { $seconds } saniye sonra yeniden deneyin.
form-kept = Hiçbir şey kaydedilmedi. Formunuz bu sayfada duruyor.

## What was done

done-answered = Yanıtınız kaydedildi.
done-answered-moved = Yanıtınız kaydedildi. Bu arada buluşmanın zamanı değişti: lütfen yeni zamana bakın.
done-answered-over = Yanıtınız kaydedildi. Buluşma sona erdiği için girişiniz yapılmadı.
done-answered-cancelled = Yanıtınız kaydedildi, ama bu buluşma yapılmayacak.
done-arrived = Girişiniz yapıldı.
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
done-set-live = Buluşma şu anda canlı.
done-set-not-live = Buluşma canlı değil.
done-override-cleared = Buluşma yeniden kendi saatlerine uyuyor.
done-checked-in = Kişinin girişi yapıldı.
done-checked-out = Kişinin çıkışı yapıldı.
done-their-answer-saved = Yanıt kaydedildi.
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
done-activity-saved = Etkinlik kaydedildi.

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
delete-me-refused = Hiçbir şey silinmedi. Adınızı tam gösterildiği gibi yazın ve yeniden deneyin.

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
person = Kişi
key-person-hint = Kimin adına çalıştığı, örneğin Person:7
key-is-admin = Yönetici haklarına sahip
days = Gün
days-hint = Anahtar bu kadar gün sonra sona erer. Boşsa sona ermez.
make-the-key = Anahtarı oluştur
no-key-here = Bu adreste API anahtarı yok.
revoke-question = Bu API anahtarı iptal edilsin mi?
revoke-note = { $name } kullanan programlar bundan sonra reddedilir. Bu geri alınamaz.
revoke-button = Anahtarı iptal et

## Organising a session

edit-session = Oturumu düzenle
edit-session-purpose = Ad, yer, açıklama, saat dilimi, kapıdaki kodlar
edit-named = Düzenle: { $session }
change-schedule = Programı değiştir
change-schedule-purpose = Ne zaman yapıldığı, sonraki tarihlerin ön izlemesiyle
meetings = Buluşmalar
meetings-purpose = Buluşma ekleyin ya da sonrakileri iptal edin, taşıyın, yapın
past-meetings = Geçmiş buluşmalar
past-meetings-purpose = Kim geldi, en yenisi önce
organisers = Düzenleyenler
organisers-purpose = Bu oturumu kimler değiştirebilir
see-how-to-correct = Nasıl düzeltileceğine bakın
leave-out-purpose = Tatiller ya da kapalı bir mekân
door-screen = Kapıdaki ekran
door-screen-purpose = Giriş yapmak için okutulan bir kod
delete-session = Oturumu sil
share = Paylaş
share-badge = Web siteniz için rozet
share-calendar = Abone olunacak takvim adresi
share-page = Bu oturumun sayfasının adresi
wrong-with-session = Bu oturumda ne yanlış
wrong-with = Yanlış olan: { $session }
until-corrected = Düzeltilene kadar programdan buluşma oluşturulmaz; var olanların saatleri aynı kalır.
nothing-wrong = Yanlış bir şey yok.
schedule-is-unreadable = Programı okunamıyor
this-is-stored = Kayıtlı olan:
say-when-it-meets = Ne zaman yapıldığını yeniden belirtin. Bu, kayıtlı olanın yerine geçer.
enter-schedule-again = Programı yeniden gir
zone-unknown = Saat dilimi bilinmiyor
zone-example = Örneğin America/Chicago
correct-zone = Saat dilimini düzelt
admins-delete-sessions = Oturumları yalnızca yöneticiler silebilir.
delete-session-question = Bu oturum silinsin mi?
delete-session-note = { $session } ve bütün buluşmaları herkes için kaybolur. Şu anda orada olanlar hiçbir yerde görünmez.
delete-session-advice = Bu geri alınamaz. Bir oturumu sona erdirmek için programına bir son gün verin.
delete-for-good = Kalıcı olarak sil
organisers-of = Düzenleyenler: { $session }
organisers-may = Düzenleyenler oturumu ve buluşmalarını değiştirebilir, kişilerin girişini yapabilir.
no-organisers = Bu oturumu henüz kimse düzenlemiyor. Yöneticiler onu değiştirebilir.
add-organiser = Düzenleyen ekle
organises-already = zaten düzenliyor
add = Ekle
remove-named = Kaldır: { $name }
add-named = Ekle: { $name }
find = Bul
people-found = Sonuç: { $count }
nobody-with-name = Adında bu harfler geçen kimse yok.
stop-organising-question = Bu oturumu düzenlemeyi bırakıyor musunuz?
stop-organising-note = { $session } üzerinde artık değişiklik yapamazsınız. Başka bir düzenleyen ya da bir yönetici sizi yeniden ekleyebilir.
stop-organising = Düzenlemeyi bırak
meetings-of = Buluşmalar: { $session }
past-meetings-of = Geçmiş buluşmalar: { $session }
no-past-meetings = Henüz biten buluşma yok.
older-meetings = Daha eski buluşmalar
see-answers = Kimin yanıtladığını gör
add-a-meeting = Buluşma ekle
in-session-zone = Tarihler ve saatler oturumun saat dilimindedir: { $zone }.
location = Buluşma yeri
location-if-unusual = Her zamanki yer değilse
add-duplicate = Bu saatlerde bir buluşma olsa da ekle
add-the-meeting = Buluşmayı ekle
no-meeting-here = Bu adreste buluşma yok.
meeting-on = Buluşma: { $date }
delete-meeting = Bu buluşmayı sil
hours = Saat
hours-hint = Kararınızın ne kadar süreceği. Boşsa: bir sonraki denetime kadar, en çok çeyrek saat.
status = Durum
hold-after-all = Yine de yap
cancel-meeting = Bu buluşmayı iptal et
end-decision = Elle verilen kararı bitir
decision-until = Kararın bitişi: { $time }.
decide-by-hand = Canlı olup olmadığına elle karar ver
set-live = Canlı yap
set-not-live = Canlı olmaktan çıkar
not-live-cancelled = Bu buluşma iptal edildiği için canlı olamaz. Önce “Yine de yap”ı seçin.
not-live-terminated = Bu buluşma oturumun son gününden sonra olduğu için canlı olamaz. Önce programın son gününü değiştirin.
check-in = Giriş yap
check-out = Çıkış yap
say-yes-for-them = Onun adına evet de
say-no-for-them = Onun adına hayır de
remove-answer = Yanıtı kaldır
is-here-now = şu anda burada
check-somebody-in = Birinin girişini yap
location-usual = Boşsa her zamanki yer
move-meeting = Bu buluşmayı taşı
delete-meeting-question = Bu buluşma silinsin mi?
delete-meeting-note = { $session }, { $date }. Yanıtlar da silinir. Bu geri alınamaz.
delete-meeting-advice = Yapılmayacağını duyurmak için onu silmeyin, iptal edin.
new-session = Yeni oturum
create-session = Oturumu oluştur
address = Adres
address-hint = Sayfa adresinin son bölümü: harfler, rakamlar, “-”, “_”, “.” ve “~”. Boşsa addan oluşturulur.
description = Açıklama
description-hint = En çok 2.000 karakter. Markdown ile listeler, bağlantılar ve vurgular yapılır.
website-hint = Örneğin https://example.org
picture = Resim
picture-hint = Bir resmin https adresi, örneğin https://example.org/resim.jpg. Resmi yalnızca oturum açanlar görür, çünkü resmin sitesi onu kimin yüklediğini öğrenir.
location-hint = Bir mekânın adı ya da bir adres
state = Eyalet ya da il
latitude = Enlem
latitude-hint = Derece olarak, örneğin 30.2672
longitude = Boylam
longitude-hint = Derece olarak, örneğin -97.7431
times = Saatler
zone-hint = Örneğin America/Chicago. Bütün saatleri bu dilimdedir.
minutes-before = Başlangıçtan önceki dakikalar
minutes-before-hint = Buluşma o andan itibaren canlıdır
minutes-after = Bitişten sonraki dakikalar
minutes-after-hint = Buluşma o ana kadar canlıdır
make-meetings = Programdaki buluşmaları kendiliğinden oluştur
hours-ahead = Kaç saat önceden
hours-ahead-hint = Bir buluşmanın başlangıcından ne kadar önce oluşturulduğu
at-the-door = Kapıda
codes = Kodlar
codes-none = Kod yok
codes-fixed = Her buluşma için bir kod
codes-rotating = Her 30 saniyede bir değişen kod
requires-code = Buluşmaya yalnızca kodu olanlar giriş yapabilir
schedule = Program
schedule-of = Program: { $session }
schedule-number = Program { $number }
remove-schedule = Program { $number } kaldırılsın
add-weekly = Haftanın bir gününü ekle
add-monthly = Ayın belirli bir hafta gününü ekle
add-month-day = Ayın günlerini ekle
add-rrule = RRULE ekle
positions = Birinci, İkinci, Üçüncü, Dördüncü, Beşinci, Son, Sondan ikinci, Sondan üçüncü, Sondan dördüncü, Sondan beşinci
which-of-month = Ayın kaçıncısı
weekday = Haftanın günü
months-apart = Kaç ayda bir
every-month-hint = 1: her ay
weeks-apart = Kaç haftada bir
every-week-hint = 1: her hafta
month-days-hint = Örneğin 1, 15. -1 ayın son günüdür.
rrule-hint = Örneğin FREQ=MONTHLY;BYDAY=2TU
only-months = Yalnızca şu aylarda
only-months-hint = Örneğin yaz için 6, 7, 8. Boşsa hepsi.
show-next-dates = Sonraki tarihleri göster
no-schedule = Düzenli program yok.
initiation-hint = Oturum daha önce yapılmaz. Boş kalabilir.
termination-hint = Oturum daha sonra yapılmaz. Boş kalabilir.
save-schedule = Programı kaydet
the-next-dates = Sonraki tarihler
no-dates = Hiç yok.

## What a field of a form must be. In English the name of the field comes before it; in other languages it is a sentence.

must-be-date = Bir tarih yazın, örneğin 2027-03-31.
must-be-time = Bir saat yazın, örneğin 19:30.
must-be-whole-number = Bir tam sayı yazın.
must-be-whole-numbers = Tam sayılar yazın, örneğin 1, 15.
must-be-within = { $least } ile { $most } arasında bir sayı yazın.
must-be-weekday = Haftanın bir gününü seçin.
must-be-degrees = Derece olarak bir sayı yazın, örneğin 30.2672.
must-be-zone = Bir saat diliminin adını yazın, örneğin America/Chicago.
must-not-be-empty = Bu alan boş kalamaz.
must-be-shorter = Bu çok uzun: en çok { $most } karakter.
must-be-kilometres = Bir kilometre sayısı seçin.
must-be-person = Bir kişinin kimliğini yazın, örneğin Person:7.
several-problems = Bu kaydedilmedi. Şu { $count } noktayı düzeltin:
must-be-visible = En az bir görünür karakter yazın.
must-be-plain = Metinde denetim karakterleri ya da metnin yönünü değiştiren karakterler olamaz.
must-be-website = Bir web sitesinin adresini yazın, örneğin https://example.org/session.
must-be-picture = Bir resmin https adresini yazın, örneğin https://example.org/picture.jpg, kullanıcı adı olmadan.
must-be-short-id = Bu boş ya da çok uzun: en çok 255 bayt.
must-be-path = Yalnızca harfler, rakamlar, “-”, “_”, “.” ve “~” olabilir.
must-be-year = Yıl { $first } ile { $last } arasında olmalı.
must-be-both = İki koordinatı da yazın ya da hiçbirini yazmayın.
must-differ-from-start = Bitiş başlangıçtan farklı olmalı. Başlangıçtan önceki bir bitiş ertesi gündür.
must-not-be-before = Son gün ilk günden ({ $date }) önce olamaz.
needs-codes = Bunun için kod gerekir: yukarıdan bir tür seçin.
must-be-in-the-future = Bu gelecekte olmalı.
must-not-be-negative = Sayı eksi olamaz. Boş, sınırsız demektir.
must-choose-one = En az birini seçin.
must-be-months = 1'den 12'ye kadar aylar yazın.
must-be-month-days = 1'den 31'e kadar günler ya da ayın sonundan sayarak -1'den -31'e kadar günler yazın.
never-meets = Bu şekilde hiç buluşma olmaz. Bu alanı ya da diğerlerini değiştirin.
too-many-schedules = Bir oturumun en çok { $most } programı olur.
skip-too-long = Son gün ilk günden en çok { $days } gün sonra olabilir.
too-many-skips = Bir oturumda en çok { $most } atlanan dönem olur. Önce eskilerini kaldırın.
key-needs-owner = Bir kişi yazın ya da yönetici haklarına sahip bir anahtar oluşturun.

## Why a meeting is live or not.

why-deleted = Silindi
why-cancelled = İptal edildi
why-terminated = Oturumun son gününden sonra
why-held-live = Elle canlı yapıldı, bitiş: { $until }
why-held-not-live = Elle canlı olmaktan çıkarıldı, bitiş: { $until }
why-live-until-sweep = Bir sonraki denetime kadar elle canlı yapıldı
why-not-live-until-sweep = Bir sonraki denetime kadar elle canlı olmaktan çıkarıldı
why-no-times = Başlangıcı ya da bitişi yok
why-unreadable = Planlanmadı: saatleri ya da saat dilimi okunamıyor
why-over = Bitti: bitiş { $ends }, kapanış { $closes }
why-closing = Kapanış { $closes }, az sonra canlı olmayacak
why-live = Canlı olduğu an: { $opens }, başlangıç { $starts }
why-live-from = Canlı olacağı an: { $opens }, başlangıç { $starts }
why-opening = Açılış { $opens }, az sonra canlı, başlangıç { $starts }
why-not-yet = Henüz canlı değil: açılış { $opens }, başlangıç { $starts }

## Why something is refused: the messages of the service about no field. `web/src/language/refusal.rs` says which. The English of `said-…` is that of the service.

schedule-changed-meanwhile = Siz bu sayfayı açtıktan sonra başka biri programı değiştirdi. Şimdiki program: { $schedule }. Hiçbir şey kaydedilmedi, yazdıklarınız hâlâ burada. Programı yeniden açın ve değişikliğinizi orada yapın.
open-schedule-again = Programı yeniden aç
path-taken = Başka bir oturumun adresi bu. Başka bir adres seçin.
refused-zone-first = Önce oturumun saat dilimini düzeltin.
refused-meeting-exists = Oturumun o gün bu saatlerde zaten bir buluşması var. Bir tane daha eklemek için aşağıdaki kutuyu işaretleyin.
refused-meeting-cancelled = Oturumun o gün bu saatlerde zaten iptal edilmiş bir buluşması var. Bir tane daha eklemek için aşağıdaki kutuyu işaretleyin.
said-slot-booked = Bu zaman ayırtılmış. Önce randevuyu iptal edin.
said-slot-begun = Bu zaman çoktan başladı. Başka birini seçin.
said-slot-taken = Bu zamanı başkası ayırttı. Başka birini seçin.
refused-own-slot = Bu sizin kendi zamanınız, bu yüzden ayırtamazsınız.
refused-key-made = Bu form anahtarını zaten oluşturdu; gizli değeri yalnızca bir kez gösterilir. Başka bir anahtar oluşturmak için bu sayfayı yeniden açın.
refused-booked-already = Bu zamanı zaten ayırttınız.
refused-booked-then = O saatte bir randevunuz var. Başka bir zaman seçin.
refused-offered-then = O saatte zaten zaman sunuyorsunuz. Başka bir zaman seçin.
refused-booking-status = Randevu bu arada değişti, bu yüzden artık yapılamaz. Durumuna bakın.
refused-external-id = Başka bir kişinin dış kimliği bu. Önce oradan kaldırın ya da iki kişiyi birleştirin.
said-too-many-keys = Bir kişinin en çok { $most } API anahtarı olur. Önce birini iptal edin.
said-merge-booked = Bu kişiler birbirinin zamanını ayırtmış, bu yüzden aynı kişi olamazlar.
said-merge-overlap = İkisinin de aynı saatte bir sunusu ya da randevusu var. Önce sunulardan birini geri çekin ya da bir randevuyu iptal edin.
said-admins-only = Bunu yalnızca yöneticiler yapabilir.
said-own-only = Bunu yalnızca kişinin kendisi ve yöneticiler yapabilir.
said-mentor-only = Bunu yalnızca mentor ve yöneticiler yapabilir.
said-deactivated-booking = Mentorun ya da öğrencinin hesabı devre dışı, bu yüzden bu zaman ayırtılamaz.
said-gone = Bu artık yok. Geri dönün ve sayfayı yeniden yükleyin.
refused-no-longer-then = Oturum artık o zaman buluşmuyor. Sonraki buluşmalarına bakın.
said-nobody = Bunu yapmak için giriş yapın.
said-zone = { $zone } saat dilimi bilinmiyor.
said-schedule = Kayıtlı program okunamıyor.

## The pages for admins

admins-only = Bu sayfa yöneticiler içindir.
new-session-purpose = Ad, yer ve saatler
people = Kişiler
people-purpose = Bulun, oluşturun, değiştirin, birleştirin ve silin
audit-log = Değişiklik günlüğü
audit-log-purpose = Kim neyi değiştirdi
keys-purpose = Programların giriş yaptığı anahtarlar
not-an-instance-id = Bu, bir buluşmanın kimliği değil. Böyle bir kimlik şuna benzer: SessionInstance:7.
unknown-instance = Bu kimlikte bir buluşma yok. Etkin olanların kimlikleri yukarıdaki tabloda.
entries-changed = Değişen
entries-by = Değiştiren
no-entries = Kayıt yok.
entries = Kayıtlar
when-utc = Ne zaman (UTC)
who = Kim
what = Ne
changes = Değişiklikler
older-entries = Daha eski kayıtlar
active-count = Canlı buluşmalar: { $count }
no-active = Canlı buluşma yok.
active-by-start = Şu anda canlı, başlangıca göre
set-inactive-by-hand = Elle canlı olmaktan çıkarılanlar
set-by-hand = Bir buluşmanın canlı olup olmadığına elle karar ver
instance = Buluşma
such-as = Örneğin { $example }
set-active = Canlı yap
set-inactive = Canlı olmaktan çıkar
why = Neden
here = Burada
override = Elle verilen karar
is-set-active = Canlı yapıldı
is-set-inactive = Canlı olmaktan çıkarıldı
until-time = bitiş: { $time }
end-override = Bitir
sweep-question = Bir denetim ne yapardı?
time-in-utc = UTC saati (boşsa: şimdi)
sweep-kind = Denetim türü
mode-periodic = düzenli denetim: bir dakika önceden
mode-exact = zamanlayıcı: tam zamanında
dry-run = Deneme yap
instant-unreadable = Bu zaman okunamıyor. Şöyle yazın: 2027-01-15T19:14:00.
sessions-with-problem = Sorunlu oturumlar
no-problems = Sorunlu oturum yok.
correct-it = Düzelt
correct-named = Düzelt: { $session }
latest-sweeps = Son denetimler
no-sweeps = Henüz denetim yapılmadı.
sweep-at = Saat
sweep-scope = Kapsam
sweep-took = Süre
sweep-activated = Canlı yapılan
sweep-deactivated = Canlılığı biten
sweep-created = Oluşturulan
sweep-moved = Yeri değişen
sweep-errors = Hatalar
not-finished = bitmedi
milliseconds = { $count } ms
sweep-would = { $time } denetimi bu değişiklikleri yapardı. Hiçbir şey değiştirilmedi.
sweep-mode = Tür: { $mode }.
counted = { $what }: { $count }
instances-created-for = Buluşma oluşturulan oturum: { $count }
people-moved = Yeri değişen kişiler
bookings = Randevular
visits-abandoned = Yarıda kalan ziyaretler
online-now = Şu anda çevrimiçi
nobody-online = Çevrimiçi ziyaret yok.
visits-online = Şu anda çevrimiçi ziyaretler
page = Sayfa
activity = Etkinlik
since = Başlangıç
anonymous-visitor = Adsız ziyaretçi
seats-of-limit = { $limit } yerden { $taken } tanesi dolu
seats-without-limit = { $taken } dolu
new-activity = Yeni etkinlik
key = Anahtar sözcük
activity-key-hint = Adreslerde ve programlarda adı budur, örneğin interview
activity-key-taken = Bir etkinlikte bu anahtar sözcük zaten var: başka bir tane seçin.
seats-hint = Boş, sınırsız demektir
visits-last-day = Son 24 saatteki ziyaretler
figure-online = çevrimiçi
figure-completed = tamamlanan
figure-abandoned = yarıda kalan
figure-average = ortalama
figure-longest = en uzunu
minutes-tenths = { $minutes },{ $tenths } dk.
online-by-language = Dile göre çevrimiçi: { $counts }
visits-by-hour = Başlayan ziyaretler, saatlere göre
visits-by-hour-utc = Başlayan ziyaretler, saatlere göre (UTC)
hour = Saat
visits = Ziyaretler
zone-data = Saat dilimi verileri
zone-data-version = Sürüm
zone-data-source = Kaynak
zone-data-stored = Veritabanındaki zaman aralıklarının sürümü
not-known-yet = henüz bilinmiyor
new-person = Yeni kişi
create-person = Kişiyi oluştur
more-people = Diğer kişiler
no-people = Henüz kimse yok.
is-deactivated = devre dışı
is-guest = konuk
a-guest = konuk
change-named = Değiştir: { $name }
external-id = Dış kimlik
external-id-hint = Kişinin kimlik sağlayıcıdaki kimliği: belirteçlerindeki sub alanı
hide-their-place = Nerede olduğunu aynı oturumdakilerden gizle
account-deactivated = Devre dışı
account-deactivated-hint = Yalnızca kendi verilerini okuyabilir.
more = Diğer
what-was-changed = Neler değiştirildi
merge-person = Başka bir kişiyle birleştir
merge-person-purpose = İki kişi aslında bir kişiyse
sign-out-purpose = Belirteçleri ve API anahtarları sona erer
erase = Sil
erase-purpose = Kalıcı olarak
merge-title = Başka bir kişiyle birleştir: { $name }
merge-note = Diğer kişi kalır; şu kişinin katılımlarını, randevularını ve oturumlarını alır: { $name }. Önce onu bulun.
merge-into = Birleştir: { $name }
merge-named = Birleştir: { $name }
merge-question = Bu iki kişi birleştirilsin mi?
merge-becomes = { $person } artık { $other } olur. Bu geri alınamaz.
merge-for-good = Kalıcı olarak birleştir
erase-question = Bu kişi silinsin mi?
erase-note = Şu kişinin adı, katılımları, ziyaretleri ve randevuları silinir: { $name }. Bu geri alınamaz.
erase-keeps = Geçmiş oturumlarda yalnızca kişi sayısı kalır.
erase-for-good = Kalıcı olarak sil
sign-out-person-question = Bu kişinin bütün oturumları kapatılsın mı?
sign-out-person-note = Şu kişinin şimdiki bütün belirteçleri sona erer: { $name }. Yenileri çalışır.
sign-out-person = Oturumlarını kapat

## The elements of the browser module. `web/src/language/module.rs` says which other texts it uses.

element-out-of-touch = Bağlantı yok: bu bilgi eski olabilir.
element-the-session = Oturum
element-is-live = { $session } şu anda canlı.
element-no-longer-live = { $session } artık canlı değil.
element-you-are-at = Şu anda buradasınız: { $session }.
element-you-are-nowhere = Şu anda bir oturumda değilsiniz.
element-in-session = Şu anda: { $session }
element-people-here = { $count } kişi burada
element-times = { $there } (sizin saatinizle { $here })
element-your-booking = Randevunuz: { $status }.
element-starts-in = { $time } sonra başlıyor
element-about-to-start = Başlamak üzere
element-time-is-over = Zamanı geçti, ama kimse başlatmadı
element-left = { $time } kaldı
element-status-left = { $status }, { $time } kaldı
element-days-hours = { $days } gün { $hours } sa.
element-hours-minutes = { $hours } sa. { $minutes } dk.
element-minutes = { $minutes } dk.
element-and-more = Ve diğerleri.
element-join = Katıl
element-join-queue = Sıraya gir
element-asking = Yer isteniyor …
element-cancel = Vazgeç
element-position = Sırada { $length } kişiden { $position }. sıradasınız.
element-wait-unknown = Bekleme süresi henüz bilinmiyor.
element-wait-minutes = Yaklaşık { $count } dakika bekleme.
element-wait-hours = Yaklaşık { $count } saat bekleme.
element-leave-queue = Sıradan çık
element-kept-until = Bir yer sizin için tutuluyor, bitiş: { $time }.
element-take-seat = Yeri al
element-has-seat = Yeriniz var.
element-leave = Ayrıl
element-leaving = Ayrılıyorsunuz …
element-full = Boş yer yok.
element-try-again = Yeniden dene
element-join-again = Yeniden katıl
element-lost-idle = Bu sayfayı kimse kullanmadığı için artık yeriniz yok.
element-lost-away = Bu sayfa çok uzun süre bağlantısız kaldı, bu yüzden yeriniz sona erdi.
element-lost-lapsed = Sizin için bir yer tutuluyordu, ama zamanında alınmadı. Bu yüzden sıradaki yeriniz sona erdi.
element-lost-ended = Buradaki yeriniz sona erdi. Belki başka yerde devam ettiniz.
element-lost-person = Bu yer, daha önce burada oturum açmış olan kişiye ait.
element-sign-in-to-join = Katılmak için oturum açın.
element-failed = Bu olmadı: { $reason }
element-no-answer = yanıt yok
