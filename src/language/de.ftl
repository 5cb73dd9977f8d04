# Was Kundinnen und Kunden auf Deutsch lesen; Anrede: Sie.

## Money and time

month = { $month ->
    [1] Jan.
    [2] Feb.
    [3] März
    [4] Apr.
    [5] Mai
    [6] Juni
    [7] Juli
    [8] Aug.
    [9] Sept.
    [10] Okt.
    [11] Nov.
   *[12] Dez.
}
weekday = { $day ->
    [1] Mo.
    [2] Di.
    [3] Mi.
    [4] Do.
    [5] Fr.
    [6] Sa.
   *[7] So.
}
when-week = { $weekday }, { $clock } Uhr
when-year = { $day }. { $month }
when-long = { $day }. { $month } { $year }

## Stages, in the customer's words

stage-placed = Eingegangen, wir warten auf Sie
stage-confirmed = Bestätigt
stage-on-hold = Bestätigt
stage-approved = In Vorbereitung
stage-processed = Verpackt
stage-shipped = Unterwegs
stage-delivered = Zugestellt
stage-returned = Zurückgekommen
stage-cancelled = Storniert
stage-rejected = Abgelehnt
stage-abandoned = Verfallen
stage-archived = Abgelegt

way-placed = Bestellt
way-confirmed = Bestätigt
way-packed = Verpackt
way-shipped = Versandt
way-delivered = Zugestellt

headline-received = Eingegangen
headline-partly = Teilweise unterwegs

story-address = Sagen Sie uns unten, wohin wir liefern sollen, dann können wir beginnen.
story-due = Bevor wir beginnen, sind noch { $amount } zu zahlen.
story-placed = Ihre Bestellung ist bei uns eingegangen, wir sehen sie uns bald an.
story-confirmed = Wir haben alles, was wir brauchen, und beginnen in Kürze.
story-partly = { $sent ->
    [one] { $sent } von { $all } Paketen hat unser Haus verlassen. Der Rest folgt.
   *[other] { $sent } von { $all } Paketen haben unser Haus verlassen. Der Rest folgt.
}
story-approved = Wir bereiten Ihre Bestellung vor.
story-processed = Ihre Bestellung ist verpackt und geht bald auf die Reise.
story-shipped = { $all ->
    [0] Ihre Bestellung hat unser Haus verlassen.
    [one] Ihr Paket hat unser Haus verlassen.
   *[other] Alle { $all } Pakete haben unser Haus verlassen.
}
story-delivered = Wir hoffen, dass alles in Ordnung ist. Falls nicht, schreiben Sie uns bitte.
story-returned = Alles ist wieder bei uns angekommen.
story-cancelled = Diese Bestellung wurde storniert.
story-rejected = Es tut uns leid: Wir konnten diese Bestellung nicht annehmen.
story-abandoned = Diese Bestellung wurde nicht rechtzeitig abgeschlossen. Setzen Sie sie fort, wenn Sie sie noch möchten.
story-credit = { $amount } erstatten wir Ihnen.

## Parcels and returns

parcel-packing = Wird gepackt
parcel-packed = Verpackt
parcel-shipped = Unterwegs
parcel-delivered = Zugestellt
parcel-cancelled = Zurückgenommen

return-requested = Angefragt; wir antworten bald
return-approved = Einverstanden; senden Sie es an uns zurück
return-rejected = Abgelehnt
return-in-transit = Auf dem Weg zu uns
return-received = Angekommen
return-cancelled = Zurückgezogen

reason-changed-mind = Ich habe es mir anders überlegt
reason-damaged = Es kam beschädigt an
reason-wrong-item = Es ist nicht das, was ich bestellt habe
reason-not-as-described = Es entspricht nicht der Beschreibung
reason-late = Es kam zu spät
reason-other = Ein anderer Grund

## The customer's page

page-title = Ihre Bestellung #{ $number }
page-number = Bestellung #{ $number }
page-progress = Stand der Bestellung
page-language = Sprache

done-message = Ihre Nachricht ist bei uns.
done-address = Vielen Dank. Wir haben Ihre Adresse.
done-cancelled = Ihre Bestellung ist storniert. Was Sie bezahlt haben, erstatten wir Ihnen.
done-asked = Wir haben Ihren Wunsch zu stornieren erhalten und antworten hier.
done-return = Wir haben Ihren Wunsch nach einer Rücksendung erhalten und antworten hier.
done-arrived = Danke für die Nachricht. Viel Freude damit.
done-resumed = Ihre Bestellung geht weiter. Unten steht, was noch fehlt.

address-where = Wohin dürfen wir liefern?
address-title = Lieferadresse
address-yours = Ihre Adresse
address-correct = Adresse korrigieren
address-phone-hidden = Zu Ihrer Sicherheit zeigen wir die Telefonnummer nicht, die wir haben. Lassen Sie das Feld leer, um sie zu behalten.
address-save = Adresse speichern

