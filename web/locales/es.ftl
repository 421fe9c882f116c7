# Español. Se trata de usted.

## The frame of all pages

skip-to-content = Ir al contenido
nav-main = Navegación principal
nav-more = Más páginas
languages = Idioma
tagline = InSession muestra qué sesiones hay en este momento.
on-now = Ahora mismo
admin = Administración
me = Yo
sign-in = Iniciar sesión
sign-out = Cerrar sesión
cities = Ciudades
calendar = Calendario
time-to-book = Horas para reservar
feed = Canal
what-is-next = Lo que viene
live-now = EN VIVO
go-back = Volver
copied = Copiado

## Dates and times

weekdays = lunes, martes, miércoles, jueves, viernes, sábado, domingo
weekdays-short = lun, mar, mié, jue, vie, sáb, dom
months = enero, febrero, marzo, abril, mayo, junio, julio, agosto, septiembre, octubre, noviembre, diciembre
months-short = ene, feb, mar, abr, may, jun, jul, ago, sept, oct, nov, dic
date = { $weekday } { $day } { $month } { $year }
day = { $weekday }, { $day } de { $month }
clock = { $hour24 }:{ $minute }
clock-hour = { $hour24 }:00
time-not-set = { $date }, hora por definir
starts-in = empieza en { $span }
ends-in = termina en { $span }
span-minutes = { $minutes } min
span-hours = { $hours } h
span-hours-minutes = { $hours } h { $minutes } min
span-days = { $days } días
own-time = { $time } para usted
schedule-unreadable = El horario no se puede mostrar en este momento

## Meetings in lists

cancelled = Cancelado
cancelled-within = cancelado
nobody-here = Todavía no hay nadie
here-now = Presentes ahora: { $count }
said-yes = { $count ->
    [one] { $count } persona dijo que sí
   *[other] { $count } personas dijeron que sí
}
other-places = Otros lugares

## Home, cities and calendar

in-session-now = En este momento
in-session-now-in = En este momento en { $city }
home-description = { $title }: qué sesiones hay, quién va y qué viene después.
city = Ciudad
session = Sesión
search = Buscar
everywhere = En todas partes
no-such-city = No hay ninguna sesión en una ciudad con este nombre. Revise la ortografía o busque en todas partes.
several-cities = Hay varias ciudades que coinciden. ¿A cuál se refiere?
nothing-on = No hay ninguna sesión en este momento.
more-on-now = Más sesiones en este momento
coming-up = Próximamente
no-such-name = Ninguna sesión tiene un nombre con estas letras. Revise la ortografía o busque en todas partes.
sessions-with-name = Sesiones con este nombre
sessions-in-city = Todas las sesiones de esta ciudad
today-in = Hoy en { $city }
now = Ahora
no-sessions-yet = Todavía no hay sesiones.
live-count = { $count } en vivo
session-count = { $count ->
    [one] { $count } sesión
   *[other] { $count } sesiones
}
cities-description = Todas las ciudades con sesiones, y cuántas hay en este momento.
calendar-of = Calendario de { $city }
show = Mostrar
calendar-empty = No hay encuentros previstos en las próximas dos semanas.
calendar-description = { $title }: las sesiones de las próximas dos semanas.
more-sessions = Más sesiones
near-me = Cerca de mí
sessions-near-you = Sesiones cerca de usted
sessions-near = Sesiones cerca de { $place }
place-not-told = Este navegador no ha dicho dónde está usted. Escriba una ciudad o unas coordenadas.
place = Lugar
place-hint = Una ciudad, o unas coordenadas como 48.21, 16.37
place-unknown = Ninguna ciudad con sesiones tiene este nombre. Escriba otra ciudad, o unas coordenadas como 48.21, 16.37.
place-of-several = Puede ser una de varias ciudades: { $cities }.
place-without-coordinates = Las sesiones de { $city } no tienen coordenadas.
distance = Distancia
kilometres = { $count } km
away-tenths = a { $kilometres },{ $tenths } km
away = a { $kilometres } km
away-least = a menos de 0,1 km
nothing-on-near = No hay ninguna sesión en este momento cerca de este lugar.
sessions-near-place = Todas las sesiones cerca de este lugar
nothing-near = No hay ninguna sesión cerca de este lugar. Pruebe con una distancia mayor.

## A session

no-session-here = No hay ninguna sesión en esta dirección.
organisers-only = Solo quienes organizan esta sesión pueden hacer esto.
organise = Organizar
organise-this-session = Organizar esta sesión
print-notice = Vea quién está y qué viene después:
when = Cuándo
where = Dónde
organised-by = Organiza
website = Sitio web
add-to-calendar = Añadir a su calendario
time-zone = Zona horaria
next-meetings = Próximos encuentros
no-meetings-planned = No hay encuentros previstos.
meeting-gone = Su respuesta no está guardada, porque este encuentro se ha eliminado o cambiado de fecha mientras tanto. Estos son los próximos encuentros.
sign-in-to-answer = Inicie sesión para decir si viene
sign-in-to-check-in = Inicie sesión para decir que está aquí
also-on-in = También ahora en { $city }
are-you-here = ¿Está aquí?
are-you-coming = ¿Va a venir?
i-am-here = Estoy aquí
yes = Sí
maybe = Quizás
no = No
take-back-answer = Retirar mi respuesta
who-answered = Quién respondió
checked-in-there = (presencia registrada)
code-at-the-door = Esta sesión muestra un código en la puerta. Escanéelo para registrar su llegada.
change = Cambiar
change-meeting = Cambiar el encuentro
no-session-on = No hay sesión el { $date }
no-session-between = No hay sesión del { $from } al { $to }
skips = Días sin sesión
no-skips = No se omite ningún día.
first-date = Primer día
last-date = Último día
last-date-hint = El mismo día si está vacío
last-date-before-first = El último día es anterior al primero.
reason = Motivo
reason-hint = Por ejemplo: Navidad. Puede quedar vacío.
remove = Quitar
leave-out-dates = Omitir días
leave-out-these-dates = Omitir estos días

