//! Keeps addresses that a school types in from reaching our own network: an MIS is somewhere on the internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// What addresses given by schools may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    /// The internet, over HTTPS.
    Internet,
    /// The internet over HTTPS and, in any way, this machine: a simulator on loopback.
    InternetAndLoopback,
}

/// An address given by a school that is not called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// It is not a URL with a host, or it has a user name, a password or a fragment in it.
    #[error("not a usable address")]
    Unusable,
    /// Neither HTTPS nor, where that is allowed, loopback.
    #[error("not an https address")]
    NotHttps,
    /// It leads, by number or by name, into a network that is not public.
    #[error("an address of a network that is not public")]
    NotPublic,
}

/// Whether an address is one of the public internet's: none that is private, loopback, link-local, shared by carriers,
/// set aside, multicast, or that wraps another address.
pub const fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

const fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

/// Only what is handed out as global unicast, less the parts that carry another address or belong to nobody.
const fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    let unicast = a & 0xe000 == 0x2000;
    let protocols = a == 0x2001 && b < 0x0200;
    let documentation = (a == 0x2001 && b == 0x0db8) || (a == 0x3fff && b < 0x1000);
    let six_to_four = a == 0x2002;
    unicast && !protocols && !documentation && !six_to_four
}

impl Outside {
    /// Whether a connection to this address may be made.
    pub const fn allows(self, ip: IpAddr) -> bool {
        is_public(ip) || (matches!(self, Self::InternetAndLoopback) && is_loopback(ip))
    }

    /// Checks an address before it is called. A host that is a name is looked at again when it is resolved, and the
    /// connection goes to the very addresses that were looked at.
    pub fn check(self, address: &str) -> Result<reqwest::Url, Blocked> {
        let url = reqwest::Url::parse(address.trim()).map_err(|_| Blocked::Unusable)?;
        let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let host = url.host_str().filter(|h| !h.is_empty() && plain).ok_or(Blocked::Unusable)?;
        let ip = literal(host);
        let local = host == "localhost" || ip.is_some_and(is_loopback);
        let local = local && self == Self::InternetAndLoopback;
        if !(url.scheme() == "https" || (local && url.scheme() == "http")) {
            return Err(Blocked::NotHttps);
        }
        match ip {
            Some(ip) if !self.allows(ip) => Err(Blocked::NotPublic),
            // A name without a dot is one of our own network's, a trailing dot makes no other host of it.
            None if !local && !host.trim_end_matches('.').contains('.') => Err(Blocked::NotPublic),
            _ => Ok(url),
        }
    }
}

/// The address of a host that is written as a number; a parsed URL has none in octal, in hexadecimal or without dots.
fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

const fn is_loopback(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback(),
        IpAddr::V6(ip) => ip.is_loopback(),
    }
}