field-country = Land
field-country-choose = Land auswählen
field-name = Name
field-company = Firma
field-street1 = Straße und Hausnummer
field-street2 = Wohnung, Etage, Gebäude
field-postcode = Postleitzahl
field-city = Ort
field-region = Bundesland, Kanton oder Provinz
field-phone = Telefon für den Zusteller

parcels-title = Pakete
parcels-carrier = öffnet die Seite des Zustellers
arrival-say = Ich habe alles erhalten
resume-say = Bestellung fortsetzen
returns-title = Zurückgesandt
notes-title = Von { $shop }

order-title = Ihre Bestellung
order-to-pay = Noch { $amount } zu zahlen
order-paid = { $amount } bezahlt
line-units = { $units } ×
line-out = Herausgenommen

sum-subtotal = Zwischensumme
sum-discount = Rabatt
sum-discount-named = Rabatt, { $name }
sum-shipping = Versand
sum-shipping-named = Versand, { $name }
sum-fee = Gebühr
sum-tax = Steuer
sum-tax-included = Steuer, enthalten
sum-tax-named-included = { $name }, enthalten
sum-rounding = Rundung
sum-taken-out = Aus der Bestellung genommen
sum-total = Gesamt
sum-paid = Bezahlt
sum-due = Noch zu zahlen
sum-credit = Erstatten wir Ihnen

pay-title = So zahlen Sie
ask-rest =
    Guten Tag { $first_name },

    von Ihrer Bestellung { $order } sind noch { $amount } zu zahlen.

    { $how }

    { $page }

    { $shop }

ask-title = Haben Sie es sich anders überlegt?
ask-note = Möchten Sie uns noch etwas sagen?
cancel-now = Bestellung stornieren
cancel-now-about = Die Bestellung wird sofort storniert. Was Sie bezahlt haben, erstatten wir Ihnen.
cancel-ask = Um Stornierung bitten
cancel-ask-about = Wir haben mit Ihrer Bestellung schon begonnen. Wir sehen nach, ob sie sich noch aufhalten lässt, und antworten hier.
cancel-ask-send = Um Stornierung bitten
cancel-wish = Ich möchte diese Bestellung stornieren.
return-ask = Etwas zurücksenden
return-most = von { $most }
return-why = Warum
return-choose = Grund auswählen
return-send = Rücksendung anfragen

messages-title = Nachrichten
messages-none = Noch wurde nichts geschrieben. Fragen Sie uns, was Sie über Ihre Bestellung wissen möchten.
messages-you = Sie
message-to = Nachricht an { $shop }
message-hint = Nachricht an { $shop }
message-send = Senden
message-files = Bilder oder PDF zum Mitsenden, bis zu 5 mit je 10 MB

shop-contact = Antworten Sie auf die Nachricht, mit der Sie hierhergekommen sind.

gone-closed = Diese Seite ist geschlossen
gone-closed-about = Der Link zu dieser Bestellung gilt nicht mehr. Wenn Sie einen neueren von uns haben, verwenden Sie bitte diesen.
gone-unknown-title = Seite nicht gefunden
gone-unknown = Hier ist keine Seite
gone-unknown-about = Der Link ist nicht vollständig oder stammt nicht von uns. Kopieren Sie ihn bitte noch einmal aus unserer Nachricht.
gone-contact = Bei Fragen zu Ihrer Bestellung wenden Sie sich an { $shop }.

## Mails around messages

mail-subject = Ihre Bestellung #{ $number } · { $shop }
mail-link = Bestellung ansehen und antworten

## What is said of a stage where the shop has written nothing

usual-placed =
    Guten Tag { $first_name },

    vielen Dank für Ihre Bestellung { $order }. Sie ist bei uns eingegangen.

    { $page }

    { $shop }
usual-confirmed =
    Guten Tag { $first_name },

    vielen Dank für Ihre Bestellung { $order }. Wir haben alles, was wir brauchen, und beginnen in Kürze.

    { $page }

    { $shop }
usual-on-hold =
    Guten Tag { $first_name },

    Ihre Bestellung { $order } muss einen Moment warten. Wir melden uns wieder.

    { $page }

    { $shop }
usual-approved =
    Guten Tag { $first_name },

    wir bereiten Ihre Bestellung { $order } gerade vor.

    { $page }

    { $shop }
usual-processed =
    Guten Tag { $first_name },

    Ihre Bestellung { $order } ist verpackt und geht bald auf die Reise.

    { $page }

    { $shop }
usual-shipped =
    Guten Tag { $first_name },

    Ihre Bestellung { $order } ist unterwegs.

    { $parcels }

    { $page }

    { $shop }
