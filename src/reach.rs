//! Which markets somebody may know of: a person of the shop, or a program. Pure. Outside of their reach no
//! order is: it is neither listed nor counted nor found.

use crate::ids::MarketId;

/// The markets that somebody may know of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reach(Option<Vec<MarketId>>);

impl Reach {
    /// Every market, also those that are opened later.
    pub const EVERYWHERE: Reach = Reach(None);

    /// These markets and no others.
    pub fn only(markets: Vec<MarketId>) -> Self {
        Reach(Some(markets))
    }
    /// Reads what [`Reach::write`] wrote.
    pub fn read(text: &str) -> Self {
        match text.trim() {
            "" => Reach::EVERYWHERE,
            keys => Reach(Some(keys.split_whitespace().filter_map(|key| key.parse().ok()).map(MarketId).collect())),
        }
    }
    /// As it is kept: keys between single spaces, nothing for every market.
    pub fn write(&self) -> String {
        let keys = self.0.iter().flatten().map(|market| market.0.to_string());
        keys.collect::<Vec<_>>().join(" ")
    }
    /// Whether this market is within it.
    pub fn sees(&self, market: MarketId) -> bool {
        self.0.as_ref().is_none_or(|markets| markets.contains(&market))
    }
    /// Whether nothing is outside of it.
    pub fn is_everywhere(&self) -> bool {
        self.0.is_none()
    }
    /// Its markets; none for all.
    pub fn markets(&self) -> Option<&[MarketId]> {
        self.0.as_deref()
    }
    /// What is within both.
    pub fn within(&self, other: &Reach) -> Reach {
        match (&self.0, &other.0) {
            (None, _) => other.clone(),
            (_, None) => self.clone(),
            (Some(own), Some(_)) => Reach(Some(own.iter().copied().filter(|market| other.sees(*market)).collect())),
        }
    }
    /// The condition of a query that a column holds one of its markets. Keys are numbers, so nothing is bound.
    pub fn holds(&self, column: &str) -> String {
        match self.0.as_deref() {
            None => "1 = 1".to_owned(),
            Some([]) => "1 = 0".to_owned(),
            Some(markets) => {
                let keys: Vec<String> = markets.iter().map(|market| market.0.to_string()).collect();
                format!("{column} IN ({})", keys.join(", "))
            }
        }
    }
    /// The same to stand after other conditions; nothing where nothing is outside.
    pub fn and(&self, column: &str) -> String {
        if self.is_everywhere() { String::new() } else { format!(" AND {}", self.holds(column)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reach_reads_back_and_never_widens() {
        let swiss = Reach::only(vec![MarketId(2), MarketId(5)]);
        assert_eq!(Reach::read(&swiss.write()), swiss);
        assert_eq!(Reach::read(""), Reach::EVERYWHERE);
        // What cannot be read is nobody's market, not everybody's.
        assert!(!Reach::read("switzerland").sees(MarketId(2)));
        assert_eq!(swiss.within(&Reach::only(vec![MarketId(5), MarketId(9)])), Reach::only(vec![MarketId(5)]));
        assert_eq!(swiss.within(&Reach::EVERYWHERE), swiss);
        assert_eq!(Reach::EVERYWHERE.within(&swiss), swiss);
        assert_eq!(
            (swiss.and("market_id"), Reach::EVERYWHERE.and("market_id")),
            (" AND market_id IN (2, 5)".into(), String::new())
        );
        assert_eq!(Reach::only(Vec::new()).holds("market_id"), "1 = 0");
    }
}
