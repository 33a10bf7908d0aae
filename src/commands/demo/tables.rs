//! What the demo is made of: its shops, their keys at the simulator, their orders.
use malipo::services::ProviderInfo;
use malipo::services::tenants::NewTenant;

/// One of the demo's tenants.
pub struct Shop {
    pub new: NewTenant,
    /// E-mail and name.
    pub owner: (&'static str, &'static str),
    pub staff: (&'static str, &'static str),
    /// Options of the provider `manual`.
    pub manual: &'static [(&'static str, &'static str)],
    /// What is sold, for the shop's own currency.
    pub sells: [&'static str; 2],
    /// Plans in the shop's own currency: name, whole units, days.
    pub plans: &'static [(&'static str, i64, i64)],
    /// Orders in other currencies: code, whole units, what for. Together with the shops' own they
    /// let every provider be tried.
    pub abroad: &'static [(&'static str, i64, &'static str)],
}

pub fn shops() -> [Shop; 2] {
    let text = |t: &str| Some(t.to_owned());
    [
        Shop {
            new: NewTenant {
                slug: "amani".to_owned(),
                name: "Amani Dental Clinic".to_owned(),
                currency: "KES".to_owned(),
                country: text("KE"),
                timezone: text("Africa/Nairobi"),
                locale: text("en"),
                brand: text("#0b6e5f"),
                contact_phone: text("+254712000111"),
                contact_email: text("pay@amani.example"),
            },
            owner: ("amina@amani.example", "Amina Hassan"),
            staff: ("joseph@amani.example", "Joseph Otieno"),
            manual: &[
                ("bank_name", "Equity Bank"),
                ("account_name", "Amani Dental Clinic Ltd"),
                ("account_number", "0180293847561"),
                ("bank_branch", "Westlands"),
                ("mobile_money_name", "Amani Dental Clinic"),
                ("mobile_money_number", "0712000111"),
                ("cash_instructions", "Pay at the front desk."),
                ("review_hours", "2"),
            ],
            sells: ["Check-up and cleaning", "X-ray"],
            plans: &[
                ("Smile plan, a month", 1_200, 30),
                ("Family smile plan, a month", 3_000, 30),
            ],
            abroad: &[
                ("EUR", 25, "Mouth guard"),
                ("AED", 180, "Whitening"),
                ("UZS", 350_000, "Consultation by video"),
            ],
        },
        Shop {
            new: NewTenant {
                slug: "savanna".to_owned(),
                name: "Savanna Books".to_owned(),
                currency: "NGN".to_owned(),
                country: text("NG"),
                timezone: text("Africa/Lagos"),
                locale: text("en"),
                brand: text("#7a3b12"),
                contact_phone: text("+2348012345678"),
                contact_email: text("orders@savanna.example"),
            },
            owner: ("chidi@savanna.example", "Chidi Okafor"),
            staff: ("ngozi@savanna.example", "Ngozi Bello"),
            manual: &[
                ("bank_name", "GTBank"),
                ("account_name", "Savanna Books Ltd"),
                ("account_number", "0123456789"),
                ("review_hours", "4"),
            ],
            sells: ["Two novels", "School atlas"],
            plans: &[("Reading club, a month", 5_000, 30)],
            abroad: &[
                ("GHS", 95, "Cookery book"),
                ("PHP", 850, "Comics"),
                ("USD", 30, "Art book"),
            ],
        },
    ]
}

/// How a provider is set up at the simulator. One that stands in no row gets made-up keys.
struct AtSimulator {
    provider: &'static str,
    /// Where any text would not do, and the optional keys that the demo wants. `{shop}` is the
    /// shop's slug, `{n}` its number.
    credentials: &'static [(&'static str, &'static str)],
    /// Whether its hook address is set on the provider's own pages; the simulator has a call for
    /// that. The others name the address with each payment.
    hook_on_its_pages: bool,
}

const fn at(
    provider: &'static str,
    hook_on_its_pages: bool,
    credentials: &'static [(&'static str, &'static str)],
) -> AtSimulator {
    AtSimulator {
        provider,
        credentials,
        hook_on_its_pages,
    }
}