usual-delivered =
    Guten Tag { $first_name },

    Ihre Bestellung { $order } wurde zugestellt. Wir hoffen, dass alles in Ordnung ist; falls nicht, schreiben Sie uns bitte.

    { $page }

    { $shop }
usual-returned =
    Guten Tag { $first_name },

    alles aus Ihrer Bestellung { $order } ist wieder bei uns angekommen.

    { $page }

    { $shop }
usual-cancelled =
    Guten Tag { $first_name },

    Ihre Bestellung { $order } ist storniert.

    { $page }

    { $shop }
usual-rejected =
    Guten Tag { $first_name },

    es tut uns leid: Wir konnten Ihre Bestellung { $order } nicht annehmen.

    { $page }

    { $shop }
usual-abandoned =
    Guten Tag { $first_name },

    Ihre Bestellung { $order } wurde nicht rechtzeitig abgeschlossen. Schreiben Sie uns, wenn Sie sie noch möchten.

    { $page }

    { $shop }

## Refusals that a customer can meet

told-fields = Bitte sehen Sie sich { $count } Felder noch einmal an.
told-address-late = Die Adresse lässt sich hier nicht mehr ändern. Schreiben Sie uns unten, dann sehen wir, was möglich ist.
told-cancel-late = Diese Bestellung lässt sich hier nicht mehr stornieren. Schreiben Sie uns unten, dann sehen wir, was möglich ist.
told-return-late = Aus dieser Bestellung lässt sich hier nichts zurücksenden. Schreiben Sie uns unten, dann sehen wir, was möglich ist.
told-arrival-late = Das wissen wir schon, oder es ist noch nicht alles unterwegs. Schreiben Sie uns unten, wenn es nicht so ist.
told-resumed = Diese Bestellung wurde schon fortgesetzt. Oben steht, wie es um sie steht.
told-note-long = Hier passen höchstens 2.000 Zeichen hinein.
told-part-long = Hier passen höchstens 200 Zeichen hinein.
told-reason = Bitte wählen Sie einen Grund.
told-changed = An Ihrer Bestellung hat sich inzwischen etwas geändert. Unten sehen Sie den jetzigen Stand; prüfen Sie ihn und senden Sie noch einmal.
told-not-now = Das ist zurzeit nicht möglich. Schreiben Sie uns unten, dann sehen wir, was möglich ist.
told-form = Dieses Formular passt nicht mehr zu Ihrer Bestellung. Sehen Sie sich die Seite an und senden Sie noch einmal.
told-often = Sie senden sehr oft. Warten Sie eine Minute und senden Sie dann noch einmal.
told-form-token = Dieses Formular stammt nicht von dieser Seite oder wurde unterwegs verändert. Öffnen Sie die Seite neu und senden Sie von dort.
told-whole = Geben Sie eine ganze Zahl ein oder lassen Sie das Feld leer.
told-return-units = Geben Sie für { $name } eine Zahl von 0 bis { $most } ein.
told-return-none = Von { $name } kann nichts mehr zurückkommen: Alles Versandte ist schon in einer Rücksendung.
told-return-empty = Geben Sie mindestens bei einem Artikel an, wie viele Sie zurücksenden.
told-return-note = Hier passen höchstens 2.000 Zeichen hinein.
told-receiver = Geben Sie an, wer das Paket erhält.
told-street = Geben Sie Straße und Hausnummer ein.
told-city = Geben Sie den Ort ein.
told-postcode = Geben Sie die Postleitzahl ein. Adressen in diesem Land brauchen eine ({ $country }).
told-country = Wählen Sie das Land.
told-country-list = Wählen Sie ein Land aus der Liste.
told-empty = Bitte schreiben Sie zuerst etwas.
told-long = Eine Nachricht fasst höchstens 10.000 Zeichen.
told-day = Sie haben heute sehr oft geschrieben. Wir lesen alles; schreiben Sie morgen weiter oder nehmen Sie Kontakt mit uns auf.
told-files-many = Eine Nachricht fasst höchstens 5 Dateien. Senden Sie die übrigen mit einer weiteren.
told-files-much = Sie haben heute sehr große Dateien gesandt. Senden Sie die übrigen morgen oder nehmen Sie Kontakt mit uns auf.
told-file-large = „{ $name }“ ist größer als 10 MB. Verkleinern Sie die Datei und wählen Sie sie noch einmal aus.
told-file-empty = „{ $name }“ ist leer. Wählen Sie die Datei noch einmal aus.
told-file-markup = „{ $name }“ ist eine Seite oder Zeichnung aus Text (HTML, SVG), wie auch immer sie heißt. Speichern Sie sie als Bild oder PDF und wählen Sie sie noch einmal aus.
told-file-kind = „{ $name }“ ist kein lesbares JPEG, PNG, GIF, WebP oder PDF, wie auch immer die Datei heißt. Speichern Sie sie als Bild oder PDF und wählen Sie sie noch einmal aus.