## At the door

door-organisers-only = Solo quienes organizan esta sesión pueden abrir la pantalla de la puerta.
door-of = Puerta de { $session }
doors-closed = Las puertas están cerradas.
doors-closed-until = Las puertas están cerradas. Esta pantalla mostrará un código cuando se abran.
point-phone = Apunte con su teléfono a la imagen o abra { $address }
no-codes = Esta sesión no tiene códigos de llegada. Quien la organiza puede activarlos.
wrong-code = Este código no funciona ahora. Escanee otra vez el código de la puerta.
your-name = Su nombre, como lo ven aquí los demás
guest-note = Entra como persona invitada. Si tiene una cuenta, { $link } primero.
sign-in-within = inicie sesión
no-guests = Inicie sesión para registrar su llegada. Este sitio no admite personas invitadas.

## Signing in

sign-in-with = Iniciar sesión con { $provider }
with-a-token = Con un token
paste-token = Pegue su token. Se lo da quien gestiona este sitio. Este navegador mantiene la sesión iniciada hasta que el token caduque o usted la cierre.
token = Token
demo-people = Esto es una demostración. Elija quién es.
token-without-end = Este token no caduca. Use uno que caduque.
no-such-provider = No hay ningún proveedor de identidad con este nombre.
no-host = Esta solicitud no indica el host de este sitio.
provider-unavailable = No se puede contactar con el proveedor en este momento.
provider-unavailable-advice = Inténtelo de nuevo dentro de un minuto. Las demás páginas funcionan mientras tanto.
provider-not-begun = Este inicio de sesión se empezó en otro navegador o hace demasiado tiempo, o ya se usó.
provider-not-begun-advice = Inicie sesión otra vez en este navegador.
provider-refused = El proveedor no inició su sesión ({ $reason }).
provider-refused-advice = Inténtelo de nuevo o pregunte a quien administra el proveedor.
provider-not-valid = La respuesta del proveedor no es válida.
provider-not-valid-advice = Inténtelo de nuevo. Si vuelve a ocurrir, avise a la administración.
provider-unknown-person = El proveedor le conoce, pero aquí nadie tiene su cuenta.
ask-an-administrator = Pregunte a la administración.
you-are-not-signed-in = No ha iniciado sesión
not-signed-in = Sin sesión iniciada
signed-out-here = Ha cerrado la sesión aquí
sign-out-at = Cerrar sesión también en { $provider }
signed-out = Sesión cerrada

## People and activities

no-person-here = No hay nadie en esta dirección.
deactivated = Esta cuenta está desactivada.
where-you-are = Dónde está usted ahora
where-they-are = Dónde está ahora esta persona
not-at-a-session = En ninguna sesión en este momento.
place-is-hidden = Solo quienes están en la misma sesión pueden ver dónde está alguien.
to-your-page = Ir a su página
activities = Actividades
no-activity-here = No hay ninguna actividad en esta dirección.
seats = Plazas
seats-need-scripts = Para participar, inicie sesión, o permita los scripts en este sitio y vuelva a cargar la página.
join-seat = Participar
join-queue = Ponerse en la cola
take-the-seat = Ocupar la plaza
leave-seat = Salir
leave-queue = Salir de la cola
still-here = Sigo aquí
have-a-seat = Tiene una plaza.
seat-elsewhere = Tiene una plaza en otro dispositivo o en otro navegador.
move-seat-here = Traer la plaza aquí
waits-elsewhere = Está esperando en otro dispositivo o en otro navegador.
wait-here-too = Esperar aquí también
place-in-queue = Es el número { $position } de { $length } en la cola.
seat-is-kept = Se le guarda una plaza, quedan { $seconds } s.
page-reloads = Mantenga abierta esta página. Se recarga cada { $seconds } s y así conserva su plaza o su puesto en la cola.
no-place-any-more = Ya no tiene aquí ni plaza ni puesto en la cola. Una plaza que se le guarda hay que ocuparla a tiempo, y esta página debe seguir abierta.
may-join-again = Si todavía quiere participar, inténtelo de nuevo.
seats-closed = Está cerrado en este momento.
wait-closed = Está cerrado en este momento. Se le guarda su puesto en la cola para cuando vuelva a abrir.
seats-taken = { $limit ->
    [one] { $taken } de { $limit } plaza ocupada.
   *[other] { $taken } de { $limit } plazas ocupadas.
}
taking-part = { $count ->
    [0] No participa nadie.
    [one] { $count } persona participa.
   *[other] { $count } personas participan.
}
waiting = { $count ->
    [one] { $count } persona espera.
   *[other] { $count } personas esperan.
}
who-has-a-seat = Quién tiene plaza
nobody-is-shown = No se muestra a nadie.
and-more = y más
without-a-name = { $count } sin nombre
sign-in-to-join = Inicie sesión para participar
deactivated-cannot-join = Esta cuenta está desactivada y no puede participar.
only-people-join = Solo pueden participar personas. El token con el que inició sesión no nombra a ninguna.

