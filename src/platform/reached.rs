//! How a client reaches this server. Every address of ours that an answer names is made from this: by the configuration
//! (`public_url`), else by what a proxy in front says (`Forwarded`, `X-Forwarded-Proto`, `-Host`, `-Prefix`), if the
//! configuration trusts it, else by the request's own `Host`.
//!
//! What a stranger says of proxies is not believed: its links would lead others elsewhere out of a shared cache. Where the
//! two families of headers disagree, one of them came through from the client, and neither is believed.

use crate::config::Config;
use crate::kernel::Network;
use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap, Uri, header};
use std::net::{IpAddr, SocketAddr};

/// Where a request found this server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reached {
    /// As configured, or as a trusted proxy says: `https://host/prefix`.
    told: Option<String>,
    /// As the request itself was addressed: `http://host`.
    asked: Option<String>,
}

impl Reached {
    /// Reads it off a request.
    pub fn of(config: &Config, headers: &HeaderMap, extensions: &Extensions) -> Reached {
        if let Some(url) = &config.public_url {
            return Reached { told: Some(url.trim_end_matches('/').to_owned()), asked: None };
        }
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).filter(|host| is_host(host));
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let trusted = |address: IpAddr| is_trusted(&config.trusted_proxies, address);
        let told = peer.filter(|peer| trusted(*peer)).and_then(|_| told(headers, host, &trusted));
        Reached { told, asked: host.map(|host| format!("http://{host}")) }
    }

    /// `https://host/prefix`, without a slash at its end; `None` where nothing says.
    pub fn base(&self) -> Option<&str> {
        self.told.as_deref().or(self.asked.as_deref())
    }

    /// The address of a path as links name it: whole where the configuration or a proxy says how we are reached, else
    /// relative to the server.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.told.as_deref().unwrap_or_default())
    }

    /// What the client asked for, if it is known to differ from what arrived here.
    pub fn original(&self, uri: &Uri) -> Option<Uri> {
        let told = self.told.as_deref()?;
        format!("{told}{}", uri.path_and_query()?).parse().ok()
    }
}

fn is_trusted(proxies: &[Network], address: IpAddr) -> bool {
    proxies.iter().any(|network| network.contains(address))
}

/// What the proxies on the way say, if they say anything.
fn told(headers: &HeaderMap, host: Option<&str>, trusted: &dyn Fn(IpAddr) -> bool) -> Option<String> {
    let standard = Forwarded::read(headers, trusted);
    // As many proxies of ours stand in a row as addresses of ours stand at the end of the list.
    let passed = list(headers, "x-forwarded-for");
    let ours = passed.iter().rev().take_while(|node| address(node).is_some_and(trusted)).count();
    let depth = ours.min(passed.len().saturating_sub(1));
    let said = |name: &str| {
        let values = list(headers, name);
        values.get(values.len().saturating_sub(1 + depth)).cloned()
    };
    let proto = agreed(standard.proto, said("x-forwarded-proto")).and_then(|proto| scheme(&proto));
    let named = agreed(standard.host, said("x-forwarded-host")).filter(|host| is_host(host));
    let prefixes = list(headers, "x-forwarded-prefix");
    let prefix = prefix(&prefixes[prefixes.len().saturating_sub(1 + depth)..]);
    if proto.is_none() && named.is_none() && prefix.is_none() {
        return None;
    }
    let host = named.as_deref().or(host)?;
    Some(format!("{}://{host}{}", proto.unwrap_or("http"), prefix.unwrap_or_default()))
}

/// One value of two; none where they disagree.
fn agreed(one: Option<String>, other: Option<String>) -> Option<String> {
    match (one, other) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(&other).then_some(one),
        (one, other) => one.or(other),
    }
}

/// What `Forwarded` (RFC 7239) says.
#[derive(Default)]
struct Forwarded {
    proto: Option<String>,
    host: Option<String>,
}

