# Amit a vevők magyarul olvasnak; megszólítás: Ön.

## Money and time

month = { $month ->
    [1] jan.
    [2] febr.
    [3] márc.
    [4] ápr.
    [5] máj.
    [6] jún.
    [7] júl.
    [8] aug.
    [9] szept.
    [10] okt.
    [11] nov.
   *[12] dec.
}
weekday = { $day ->
    [1] hétfő
    [2] kedd
    [3] szerda
    [4] csütörtök
    [5] péntek
    [6] szombat
   *[7] vasárnap
}
when-week = { $weekday }, { $clock }
when-year = { $month } { $day }.
when-long = { $year }. { $month } { $day }.

## Stages, in the customer's words

stage-placed = Megérkezett, Önre várunk
stage-confirmed = Visszaigazolva
stage-on-hold = Visszaigazolva
stage-approved = Előkészítés alatt
stage-processed = Becsomagolva
stage-shipped = Úton van
stage-delivered = Kézbesítve
stage-returned = Visszaérkezett
stage-cancelled = Törölve
stage-rejected = Elutasítva
stage-abandoned = Lejárt
stage-archived = Lezárva

way-placed = Leadva
way-confirmed = Elfogadva
way-packed = Csomagolva
way-shipped = Feladva
way-delivered = Kézbesítve

headline-received = Megérkezett
headline-partly = Részben úton van

story-address = Adja meg lent, hová küldjük, és máris hozzákezdünk.
story-due = Mielőtt hozzákezdünk, még fizetendő: { $amount }.
story-placed = Rendelését megkaptuk, hamarosan foglalkozunk vele.
story-confirmed = Minden megvan, amire szükségünk van, hamarosan hozzákezdünk.
story-partly = { $sent ->
    [one] { $all } csomagból { $sent } már úton van. A többi is indul hamarosan.
   *[other] { $all } csomagból { $sent } már úton van. A többi is indul hamarosan.
}
story-approved = Rendelését most készítjük elő.
story-processed = Rendelését becsomagoltuk, hamarosan útnak indul.
story-shipped = { $all ->
    [0] Rendelését útnak indítottuk.
    [one] Csomagját feladtuk.
   *[other] Az összes csomagot feladtuk ({ $all }).
}
story-delivered = Reméljük, mindent rendben talált. Ha mégsem, kérjük, írjon nekünk.
story-returned = Minden visszaérkezett hozzánk.
story-cancelled = Ezt a rendelést töröltük.
story-rejected = Sajnáljuk, ezt a rendelést nem tudtuk elfogadni.
story-abandoned = Ez a rendelés nem zárult le időben. Folytassa, ha továbbra is szeretné.
story-credit = Ezt az összeget visszatérítjük Önnek: { $amount }.

## Parcels and returns

parcel-packing = Csomagolás alatt
parcel-packed = Becsomagolva
parcel-shipped = Úton van
parcel-delivered = Kézbesítve
parcel-cancelled = Visszavonva

return-requested = Megkaptuk a kérését, hamarosan válaszolunk
return-approved = Elfogadva; kérjük, küldje vissza hozzánk
return-rejected = Elutasítva
return-in-transit = Úton van hozzánk
return-received = Megérkezett
return-cancelled = Visszavonva

reason-changed-mind = Meggondoltam magam
reason-damaged = Sérülten érkezett
reason-wrong-item = Nem azt kaptam, amit rendeltem
reason-not-as-described = Nem felel meg a leírásnak
reason-late = Túl későn érkezett
reason-other = Más ok

## The customer's page

page-title = Az Ön rendelése: #{ $number }
page-number = Rendelés: #{ $number }
page-progress = A rendelés állapota
page-language = Nyelv

done-message = Üzenetét megkaptuk.
done-address = Köszönjük, megkaptuk a címét.
done-cancelled = Rendelését töröltük. Amit kifizetett, visszatérítjük.
done-asked = Megkaptuk a törlésre vonatkozó kérését, és itt válaszolunk.
done-return = Megkaptuk a visszaküldésre vonatkozó kérését, és itt válaszolunk.
done-arrived = Köszönjük, hogy szólt. Lelje örömét benne!
done-resumed = Rendelése folytatódik. Lent látja, mi hiányzik még.

address-where = Hová küldjük?
address-title = Szállítási cím
address-yours = Az Ön címe
address-correct = Cím javítása
address-phone-hidden = Az Ön biztonsága érdekében nem mutatjuk meg a nálunk lévő telefonszámot. Ha meg szeretné tartani, hagyja üresen ezt a mezőt.
address-save = Cím mentése

