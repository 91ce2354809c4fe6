//! Where a subscriber may be: https at a host with a name and public addresses. The server must not be made to knock at
//! doors inside its own network, so a name is looked up here, and only public addresses of it are connected to.

use crate::kernel::{Fault, Text};
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Characters of an address at most.
const MAX_LENGTH: usize = 2000;

/// Reads an address and says whether a subscriber may be there. `loopback` is the operator's setting.
///
/// # Errors
/// The fault, at `/url`.
pub(super) fn judge(text: &str, loopback: bool) -> Result<Url, Fault> {
    let refuse = |code: &'static str, zh: &'static str, en: &'static str| Fault::new("/url", code, Text::fixed(zh, en));
    let url = Url::parse(text).map_err(|_| refuse("bad_url", "不是合法的网址。", "It is no URL."))?;
    if text.len() > MAX_LENGTH {
        return Err(refuse("bad_url", "网址过长。", "The URL is too long."));
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(refuse(
            "bad_url",
            "网址不得带用户名、口令或片段。",
            "The URL must carry no user name, password or fragment.",
        ));
    }
    let Some(host) = url.host_str() else {
        return Err(refuse("bad_url", "网址缺少主机。", "The URL has no host."));
    };
    let literal = literal(host);
    let local = literal.map_or(is_localhost(host), |ip| ip.to_canonical().is_loopback());
    match url.scheme() {
        "http" if local && loopback => return Ok(url),
        "https" => {}
        _ => return Err(refuse("https_only", "回调地址须为 https。", "A webhook's URL must be https.")),
    }
    // The operator's setting is about plain http: nobody certifies this machine's own name.
    if local || literal.is_some_and(|ip| !is_public(ip)) {
        return Err(refuse(
            "private_address",
            "回调地址不得指向本机或内部网络。",
            "A webhook's URL must not lead into this machine or a private network.",
        ));
    }
    if literal.is_some() {
        return Err(refuse(
            "numeric_host",
            "回调地址须用域名，不得用数字地址。",
            "A webhook's URL must name its host, not give its number.",
        ));
    }
    Ok(url)
}

/// The address that a host is written as, if it is written as one. The URL's parser has read odd spellings
/// (`0x7f.1`, `2130706433`) by now.
fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Whether an address is one of the open network: what IANA's registries of special-purpose addresses leave.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = a == 0
        || ip.is_private()
        || (a == 100 && (64..128).contains(&b))
        || ip.is_loopback()
        || ip.is_link_local()
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113)
        || a >= 224;
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(v4) = ip.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    let s = ip.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match s {
        // Translated to IPv4, and 6to4: as public as the address inside.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        // Protocol assignments (Teredo among them) and documentation.
        [0x2001, second, ..] if second < 0x0200 || second == 0x0db8 => false,
        [first, second, ..] if first == 0x3fff && second < 0x1000 => false,
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

/// Looks names up and gives only the addresses that a subscriber may be at.
pub(super) struct Careful {
    /// The operator's setting: `localhost` may be told, at loopback addresses.
    pub loopback: bool,
}

/// A name has no address that a subscriber may be at.
#[derive(Debug)]
pub(super) struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the name leads to no public address")
    }
}

impl std::error::Error for Refused {}

impl Resolve for Careful {
    fn resolve(&self, name: Name) -> Resolving {
        let loopback = self.loopback;
        Box::pin(async move {
            let name = name.as_str();
            let found = tokio::net::lookup_host((name, 0)).await?;
            let local = is_localhost(name);
            let kept: Vec<_> = found
                .filter(|address| {
                    let ip = address.ip();
                    if local { loopback && ip.to_canonical().is_loopback() } else { is_public(ip) }
                })
                .collect();
            if kept.is_empty() {
                return Err(Refused.into());
            }
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(url: &str, loopback: bool) -> &'static str {
        judge(url, loopback).map_or_else(|fault| fault.code, |_| "yes")
    }

    #[test]
    fn https_to_the_open_network_and_plain_http_to_loopback_by_a_setting() {
        for (url, without, with) in [
            ("https://example.org/hook?a=1", "yes", "yes"),
            ("https://example.org:8443/", "yes", "yes"),
            ("https://93.184.216.34/", "numeric_host", "numeric_host"),
            ("https://[2606:2800:220:1::1]/", "numeric_host", "numeric_host"),
            ("http://example.org/", "https_only", "https_only"),
            ("http://127.0.0.1:9/", "https_only", "yes"),
            ("http://localhost:9/", "https_only", "yes"),
            ("http://[::1]:9/", "https_only", "yes"),
            ("https://127.0.0.1/", "private_address", "private_address"),
            ("https://localhost/", "private_address", "private_address"),
            ("https://LOCALHOST./", "private_address", "private_address"),
            ("https://0x7f.1/", "private_address", "private_address"),
            ("https://2130706433/", "private_address", "private_address"),
            ("https://hook.localhost/", "private_address", "private_address"),
            ("https://1572395042/", "numeric_host", "numeric_host"),
            ("https://[::ffff:127.0.0.1]/", "private_address", "private_address"),
            ("http://10.0.0.1/", "https_only", "https_only"),
            ("ftp://example.org/", "https_only", "https_only"),
            ("file:///etc/passwd", "bad_url", "bad_url"),
            ("https://user:word@example.org/", "bad_url", "bad_url"),
            ("https://example.org/#part", "bad_url", "bad_url"),
            ("example.org", "bad_url", "bad_url"),
        ] {
            assert_eq!((verdict(url, false), verdict(url, true)), (without, with), "{url}");
        }
        for ip in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.1.1",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[::]",
            "[fe80::1]",
            "[fd00::1]",
            "[ff02::1]",
            "[::ffff:10.0.0.1]",
            "[64:ff9b::10.0.0.1]",
            "[2002:a00:1::]",
            "[2001:db8::1]",
            "[2001::1]",
        ] {
            for loopback in [false, true] {
                assert_eq!(verdict(&format!("https://{ip}/"), loopback), "private_address", "{ip}");
            }
        }
    }
}