## Errors

not-found = No encontrado
not-allowed = No permitido
sign-in-first = Inicie sesión primero
something-went-wrong = Algo salió mal
did-not-work = Esto no funcionó
see-what-is-on = Ver qué hay en este momento
no-page-here = No hay ninguna página en esta dirección.
bad-form = Este formulario está incompleto o anticuado. Vuelva atrás, cargue la página de nuevo e inténtelo otra vez.
bad-address = Esta dirección no se puede leer. Siga un enlace de este sitio o empiece de nuevo.
unavailable = No disponible en este momento
database-away = Este sitio no puede acceder a sus datos en este momento. Inténtelo de nuevo en un minuto.
nothing-saved = No se guardó nada, porque este sitio no puede acceder a sus datos en este momento. Su formulario se conserva en esta página: envíelo de nuevo en un minuto.
nothing-saved-signed-out = Su sesión de usuario ha terminado, así que no se guardó nada. Su formulario se conserva en esta página: inicie sesión en una pestaña nueva, vuelva aquí y envíelo de nuevo.
sign-in-in-new-tab = Iniciar sesión en una pestaña nueva
send-again = Enviar de nuevo
server-error = Algo salió mal en el servidor. Inténtelo de nuevo en un momento. Si envió un formulario, compruebe si se guardó.
too-many-attempts = { $seconds ->
    [one] Demasiados intentos: inténtelo de nuevo en { $seconds } segundo.
   *[other] Demasiados intentos: inténtelo de nuevo en { $seconds } segundos.
}
too-busy = { $seconds ->
    [one] Este sitio tiene demasiado que hacer en este momento. Inténtelo de nuevo en { $seconds } segundo.
   *[other] Este sitio tiene demasiado que hacer en este momento. Inténtelo de nuevo en { $seconds } segundos.
}
form-kept = No se guardó nada. Su formulario se conserva en esta página.

## What was done

done-answered = Su respuesta está guardada.
done-answered-moved = Su respuesta está guardada. Mientras tanto, el encuentro se ha cambiado de fecha u hora: compruebe la nueva.
done-answered-over = Su respuesta está guardada. El encuentro ha terminado, así que su llegada no queda registrada.
done-answered-cancelled = Su respuesta está guardada, pero este encuentro no se celebra.
done-arrived = Su llegada está registrada.
done-answer-removed = Su respuesta está retirada.
done-skip-added = Estos días se omiten.
done-skip-removed = En estos días vuelve a haber sesión.
done-session-created = La sesión está creada. Indique ahora cuándo es.
done-session-saved = La sesión está guardada.
done-session-deleted = La sesión está eliminada.
done-schedule-saved = El horario está guardado.
done-meeting-added = El encuentro está añadido.
done-meeting-saved = El encuentro está guardado.
done-meeting-cancelled = El encuentro está cancelado.
done-meeting-restored = El encuentro se celebra después de todo.
done-meeting-deleted = El encuentro está eliminado.
done-set-live = El encuentro está en vivo.
done-set-not-live = El encuentro no está en vivo.
done-override-cleared = El encuentro sigue otra vez su horario.
done-checked-in = La llegada de la persona está registrada.
done-checked-out = La salida de la persona está registrada.
done-their-answer-saved = La respuesta está guardada.
done-their-answer-removed = La respuesta está eliminada.
done-organizer-added = La persona ahora organiza la sesión.
done-person-created = La persona está creada.
done-person-saved = La persona está guardada.
done-people-merged = Las dos personas son ahora una.
done-person-erased = La persona está borrada.
done-tokens-revoked = La sesión de la persona está cerrada en todas partes.
done-key-revoked = La clave está revocada.
done-profile-saved = Su perfil está guardado.
done-slot-offered = Su hora está ofrecida.
done-slot-deleted = Su hora ya no se ofrece.
done-booked = Ha reservado esta hora.
done-booking-started = La cita ha empezado.
done-booking-completed = La cita está terminada.
done-booking-cancelled = La cita está cancelada.
done-organizer-removed = La persona ya no organiza la sesión.
done-activity-saved = La actividad está guardada.

## When a session meets

recurrence-none = Sin horario fijo
recurrence-weekdays = lunes, martes, miércoles, jueves, viernes, sábado, domingo
recurrence-months = enero, febrero, marzo, abril, mayo, junio, julio, agosto, septiembre, octubre, noviembre, diciembre
recurrence-list = { $most } y { $last }
recurrence-daily = todos los días
recurrence-weekly = { $weeks ->
    [1] todas las semanas, el { $weekday }
    [2] cada dos semanas, el { $weekday }
   *[other] cada { $weeks } semanas, el { $weekday }
}
recurrence-monthly = { $months ->
    [1] el { $positions } { $weekday } del mes
    [2] cada dos meses, el { $positions } { $weekday }
   *[other] cada { $months } meses, el { $positions } { $weekday }
}
recurrence-position = { $position ->
    [1] primer
    [2] segundo
    [3] tercer
    [4] cuarto
    [5] quinto
    [-1] último
    [-2] penúltimo
    [-3] antepenúltimo
    [-4] cuarto por el final
   *[other] quinto por el final
}
recurrence-days = { $months ->
    [1] el { $days } día del mes
    [2] cada dos meses, el { $days } día
   *[other] cada { $months } meses, el { $days } día
}
recurrence-day = { $end ->
    [0] { $day }.º
    [1] último
    [2] penúltimo
   *[other] { $end }.º por el final
}
recurrence-hours = { $days } de { $start } a { $end }
recurrence-in-months = { $schedule } (solo en { $months })

