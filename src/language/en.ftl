# What customers read in English. Every language has the same messages with the same variables; a test compares
# them. Messages that begin with told- are worded like this elsewhere in the house and are found by their words.

## Money and time

month = { $month ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[12] Dec
}
weekday = { $day ->
    [1] Mon
    [2] Tue
    [3] Wed
    [4] Thu
    [5] Fri
    [6] Sat
   *[7] Sun
}
when-week = { $weekday } { $clock }
when-year = { $day } { $month }
when-long = { $day } { $month } { $year }

## Stages, in the customer's words

stage-placed = Received, waiting for you
stage-confirmed = Confirmed
stage-on-hold = Confirmed
stage-approved = Being prepared
stage-processed = Packed
stage-shipped = On its way
stage-delivered = Delivered
stage-returned = Returned
stage-cancelled = Cancelled
stage-rejected = Declined
stage-abandoned = Expired
stage-archived = Archived

way-placed = Placed
way-confirmed = Confirmed
way-packed = Packed
way-shipped = Shipped
way-delivered = Delivered

headline-received = Received
headline-partly = Partly on its way

story-address = Tell us below where to send it, and we can begin.
story-due = { $amount } is still to be paid before we begin.
story-placed = We have received your order and look at it soon.
story-confirmed = We have everything we need and begin soon.
story-partly = { $sent ->
    [one] { $sent } of { $all } parcels has left. The rest follows.
   *[other] { $sent } of { $all } parcels have left. The rest follows.
}
story-approved = We are getting your order ready.
story-processed = Your order is packed and leaves soon.
story-shipped = { $all ->
    [0] Your order has left us.
    [one] Your parcel has left us.
   *[other] All { $all } parcels have left us.
}
story-delivered = We hope all is well with it. Write to us if not.
story-returned = Everything has come back to us.
story-cancelled = This order was cancelled.
story-rejected = We are sorry: we could not take this order.
story-abandoned = This order was not completed in time. Take it up again if you still want it.
story-credit = { $amount } will be given back to you.

## Parcels and returns

parcel-packing = Being packed
parcel-packed = Packed
parcel-shipped = On its way
parcel-delivered = Delivered
parcel-cancelled = Taken back

return-requested = Asked for; we will answer soon
return-approved = Agreed; send it back to us
return-rejected = Declined
return-in-transit = On its way to us
return-received = Received
return-cancelled = Withdrawn

reason-changed-mind = I changed my mind
reason-damaged = It arrived damaged
reason-wrong-item = It is not what I ordered
reason-not-as-described = It is not as described
reason-late = It came too late
reason-other = Another reason

## The customer's page

page-title = Your order #{ $number }
page-number = Order #{ $number }
page-progress = Progress
page-language = Language

done-message = Your message is with us.
done-address = Thank you. We have your address.
done-cancelled = Your order is cancelled. Anything you paid will be given back.
done-asked = We have your wish to cancel and will answer here.
done-return = We have your wish to send something back and will answer here.
done-arrived = Thank you for telling us. Enjoy it.
done-resumed = Your order goes on. See below what it still needs.

address-where = Where shall we send it?
address-title = Delivery address
address-yours = Your address
address-correct = Correct the address
address-phone-hidden = For your safety we do not show the phone number we have. Leave it empty to keep it.
address-save = Save the address

field-country = Country
field-country-choose = Choose a country
field-name = Name
field-company = Company
field-street1 = Street and house number
field-street2 = Flat, floor, building
field-postcode = Postcode
field-city = City or town
field-region = State, province or county
field-phone = Phone for the carrier

parcels-title = Parcels
parcels-carrier = opens the carrier’s page
arrival-say = I have it all
resume-say = Take the order up again
returns-title = Sent back
notes-title = From { $shop }

order-title = Your order
order-to-pay = { $amount } to pay
order-paid = { $amount } paid
line-units = { $units } ×
line-out = Taken out

sum-subtotal = Subtotal
sum-discount = Discount
sum-discount-named = Discount, { $name }
sum-shipping = Shipping
sum-shipping-named = Shipping, { $name }
sum-fee = Fee
sum-tax = Tax
sum-tax-included = Tax, included
sum-tax-named-included = { $name }, included
sum-rounding = Rounding
sum-taken-out = Taken out of the order
sum-total = Total
sum-paid = Paid
sum-due = Still to pay
sum-credit = To be given back to you

pay-title = How to pay
ask-rest =
    Hello { $first_name },

    { $amount } of your order { $order } is still to be paid.

    { $how }

    { $page }

    { $shop }

