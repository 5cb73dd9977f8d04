//! Where messages may go: not into the shop's own network, whatever a name resolves to, unless whoever runs
//! the desk allowed it. Pure. The addresses are looked at when an endpoint is saved and again each time a
//! connection is made.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::error::{Refusal, Result};

/// The longest URL that is taken.
const MOST: usize = 2_000;

/// Hosts and networks that are allowed though they are private.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    hosts: Vec<String>,
    networks: Vec<(IpAddr, u8)>,
}

impl Allowed {
    /// Reads what was given at the start: names of hosts, addresses, networks such as `10.0.0.0/8`.
    ///
    /// # Errors
    /// Refuses what is none of these, naming it.
    pub fn parse(given: &[String]) -> Result<Self> {
        let mut allowed = Allowed::default();
        for text in given.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
            let (address, length) = match text.split_once('/') {
                Some((address, length)) => (address, Some(length)),
                None => (text, None),
            };
            match (bare(address).parse::<IpAddr>(), length) {
                (Ok(address), None) => allowed.networks.push((address, bits(address))),
                (Ok(address), Some(length)) => match length.parse::<u8>() {
                    Ok(length) if length <= bits(address) => allowed.networks.push((address, length)),
                    _ => return Err(unreadable(text)),
                },
                (Err(_), None) if is_host(text) => allowed.hosts.push(text.to_ascii_lowercase()),
                (Err(_), _) => return Err(unreadable(text)),
            }
        }
        Ok(allowed)
    }

    /// Whether messages may go to this address, to which this host leads.
    pub fn takes(&self, host: &str, address: IpAddr) -> bool {
        let address = plain(address);
        let host = bare(host).to_ascii_lowercase();
        is_public(address)
            || self.hosts.contains(&host)
            || self.networks.iter().any(|(network, length)| within(address, *network, *length))
    }
}

fn unreadable(text: &str) -> crate::error::Error {
    let message = format!("{text} is no host and no network. Give a name, an address or a network such as 10.0.0.0/8.");
    Refusal::invalid("outside.allow", message).into()
}