## Your own page

page-for-people = Esta página es para personas. Su token es de administración y no nombra a ninguna persona.
unknown-person-of-token = La persona que nombra su token no existe. Inicie sesión con otro token.
your-account-deactivated = Su cuenta está desactivada. Puede leer sus datos, pero no cambiar nada. Pregunte a la administración.
where-i-am = Dónde estoy
i-left = Me he ido
you-are-nowhere = Ahora no está en ninguna sesión.
on-now-in-my-city = Ahora en mi ciudad
sessions-i-organise = Sesiones que organizo
organise-session = Organizar { $session }
my-check-ins = Mis registros
no-check-ins = Todavía no se ha registrado en ningún sitio.
older-check-ins = Registros anteriores
name = Nombre
city-hint = Su página muestra entonces lo que hay allí.
country = País
hide-place = Ocultar dónde estoy a otros de la misma sesión
profile = Perfil y privacidad
save = Guardar
sign-out-everywhere = Cerrar sesión en todas partes
sign-out-everywhere-question = ¿Cerrar sesión en todas partes?
sign-out-everywhere-note = Todos sus tokens terminan: en este navegador, en otros y los de sus programas. Quien tenga uno debe iniciar sesión de nuevo.
sign-out-browsers-note = Se cierra la sesión aquí y en todos los demás navegadores. Un token que no nombra a ninguna persona vale hasta que caduca.
type-name = Escriba su nombre ({ $name }) para confirmar
my-data = Mis datos
download-my-data = Descargar mis datos
delete-me = Eliminarme
delete-me-note = Esto elimina su nombre, sus registros, sus visitas y sus citas. No se puede deshacer. Las sesiones pasadas solo conservan el número de personas.
delete-me-for-good = Eliminarme para siempre
delete-me-refused = No se ha eliminado nada. Escriba su nombre exactamente como se muestra e inténtelo de nuevo.

## Bookings

my-bookings = Mis citas
no-bookings = No tiene citas.
find-time-to-book = Buscar una hora para reservar
as-mentor = Como mentor
as-student = Como estudiante
somebody = Alguien
booking-start = Empezar
booking-complete = Completar
booking-cancel = Cancelar
cancel-booking-question = ¿Cancelar esta cita?
cancel-booking-note = Otra persona podrá entonces reservar esa hora. No se puede deshacer.
cancel-booking-button = Cancelar la cita
booking-scheduled = Programada
booking-delayed = Ya es la hora, pero nadie la ha empezado
booking-ongoing = En curso
booking-completed = Completada
booking-cancelled = Cancelada

## Time to book

time-of-all-mentors = Horas de todos los mentores
no-time-offered = Nadie ofrece horas en este momento.
with-mentor = con { $mentor }
book = Reservar
later = Más tarde
offer-own-time = Ofrecer sus horas
sign-in-to-book = Inicie sesión para reservar
time-i-offer = Horas que ofrezco
no-time-of-mine = No ofrece ninguna hora.
booked = reservada
withdraw = Retirar
offer-time = Ofrecer una hora
slot-date = Fecha
slot-start = Inicio
slot-end = Fin
slot-end-hint = Un fin anterior al inicio es al día siguiente.
slot-zone-hint = De la fecha y las horas
offer-this-time = Ofrecer esta hora
withdraw-question = ¿Retirar esta hora?
withdraw-note = Nadie podrá reservarla.
withdraw-button = Retirar la hora

## API keys

api-keys = Claves de API
key-intro = Un programa inicia sesión con una clave: envía { $header } y el secreto.
no-keys = No hay claves.
make-a-key = Crear una clave
key-is-made = La clave { $name } está creada. Copie el secreto ahora: no se mostrará otra vez.
secret = Secreto
copy = Copiar
key-until = hasta { $time }
key-last-used = último uso { $time }
key-never-used = nunca usada
revoke = Revocar
revoke-named = Revocar { $name }
key-name-hint = Por ejemplo: Pantalla en la puerta
person = Persona
key-person-hint = Para quién actúa, por ejemplo Person:7
key-is-admin = Tiene los derechos de la administración
days = Días
days-hint = La clave termina después de estos días. Si está vacío, no termina.
make-the-key = Crear la clave
no-key-here = En esta dirección no hay ninguna clave de API.
revoke-question = ¿Revocar esta clave de API?
revoke-note = Los programas que usan { $name } se rechazan desde ahora. No se puede deshacer.
revoke-button = Revocar la clave

## Organising a session

