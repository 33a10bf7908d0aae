//! Files of requests: every row looked at, the good ones made once, whatever happens in between.
use super::dashboard::Browser;
use crate::support::TestApp;
use malipo::domain::ids::{Id, ImportId};
use malipo::domain::role::Role;
use malipo::services::imports::{self, ImportError, NewImport};
use malipo::services::orders::{self, OrderFilter};
use malipo::services::{App, Cursor};
use std::collections::{BTreeMap, BTreeSet};

/// A thousand rows, ten of them bad: line and column of each.
fn file() -> (String, BTreeMap<i64, &'static str>) {
    let mut text = String::from(
        "Reference,Amount,currency,description,customer name,customer_email,customer_phone,\
         expires_in_days,remind,kind\n",
    );
    let bad = BTreeMap::from([
        (2, "amount"),
        (101, "amount"),
        (102, "reference"),
        (203, "currency"),
        (304, "customer_email"),
        (405, "customer_phone"),
        (506, "expires_in_days"),
        (607, "kind"),
        (708, "reference"),
        (1_001, ""),
    ]);
    for line in 2..=1_001 {
        let reference = match line {
            102 => String::new(),
            3 | 708 => "INV-0003".to_owned(),
            _ => format!("INV-{line:04}"),
        };
        let amount = match line {
            2 => "1500,50".to_owned(),
            101 => "much".to_owned(),
            _ => format!("\"1,{line:03}.50\"", line = line % 1_000),
        };
        let amount = if line == 2 {
            format!("\"{amount}\"")
        } else {
            amount
        };
        let currency = if line == 203 { "XXX" } else { "" };
        let about = if line == 10 { "=HYPERLINK(1)" } else { "Fees" };
        let email = if line == 304 {
            "asha at home"
        } else {
            "asha@customers.example"
        };
        let phone = if line == 405 { "12" } else { "0712 345 678" };
        let days = if line == 506 { "91" } else { "14" };
        let remind = if line == 3 { "yes" } else { "" };
        let kind = if line == 607 { "gift" } else { "invoice" };
        let more = if line == 1_001 { ",one too many" } else { "" };
        let row = format!(
            "{reference},{amount},{currency},{about},Asha,{email},{phone},{days},{remind},{kind}{more}\n"
        );
        text.push_str(&row);
    }
    (text, bad)
}

async fn upload(t: &TestApp, who: &Browser<'_>, slug: &str, text: &str) -> (u16, String) {
    let part = reqwest::multipart::Part::bytes(text.as_bytes().to_vec());
    let part = part.file_name("fees.csv").mime_str("text/csv").unwrap();
    let form = reqwest::multipart::Form::new()
        .text("tenant", slug.to_owned())
        .text("test", "1")
        .part("file", part);
    let url = format!("{}/do/admin/imports/upload", t.url);
    let answer = t
        .http
        .post(url)
        .header("cookie", who.cookie())
        .multipart(form)
        .send()
        .await
        .unwrap();
    let to = answer.headers().get("location");
    let to = to.map_or_else(String::new, |to| to.to_str().unwrap().to_owned());
    (answer.status().as_u16(), to)
}

/// Every order by its reference.
async fn made(app: &App, t: &TestApp) -> Vec<String> {
    let mut all = Vec::new();
    let mut cursor = Cursor::Newest;
    loop {
        let filter = OrderFilter::default();
        let page = orders::list(app, &t.tenant.id, &filter, &cursor, 500).await;
        let page = page.unwrap();
        all.extend(page.rows.into_iter().map(|o| o.reference));
        match page.older {
            Some(id) => cursor = Cursor::After(id),
            None => return all,
        }
    }
}

