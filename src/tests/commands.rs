//! The commands, as an operator types them.
use crate::support::process::{facts, free_port, malipo, run};
use malipo::services::Vault;
use secrecy::ExposeSecret;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Output, Stdio};
use tempfile::TempDir;

/// An empty folder and a master key: all that a command needs.
struct Desk {
    folder: TempDir,
    key: String,
}

impl Desk {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            key: Vault::generate().expose_secret().to_owned(),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn env(&self) -> [(&str, &str); 1] {
        [("MALIPO_MASTER_KEY", &self.key)]
    }

    fn facts(&self, args: &[&str]) -> Value {
        facts(self.path(), &self.env(), args)
    }

    fn run(&self, args: &[&str]) -> Output {
        run(self.path(), &self.env(), args)
    }

    fn with_shop(self) -> Self {
        let made = [
            "tenant",
            "create",
            "--slug",
            "shop",
            "--name",
            "Shop",
            "--currency",
            "KES",
            "--country",
            "KE",
            "--timezone",
            "Africa/Nairobi",
            "--locale",
            "sw",
        ];
        let told = self.facts(&made);
        assert_eq!(told["slug"], "shop");
        self
    }
}

fn told(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

#[test]
fn every_command_explains_itself() {
    let desk = Desk::new();
    for command in [
        &[][..],
        &["serve"],
        &["demo"],
        &["simulator"],
        &["migrate"],
        &["tenant"],
        &["tenant", "create"],
        &["user", "create"],
        &["provider", "set"],
        &["provider", "test"],
        &["provider", "import-env"],
        &["provider", "register-hooks"],
        &["api-key", "create"],
        &["openapi"],
        &["hooks", "replay"],
        &["listen"],
    ] {
        let out = run(desk.path(), &[], &[command, &["--help"]].concat());
        assert_eq!(out.status.code(), Some(0), "{command:?}");
        let said = String::from_utf8_lossy(&out.stdout);
        assert!(said.contains("Usage:"), "{command:?}");
    }
    assert_eq!(std::fs::read_dir(desk.path()).unwrap().count(), 0);
}

#[test]
fn wrong_use_ends_with_status_2() {
    let desk = Desk::new();
    for wrong in [
        &["dance"][..],
        &[],
        &["serve", "--colour", "red"],
        &["tenant", "create", "--slug", "shop"],
        &[
            "user",
            "create",
            "--tenant",
            "t",
            "--email",
            "a@b.example",
            "--role",
            "king",
        ],
        &["api-key", "create", "--tenant", "t", "--mode", "maybe"],
        &[
            "api-key", "create", "--tenant", "t", "--mode", "test", "--scope", "all",
        ],
        &[
            "api-key",
            "create",
            "--tenant",
            "t",
            "--mode",
            "test",
            "--expires-in",
            "0",
        ],
        &[
            "provider",
            "set",
            "--tenant",
            "t",
            "--provider",
            "p",
            "--credential",
            "novalue",
        ],
        &["demo", "--port", "99999"],
    ] {
        let out = desk.run(wrong);
        assert_eq!(out.status.code(), Some(2), "{wrong:?}: {}", told(&out));
    }
}

#[test]
fn a_bad_setting_stops_the_start_and_is_named() {
    let desk = Desk::new();
    let key = desk.key.as_str();
    let good = ("MALIPO_MASTER_KEY", key);
    for (name, value, also) in [
        ("MALIPO_MASTER_KEY", "", None),
        ("MALIPO_MASTER_KEY", "1:short", None),
        ("MALIPO_MASTER_KEY", "not base64!", None),
        ("MALIPO_MASTER_KEY_FILE", "/nowhere/key", None),
        ("MALIPO_DATABASE_URL", "mysql://localhost/x", Some(good)),
        (
            "MALIPO_DATABASE_URL",
            "postgres://127.0.0.1:9/x",
            Some(good),
        ),
        (
            "MALIPO_DATABASE_URL",
            "sqlite:///proc/x/malipo.db",
            Some(good),
        ),
        ("MALIPO_LISTEN", "127.0.0.1:99999", Some(good)),
        ("MALIPO_LISTEN", "everywhere", Some(good)),
        ("MALIPO_PUBLIC_URL", "shop.example", Some(good)),
        ("MALIPO_PUBLIC_URL", "ftp://shop.example", Some(good)),
        ("MALIPO_TRUSTED_PROXIES", "proxy", Some(good)),
        ("MALIPO_LOG", "loud=very=loud", Some(good)),
        ("MALIPO_ALLOW_PRIVATE_URLS", "perhaps", Some(good)),
        ("MALIPO_NATS_URL", "http://127.0.0.1:4222", Some(good)),
        (
            "MALIPO_PROVIDER_URL_NOBODY_TEST",
            "http://127.0.0.1",
            Some(good),
        ),
        ("MALIPO_PROVIDER_URL_PAYSTACK_TEST", "file:///x", Some(good)),
    ] {
        let env: Vec<_> = also.into_iter().chain([(name, value)]).collect();
        let out = run(desk.path(), &env, &["serve"]);
        assert_eq!(out.status.code(), Some(1), "{name}={value}: {}", told(&out));
        assert!(told(&out).contains(name), "{name}={value}: {}", told(&out));
        assert!(!told(&out).contains(key), "{name}: the key is shown");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let desk = Desk::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let env = [
        ("MALIPO_MASTER_KEY", desk.key.as_str()),
        ("MALIPO_LISTEN", &listen),
    ];
    let out = run(desk.path(), &env, &["serve"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(told(&out).contains("MALIPO_LISTEN"), "{}", told(&out));
}

#[test]
fn a_tenant_its_people_its_providers_and_its_keys_are_made_from_the_command_line() {
    let desk = Desk::new().with_shop();
    let twice = desk.run(&[
        "tenant",
        "create",
        "--slug",
        "shop",
        "--name",
        "S",
        "--currency",
        "KES",
    ]);
    assert_eq!(twice.status.code(), Some(1));
    assert!(told(&twice).contains("slug"), "{}", told(&twice));

    let user = desk.facts(&[
        "user",
        "create",
        "--tenant",
        "shop",
        "--email",
        "amina@shop.example",
        "--role",
        "owner",
    ]);
    let link = user["link"].as_str().unwrap();
    assert!(link.contains("/login/link/"), "{link}");

    let paystack = desk.facts(&[
        "provider",
        "set",
        "--tenant",
        "shop",
        "--provider",
        "paystack",
        "--mode",
        "test",
        "--credential",
        "secret_key=sk_test_0001",
        "--enable",
        "--test-mode",
        "on",
    ]);
    let hook = paystack["hook_url"].as_str().unwrap();
    let token = hook.rsplit('/').next().unwrap();
    assert!(
        token.len() >= 32 && token.bytes().all(|b| b.is_ascii_hexdigit()),
        "{hook}"
    );

    for mode in ["test", "live"] {
        let made = desk.facts(&["api-key", "create", "--tenant", "shop", "--mode", mode]);
        let key = made["key"].as_str().unwrap();
        assert!(key.starts_with(&format!("mk_{mode}_")), "{key}");
    }
    let nobody = desk.run(&["api-key", "create", "--tenant", "nobody", "--mode", "test"]);
    assert_eq!(nobody.status.code(), Some(1));
    assert!(told(&nobody).contains("nobody"));
    assert_eq!(desk.facts(&["migrate"])["migrated"], true);
}

#[test]
fn a_password_is_read_from_standard_input() {
    let desk = Desk::new().with_shop();
    for (password, code) in [("a long enough password\n", 0), ("short", 1)] {
        let mut child = malipo(desk.path())
            .envs(desk.env())
            .args([
                "user", "create", "--tenant", "shop", "--role", "staff", "--json",
            ])
            .args(["--email", "joseph@shop.example", "--password-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(password.as_bytes()).unwrap();
        drop(input);
        let out = child.wait_with_output().unwrap();
        assert_eq!(out.status.code(), Some(code), "{}", told(&out));
        let all = format!("{}{}", String::from_utf8_lossy(&out.stdout), told(&out));
        assert!(!all.contains(password.trim()), "{all}");
    }
}

#[test]
fn r11_a_key_of_the_other_mode_is_refused_by_its_field_and_not_shown() {
    let desk = Desk::new().with_shop();
    for (mode, value) in [
        ("live", "sk_test_0123456789"),
        ("test", "sk_live_0123456789"),
    ] {
        let credential = format!("secret_key={value}");
        let out = desk.run(&[
            "provider",
            "set",
            "--tenant",
            "shop",
            "--provider",
            "paystack",
            "--mode",
            mode,
            "--credential",
            &credential,
            "--enable",
        ]);
        assert_eq!(out.status.code(), Some(1));
        assert!(told(&out).contains("secret_key"), "{}", told(&out));
        assert!(!told(&out).contains("0123456789"), "{}", told(&out));
    }
    for (args, named) in [
        (vec!["--provider", "goldcoins"], "provider"),
        (
            vec!["--provider", "paystack", "--credential", "colour=red"],
            "colour",
        ),
        (vec!["--provider", "paystack", "--enable"], "secret_key"),
        (
            vec!["--provider", "mock", "--test-mode", "off"],
            "test_mode",
        ),
    ] {
        let out = desk.run(&[&["provider", "set", "--tenant", "shop"], &args[..]].concat());
        assert_eq!(out.status.code(), Some(1), "{args:?}");
        assert!(told(&out).contains(named), "{args:?}: {}", told(&out));
    }
}

impl Desk {
    /// Imports these variables; the JSON report and the exit status.
    fn import(&self, vars: &[(&str, &str)], more: &[&str]) -> (Value, Output) {
        let env = [&self.env()[..], vars].concat();
        let args = ["provider", "import-env", "--tenant", "shop", "--json"];
        let out = run(self.path(), &env, &[&args, more].concat());
        let all = format!("{}{}", String::from_utf8_lossy(&out.stdout), told(&out));
        for (name, value) in vars.iter().filter(|(_, v)| v.len() > 6) {
            assert!(!all.contains(value), "{name} is shown: {all}");
        }
        (serde_json::from_slice(&out.stdout).unwrap_or_default(), out)
    }
}

/// What became of a variable, with its mode and field.
fn became(report: &Value, name: &str) -> (String, String, String) {
    let lines = report["variables"].as_array().unwrap();
    let line = lines.iter().find(|l| l["variable"] == name);
    let line = line.unwrap_or_else(|| panic!("nothing is said of {name}: {report}"));
    let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
    (text("became"), text("mode"), text("field"))
}

fn three(a: &str, b: &str, c: &str) -> (String, String, String) {
    (a.to_owned(), b.to_owned(), c.to_owned())
}

#[test]
fn the_variables_of_a_single_shop_are_taken_once_and_told_without_their_values() {
    let desk = Desk::new().with_shop();
    let passkey = "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919";
    let vars = [
        ("PAYSTACK_SECRET_KEY", "sk_live_0123456789"),
        ("MPESA_CONSUMER_KEY", "consumer-key-1"),
        ("MPESA_CONSUMER_SECRET", "consumer-secret-1"),
        ("MPESA_SHORTCODE", "174379"),
        ("MPESA_PASSKEY", passkey),
        ("MPESA_CALLBACK_URL", "https://shop.example/callback"),
        ("HOME_GROWN_KEY", "of no interest"),
    ];
    let (report, out) = desk.import(&vars, &["--enable"]);
    assert_eq!(out.status.code(), Some(0), "{}", told(&out));
    let of = |name| became(&report, name);
    assert_eq!(
        of("PAYSTACK_SECRET_KEY"),
        three("taken", "live", "secret_key")
    );
    assert_eq!(of("MPESA_SHORTCODE"), three("taken", "test", "shortcode"));
    assert_eq!(of("MPESA_PASSKEY"), three("taken", "test", "passkey"));
    assert_eq!(of("MPESA_CALLBACK_URL"), three("not_needed", "", ""));
    assert_eq!(report["variables"].as_array().unwrap().len(), 6);
    let standing = |report: &Value| -> Vec<(Value, Value, Value)> {
        let all = report["providers"].as_array().unwrap().iter();
        all.map(|p| {
            (
                p["provider"].clone(),
                p["mode"].clone(),
                p["offered"].clone(),
            )
        })
        .collect()
    };
    let want = [
        ("paystack".into(), "live".into(), true.into()),
        ("mpesa".into(), "test".into(), true.into()),
    ];
    assert_eq!(standing(&report), want);

    let file = std::fs::read(desk.path().join("data/malipo.db")).unwrap();
    let holds = |text: &str| file.windows(text.len()).any(|w| w == text.as_bytes());
    assert!(
        !holds("sk_live_0123456789") && !holds("consumer-secret-1"),
        "sealed"
    );

    let (again, out) = desk.import(&vars, &["--enable"]);
    assert_eq!(out.status.code(), Some(0), "{}", told(&out));
    assert_eq!(became(&again, "PAYSTACK_SECRET_KEY").0, "kept");
    assert_eq!(became(&again, "MPESA_PASSKEY").0, "kept");
    assert_eq!(standing(&again), want);
    let (none, out) = desk.import(&[], &[]);
    assert_eq!(
        (out.status.code(), &none["variables"]),
        (Some(0), &serde_json::json!([]))
    );
}

#[test]
fn a_variable_that_cannot_be_taken_is_refused_by_its_name_and_nothing_is_guessed() {
    let desk = Desk::new().with_shop();
    let vars = [
        ("PAYSTACK_SECRET_KEY", "sk_test_0123456789"),
        ("PAYSTACK_PUBLIC_KEY", "pk_live_0123456789"),
    ];
    let (report, out) = desk.import(&vars, &[]);
    assert_eq!(out.status.code(), Some(1));
    assert_eq!(
        became(&report, "PAYSTACK_SECRET_KEY"),
        three("taken", "test", "secret_key")
    );
    assert_eq!(
        became(&report, "PAYSTACK_PUBLIC_KEY"),
        three("refused", "test", "public_key")
    );
    assert_eq!(
        report["providers"][0]["offered"], false,
        "--enable was not given"
    );
    for (vars, refused) in [
        (
            vec![("PAYSTACK_SECRET_KEY", "0123456789")],
            "PAYSTACK_SECRET_KEY",
        ),
        (
            vec![
                ("MPESA_ENVIRONMENT", "staging"),
                ("MPESA_SHORTCODE", "600984"),
            ],
            "MPESA_SHORTCODE",
        ),
        (
            vec![
                ("MPESA_ENVIRONMENT", "staging"),
                ("MPESA_SHORTCODE", "600984"),
            ],
            "MPESA_ENVIRONMENT",
        ),
    ] {
        let (report, out) = desk.import(&vars, &["--enable"]);
        assert_eq!(out.status.code(), Some(1), "{vars:?}");
        assert_eq!(became(&report, refused).0, "refused", "{report}");
        assert_eq!(report["providers"], serde_json::json!([]));
    }
    // The word goes before what the short code shows; what is missing is named.
    let vars = [
        ("MPESA_ENVIRONMENT", "sandbox"),
        ("MPESA_SHORTCODE", "600984"),
    ];
    let (report, out) = desk.import(&vars, &["--enable"]);
    assert_eq!(out.status.code(), Some(0), "{}", told(&out));
    assert_eq!(
        became(&report, "MPESA_ENVIRONMENT"),
        three("read", "test", "")
    );
    assert_eq!(
        became(&report, "MPESA_SHORTCODE"),
        three("taken", "test", "shortcode")
    );
    assert_eq!(report["providers"][0]["offered"], false);
    let why = report["providers"][0]["why"].as_str().unwrap();
    assert!(why.contains("Consumer key"), "{why}");
}

#[test]
fn a_provider_without_a_call_for_it_says_where_the_hook_address_is_set() {
    let desk = Desk::new().with_shop();
    let args = [
        "provider",
        "register-hooks",
        "--tenant",
        "shop",
        "--mode",
        "test",
    ];
    for (provider, said) in [
        ("paystack", "its own pages"),
        ("goldcoins", "no such provider"),
    ] {
        let out = desk.run(&[&args[..], &["--provider", provider]].concat());
        assert_eq!(out.status.code(), Some(1));
        assert!(told(&out).contains(said), "{}", told(&out));
    }
}

#[test]
fn logs_go_to_standard_error_and_facts_to_standard_output() {
    let desk = Desk::new();
    let env = [
        ("MALIPO_MASTER_KEY", desk.key.as_str()),
        ("MALIPO_LOG", "debug"),
    ];
    let out = run(desk.path(), &env, &["migrate", "--json"]);
    assert_eq!(out.status.code(), Some(0), "{}", told(&out));
    let said: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(said["migrated"], true);
}

#[tokio::test]
async fn the_demo_prints_what_it_made_and_its_checkout_answers() {
    let desk = Desk::new();
    let mut demo = malipo(desk.path())
        .args(["demo", "--json", "--port", "0"])
        .env("MALIPO_LOG", "error")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(demo.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    let facts: Value = serde_json::from_str(&line).unwrap();
    let http = reqwest::Client::builder().build().unwrap();
    let get = async |url: &str| http.get(url).send().await.unwrap().status().as_u16();
    let mut pages = String::new();
    for checkout in facts["checkouts"].as_array().unwrap() {
        for field in ["tenant", "order", "url", "what"] {
            assert!(checkout[field].is_string(), "{checkout}");
        }
        let url = checkout["url"].as_str().unwrap();
        assert_eq!(get(url).await, 200);
        pages.push_str(&http.get(url).send().await.unwrap().text().await.unwrap());
    }
    let links = facts["links"].as_array().unwrap();
    assert!(!links.is_empty());
    for link in links {
        assert_eq!(get(link["url"].as_str().unwrap()).await, 200, "{link}");
    }
    for info in malipo::services::REGISTRY.iter().map(|a| a.info()) {
        let value = format!("value=\"{}.", info.name);
        assert!(pages.contains(&value), "no order tries {}", info.name);
    }
    for login in facts["logins"].as_array().unwrap() {
        for field in ["tenant", "role", "email", "password", "url"] {
            assert!(login[field].is_string(), "{login}");
        }
        assert_eq!(get(login["url"].as_str().unwrap()).await, 200);
    }
    let key = facts["api_keys"][0]["key"].as_str().unwrap();
    let orders = format!("{}/api/v1/orders", facts["url"].as_str().unwrap());
    let answer = http.get(orders).bearer_auth(key).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let simulator = facts["simulator"].as_str().unwrap();
    assert_eq!(get(&format!("{simulator}/_control/health")).await, 200);
    demo.kill().unwrap();
    demo.wait().unwrap();
}

#[tokio::test]
async fn a_server_that_is_asked_to_stop_ends_with_status_0() {
    let desk = Desk::new();
    let listen = format!("127.0.0.1:{}", free_port());
    let mut served = malipo(desk.path())
        .arg("serve")
        .envs(desk.env())
        .env("MALIPO_LISTEN", &listen)
        .env("MALIPO_LOG", "error")
        .spawn()
        .unwrap();
    let http = reqwest::Client::builder().build().unwrap();
    let url = format!("http://{listen}/readyz");
    crate::support::process::until("it is ready", async || {
        http.get(&url).send().await.is_ok_and(|a| a.status() == 200)
    })
    .await;
    let id = served.id().to_string();
    let asked = std::process::Command::new("kill")
        .args(["-TERM", &id])
        .status();
    assert!(asked.unwrap().success());
    assert_eq!(served.wait().unwrap().code(), Some(0));
}
