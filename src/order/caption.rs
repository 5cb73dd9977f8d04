//! Pure: what tells a line from others of the same title.

use super::Line;

/// Variant and stock-keeping unit, what there is of them: `Speckled · MUG-TC-350`.
pub fn caption(variant: &str, sku: &str) -> String {
    let parts = [variant.trim(), sku.trim()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

impl Line {
    /// Its variant and stock-keeping unit, what there is of them.
    pub fn caption(&self) -> String {
        caption(&self.variant, &self.sku)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_leaves_no_dot() {
        assert_eq!(caption("Speckled", " MUG-1 "), "Speckled · MUG-1");
        assert_eq!(caption("", "MUG-1"), "MUG-1");
        assert_eq!(caption(" ", ""), "");
    }
}