#[tokio::test]
async fn of_a_thousand_rows_ten_are_named_and_the_others_become_one_link_each_though_it_was_cut_off()
 {
    let t = TestApp::start().await;
    let staff = Browser::of(&t, Role::Staff).await;
    let (text, bad) = file();
    let slug = &t.tenant.slug;
    let (status, to) = upload(&t, &staff, slug, &text).await;
    assert_eq!(status, 303, "{to}");
    let import = ImportId::parse(to.rsplit('/').next().unwrap()).unwrap();
    let (_, html) = staff.get(&to).await;
    assert!(
        html.contains("Make 990 links") && html.contains("10 rows refused"),
        "{html}"
    );
    let named = imports::bad_rows(&t.app, &t.tenant.id, &import, 100).await;
    let named: BTreeMap<_, _> = named
        .unwrap()
        .into_iter()
        .map(|r| (r.line, r.problems[0].column.clone()))
        .collect();
    let expected: BTreeMap<_, _> = bad.iter().map(|(l, c)| (*l, (*c).to_owned())).collect();
    assert_eq!(named, expected);
    assert!(
        made(&t.app, &t).await.is_empty(),
        "nothing is made by looking"
    );

    let make = [("tenant", slug.as_str()), ("import", import.as_str())];
    for _ in 0..2 {
        assert_eq!(
            staff.submit("admin/imports/make", &make).await.status(),
            303
        );
    }
    // The program ends after two batches; two others go on with the rest at once.
    for _ in 0..2 {
        assert!(imports::batch(&t.app, &t.tenant.id, &import).await.unwrap());
    }
    assert_eq!(made(&t.app, &t).await.len(), 50);
    let (_, html) = staff.get(&to).await;
    assert!(html.contains("50 links of 990 made"), "{html}");
    let twin = t.twin().await;
    let (a, b) = tokio::join!(
        imports::run(&t.app, &t.tenant.id, &import),
        imports::run(&twin, &t.tenant.id, &import),
    );
    a.and(b).unwrap();
    t.run_jobs().await;
    let all = made(&t.app, &t).await;
    let once: BTreeSet<_> = all.iter().collect();
    assert_eq!((all.len(), once.len()), (990, 990), "each row once");

    let (_, html) = staff.get(&to).await;
    assert!(html.contains("990 links made"), "{html}");
    let (status, csv) = staff.get(&format!("{to}/links.csv")).await;
    assert_eq!(status, 200);
    assert_eq!(csv.matches(&format!("{}/pay/", t.url)).count(), 990);
    assert_eq!(csv.lines().count(), 1_001);
    assert!(csv.contains(",'=HYPERLINK(1),"), "no formula leaves");
    assert_eq!(csv.matches(",bad,").count(), 10);
    let link = csv.lines().nth(2).unwrap();
    let token = link
        .split("/pay/")
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap();
    let (_, order) = orders::by_token(&t.app, token).await.unwrap().unwrap();
    assert_eq!(
        (order.reference.as_str(), order.amount.minor),
        ("INV-0003", 100_350)
    );
    assert_eq!(order.customer.phone.as_deref(), Some("+254712345678"));
    assert_eq!(order.remind_days, [-3, 0, 3]);

    // The same file again: asked about, then made because it was meant.
    let (_, to) = upload(&t, &staff, slug, &text).await;
    let (_, html) = staff.get(&to).await;
    assert!(html.contains("The same file was used already"), "{html}");
    let second = to.rsplit('/').next().unwrap().to_owned();
    let mut make = vec![("tenant", slug.as_str()), ("import", second.as_str())];
    staff.submit("admin/imports/make", &make).await;
    t.run_jobs().await;
    assert_eq!(made(&t.app, &t).await.len(), 990, "not without a word");
    make.push(("again", "1"));
    staff.submit("admin/imports/make", &make).await;
    t.run_jobs().await;
    assert_eq!(made(&t.app, &t).await.len(), 1_980);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_refused_whole_and_belongs_to_its_tenant() {
    let t = TestApp::start().await;
    let staff = Browser::of(&t, Role::Staff).await;
    let boss = t.person(Role::Owner).await;
    let slug = &t.tenant.slug;
    for (text, words) in [
        ("", "Choose a file"),
        ("reference,amount\n", "no rows"),
        ("reference\nA\n", "no column “amount”"),
        ("reference,amount,colour\nA,1,red\n", "“colour”"),
        ("reference,amount,amount\nA,1,2\n", "twice"),
        ("reference,amount\nA\0,1\n", "UTF-8"),
        ("reference;amount\nA;\"1\n", ""),
    ] {
        let (status, to) = upload(&t, &staff, slug, text).await;
        assert_eq!(status, 303, "{text:?}");
        if words.is_empty() {
            continue;
        }
        assert!(to.ends_with("/orders/import"), "{text:?}");
        let file = NewImport {
            livemode: false,
            file_name: "x.csv".to_owned(),
            bytes: text.as_bytes().to_vec(),
        };
        if words == "Choose a file" {
            continue;
        }
        let refused = imports::check(&t.app, &t.tenant, &boss, file).await;
        let words_said = refused.unwrap_err().to_string();
        assert!(words_said.contains(words), "{words_said}");
    }
    let large = format!("reference,amount\n{}", "A,1\n".repeat(300_000));
    let (_, to) = upload(&t, &staff, slug, &large).await;
    assert!(to.ends_with("/orders/import"), "{to}");

    let good = "reference;amount\nA-1;1500.50\nA-2;20\n";
    let (_, to) = upload(&t, &staff, slug, good).await;
    let import = ImportId::parse(to.rsplit('/').next().unwrap()).unwrap();
    let (other, ..) = t.another_tenant().await;
    let foreign = imports::make(&t.app, &other.id, &boss, &import, false).await;
    assert!(matches!(foreign, Err(ImportError::NotFound)), "R14");
    let path = format!("/admin/{}/orders/import/{import}", other.slug);
    assert_eq!(staff.get(&path).await.0, 404);
    assert_eq!(upload(&t, &staff, &other.slug, good).await.0, 404);
    let viewer = Browser::of(&t, Role::Viewer).await;
    assert_eq!(viewer.get(&to).await.0, 403);
    assert_eq!(upload(&t, &viewer, slug, good).await.0, 403);
}