impl Forwarded {
    /// The proxy next to us wrote the last element, and says in it who came to it: if that is one of ours too, the element
    /// before is to be believed as well.
    fn read(headers: &HeaderMap, trusted: &dyn Fn(IpAddr) -> bool) -> Forwarded {
        let all: Vec<&str> = headers.get_all("forwarded").iter().filter_map(|value| value.to_str().ok()).collect();
        let mut read = Forwarded::default();
        for element in split(&all.join(","), ',').iter().rev() {
            let mut from = None;
            for pair in split(element, ';') {
                let Some((name, value)) = pair.split_once('=') else { continue };
                let value = unquoted(value.trim());
                match name.trim().to_ascii_lowercase().as_str() {
                    "proto" => read.proto = Some(value),
                    "host" => read.host = Some(value),
                    "for" => from = address(&value),
                    _ => {}
                }
            }
            if !from.is_some_and(trusted) {
                break;
            }
        }
        read
    }
}

/// The parts of a header between separators that stand in no quoted text.
fn split(text: &str, separator: char) -> Vec<String> {
    let (mut parts, mut part, mut quoted, mut escaped) = (Vec::new(), String::new(), false, false);
    for c in text.chars() {
        if c == separator && !quoted {
            parts.push(std::mem::take(&mut part));
            continue;
        }
        quoted ^= c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
        part.push(c);
    }
    parts.push(part);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return value.to_owned() };
    let mut chars = inner.chars();
    let mut text = String::new();
    while let Some(c) = chars.next() {
        text.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    text
}

/// The values of a header that is a list, over all its lines.
fn list(headers: &HeaderMap, name: &str) -> Vec<String> {
    let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let values = lines.flat_map(|line| line.split(','));
    values.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).collect()
}

/// A node's address: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn address(node: &str) -> Option<IpAddr> {
    let bare = node.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(address, _)| address);
    bare.unwrap_or(node).parse().ok().or_else(|| Some(node.parse::<SocketAddr>().ok()?.ip()))
}

fn scheme(proto: &str) -> Option<&'static str> {
    ["http", "https"].into_iter().find(|known| proto.eq_ignore_ascii_case(known))
}

fn is_host(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]_".contains(&b))
}