edit-session = Editar la sesión
edit-session-purpose = Nombre, lugar, descripción, zona horaria, códigos de la puerta
edit-named = Editar { $session }
change-schedule = Cambiar el horario
change-schedule-purpose = Cuándo es, con una vista previa de las próximas fechas
meetings = Encuentros
meetings-purpose = Añadir uno, o cancelar, mover y mantener los próximos
past-meetings = Encuentros pasados
past-meetings-purpose = Quién vino, primero el más reciente
organisers = Quienes organizan
organisers-purpose = Quién puede cambiar esta sesión
see-how-to-correct = Ver cómo corregirlo
leave-out-purpose = Días festivos, o un local cerrado
door-screen = Pantalla en la puerta
door-screen-purpose = Un código que se escanea para registrar la llegada
delete-session = Eliminar la sesión
share = Compartir
share-badge = Distintivo para su sitio web
share-calendar = Dirección del calendario, para suscribirse
share-page = Dirección de la página de esta sesión
wrong-with-session = Qué falla en esta sesión
wrong-with = Qué falla en { $session }
until-corrected = Hasta que se corrija, el horario no crea encuentros, y los que existen conservan sus horas.
nothing-wrong = Todo está en orden.
schedule-is-unreadable = El horario no se puede leer
this-is-stored = Esto es lo guardado:
say-when-it-meets = Indique otra vez cuándo es. Eso sustituye lo guardado.
enter-schedule-again = Introducir otra vez el horario
zone-unknown = La zona horaria no se conoce
zone-example = Por ejemplo America/Chicago
correct-zone = Corregir la zona horaria
admins-delete-sessions = Solo la administración puede eliminar sesiones.
delete-session-question = ¿Eliminar esta sesión?
delete-session-note = { $session } y todos sus encuentros desaparecen, para todos. Quien está allí ahora ya no estará en ningún sitio.
delete-session-advice = No se puede deshacer. Para terminar una sesión, ponga un último día a su horario.
delete-for-good = Eliminar para siempre
organisers-of = Quienes organizan { $session }
organisers-may = Quienes organizan pueden cambiar la sesión y sus encuentros, y registrar llegadas.
no-organisers = Nadie organiza todavía esta sesión. La administración puede cambiarla.
add-organiser = Añadir a alguien que organice
organises-already = ya la organiza
add = Añadir
remove-named = Quitar { $name }
add-named = Añadir { $name }
find = Buscar
people-found = Resultados: { $count }
nobody-with-name = Nadie tiene un nombre con estas letras.
stop-organising-question = ¿Dejar de organizar esta sesión?
stop-organising-note = Ya no podrá cambiar { $session }. Otra persona que la organice o la administración puede añadirle de nuevo.
stop-organising = Dejar de organizarla
meetings-of = Encuentros de { $session }
past-meetings-of = Encuentros pasados de { $session }
no-past-meetings = Todavía no ha terminado ningún encuentro.
older-meetings = Encuentros anteriores
see-answers = Ver quién respondió
add-a-meeting = Añadir un encuentro
in-session-zone = Las fechas y las horas están en la zona horaria de la sesión: { $zone }.
location = Lugar de encuentro
location-if-unusual = Si no es el habitual
add-duplicate = Añadirlo aunque ya haya un encuentro a estas horas
add-the-meeting = Añadir el encuentro
no-meeting-here = No hay ningún encuentro en esta dirección.
meeting-on = Encuentro del { $date }
delete-meeting = Eliminar este encuentro
hours = Horas
hours-hint = Cuánto dura su decisión. Si está vacío: hasta el próximo control, en un cuarto de hora como máximo.
status = Estado
hold-after-all = Celebrarlo después de todo
cancel-meeting = Cancelar este encuentro
end-decision = Terminar la decisión manual
decision-until = La decisión vale hasta { $time }.
decide-by-hand = Decidir a mano si está en vivo
set-live = Poner en vivo
set-not-live = Quitar de en vivo
not-live-cancelled = Este encuentro está cancelado, así que no puede estar en vivo. Decida primero que se celebra después de todo.
not-live-terminated = Este encuentro es posterior al último día de la sesión, así que no puede estar en vivo. Cambie primero el último día del horario.
check-in = Registrar la llegada
check-out = Registrar la salida
say-yes-for-them = Decir que sí en su nombre
say-no-for-them = Decir que no en su nombre
remove-answer = Quitar la respuesta
is-here-now = aquí ahora
check-somebody-in = Registrar a alguien
location-usual = Si está vacío, el habitual
move-meeting = Mover este encuentro
delete-meeting-question = ¿Eliminar este encuentro?
delete-meeting-note = { $session }, { $date }. Las respuestas también desaparecen. No se puede deshacer.
delete-meeting-advice = Para avisar de que no se celebra, cancélelo en su lugar.
new-session = Sesión nueva
create-session = Crear la sesión
address = Dirección
address-hint = La última parte de la dirección de su página: letras, cifras, «-», «_», «.» y «~». Si está vacío, se forma a partir del nombre.
description = Descripción
description-hint = Hasta 2000 caracteres. Con Markdown hay listas, enlaces y énfasis.
website-hint = Por ejemplo https://example.org
picture = Imagen
picture-hint = La dirección https de una imagen, por ejemplo https://example.org/foto.jpg. Solo la ven quienes han iniciado sesión, porque su sitio sabe quién la carga.
location-hint = El nombre de un local, o una dirección
state = Estado o provincia
latitude = Latitud
latitude-hint = En grados, por ejemplo 30.2672
longitude = Longitud
longitude-hint = En grados, por ejemplo -97.7431
times = Horas
zone-hint = Por ejemplo America/Chicago. Todas sus horas están en esta zona.
minutes-before = Minutos antes del inicio
minutes-before-hint = A partir de entonces un encuentro está en vivo
minutes-after = Minutos después del fin
minutes-after-hint = Hasta entonces un encuentro está en vivo
make-meetings = Crear automáticamente los encuentros del horario
hours-ahead = Horas de antelación
hours-ahead-hint = Cuánto antes de su inicio se crea un encuentro
at-the-door = En la puerta
codes = Códigos
codes-none = Sin códigos
codes-fixed = Un código para cada encuentro
codes-rotating = Un código que cambia cada 30 segundos
requires-code = Solo quien tiene el código puede registrar su llegada al encuentro
schedule = Horario
schedule-of = Horario de { $session }
schedule-number = Horario { $number }
remove-schedule = Quitar el horario { $number }
add-weekly = Añadir un día de la semana
add-monthly = Añadir un día de la semana del mes
add-month-day = Añadir días del mes
add-rrule = Añadir una RRULE
positions = Primero, Segundo, Tercero, Cuarto, Quinto, Último, Penúltimo, Antepenúltimo, Cuarto desde el final, Quinto desde el final
which-of-month = Cuál del mes
weekday = Día de la semana
months-apart = Cada cuántos meses
every-month-hint = 1 es cada mes
weeks-apart = Cada cuántas semanas
every-week-hint = 1 es cada semana
month-days-hint = Por ejemplo 1, 15. -1 es el último día del mes.
rrule-hint = Por ejemplo FREQ=MONTHLY;BYDAY=2TU
only-months = Solo en los meses
only-months-hint = Por ejemplo 6, 7, 8 para el verano. Vacío significa todos.
show-next-dates = Mostrar las próximas fechas
no-schedule = Sin horario fijo.
initiation-hint = Antes no hay sesión. Puede quedar vacío.
termination-hint = Después no hay sesión. Puede quedar vacío.
save-schedule = Guardar el horario
the-next-dates = Las próximas fechas
no-dates = No hay ninguna.

