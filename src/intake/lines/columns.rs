//! Which column of a plain CSV means what: guessed from common headings, or said. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{FieldProblem, Refusal, Result};
use crate::intake::rows::Row;

crate::text_enum! {
    /// What a column can mean.
    pub enum Field {
        /// The order's name where it came from.
        Order = "order",
        /// When it was ordered.
        Date = "date",
        /// Stock-keeping unit.
        Sku = "sku",
        /// What it is called.
        Title = "title",
        /// Which kind.
        Variant = "variant",
        /// Units.
        Quantity = "quantity",
        /// Price of a unit.
        Price = "price",
        /// Taken off the whole line.
        Discount = "discount",
        /// Three letters.
        Currency = "currency",
        /// Customer's name or number.
        Customer = "customer",
        /// Customer's e-mail.
        Email = "email",
        /// Customer's telephone.
        Phone = "phone",
        /// Firm.
        Company = "company",
        /// Street and number.
        Street = "street",
        /// Flat, floor.
        Street2 = "street2",
        /// City.
        City = "city",
        /// State or province.
        Region = "region",
        /// Postal code.
        Postcode = "postcode",
        /// Country by name or code.
        Country = "country",
        /// Carriage of the whole order.
        Shipping = "shipping",
        /// Name of the way it is sent.
        ShippingMethod = "shipping_method",
        /// Way it is paid.
        PaymentMethod = "payment_method",
        /// What the customer wrote.
        Note = "note",
        /// Tags with commas between them.
        Tags = "tags",
    }
}

impl Field {
    /// Words for people.
    pub fn label(self) -> &'static str {
        match self {
            Field::Order => "Order number",
            Field::Date => "Date",
            Field::Sku => "SKU",
            Field::Title => "Title",
            Field::Variant => "Variant",
            Field::Quantity => "Quantity",
            Field::Price => "Price of one unit",
            Field::Discount => "Discount on the line",
            Field::Currency => "Currency",
            Field::Customer => "Customer",
            Field::Email => "E-mail",
            Field::Phone => "Telephone",
            Field::Company => "Company",
            Field::Street => "Street",
            Field::Street2 => "Street, second line",
            Field::City => "City",
            Field::Region => "State or province",
            Field::Postcode => "Postcode",
            Field::Country => "Country",
            Field::Shipping => "Shipping cost of the order",
            Field::ShippingMethod => "Shipping method",
            Field::PaymentMethod => "Payment method",
            Field::Note => "Customer's note",
            Field::Tags => "Tags",
        }
    }

    /// Headings that commonly mean it, in small letters and digits only.
    fn headings(self) -> &'static [&'static str] {
        match self {
            Field::Order => &[
                "order",
                "orderno",
                "ordernumber",
                "orderid",
                "ordernr",
                "invoice",
                "invoiceno",
                "invoicenumber",
                "invoiceid",
                "bestellnummer",
                "bestellung",
                "commande",
                "pedido",
                "name",
                "reference",
            ],
            Field::Date => &[
                "date",
                "orderdate",
                "invoicedate",
                "createdat",
                "created",
                "placedat",
                "ordered",
                "datum",
                "fecha",
                "orderedat",
                "datetime",
            ],
            Field::Sku => &[
                "sku",
                "stockcode",
                "itemcode",
                "productcode",
                "articleno",
                "article",
                "productid",
                "itemsku",
                "lineitemsku",
                "artikelnummer",
                "itemno",
            ],
            Field::Title => &[
                "title",
                "description",
                "product",
                "productname",
                "item",
                "itemname",
                "name",
                "lineitemname",
                "artikel",
                "bezeichnung",
                "producttitle",
            ],
            Field::Variant => &["variant", "option", "varianttitle", "size", "colour", "color"],
            Field::Quantity => &[
                "quantity",
                "qty",
                "units",
                "amount",
                "menge",
                "anzahl",
                "count",
                "lineitemquantity",
                "cantidad",
                "pieces",
            ],
            Field::Price => &[
                "price",
                "unitprice",
                "itemprice",
                "lineitemprice",
                "preis",
                "einzelpreis",
                "rate",
                "precio",
                "unitcost",
            ],
            Field::Discount => &["discount", "linediscount", "rabatt", "lineitemdiscount"],
            Field::Currency => &["currency", "currencycode", "wahrung", "waehrung"],
            Field::Customer => &[
                "customer",
                "customername",
                "buyer",
                "buyername",
                "client",
                "kunde",
                "shippingname",
                "billingname",
                "recipient",
                "customerid",
                "fullname",
                "cliente",
                "name",
            ],
            Field::Email => &["email", "customeremail", "buyeremail", "mail", "emailaddress"],
            Field::Phone => &["phone", "telephone", "tel", "mobile", "phonenumber", "telefon"],
            Field::Company => &["company", "firm", "firma", "organisation", "organization"],
            Field::Street => {
                &["street", "address", "address1", "street1", "shippingaddress1", "strasse", "addressline1"]
            }
            Field::Street2 => &["address2", "street2", "shippingaddress2", "addressline2"],
            Field::City => &["city", "town", "shippingcity", "ort", "stadt", "ciudad"],
            Field::Region => &["region", "state", "province", "county", "shippingprovince"],
            Field::Postcode => &["postcode", "zip", "zipcode", "postalcode", "plz", "shippingzip"],
            Field::Country => &["country", "shippingcountry", "countrycode", "land", "pais"],
            Field::Shipping => &["shipping", "shippingcost", "carriage", "postage", "versand", "shippingprice"],
            Field::ShippingMethod => &["shippingmethod", "deliverymethod", "carrier"],
            Field::PaymentMethod => &["paymentmethod", "payment", "paymenttype", "zahlungsart"],
            Field::Note => &["note", "notes", "comment", "customernote", "remarks"],
            Field::Tags => &["tags", "tag", "labels"],
        }
    }
}