fn is_host(text: &str) -> bool {
    text.len() <= 253 && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// Without the brackets of an IPv6 address in a URL.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

fn within(address: IpAddr, network: IpAddr, length: u8) -> bool {
    let (address, network, width) = match (address, plain(network)) {
        (IpAddr::V4(a), IpAddr::V4(n)) => (u128::from(a.to_bits()), u128::from(n.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(n)) => (a.to_bits(), n.to_bits(), 128),
        _ => return false,
    };
    let shift = width - u32::from(length).min(width);
    address.checked_shr(shift).unwrap_or(0) == network.checked_shr(shift).unwrap_or(0)
}

/// An IPv4 address that is written as IPv6 is that IPv4 address.
fn plain(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(six) => six.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// Whether an address belongs to the public network. Anything that a registry keeps for another purpose does
/// not, nor what leads to an IPv4 address that does not.
pub fn is_public(address: IpAddr) -> bool {
    match plain(address) {
        IpAddr::V4(four) => is_public_v4(four),
        IpAddr::V6(six) => is_public_v6(six),
    }
}

/// Networks of IPv4 that are not public, from the registry of special-purpose addresses (RFC 6890).
const KEPT_V4: [([u8; 4], u8); 16] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    !KEPT_V4.iter().any(|(network, length)| within(address.into(), Ipv4Addr::from(*network).into(), *length))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let embedded = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match parts {
        // Translated to IPv4: as public as what it is translated to.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(embedded(high, low)),
        [0x2002, high, low, ..] => is_public_v4(embedded(high, low)),
        // Teredo, benchmarks and other protocols.
        [0x2001, second, ..] if second < 0x200 => false,
        // Documentation.
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        // Only this eighth is given out; loopback, local, multicast and the rest lie outside it.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// Reads an endpoint's URL.
///
/// # Errors
/// Refuses anything but http and https to a host, and a URL with a name and password in it.
pub fn read_url(text: &str) -> Result<url::Url, Refusal> {
    let refused = |message: &str| Refusal::field("outside.url", "url", message);
    let text = text.trim();
    if text.is_empty() || text.len() > MOST {
        return Err(refused("Enter the address that takes the messages, such as https://shop.example/hooks."));
    }
    let url = url::Url::parse(text)
        .map_err(|_| refused("This is no address. Enter one such as https://shop.example/hooks."))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(refused("Enter an address that begins with https:// or http:// and names a host."));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let message =
            "Leave the name and password out of the address. What is sent is signed: the receiver checks that.";
        return Err(refused(message));
    }
    if url.fragment().is_some() {
        return Err(refused("Leave out what follows the # sign: it is never sent."));
    }
    Ok(url)
}

/// Why nothing is sent to this host, in words that say what to do.
pub fn explain(host: &str, address: IpAddr) -> String {
    let host = bare(host);
    let leads = if host == address.to_string() { String::new() } else { format!("{host} leads to {address}. ") };
    format!(
        "{leads}{address} is no public address, so nothing is sent there. If the receiver is yours, start Slipway with \
         --webhook-allow {host} and try again."
    )
}

/// A URL as the diary and lists show it: without the query, which may hold a secret.
pub fn shown(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn only_public_addresses_are_public() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.16",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:192.168.0.1",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(ip(text)), "{text}");
            assert!(!Allowed::default().takes("receiver.example", ip(text)), "{text}");
        }
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.0.1",
            "198.17.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
        ] {
            assert!(is_public(ip(text)), "{text}");
        }
    }

    #[test]
    fn what_was_allowed_is_taken() {
        let given = ["10.0.0.0/8", "erp.shop.lan", "[fd00::]/8", "192.168.1.5", ""].map(str::to_owned);
        let allowed = Allowed::parse(&given).expect("readable");
        for (host, address, takes) in [
            ("a.example", "10.9.8.7", true),
            ("a.example", "::ffff:10.9.8.7", true),
            ("a.example", "11.0.0.1", true),
            ("a.example", "172.16.0.1", false),
            ("ERP.shop.lan", "172.16.0.1", true),
            ("x.erp.shop.lan", "172.16.0.1", false),
            ("[fd00::7]", "fd00::7", true),
            ("a.example", "fe80::7", false),
            ("a.example", "192.168.1.5", true),
            ("a.example", "192.168.1.6", false),
        ] {
            assert_eq!(allowed.takes(host, ip(address)), takes, "{host} {address}");
        }
        let everything = Allowed::parse(&["0.0.0.0/0".to_owned(), "::/0".to_owned()]).expect("readable");
        assert!(everything.takes("a", ip("127.0.0.1")) && everything.takes("a", ip("::1")));
        for wrong in ["10.0.0.0/33", "10.0.0.0/x", "shop.lan/8", "http://shop.lan", "a b", "::/129"] {
            assert!(Allowed::parse(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_url_is_http_to_a_host_without_a_password() {
        for right in ["https://shop.example/hooks?key=1", "http://10.0.0.16:8080", "https://[2a00:1450::1]/"] {
            assert!(read_url(right).is_ok(), "{right}");
        }
        for wrong in [
            "",
            "shop.example",
            "ftp://shop.example",
            "file:///etc/passwd",
            "https://",
            "https://jon:pot@shop.example",
            "https://jon@shop.example",
            "https://shop.example/#here",
            "javascript:alert(1)",
        ] {
            assert!(read_url(wrong).is_err(), "{wrong}");
        }
        // Other ways to write an address are read as what they are.
        for (text, host) in
            [("http://2130706433/", "127.0.0.1"), ("http://0x7f.1/", "127.0.0.1"), ("http://127.1/", "127.0.0.1")]
        {
            assert_eq!(read_url(text).expect("a url").host_str(), Some(host));
        }
    }

    #[test]
    fn a_secret_in_the_query_is_not_shown() {
        assert_eq!(shown("https://shop.example/hooks?key=1"), "https://shop.example/hooks");
    }
}