## What a field of a form must be. In English the name of the field comes before it; in other languages it is a sentence.

must-be-date = Indique una fecha, por ejemplo 2027-03-31.
must-be-time = Indique una hora, por ejemplo 19:30.
must-be-whole-number = Indique un número entero.
must-be-whole-numbers = Indique números enteros, por ejemplo 1, 15.
must-be-within = Indique un número de { $least } a { $most }.
must-be-weekday = Elija un día de la semana.
must-be-degrees = Indique un número de grados, por ejemplo 30.2672.
must-be-zone = Indique el nombre de una zona horaria, por ejemplo America/Chicago.
must-not-be-empty = El campo no puede quedar vacío.
must-be-shorter = Es demasiado largo: { $most } caracteres como máximo.
must-be-kilometres = Elija un número de kilómetros.
must-be-person = Indique el id de una persona, por ejemplo Person:7.
several-problems = No se ha guardado. Corrija estos { $count } puntos:
must-be-visible = Escriba al menos un carácter visible.
must-be-plain = El texto no puede tener caracteres de control ni caracteres que cambien su dirección.
must-be-website = Indique la dirección de un sitio web, por ejemplo https://example.org/session.
must-be-picture = Indique la dirección https de una imagen, por ejemplo https://example.org/picture.jpg, sin nombre de usuario.
must-be-short-id = Está vacío o es demasiado largo: 255 bytes como máximo.
must-be-path = Solo se permiten letras, cifras, «-», «_», «.» y «~».
must-be-year = El año debe estar entre { $first } y { $last }.
must-be-both = Indique las dos coordenadas, o ninguna.
must-differ-from-start = El final debe ser distinto del comienzo. Un final anterior al comienzo es al día siguiente.
must-not-be-before = El último día no puede ser anterior al primero, { $date }.
needs-codes = Hacen falta códigos: elija arriba un tipo.
must-be-in-the-future = Tiene que estar en el futuro.
must-not-be-negative = El número no puede ser negativo. Vacío significa sin límite.
must-choose-one = Elija al menos uno.
must-be-months = Indique meses de 1 a 12.
must-be-month-days = Indique días de 1 a 31, o de -1 a -31 desde el final del mes.
never-meets = Así no hay nunca un encuentro. Cambie este campo o los demás.
too-many-schedules = Una sesión tiene como máximo { $most } horarios.
skip-too-long = El último día puede ser como máximo { $days } días después del primero.
too-many-skips = Una sesión tiene como máximo { $most } períodos omitidos. Quite primero los antiguos.
key-needs-owner = Indique una persona, o cree una clave con los derechos de la administración.

## Why a meeting is live or not.

why-deleted = Eliminado
why-cancelled = Cancelado
why-terminated = Después del último día de la sesión
why-held-live = Puesto en vivo a mano hasta { $until }
why-held-not-live = Quitado de en vivo a mano hasta { $until }
why-live-until-sweep = Puesto en vivo a mano hasta el próximo control
why-not-live-until-sweep = Quitado de en vivo a mano hasta el próximo control
why-no-times = Sin inicio o sin fin
why-unreadable = No previsto: sus horas o su zona horaria no se pueden leer
why-over = Terminado: fin { $ends }, cierre { $closes }
why-closing = Cerrado { $closes }, pronto dejará de estar en vivo
why-live = En vivo desde { $opens }, inicio { $starts }
why-live-from = En vivo a partir de { $opens }, inicio { $starts }
why-opening = Abierto { $opens }, pronto en vivo, inicio { $starts }
why-not-yet = Todavía no en vivo: abre { $opens }, inicio { $starts }