/// The prefixes that proxies in a row took away, one after the other.
fn prefix(parts: &[String]) -> Option<String> {
    let sane = |part: &str| {
        part.starts_with('/')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-._~".contains(&b))
            && !part.contains("//")
            && !part.split('/').any(|step| step == "." || step == "..")
    };
    let whole: String = parts.iter().map(|part| part.trim_end_matches('/')).collect();
    (sane(&whole) && parts.iter().all(|part| sane(part))).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn reached(public_url: Option<&str>, trusted: &[&str], peer: &str, said: &[(&str, &str)]) -> Reached {
        let config = Config {
            public_url: public_url.map(str::to_owned),
            trusted_proxies: trusted.iter().map(|network| network.parse().unwrap()).collect(),
            ..Config::default()
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("inner:8080"));
        for (name, value) in said {
            headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        }
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 40000)));
        Reached::of(&config, &headers, &extensions)
    }

    const SAID: &[(&str, &str)] = &[("x-forwarded-proto", "https"), ("x-forwarded-host", "soil.example.gov.cn")];

    #[test]
    fn a_strangers_headers_are_not_believed() {
        for trusted in [&[][..], &["10.0.0.0/8"]] {
            let stranger = reached(None, trusted, "192.0.2.9", SAID);
            assert_eq!(stranger.base(), Some("http://inner:8080"));
            assert_eq!(stranger.address("/v1/x"), "/v1/x");
            assert_eq!(stranger.original(&Uri::from_static("/v1/x")), None);
        }
        let nobody = Reached::of(
            &Config { trusted_proxies: vec!["0.0.0.0/0".parse().unwrap()], ..Config::default() },
            &HeaderMap::from_iter([(HeaderName::from_static("x-forwarded-host"), HeaderValue::from_static("evil"))]),
            &Extensions::new(),
        );
        assert_eq!(nobody.base(), None, "whose peer is not known is trusted by nobody");
    }

    #[test]
    fn a_trusted_proxy_says_how_we_are_reached() {
        for (trusted, peer) in [("10.0.0.0/8", "10.1.2.3"), ("10.0.0.0/8", "::ffff:10.1.2.3"), ("fd00::/8", "fd00::7")]
        {
            let proxied = reached(None, &[trusted], peer, SAID);
            assert_eq!(proxied.base(), Some("https://soil.example.gov.cn"), "{peer}");
            assert_eq!(proxied.address("/v1/x"), "https://soil.example.gov.cn/v1/x");
            let original = proxied.original(&Uri::from_static("/v1/x?limit=1")).unwrap();
            assert_eq!(original, "https://soil.example.gov.cn/v1/x?limit=1");
        }
        let ours = &["10.0.0.0/8"][..];
        let base = |said: &[(&str, &str)]| reached(None, ours, "10.0.0.1", said).base().unwrap().to_owned();
        for (said, expected) in [
            (&[][..], "http://inner:8080"),
            (&[("x-forwarded-proto", "HTTPS")], "https://inner:8080"),
            (&[("x-forwarded-host", "[2001:db8::1]:8443")], "http://[2001:db8::1]:8443"),
            (&[("x-forwarded-prefix", "/soil")], "http://inner:8080/soil"),
            (&[("x-forwarded-prefix", "/soil/"), ("x-forwarded-proto", "https")], "https://inner:8080/soil"),
            (&[("x-forwarded-prefix", "/")], "http://inner:8080"),
            (&[("forwarded", "for=192.0.2.1;proto=https;host=\"a.example:444\"")], "https://a.example:444"),
            (&[("forwarded", "for=\"[2001:db8::1]:80\"; Proto=https; Host=b.example")], "https://b.example"),
        ] {
            assert_eq!(base(said), expected, "{said:?}");
        }
    }

    #[test]
    fn proxies_in_a_row_are_believed_as_far_as_they_are_ours() {
        let ours = &["10.0.0.0/8", "fd00::/8"][..];
        let base = |said: &[(&str, &str)]| reached(None, ours, "10.0.0.1", said).base().unwrap().to_owned();
        // The client made up the first host; the proxy next to us added the second.
        assert_eq!(base(&[("x-forwarded-host", "evil.example, soil.example")]), "http://soil.example");
        assert_eq!(base(&[("forwarded", "host=evil.example, for=192.0.2.1;host=soil.example")]), "http://soil.example");
        // Two of ours in a row: the outer one knows.
        let row = [("x-forwarded-for", "192.0.2.1, 10.0.0.2"), ("x-forwarded-host", "soil.example, inner.example")];
        assert_eq!(base(&row), "http://soil.example");
        let row = "for=192.0.2.1;host=soil.example;proto=https, for=\"[fd00::2]\";host=inner.example";
        assert_eq!(base(&[("forwarded", row)]), "https://soil.example");
        // Each of them took a prefix away.
        let row = [
            ("x-forwarded-for", "192.0.2.1, 10.0.0.2"),
            ("x-forwarded-prefix", "/outer"),
            ("x-forwarded-prefix", "/in/ner"),
        ];
        assert_eq!(base(&row), "http://inner:8080/outer/in/ner");
        assert_eq!(base(&[("x-forwarded-prefix", "/evil, /soil")]), "http://inner:8080/soil");
    }

    #[test]
    fn what_cannot_be_an_address_or_contradicts_itself_is_left_out() {
        let ours = &["10.0.0.0/8"][..];
        let base = |said: &[(&str, &str)]| reached(None, ours, "10.0.0.1", said).base().unwrap().to_owned();
        for said in [
            &[("x-forwarded-host", "a.example/<script>")][..],
            &[("x-forwarded-proto", "javascript")],
            &[("x-forwarded-prefix", "//evil.example")],
            &[("x-forwarded-prefix", "soil")],
            &[("x-forwarded-prefix", "/a/../b")],
            &[("x-forwarded-prefix", "/a b")],
            &[("forwarded", "host=evil.example"), ("x-forwarded-host", "soil.example")],
            &[("forwarded", "host=\"")],
        ] {
            assert_eq!(base(said), "http://inner:8080", "{said:?}");
        }
    }

    #[test]
    fn what_is_configured_goes_first() {
        let configured = reached(
            Some("https://soil.example.gov.cn/jingtu/"),
            &["10.0.0.0/8"],
            "10.0.0.1",
            &[("x-forwarded-host", "other")],
        );
        assert_eq!(configured.base(), Some("https://soil.example.gov.cn/jingtu"));
        assert_eq!(configured.address("/ogc"), "https://soil.example.gov.cn/jingtu/ogc");
    }
}