field-country = Ország
field-country-choose = Válasszon országot
field-name = Név
field-company = Cég
field-street1 = Utca és házszám
field-street2 = Emelet, ajtó, épület
field-postcode = Irányítószám
field-city = Település
field-region = Megye, tartomány vagy állam
field-phone = Telefonszám a futárnak

parcels-title = Csomagok
parcels-carrier = a futárszolgálat oldalát nyitja meg
arrival-say = Mindent megkaptam
resume-say = Rendelés folytatása
returns-title = Visszaküldve
notes-title = Üzenet a bolttól: { $shop }

order-title = Az Ön rendelése
order-to-pay = Fizetendő: { $amount }
order-paid = Kifizetve: { $amount }
line-units = { $units } ×
line-out = Kivéve

sum-subtotal = Részösszeg
sum-discount = Kedvezmény
sum-discount-named = Kedvezmény, { $name }
sum-shipping = Szállítás
sum-shipping-named = Szállítás, { $name }
sum-fee = Díj
sum-tax = Adó
sum-tax-included = Adó, az árban
sum-tax-named-included = { $name }, az árban
sum-rounding = Kerekítés
sum-taken-out = A rendelésből kivéve
sum-total = Összesen
sum-paid = Kifizetve
sum-due = Még fizetendő
sum-credit = Visszatérítjük Önnek

pay-title = Így fizethet
ask-rest =
    Kedves { $first_name }!

    A(z) { $order } számú rendeléséből még { $amount } fizetendő.

    { $how }

    { $page }

    { $shop }

ask-title = Meggondolta magát?
ask-note = Szeretne még valamit közölni velünk?
cancel-now = Rendelés törlése
cancel-now-about = A rendelést azonnal töröljük. Amit kifizetett, visszatérítjük.
cancel-ask = Rendelés törlésének kérése
cancel-ask-about = Rendelésével már foglalkozunk, ezért megnézzük, leállítható-e még, és itt válaszolunk.
cancel-ask-send = Törlés kérése
cancel-wish = Szeretném törölni ezt a rendelést.
return-ask = Visszaküldés kérése
return-most = legfeljebb { $most }
return-why = Miért
return-choose = Válasszon okot
return-send = Visszaküldés kérése

messages-title = Üzenetek
messages-none = Még nincs üzenet. Kérdezzen bátran a rendeléséről!
messages-you = Ön
message-to = Üzenet a boltnak: { $shop }
message-hint = Üzenet a boltnak: { $shop }
message-send = Küldés
message-files = Képek vagy PDF-fájlok mellékelése, legfeljebb 5, egyenként 10 MB

shop-contact = Válaszoljon arra az üzenetre, amelyből ide érkezett.

gone-closed = Ez az oldal már nem érhető el
gone-closed-about = A rendeléshez vezető hivatkozás már nem működik. Ha kapott tőlünk újabbat, kérjük, azt használja.
gone-unknown-title = Nincs ilyen oldal
gone-unknown = Itt nincs semmilyen oldal
gone-unknown-about = A hivatkozás hiányos, vagy nem tőlünk származik. Kérjük, másolja ki újra az üzenetünkből.
gone-contact = Ha kérdése van a rendeléséről, forduljon hozzánk: { $shop }.

## Mails around messages

mail-subject = Az Ön rendelése: #{ $number } · { $shop }
mail-link = Rendelés megtekintése és válasz

## What is said of a stage where the shop has written nothing

usual-placed =
    Kedves { $first_name }!

    Köszönjük rendelését ({ $order }), megkaptuk.

    { $page }

    { $shop }
usual-confirmed =
    Kedves { $first_name }!

    Köszönjük rendelését ({ $order }). Minden megvan, amire szükségünk van, hamarosan hozzákezdünk.

    { $page }

    { $shop }
usual-on-hold =
    Kedves { $first_name }!

    Rendelésének ({ $order }) egy kicsit várnia kell. Hamarosan ismét jelentkezünk.

    { $page }

    { $shop }
usual-approved =
    Kedves { $first_name }!

    Rendelését ({ $order }) most készítjük elő.

    { $page }

    { $shop }
usual-processed =
    Kedves { $first_name }!

    Rendelését ({ $order }) becsomagoltuk, hamarosan útnak indul.

    { $page }

    { $shop }
