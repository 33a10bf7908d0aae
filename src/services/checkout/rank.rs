//! Best first: the one order in which ways to pay are offered.
use crate::domain::Currency;
use crate::providers::{MethodInfo, ProviderInfo};
use crate::store::payments::Share;
use std::cmp::Reverse;

/// Fewer tries than this say nothing about a way to pay.
const ENOUGH_TRIES: i64 = 20;
/// Tenths that succeed where nobody knows better.
const USUAL_TENTHS: i64 = 8;

/// How near a way to pay is to the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Near {
    /// It works with the phones of the customer's country.
    Country,
    /// The provider takes the order's currency and no other: it is at home where that is.
    Currency,
    Anywhere,
}

/// How near a method is. `country` is the customer's, an ISO 3166 code.
pub fn near(info: &ProviderInfo, method: &MethodInfo, currency: Currency, country: &str) -> Near {
    if method
        .countries
        .iter()
        .any(|c| c.eq_ignore_ascii_case(country))
    {
        return Near::Country;
    }
    // One of a provider's methods that takes a currency alone says nothing: the provider's card
    // may be what most people there use.
    let home = matches!(info.currencies, [only] if only.code == currency.code());
    if home { Near::Currency } else { Near::Anywhere }
}

/// The place of a way to pay: what is near first, then what mostly succeeds at this tenant, then
/// the registry's order. Shares count by tenths, so that a single failure moves nothing.
pub fn rank(near: Near, share: Option<Share>, registry: usize) -> (Near, Reverse<i64>, usize) {
    let tenths = share
        .filter(|s| s.tries >= ENOUGH_TRIES)
        .map_or(USUAL_TENTHS, |s| s.succeeded * 10 / s.tries);
    (near, Reverse(tenths), registry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::method::Method;
    use crate::providers::{Flow, find};

    const fn of(succeeded: i64, tries: i64) -> Share {
        Share { succeeded, tries }
    }

    #[test]
    fn what_is_near_comes_first_then_what_succeeds_then_the_registry() {
        use Near::{Anywhere, Country, Currency};
        // Each row comes before the row below it.
        let best_first = [
            (Country, Some(of(20, 20)), 9),
            (Country, None, 3),
            (Country, None, 4),
            (Country, Some(of(1, 20)), 0),
            (Currency, Some(of(19, 20)), 8),
            (Currency, Some(of(0, 19)), 5),
            (Anywhere, Some(of(95, 100)), 2),
            (Anywhere, Some(of(99, 100)), 3),
            (Anywhere, None, 0),
            (Anywhere, Some(of(85, 100)), 1),
            (Anywhere, Some(of(79, 100)), 0),
        ];
        let ranks: Vec<_> = best_first.map(|(n, s, at)| rank(n, s, at)).into();
        assert!(ranks.is_sorted(), "{ranks:?}");
        let mut turned: Vec<_> = ranks.iter().rev().copied().collect();
        turned.sort_unstable();
        assert_eq!(turned, ranks);
    }

    #[test]
    fn a_method_is_near_by_its_country_or_by_its_providers_only_currency() {
        let info = find("paystack").unwrap().info();
        let method = |currencies, countries| MethodInfo {
            method: Method::MobileMoney,
            flow: Flow::PhonePrompt,
            needs_phone: true,
            needs_email: false,
            currencies,
            countries,
        };
        for (currencies, countries, want) in [
            (&[][..], &["KE"][..], Near::Country),
            (&["KES"], &["UG"], Near::Anywhere),
            (&["KES"], &[], Near::Anywhere),
            (&["GHS", "KES"], &[], Near::Anywhere),
            (&["GHS"], &[], Near::Anywhere),
            (&[], &[], Near::Anywhere),
        ] {
            let way = method(currencies, countries);
            let near = near(info, &way, crate::domain::Currency::KES, "ke");
            assert_eq!(near, want, "{currencies:?} {countries:?}");
        }
        let mpesa = find("mpesa").unwrap().info();
        let plain = method(&[], &[]);
        let kes = crate::domain::Currency::KES;
        assert_eq!(near(mpesa, &plain, kes, "UG"), Near::Currency);
    }
}