## Why something is refused: the messages of the service about no field. `web/src/language/refusal.rs` says which. The English of `said-…` is that of the service.

schedule-changed-meanwhile = Otra persona ha cambiado el horario desde que usted abrió esta página. Ahora es: { $schedule }. No se guardó nada, y lo que escribió sigue aquí. Abra el horario de nuevo y haga allí su cambio.
open-schedule-again = Abrir el horario de nuevo
path-taken = Otra sesión tiene esta dirección. Elija otra.
refused-zone-first = Corrija primero la zona horaria de la sesión.
refused-meeting-exists = La sesión ya tiene un encuentro ese día a estas horas. Marque la casilla de abajo para añadir otro.
refused-meeting-cancelled = La sesión ya tiene un encuentro ese día a estas horas, que está cancelado. Marque la casilla de abajo para añadir otro.
said-slot-booked = Esta hora está reservada. Cancele primero la cita.
said-slot-begun = Esta hora ya ha empezado. Elija otra.
said-slot-taken = Otra persona ha reservado esta hora. Elija otra.
refused-own-slot = Es su propia hora, así que no puede reservarla.
refused-key-made = Este formulario ya creó su clave, cuyo secreto se muestra una sola vez. Para crear otra, abra esta página de nuevo.
refused-booked-already = Ya ha reservado esta hora.
refused-booked-then = Ya tiene una cita a esa hora. Elija otra.
refused-offered-then = Ya ofrece tiempo a esa hora. Elija otra.
refused-booking-status = La cita ha cambiado mientras tanto, así que ya no es posible. Mire su estado.
refused-external-id = Otra persona tiene este id externo. Quítelo primero allí, o fusione a las dos.
said-too-many-keys = Una persona tiene como máximo { $most } claves de API. Revoque primero una.
said-merge-booked = Estas personas han reservado tiempo entre sí, así que no pueden ser la misma.
said-merge-overlap = Ambas tienen una oferta o una cita a la misma hora. Retire primero una oferta, o cancele una cita.
said-admins-only = Solo la administración puede hacer esto.
said-own-only = Solo la persona y la administración pueden hacer esto.
said-mentor-only = Solo el mentor y la administración pueden hacer esto.
said-deactivated-booking = La cuenta del mentor o del estudiante está desactivada, así que esta hora no se puede reservar.
said-gone = Esto ya no existe. Vuelva atrás y cargue la página de nuevo.
refused-no-longer-then = La sesión ya no se reúne entonces. Mire sus próximos encuentros.
said-nobody = Inicie sesión para hacer esto.
said-zone = La zona horaria { $zone } es desconocida.
said-schedule = El horario guardado no se puede leer.

## The pages for admins