usual-shipped =
    Kedves { $first_name }!

    Rendelése ({ $order }) úton van.

    { $parcels }

    { $page }

    { $shop }
usual-delivered =
    Kedves { $first_name }!

    Rendelését ({ $order }) kézbesítették. Reméljük, mindent rendben talált; ha mégsem, kérjük, írjon nekünk.

    { $page }

    { $shop }
usual-returned =
    Kedves { $first_name }!

    Rendelésének ({ $order }) minden tétele visszaérkezett hozzánk.

    { $page }

    { $shop }
usual-cancelled =
    Kedves { $first_name }!

    Rendelését ({ $order }) töröltük.

    { $page }

    { $shop }
usual-rejected =
    Kedves { $first_name }!

    Sajnáljuk, rendelését ({ $order }) nem tudtuk elfogadni.

    { $page }

    { $shop }
usual-abandoned =
    Kedves { $first_name }!

    Rendelése ({ $order }) nem zárult le időben. Ha továbbra is szeretné, kérjük, írjon nekünk.

    { $page }

    { $shop }

## Refusals that a customer can meet

told-fields = Kérjük, nézzen át { $count } mezőt.
told-address-late = A cím itt már nem módosítható. Írjon nekünk lent, és megnézzük, mit tehetünk.
told-cancel-late = Ez a rendelés itt már nem törölhető. Írjon nekünk lent, és megnézzük, mit tehetünk.
told-return-late = Ebből a rendelésből itt semmi sem küldhető vissza. Írjon nekünk lent, és megnézzük, mit tehetünk.
told-arrival-late = Ezt már tudjuk, vagy még nem indult el minden. Ha nem így van, kérjük, írjon nekünk lent.
told-resumed = Ezt a rendelést már folytatták. Fent látja, hol tart.
told-note-long = Ide legfeljebb 2000 karakter fér.
told-part-long = Ide legfeljebb 200 karakter fér.
told-reason = Válasszon okot.
told-changed = Időközben változott valami a rendelésén. Lent a mostani állapotot látja; nézze át, és küldje el újra.
told-not-now = Ez most nem lehetséges. Írjon nekünk lent, és megnézzük, mit tehetünk.
told-form = Ez az űrlap már nem illik a rendeléséhez. Nézze át az oldalt, és küldje el újra.
told-often = Nagyon gyakran küld. Várjon egy percet, majd küldje el újra.
told-form-token = Ez az űrlap nem erről az oldalról származik, vagy útközben megváltozott. Nyissa meg újra az oldalt, és onnan küldje el.
told-whole = Egész számot adjon meg, vagy hagyja üresen.
told-return-units = Adjon meg egy számot 0 és { $most } között ehhez: { $name }.
told-return-none = Ebből már nem küldhető vissza több: { $name }. Minden feladott darab szerepel egy visszaküldésben.
told-return-empty = Adja meg legalább egy terméknél, hány darabot küld vissza.
told-return-note = Ide legfeljebb 2000 karakter fér.
told-receiver = Adja meg, ki veszi át a csomagot.
told-street = Adja meg az utcát és a házszámot.
told-city = Adja meg a települést.
told-postcode = Adja meg az irányítószámot. Ebben az országban szükség van rá ({ $country }).
told-country = Válassza ki az országot.
told-country-list = Válasszon országot a listából.
told-empty = Először írjon valamit.
told-long = Egy üzenetbe legfeljebb 10 000 karakter fér.
told-day = Ma már nagyon sokszor írt nekünk. Mindent elolvasunk; írjon holnap, vagy lépjen velünk kapcsolatba.
told-files-many = Egy üzenethez legfeljebb 5 fájl csatolható. A többit küldje egy másik üzenettel.
told-files-much = Ma már nagyon nagy fájlokat küldött. A többit küldje holnap, vagy lépjen velünk kapcsolatba.
told-file-large = A fájl nagyobb 10 MB-nál: „{ $name }”. Kicsinyítse le, és válassza ki újra.
told-file-empty = A fájl üres: „{ $name }”. Válassza ki újra.
told-file-markup = A fájl szövegből álló oldal vagy rajz (HTML, SVG), bármi is a neve: „{ $name }”. Mentse el képként vagy PDF-ként, és válassza ki újra.
told-file-kind = A fájl nem olvasható JPEG, PNG, GIF, WebP vagy PDF, bármi is a neve: „{ $name }”. Mentse el képként vagy PDF-ként, és válassza ki újra.
