//! Bar code and QR code as SVG paths: no font, no script, no picture file.

use barcoders::sym::code128::Code128;
use qrcode::{Color, EcLevel, QrCode};

/// A code to draw: the path data of its dark parts, in modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Path data.
    pub path: String,
    /// Width of the drawing in modules, without the quiet zone.
    pub modules: usize,
}

/// Modules that stay white on each side of a bar code.
const BAR_QUIET: usize = 10;
/// Modules that stay white around a QR code.
const QR_QUIET: usize = 4;

/// Size of a module on paper in thousandths of a millimetre. Both are whole dots of a 203 dpi print
/// head, 3 and 4, so that bars come out evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    /// On a 100 mm label.
    Narrow,
    /// On sheets.
    Wide,
}

impl Module {
    fn micrometres(self) -> usize {
        match self {
            Module::Narrow => 375,
            Module::Wide => 500,
        }
    }
}

impl Code {
    /// The `viewBox` of a bar code with its quiet zone, 40 units high.
    pub fn bar_box(&self) -> String {
        format!("-{BAR_QUIET} 0 {} 40", self.modules + 2 * BAR_QUIET)
    }
    /// Width of a bar code on paper.
    pub fn bar_width(&self, module: Module) -> String {
        millimetres((self.modules + 2 * BAR_QUIET) * module.micrometres())
    }
    /// The `viewBox` of a QR code with its quiet zone.
    pub fn qr_box(&self) -> String {
        let side = self.modules + 2 * QR_QUIET;
        format!("-{QR_QUIET} -{QR_QUIET} {side} {side}")
    }
    /// Side of a QR code on paper.
    pub fn qr_width(&self) -> String {
        millimetres((self.modules + 2 * QR_QUIET) * Module::Wide.micrometres())
    }
}

fn millimetres(micrometres: usize) -> String {
    format!("{}.{:03}mm", micrometres / 1000, micrometres % 1000)
}

/// Code 128 of a number. Pairs of digits take one sign, so an odd last digit is set on its own.
pub fn bar(number: i64) -> Option<Code> {
    let digits = u64::try_from(number).ok()?.to_string();
    let (pairs, rest) = digits.split_at(digits.len() / 2 * 2);
    let text = match (pairs, rest) {
        ("", last) => format!("\u{0181}{last}"),
        (pairs, "") => format!("\u{0106}{pairs}"),
        (pairs, last) => format!("\u{0106}{pairs}\u{0181}{last}"),
    };
    let modules = Code128::new(text).ok()?.encode();
    let dark: Vec<bool> = modules.iter().map(|module| *module == 1).collect();
    let mut path = String::new();
    for (start, length) in runs(&dark) {
        path.push_str(&format!("M{start} 0h{length}v40h-{length}z"));
    }
    Some(Code { path, modules: dark.len() })
}

/// QR code of an address, with a quarter of it repairable at level M.
pub fn qr(text: &str) -> Option<Code> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let side = code.width();
    let dark: Vec<bool> = code.into_colors().into_iter().map(|colour| colour == Color::Dark).collect();
    let mut path = String::new();
    for (row, modules) in dark.chunks(side).enumerate() {
        for (start, length) in runs(modules) {
            path.push_str(&format!("M{start} {row}h{length}v1h-{length}z"));
        }
    }
    Some(Code { path, modules: side })
}

/// Where the dark runs begin and how long they are.
fn runs(modules: &[bool]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, dark) in modules.iter().chain(std::iter::once(&false)).enumerate() {
        match (dark, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                found.push((from, at - from));
                start = None;
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_digits_take_seventy_nine_modules() {
        let code = bar(10473).expect("a code");
        assert_eq!(code.modules, 79);
        assert!(code.path.starts_with("M0 0h2v40h-2zM3 0h1v40h-1z"));
        assert_eq!(code.bar_box(), "-10 0 99 40");
        assert_eq!(code.bar_width(Module::Narrow), "37.125mm");
    }

    #[test]
    fn every_number_of_an_order_has_a_bar_code() {
        for number in [1, 12, 123, 10_473, 1_234_567_890, i64::MAX] {
            assert!(bar(number).is_some(), "{number}");
        }
        assert!(bar(-1).is_none());
    }

    #[test]
    fn a_qr_code_is_square_and_stays_small() {
        let code = qr("https://orders.example/orders/10473").expect("a code");
        assert_eq!(code.modules, 29);
        assert_eq!(code.qr_width(), "18.500mm");
        assert!(code.path.len() < 5_000);
    }
}