const AT_SIMULATOR: &[AtSimulator] = &[
    at("stripe", true, &[("webhook_secret", "whsec_demo_{shop}")]),
    at("paystack", true, &[]),
    at(
        "flutterwave",
        true,
        &[
            ("secret_key", "FLWSECK_TEST-demo{n}-X"),
            ("secret_hash", "demo-hash-{shop}"),
        ],
    ),
    at(
        "mpesa",
        false,
        &[
            ("consumer_key", "demo"),
            ("consumer_secret", "demo"),
            // Safaricom's public sandbox short code and passkey.
            ("shortcode", "174379"),
            (
                "passkey",
                "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919",
            ),
        ],
    ),
    at(
        "mtn_momo",
        false,
        &[
            ("api_user", "8e2f4c1a-5b7d-4e3f-9a60-0000000000{n}1"),
            ("target_environment", "sandbox"),
            (
                "disbursement_api_user",
                "8e2f4c1a-5b7d-4e3f-9a60-0000000000{n}2",
            ),
            ("disbursement_api_key", "demo"),
            ("disbursement_subscription_key", "demo"),
        ],
    ),
    at("paymongo", true, &[("webhook_secret", "whsk_demo_{shop}")]),
    at(
        "payme",
        true,
        &[("merchant_id", "5e730e8e0b852a417aa4900{n}")],
    ),
    at("mamopay", true, &[("webhook_secret", "demo-hook-{shop}")]),
];

fn row(provider: &str) -> Option<&'static AtSimulator> {
    AT_SIMULATOR.iter().find(|r| r.provider == provider)
}

/// The test keys of a provider for the shop of this slug and number. They are nobody's.
pub fn credentials(info: &ProviderInfo, shop: &str, n: usize) -> Vec<(&'static str, String)> {
    let fill = |text: &str| text.replace("{shop}", shop).replace("{n}", &n.to_string());
    let told = |field: &str| {
        let all = row(info.name).map_or(&[][..], |r| r.credentials);
        all.iter().find(|(f, _)| *f == field).map(|(_, v)| fill(v))
    };
    let made_up = |f: &'static malipo::services::Field| match f.choices.first() {
        Some(choice) => (*choice).to_owned(),
        None => format!("{}demo_{shop}", f.test_prefix.unwrap_or_default()),
    };
    info.credentials
        .iter()
        .filter_map(|f| {
            let value = told(f.name).or_else(|| f.required.then(|| made_up(f)))?;
            Some((f.name, value))
        })
        .collect()
}

pub fn hook_on_its_pages(provider: &str) -> bool {
    row(provider).is_some_and(|r| r.hook_on_its_pages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use malipo::domain::Currency;
    use malipo::services::REGISTRY;

    #[test]
    fn every_provider_can_be_tried_with_an_order_of_the_demo() {
        let shops = shops();
        let mut codes: Vec<&str> = shops
            .iter()
            .flat_map(|s| s.abroad.iter().map(|(code, _, _)| *code))
            .collect();
        codes.extend(["KES", "NGN"]);
        for info in REGISTRY.iter().map(|a| a.info()) {
            let takes = |code: &&str| info.currencies.iter().any(|r| r.code == *code);
            assert!(
                info.currencies.iter().any(|r| r.code == "*") || codes.iter().any(takes),
                "{}",
                info.name
            );
        }
        for (code, _, _) in shops.iter().flat_map(|s| s.abroad) {
            assert!(Currency::parse(code).is_some(), "{code}");
        }
    }

    #[test]
    fn the_shops_have_all_required_keys_and_no_two_shops_the_same_account() {
        for info in REGISTRY.iter().map(|a| a.info()) {
            let [one, two] = ["amani", "savanna"].map(|s| credentials(info, s, s.len()));
            for field in info.credentials.iter().filter(|f| f.required) {
                let found = one.iter().find(|(name, _)| *name == field.name);
                assert!(
                    found.is_some_and(|(_, v)| !v.contains('{')),
                    "{}",
                    field.name
                );
            }
            if hook_on_its_pages(info.name) {
                assert_ne!(one, two, "{}", info.name);
            }
        }
    }
}
