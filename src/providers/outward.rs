//! Calls to addresses that tenants type. They never lead into private networks: what a name means
//! is checked where the connection is made, after DNS, so that a name cannot change its mind.
use super::Http;
use super::http::{Error, cause};
use ipnet::{Ipv4Net, Ipv6Net};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use url::{Host, Url};

/// How much of an answer is kept.
const KEPT_BYTES: usize = 2_048;
/// An endpoint answers within this, connection included.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long the body of an answer whose status came is waited for.
const BODY_TIMEOUT: Duration = Duration::from_secs(2);

/// Ranges that no public host has (IANA's special-purpose registries, and multicast).
static PRIVATE_V4: LazyLock<Vec<Ipv4Net>> = LazyLock::new(|| {
    [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    ]
    .iter()
    .filter_map(|net| net.parse().ok())
    .collect()
});

/// Of IPv6, only what is globally routed is public; these lie inside it and are not.
static PRIVATE_V6: LazyLock<Vec<Ipv6Net>> = LazyLock::new(|| {
    ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"]
        .iter()
        .filter_map(|net| net.parse().ok())
        .collect()
});

/// Whether an address may be called for a tenant.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    !PRIVATE_V4.iter().any(|net| net.contains(&ip))
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    // An IPv4 address in another coat (mapped, or behind NAT64) counts as what it holds.
    let segments = ip.segments();
    let inner = match segments {
        [0, 0, 0, 0, 0, 0xffff, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] => {
            let [a, b] = segments[6].to_be_bytes();
            let [c, d] = segments[7].to_be_bytes();
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    };
    match inner {
        Some(v4) => is_public_v4(v4),
        // 2000::/3 is all that is handed out.
        None => segments[0] & 0xe000 == 0x2000 && !PRIVATE_V6.iter().any(|net| net.contains(&ip)),
    }
}

/// The address in a URL that names one outright, where it is private.
pub fn private_literal(url: &Url) -> Option<IpAddr> {
    let ip = match url.host()? {
        Host::Ipv4(ip) => IpAddr::V4(ip),
        Host::Ipv6(ip) => IpAddr::V6(ip),
        Host::Domain(_) => return None,
    };
    (!is_public(ip)).then_some(ip)
}

/// A name or address that leads into a private network.
#[derive(Debug, thiserror::Error)]
#[error("the address leads into a private network and is not called")]
pub struct Private;

/// Looks names up and leaves out what is private.
pub(super) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|a| is_public(a.ip())).collect();
            if public.is_empty() {
                return Err(Box::new(Private) as Error);
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// The resolver of the client that calls tenants' addresses.
pub(super) fn resolver() -> Arc<PublicOnly> {
    Arc::new(PublicOnly)
}

/// What came of a call.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The answer's status; `None` without an answer.
    pub status: Option<u16>,
    /// The answer's beginning.
    pub answer: String,
    /// Why there is no answer; empty where there is one.
    pub error: String,
    pub took_ms: i64,
}

/// Posts JSON to an address that a tenant typed. Redirects are not followed.
pub async fn post(
    http: &Http,
    allow_private: bool,
    url: &str,
    headers: &[(&'static str, String)],
    body: String,
) -> Sent {
    let began = Instant::now();
    let done = tokio::time::timeout(TIMEOUT.min(http.timeout()), async {
        let url = Url::parse(url).map_err(|_| "the address cannot be read".to_owned())?;
        if !allow_private && private_literal(&url).is_some() {
            return Err(Private.to_string());
        }
        let mut request = http
            .outward(allow_private)
            .post(url)
            .header("content-type", "application/json")
            .body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let mut response = request.send().await.map_err(|e| words(&e))?;
        let status = response.status().as_u16();
        let mut kept = Vec::new();
        // The status says all: a body that hangs or breaks changes nothing.
        let _ = tokio::time::timeout(BODY_TIMEOUT, async {
            while let Ok(Some(chunk)) = response.chunk().await {
                let room = KEPT_BYTES - kept.len();
                kept.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if kept.len() == KEPT_BYTES {
                    break;
                }
            }
        })
        .await;
        Ok((status, printable(&kept)))
    })
    .await;
    let (status, answer, error) = match done {
        Ok(Ok((status, answer))) => (Some(status), answer, String::new()),
        Ok(Err(error)) => (None, String::new(), error),
        Err(_) => (None, String::new(), "no answer in time".to_owned()),
    };
    Sent {
        status,
        answer,
        error,
        took_ms: i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX),
    }
}

/// Text that every database takes.
fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")
}

fn words(e: &reqwest::Error) -> String {
    if let Some(private) = cause::<Private>(e) {
        return private.to_string();
    }
    let what = if e.is_timeout() {
        "no answer in time"
    } else if e.is_connect() {
        "no connection"
    } else {
        "the connection broke off"
    };
    let mut source = std::error::Error::source(e);
    let mut last = None;
    while let Some(inner) = source {
        last = Some(inner.to_string());
        source = inner.source();
    }
    match last {
        Some(why) if !e.is_timeout() => format!("{what}: {}", printable(why.as_bytes())),
        _ => what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_may_be_called() {
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2001::1",
            "100::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.169.0.1",
            "2606:4700:4700::1111",
            "2a00:1450:4001::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn an_address_in_disguise_is_still_that_address() {
        for disguised in [
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://017700000001/",
            "http://[::ffff:7f00:1]/",
            "http://0/",
            "http://169.254.169.254/latest/meta-data",
        ] {
            let url = Url::parse(disguised).unwrap();
            assert!(private_literal(&url).is_some(), "{disguised}");
        }
        let url = Url::parse("https://shop.example/hook").unwrap();
        assert_eq!(private_literal(&url), None);
    }

    async fn posted(http: &Http, url: &str, allow: bool) -> Sent {
        post(http, allow, url, &[], "{}".to_owned()).await
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_refused_after_it_was_looked_up() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let http = Http::with_timeout(Duration::from_secs(2)).unwrap();
        for host in ["localhost", "127.0.0.1", "0.0.0.0", "[::1]"] {
            let sent = posted(&http, &format!("http://{host}:{port}/"), false).await;
            assert_eq!(sent.status, None);
            assert_eq!(sent.error, Private.to_string(), "{host}");
        }
        let accepted = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(accepted.is_err(), "nothing ever connected");
    }
}
