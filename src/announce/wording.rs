//! What customers are told of a stage where the shop has written nothing. Pure.

use crate::conversation::filling::slot;
use crate::language::{Language, Value};
use crate::workflow::Base;

/// What is usually said, with words in double braces; nothing of what is put away.
pub fn usual(base: Base, language: Language) -> String {
    if base == Base::Archived {
        return String::new();
    }
    let values = [
        ("first_name", "first name"),
        ("order", "order number"),
        ("parcels", "parcels"),
        ("page", "customer page"),
        ("shop", "shop"),
    ];
    let values = values.map(|(name, known)| (name, Value::from(slot(known))));
    language.say_with(&format!("usual-{}", base.as_str().replace('_', "-")), &values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::filling::{Values, fill_whole, names, trouble};

    #[test]
    fn what_is_usually_said_names_nothing_that_there_is_not() {
        for language in Language::ALL {
            for base in Base::ALL {
                let words = usual(*base, language);
                assert_eq!(trouble(&words), None);
                assert_eq!(words.is_empty(), *base == Base::Archived, "{language:?} {base}");
                assert_eq!(names(&words).contains(&"parcels".to_owned()), *base == Base::Shipped);
                assert!(!fill_whole(&words, &Values::default()).contains("\n\n\n"));
            }
        }
    }
}
