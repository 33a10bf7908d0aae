//! Whose request it is: the address behind the proxies that are trusted.
use axum::http::HeaderMap;
use std::net::IpAddr;

/// Who calls: the peer, or behind trusted proxies the last address that is none of them.
pub(super) fn source(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpAddr]) -> String {
    let Some(peer) = peer.map(|ip| ip.to_canonical()) else {
        return String::new();
    };
    if !trusted.contains(&peer) {
        return peer.to_string();
    }
    let listed: Vec<IpAddr> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .filter_map(|ip| ip.trim().parse().ok())
        .map(|ip: IpAddr| ip.to_canonical())
        .collect();
    let caller = listed.iter().rev().find(|ip| !trusted.contains(ip));
    caller.copied().unwrap_or(peer).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwarded_addresses_count_behind_trusted_proxies_alone() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let mut headers = HeaderMap::new();
        headers.append(
            "x-forwarded-for",
            "6.6.6.6, 196.201.214.200".parse().unwrap(),
        );
        headers.append("x-forwarded-for", "10.0.0.2".parse().unwrap());
        let trusted = [ip("10.0.0.1"), ip("10.0.0.2")];
        let of = |peer: &str| source(Some(ip(peer)), &headers, &trusted);
        assert_eq!(of("10.0.0.1"), "196.201.214.200");
        assert_eq!(of("::ffff:10.0.0.1"), "196.201.214.200");
        assert_eq!(of("203.0.113.9"), "203.0.113.9");
        assert_eq!(source(None, &headers, &trusted), "");
    }
}