/// Which column each field is read from, by the column's heading.
pub type Choice = BTreeMap<String, String>;

/// Where each field stands in the rows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Columns {
    places: BTreeMap<String, usize>,
    width: usize,
}

impl Columns {
    /// Finds the columns: first what `choice` says, the rest by their headings. A choice of no
    /// heading leaves the field out.
    ///
    /// # Errors
    /// Refuses a heading that is not there, and a file without order, quantity, price, or both title
    /// and SKU.
    pub fn read(header: &Row, choice: &Choice) -> Result<Self> {
        let headings: Vec<String> = header.cells().map(plain).collect();
        if headings.iter().all(|heading| heading.parse::<f64>().is_ok() || heading.is_empty()) {
            return Err(Refusal::invalid(
                "import.no_header",
                "The file has no row of column names. Add one on top that says what each column is.",
            )
            .into());
        }
        let mut places = BTreeMap::new();
        let mut problems = Vec::new();
        for (field, heading) in choice {
            let Some(known) = Field::parse(field) else {
                problems.push(unknown_field(field));
                continue;
            };
            if heading.trim().is_empty() {
                continue;
            }
            match headings.iter().position(|other| *other == plain(heading)) {
                Some(index) => {
                    places.insert(known.as_str().to_owned(), index);
                }
                None => problems.push(FieldProblem {
                    field: known.as_str().to_owned(),
                    message: format!("The file has no column {heading}. It has: {}.", list(header)),
                }),
            }
        }
        for field in Field::ALL.iter().filter(|field| !choice.contains_key(field.as_str())) {
            let free = |index: &usize| !places.values().any(|taken| taken == index);
            let guess = field
                .headings()
                .iter()
                .find_map(|name| headings.iter().position(|heading| heading == name).filter(free));
            if let Some(index) = guess {
                places.insert(field.as_str().to_owned(), index);
            }
        }
        let columns = Columns { places, width: header.width() };
        let lacking = columns.lacking();
        if problems.is_empty() && lacking.is_empty() {
            return Ok(columns);
        }
        Err(refusal(header, problems, &lacking).into())
    }

    fn lacking(&self) -> Vec<Field> {
        let mut lacking: Vec<Field> =
            [Field::Order, Field::Quantity, Field::Price].into_iter().filter(|field| !self.has(*field)).collect();
        if !self.has(Field::Title) && !self.has(Field::Sku) {
            lacking.push(Field::Title);
        }
        lacking
    }

    /// Whether a field is read at all.
    pub fn has(&self, field: Field) -> bool {
        self.places.contains_key(field.as_str())
    }
    /// Where the column of a field stands; the first place if it is not read.
    pub fn place(&self, field: Field) -> usize {
        self.places.get(field.as_str()).copied().unwrap_or(0)
    }
    /// How many columns the file has.
    pub fn width(&self) -> usize {
        self.width
    }
    /// The cell of a row for a field, trimmed; empty if it is not read.
    pub fn of<'a>(&self, row: &'a Row, field: Field) -> &'a str {
        self.places.get(field.as_str()).map_or("", |index| row.cell(*index).trim())
    }
    /// Each field that is read and the heading it is read from, in the order of fields.
    pub fn chosen(&self, header: &Row) -> Vec<(Field, String)> {
        let named = |field: &Field| {
            self.places.get(field.as_str()).map(|index| (*field, header.cell(*index).trim().to_owned()))
        };
        Field::ALL.iter().filter_map(named).collect()
    }
}

fn unknown_field(field: &str) -> FieldProblem {
    let all: Vec<&str> = Field::ALL.iter().map(|field| field.as_str()).collect();
    FieldProblem {
        field: field.to_owned(),
        message: format!("There is no field {field}. The fields are: {}.", all.join(", ")),
    }
}

/// One refusal that says all, since the command line shows no form to put the sentences beside.
fn refusal(header: &Row, mut problems: Vec<FieldProblem>, lacking: &[Field]) -> Refusal {
    let mut sentences: Vec<String> = problems.iter().map(|problem| problem.message.clone()).collect();
    if !lacking.is_empty() {
        let words: Vec<String> = lacking.iter().map(|field| field.label().to_lowercase()).collect();
        sentences.push(format!(
            "Say which column is the {}. The file has: {}.",
            words.join(", which the "),
            list(header)
        ));
    }
    problems.extend(lacking.iter().map(|field| FieldProblem {
        field: field.as_str().to_owned(),
        message: format!("Say which column is the {}.", field.label().to_lowercase()),
    }));
    let mut refusal = Refusal::fields("import.columns", problems);
    refusal.message = sentences.join(" ");
    refusal
}

fn list(header: &Row) -> String {
    let names: Vec<&str> = header.cells().map(str::trim).filter(|name| !name.is_empty()).take(40).collect();
    names.join(", ")
}

/// A heading in small letters and digits only: `Invoice No.` becomes `invoiceno`.
fn plain(heading: &str) -> String {
    crate::words::fold(heading).chars().filter(char::is_ascii_alphanumeric).collect()
}
