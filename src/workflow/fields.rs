//! What a stage can ask of an order before it lets it in. Pure.

crate::text_enum! {
    /// Something an order must have.
    pub enum RequiredField {
        /// A tracking number on one of its parcels, or given with the move.
        Tracking = "tracking",
        /// A note by staff, or one given with the move.
        Note = "note",
        /// Somebody who is responsible.
        Assignee = "assignee",
        /// At least one tag.
        Tags = "tags",
        /// A promised time.
        Due = "due",
        /// The customer's e-mail address.
        Email = "email",
        /// The customer's telephone number.
        Phone = "phone",
        /// The way it is sent.
        ShippingMethod = "shipping_method",
    }
}

impl RequiredField {
    /// The words in the editor.
    pub fn label(self) -> &'static str {
        match self {
            RequiredField::Tracking => "Tracking number",
            RequiredField::Note => "Note",
            RequiredField::Assignee => "Responsible person",
            RequiredField::Tags => "Tag",
            RequiredField::Due => "Promised time",
            RequiredField::Email => "E-mail address",
            RequiredField::Phone => "Telephone number",
            RequiredField::ShippingMethod => "Way of sending",
        }
    }
    /// What an order that lacks it is told, before the name of the stage.
    pub fn lack(self) -> &'static str {
        match self {
            RequiredField::Tracking => "It has no tracking number.",
            RequiredField::Note => "It has no note.",
            RequiredField::Assignee => "Nobody is responsible for it.",
            RequiredField::Tags => "It has no tag.",
            RequiredField::Due => "It has no promised time.",
            RequiredField::Email => "Its customer has no e-mail address.",
            RequiredField::Phone => "Its customer has no telephone number.",
            RequiredField::ShippingMethod => "It is not known how it is sent.",
        }
    }
    /// Whether it can be given in the form of the move itself.
    pub fn comes_with_the_move(self) -> bool {
        matches!(self, RequiredField::Tracking | RequiredField::Note)
    }
}

/// Reads the stored keys; one that is unknown is passed over.
pub fn read(keys: &str) -> Vec<RequiredField> {
    keys.split_whitespace().filter_map(RequiredField::parse).collect()
}

/// The keys as they are stored, each once, in the order of the editor.
pub fn write(fields: &[RequiredField]) -> String {
    let chosen = RequiredField::ALL.iter().filter(|field| fields.contains(field));
    chosen.map(|field| field.as_str()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_kept_once_and_in_one_order() {
        let stored = write(&[RequiredField::Tags, RequiredField::Note, RequiredField::Tags]);
        assert_eq!(stored, "note tags");
        assert_eq!(read("note  gone tags"), [RequiredField::Note, RequiredField::Tags]);
    }
}