/// Resolves names to what may be called, and to nothing else: a name with a single address that may not is refused.
pub(crate) struct Resolver(pub(crate) Outside);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let outside = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().all(|a| outside.allows(a.ip())) {
                Ok(Box::new(found.into_iter()) as Addrs)
            } else {
                Err(Blocked::NotPublic.into())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Addresses, and whether anybody on the internet can reach them.
    const ADDRESSES: [(&str, bool); 49] = [
        ("8.8.8.8", true),
        ("1.1.1.1", true),
        ("100.63.255.255", true),
        ("100.128.0.0", true),
        ("172.15.255.255", true),
        ("172.32.0.1", true),
        ("192.0.1.1", true),
        ("198.17.0.1", true),
        ("198.20.0.1", true),
        ("0.0.0.0", false),
        ("0.1.2.3", false),
        ("10.0.0.1", false),
        ("100.64.0.1", false),
        ("100.100.100.200", false),
        ("127.0.0.1", false),
        ("127.255.255.254", false),
        ("169.254.169.254", false),
        ("169.254.170.2", false),
        ("172.16.0.1", false),
        ("172.31.255.255", false),
        ("192.0.0.8", false),
        ("192.0.2.1", false),
        ("192.88.99.1", false),
        ("192.168.1.1", false),
        ("198.18.0.1", false),
        ("198.51.100.7", false),
        ("203.0.113.9", false),
        ("224.0.0.1", false),
        ("240.0.0.1", false),
        ("255.255.255.255", false),
        ("2606:4700::1111", true),
        ("2a00:1450:4009::200e", true),
        ("::", false),
        ("::1", false),
        ("::ffff:127.0.0.1", false),
        ("::ffff:8.8.8.8", false),
        ("::7f00:1", false),
        ("64:ff9b::7f00:1", false),
        ("64:ff9b:1::1", false),
        ("100::1", false),
        ("2001::1", false),
        ("2001:db8::1", false),
        ("2002:7f00:1::", false),
        ("3fff::1", false),
        ("fc00::1", false),
        ("fd00:ec2::254", false),
        ("fe80::1", false),
        ("fec0::1", false),
        ("ff02::1", false),
    ];

    #[test]
    fn only_public_addresses_are_public() {
        for (text, public) in ADDRESSES {
            assert_eq!(is_public(text.parse().unwrap()), public, "{text}");
        }
    }

    #[test]
    fn an_address_is_checked_however_it_is_written() {
        use Blocked::{NotHttps, NotPublic, Unusable};
        let table = [
            ("https://mis.example.org/api", Ok(())),
            (" https://8.8.8.8/ ", Ok(())),
            ("http://mis.example.org/api", Err(NotHttps)),
            ("ftp://mis.example.org/", Err(NotHttps)),
            ("file:///etc/passwd", Err(Unusable)),
            ("https://user:secret@mis.example.org/", Err(Unusable)),
            ("https://mis.example.org/#x", Err(Unusable)),
            ("mis.example.org", Err(Unusable)),
            ("", Err(Unusable)),
            ("https://127.0.0.1/", Err(NotPublic)),
            ("https://2130706433/", Err(NotPublic)),
            ("https://0x7f.1/", Err(NotPublic)),
            ("https://0177.0.0.1/", Err(NotPublic)),
            ("https://127.0.0.1./", Err(NotPublic)),
            ("https://１２７.0.0.1/", Err(NotPublic)),
            ("https://[::1]/", Err(NotPublic)),
            ("https://[::ffff:169.254.169.254]/", Err(NotPublic)),
            ("https://169.254.169.254/latest/meta-data", Err(NotPublic)),
            ("https://localhost/", Err(NotPublic)),
            ("https://intranet/", Err(NotPublic)),
            ("https://intranet./", Err(NotPublic)),
        ];
        for (address, want) in table {
            assert_eq!(Outside::Internet.check(address).map(|_| ()), want, "{address}");
        }
        for address in
            ["http://127.0.0.1:8085/mis", "http://localhost:80/", "http://[::1]:9/", "https://8.8.8.8/"]
        {
            assert!(Outside::InternetAndLoopback.check(address).is_ok(), "{address}");
        }
        for address in
            ["http://10.0.0.1/", "https://10.0.0.1/", "http://8.8.8.8/", "http://localhost.example.org/"]
        {
            assert!(Outside::InternetAndLoopback.check(address).is_err(), "{address}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_not_resolved() {
        let resolve = |outside: Outside| Resolver(outside).resolve("localhost".parse().unwrap());
        let refused = resolve(Outside::Internet).await.err().unwrap();
        assert_eq!(refused.downcast_ref::<Blocked>(), Some(&Blocked::NotPublic));
        assert!(resolve(Outside::InternetAndLoopback).await.is_ok());
    }

    proptest! {
        #[test]
        fn no_wrapped_or_private_address_is_public(v4 in any::<u32>(), tail in any::<u64>()) {
            let ip = Ipv4Addr::from(v4);
            let private = ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_multicast()
                || ip.is_broadcast() || ip.is_documentation() || ip.is_unspecified();
            prop_assert!(!(private && is_public(IpAddr::V4(ip))));
            prop_assert!(!is_public(IpAddr::V6(ip.to_ipv6_mapped())));
            prop_assert!(!is_public(IpAddr::V6(Ipv6Addr::from(u128::from(v4)))));
            for prefix in [0xfc00_u128, 0xfd00, 0xfe80, 0xff02, 0x2002, 0x0064] {
                prop_assert!(!is_public(IpAddr::V6(Ipv6Addr::from((prefix << 112) | u128::from(tail)))));
            }
        }

        #[test]
        fn a_checked_address_with_a_number_for_a_host_is_public(text in "https?://[0-9a-fx.:\\[\\]@]{1,24}/?") {
            if let Ok(url) = Outside::Internet.check(&text) {
                let ip = url.host_str().and_then(literal);
                prop_assert!(ip.is_none_or(is_public), "{text}");
            }
        }
    }
}