ask-title = Changed your mind?
ask-note = Anything you want to tell us
cancel-now = Cancel the order
cancel-now-about = The order is cancelled at once. Anything you paid will be given back.
cancel-ask = Ask to cancel the order
cancel-ask-about = We have begun with your order, so we look whether it can still be stopped and answer here.
cancel-ask-send = Ask to cancel
cancel-wish = I would like to cancel this order.
return-ask = Ask to send something back
return-most = of { $most }
return-why = Why
return-choose = Choose a reason
return-send = Ask for the return

messages-title = Messages
messages-none = Nothing has been written yet. Ask us anything about your order.
messages-you = You
message-to = Message to { $shop }
message-hint = Message { $shop }
message-send = Send
message-files = Pictures or PDF to send along, up to 5 of 10 MB each

shop-contact = Answer the message that brought you here.

gone-closed = This page is closed
gone-closed-about = The link to this order no longer works. If you have a newer one from us, use that.
gone-unknown-title = No such page
gone-unknown = There is no page here
gone-unknown-about = The link is not whole, or it was never ours. Copy it again from our message.
gone-contact = For anything about your order, contact { $shop }.

## Mails around messages

mail-subject = Your order #{ $number } · { $shop }
mail-link = See your order and answer us

## What is said of a stage where the shop has written nothing

usual-placed =
    Hello { $first_name },

    thank you for your order { $order }. We have received it.

    { $page }

    { $shop }
usual-confirmed =
    Hello { $first_name },

    thank you for your order { $order }. We have everything we need and begin soon.

    { $page }

    { $shop }
usual-on-hold =
    Hello { $first_name },

    your order { $order } has to wait for a moment. We will write again.

    { $page }

    { $shop }
usual-approved =
    Hello { $first_name },

    we are getting your order { $order } ready.

    { $page }

    { $shop }
usual-processed =
    Hello { $first_name },

    your order { $order } is packed and leaves soon.

    { $page }

    { $shop }
usual-shipped =
    Hello { $first_name },

    your order { $order } is on its way.

    { $parcels }

    { $page }

    { $shop }
usual-delivered =
    Hello { $first_name },

    your order { $order } was delivered. We hope all is well with it; write to us if not.

    { $page }

    { $shop }
usual-returned =
    Hello { $first_name },

    everything of your order { $order } has come back to us.

    { $page }

    { $shop }
usual-cancelled =
    Hello { $first_name },

    your order { $order } is cancelled.

    { $page }

    { $shop }
usual-rejected =
    Hello { $first_name },

    we are sorry: we could not take your order { $order }.

    { $page }

    { $shop }
usual-abandoned =
    Hello { $first_name },

    your order { $order } was not completed in time. Write to us if you still want it.

    { $page }

    { $shop }

## Refusals that a customer can meet

told-fields = { $count } fields need your attention.
told-address-late = The address can no longer be changed here. Write to us below, and we will see what can be done.
told-cancel-late = This order can no longer be cancelled here. Write to us below, and we will see what can be done.
told-return-late = Nothing of this order can be sent back here. Write to us below, and we will see what can be done.
told-arrival-late = This is known already, or not all of it has left yet. Write to us below if it is not so.
told-resumed = This order was taken up again already. Look at it above.
told-note-long = This takes 2,000 characters at the most.
told-part-long = This takes 200 characters at the most.
told-reason = Choose a reason.
told-changed = Something about your order changed in the meantime. Below it stands as it is now; look at it and send again.
told-not-now = This is not possible at the moment. Write to us below, and we will see what can be done.
told-form = This form no longer fits your order. Look at the page and send again.
told-often = You are sending very often. Wait a minute, then send it again.
told-form-token = This form was not made by the desk or was changed on the way. Open the page again and send it from there.
told-whole = Enter a whole number, or leave it empty.
told-return-units = Enter a number from 0 to { $most } for { $name }.
told-return-none = Nothing more of { $name } can come back: all that was shipped is in a return.
told-return-empty = Enter how many units of at least one line come back.
told-return-note = The note takes 2,000 characters at the most.
told-receiver = Enter who receives the parcel.
told-street = Enter the street and house number.
told-city = Enter the city.
told-postcode = Enter the postcode. Addresses in { $country } need one.
told-country = Choose the country.
told-country-list = Choose a country from the list.
told-empty = Write something first.
told-long = A message takes 10,000 characters at the most.
told-day = You have written very often today. We read everything; write again tomorrow, or contact us.
told-files-many = A message takes 5 files at the most. Send the others with another one.
told-files-much = You have sent very large files today. Send the others tomorrow, or contact us.
told-file-large = “{ $name }” is larger than 10 MB. Make it smaller and choose it again.
told-file-empty = “{ $name }” is empty. Choose it again.
told-file-markup = “{ $name }” is a page or a drawing made of text (HTML, SVG), whatever its name says. Save it as a picture or a PDF and choose it again.
told-file-kind = “{ $name }” is no JPEG, PNG, GIF, WebP or PDF that can be read, whatever its name says. Save it as a picture or a PDF and choose it again.