admins-only = Esta página es para la administración.
new-session-purpose = Nombre, lugar y horas
people = Personas
people-purpose = Buscar, crear, cambiar, unir y borrar
audit-log = Registro de cambios
audit-log-purpose = Quién cambió qué
keys-purpose = Claves con las que entran los programas
not-an-instance-id = Esto no es el id de un encuentro. Un id así es como SessionInstance:7.
unknown-instance = No hay ningún encuentro con este id. La tabla de arriba tiene los id de los activos.
entries-changed = Cambiado
entries-by = Por
no-entries = No hay entradas.
entries = Entradas
when-utc = Cuándo (UTC)
who = Quién
what = Qué
changes = Cambios
older-entries = Entradas anteriores
active-count = Encuentros en vivo: { $count }
no-active = Ningún encuentro está en vivo.
active-by-start = En vivo ahora, por inicio
set-inactive-by-hand = Quitados de en vivo a mano
set-by-hand = Decidir a mano si un encuentro está en vivo
instance = Encuentro
such-as = Por ejemplo { $example }
set-active = Poner en vivo
set-inactive = Quitar de en vivo
why = Por qué
here = Aquí
override = Decisión manual
is-set-active = Puesto en vivo
is-set-inactive = Quitado de en vivo
until-time = hasta { $time }
end-override = Terminar
sweep-question = ¿Qué haría un control?
time-in-utc = Hora en UTC (vacío: ahora)
sweep-kind = Tipo de control
mode-periodic = control periódico: un minuto antes
mode-exact = temporizador: en el instante
dry-run = Prueba sin cambios
instant-unreadable = Esta hora no se puede leer. Escríbala así: 2027-01-15T19:14:00.
sessions-with-problem = Sesiones con un problema
no-problems = Ninguna sesión tiene problemas.
correct-it = Corregir
correct-named = Corregir { $session }
latest-sweeps = Últimos controles
no-sweeps = Todavía no ha habido ningún control.
sweep-at = A las
sweep-scope = Alcance
sweep-took = Duración
sweep-activated = Puestos en vivo
sweep-deactivated = Quitados de en vivo
sweep-created = Creados
sweep-moved = Trasladadas
sweep-errors = Errores
not-finished = sin terminar
milliseconds = { $count } ms
sweep-would = Un control a las { $time } haría estos cambios. No se ha cambiado nada.
sweep-mode = Modo: { $mode }.
counted = { $what }: { $count }
instances-created-for = { $count ->
    [one] Encuentros creados para: { $count } sesión
   *[other] Encuentros creados para: { $count } sesiones
}
people-moved = Personas trasladadas
bookings = Citas
visits-abandoned = Visitas abandonadas
online-now = En línea ahora
nobody-online = Ninguna visita está en línea.
visits-online = Visitas en línea ahora
page = Página
activity = Actividad
since = Desde
anonymous-visitor = Visitante sin nombre
seats-of-limit = { $taken } de { $limit } ocupadas
seats-without-limit = { $taken } ocupadas
new-activity = Actividad nueva
key = Palabra clave
activity-key-hint = La nombra en direcciones y programas, por ejemplo interview
activity-key-taken = Una actividad ya tiene esta palabra clave: elija otra.
seats-hint = Vacío significa sin límite
visits-last-day = Visitas de las últimas 24 horas
figure-online = en línea
figure-completed = completadas
figure-abandoned = abandonadas
figure-average = de media
figure-longest = la más larga
minutes-tenths = { $minutes },{ $tenths } min
online-by-language = En línea por idioma: { $counts }
visits-by-hour = Visitas empezadas, por hora
visits-by-hour-utc = Visitas empezadas, por hora (UTC)
hour = Hora
visits = Visitas
zone-data = Datos de zonas horarias
zone-data-version = Versión
zone-data-source = Origen
zone-data-stored = Versión de las ventanas de tiempo en la base de datos
not-known-yet = todavía no se conoce
new-person = Persona nueva
create-person = Crear la persona
more-people = Más personas
no-people = Todavía no hay nadie.
is-deactivated = desactivada
is-guest = persona invitada
a-guest = como persona invitada
change-named = Cambiar { $name }
external-id = Id externo
external-id-hint = El id de la persona en el proveedor de identidad: el campo sub de sus tokens
hide-their-place = Ocultar dónde está a otros de la misma sesión
account-deactivated = Desactivada
account-deactivated-hint = Solo puede leer sus propios datos.
more = Más
what-was-changed = Qué se ha cambiado
merge-person = Unir con otra persona
merge-person-purpose = Si dos personas son una
sign-out-purpose = Terminan sus tokens y sus claves de API
erase = Borrar
erase-purpose = Para siempre
merge-title = Unir { $name } con otra persona
merge-note = La otra persona se queda, y recibe los registros, citas y sesiones de { $name }. Búsquela primero.
merge-into = Unir con { $name }
merge-named = Unir { $name }
merge-question = ¿Unir a estas dos personas?
merge-becomes = { $person } pasa a ser { $other }. No se puede deshacer.
merge-for-good = Unir para siempre
erase-question = ¿Borrar a esta persona?
erase-note = Se borran el nombre de { $name }, sus registros, visitas y citas. No se puede deshacer.
erase-keeps = Las sesiones pasadas solo conservan el número de personas.
erase-for-good = Borrar para siempre
sign-out-person-question = ¿Cerrar las sesiones de esta persona en todas partes?
sign-out-person-note = Terminan todos los tokens que { $name } tiene ahora. Los nuevos funcionan.
sign-out-person = Cerrar sus sesiones

## The elements of the browser module. `web/src/language/module.rs` says which other texts it uses.

element-out-of-touch = Sin conexión: puede que esto no esté al día.
element-the-session = La sesión
element-is-live = { $session } está en vivo.
element-no-longer-live = { $session } ya no está en vivo.
element-you-are-at = Está en { $session }.
element-you-are-nowhere = Ahora no está en ninguna sesión.
element-in-session = Ahora en: { $session }
element-people-here = { $count ->
    [one] { $count } persona está aquí
   *[other] { $count } personas están aquí
}
element-times = { $there } (para usted { $here })
element-your-booking = Su cita: { $status }.
element-starts-in = Empieza en { $time }
element-about-to-start = A punto de empezar
element-time-is-over = Ya pasó la hora, pero nadie la empezó
element-left = quedan { $time }
element-status-left = { $status }, quedan { $time }
element-days-hours = { $days } d { $hours } h
element-hours-minutes = { $hours } h { $minutes } min
element-minutes = { $minutes } min
element-and-more = Y más.
element-join = Participar
element-join-queue = Ponerse en la cola
element-asking = Se pide una plaza …
element-cancel = Cancelar
element-position = Tiene el número { $position } de { $length } en la cola.
element-wait-unknown = Todavía no se sabe cuánto hay que esperar.
element-wait-minutes = { $count ->
    [one] Alrededor de un minuto de espera.
   *[other] Alrededor de { $count } minutos de espera.
}
element-wait-hours = { $count ->
    [one] Alrededor de una hora de espera.
   *[other] Alrededor de { $count } horas de espera.
}
element-leave-queue = Dejar la cola
element-kept-until = Se le guarda una plaza hasta las { $time }.
element-take-seat = Ocupar la plaza
element-has-seat = Tiene una plaza.
element-leave = Salir
element-leaving = Está saliendo …
element-full = No hay ninguna plaza libre.
element-try-again = Intentar de nuevo
element-join-again = Participar de nuevo
element-lost-idle = Ya no tiene su plaza, porque nadie usaba esta página.
element-lost-away = Esta página estuvo demasiado tiempo sin conexión, así que su plaza terminó.
element-lost-lapsed = Se le guardaba una plaza, pero no se ocupó a tiempo, así que su puesto en la cola terminó.
element-lost-ended = Su plaza aquí terminó. Quizás siguió en otro sitio.
element-lost-person = Esta plaza es de la persona que antes había iniciado sesión aquí.
element-sign-in-to-join = Inicie sesión para participar.
element-failed = Esto no funcionó: { $reason }
element-no-answer = sin respuesta
