//! Where the customers of a large demonstration live.

/// City, region, shape of its postal code (every 0 is any digit), country, dialling code.
type Place = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// Cities in some twenty countries.
#[rustfmt::skip]
pub(super) const PLACES: &[Place] = &[
    ("Amsterdam", "", "1000 AB", "NL", "31"), ("Rotterdam", "", "3000 CD", "NL", "31"), ("Utrecht", "", "3500 KL", "NL", "31"),
    ("Groningen", "", "9700 XH", "NL", "31"), ("Eindhoven", "", "5600 TE", "NL", "31"), ("Haarlem", "", "2000 RD", "NL", "31"),
    ("Leiden", "", "2300 GR", "NL", "31"), ("Maastricht", "", "6200 HV", "NL", "31"), ("Berlin", "", "10000", "DE", "49"),
    ("Hamburg", "", "20000", "DE", "49"), ("München", "", "80000", "DE", "49"), ("Köln", "", "50000", "DE", "49"),
    ("Leipzig", "", "04000", "DE", "49"), ("Düsseldorf", "", "40000", "DE", "49"), ("Göttingen", "", "37000", "DE", "49"),
    ("Paris", "", "75000", "FR", "33"), ("Lyon", "", "69000", "FR", "33"), ("Marseille", "", "13000", "FR", "33"),
    ("Nantes", "", "44000", "FR", "33"), ("Orléans", "", "45000", "FR", "33"), ("London", "", "SE0 0QN", "GB", "44"),
    ("Bristol", "", "BS0 0AA", "GB", "44"), ("Glasgow", "", "G00 0SH", "GB", "44"), ("Leeds", "", "LS0 0PW", "GB", "44"),
    ("Milano", "MI", "20000", "IT", "39"), ("Torino", "TO", "10000", "IT", "39"), ("Bologna", "BO", "40000", "IT", "39"),
    ("Madrid", "Madrid", "28000", "ES", "34"), ("Valencia", "Valencia", "46000", "ES", "34"), ("Málaga", "Málaga", "29000", "ES", "34"),
    ("Lisboa", "", "1000-000", "PT", "351"), ("Porto", "", "4000-000", "PT", "351"), ("Bruxelles", "", "1000", "BE", "32"),
    ("Gent", "", "9000", "BE", "32"), ("Wien", "", "1000", "AT", "43"), ("Graz", "", "8000", "AT", "43"),
    ("Zürich", "", "8000", "CH", "41"), ("Genève", "", "1200", "CH", "41"), ("København", "", "2000", "DK", "45"),
    ("Aarhus", "", "8000", "DK", "45"), ("Stockholm", "", "110 00", "SE", "46"), ("Göteborg", "", "410 00", "SE", "46"),
    ("Malmö", "", "210 00", "SE", "46"), ("Oslo", "", "0000", "NO", "47"), ("Bergen", "", "5000", "NO", "47"),
    ("Helsinki", "", "00000", "FI", "358"), ("Tampere", "", "33000", "FI", "358"), ("Kraków", "", "30-000", "PL", "48"),
    ("Łódź", "", "90-000", "PL", "48"), ("Praha", "", "110 00", "CZ", "420"), ("Brno", "", "600 00", "CZ", "420"),
    ("Budapest", "", "1000", "HU", "36"), ("Szeged", "", "6700", "HU", "36"), ("Athina", "", "100 00", "GR", "30"),
    ("Dublin", "Dublin", "D00 X000", "IE", "353"), ("Cork", "County Cork", "T00 AB00", "IE", "353"),
    ("New York", "NY", "10000", "US", "1"), ("Portland", "OR", "97000", "US", "1"), ("Montréal", "QC", "H0J 0L0", "CA", "1"),
    ("Melbourne", "VIC", "3000", "AU", "61"),
];

/// Streets that could be anywhere.
#[rustfmt::skip]
pub(super) const STREETS: &[&str] = &[
    "Kastanienallee", "Rue des Lilas", "Via Garibaldi", "Calle Mayor", "Kerkstraat", "Station Road", "Hoofdstraat",
    "Lindenstraße", "Rue Victor Hugo", "Storgata", "Drottninggatan", "High Street", "Church Lane", "Gartenweg",
    "Dorpsstraat", "Rua Nova", "Ulica Długa", "Hlavní", "Kossuth utca", "Market Street", "Mühlenweg", "Oude Gracht",
    "Place du Marché", "Via Roma", "Avenida Central", "Skolegade", "Mannerheimintie", "Elm Street", "Park Avenue",
    "Bergstraße", "Rue de la Gare", "Molenweg", "Königstraße", "Plaza de España", "Corso Italia", "Queen Street",
];
