//! A letter before it has a form: the same content as text and as HTML, for any language.
use crate::domain::brand::Brand;
use crate::domain::input::is_hidden;
use crate::domain::lang::Lang;
use std::fmt::Write;

/// What a letter says, in order.
#[derive(Clone, Debug, Default)]
pub struct Letter {
    pub subject: String,
    pub hello: String,
    pub body: Vec<String>,
    /// Name and value; those without a value are left out.
    pub facts: Vec<(&'static str, String)>,
    /// The one thing to do: words and address.
    pub button: Option<(String, String)>,
    pub foot: Vec<String>,
}

/// Who writes: what stands at the head.
pub struct Head<'a> {
    pub lang: Lang,
    pub merchant: &'a str,
    pub brand: &'a Brand,
}

/// One line without control characters or invisible ones: what people typed never makes a header
/// or a line of its own. Marks of direction that we set ourselves are put in afterwards.
pub fn one_line(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| {
            if c.is_control() || is_hidden(c) {
                ' '
            } else {
                c
            }
        })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// For text messages and readers of plain text: no marks of direction, plain spaces.
pub fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !is_hidden(*c))
        .map(|c| if c == '\u{a0}' { ' ' } else { c })
        .collect()
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

impl Letter {
    fn facts(&self) -> impl Iterator<Item = &(&'static str, String)> {
        self.facts.iter().filter(|(_, value)| !value.is_empty())
    }

    /// As plain text.
    pub fn text(&self, head: &Head<'_>) -> String {
        let mut parts = vec![head.merchant.to_owned(), self.hello.clone()];
        parts.extend(self.body.iter().cloned());
        let facts: Vec<String> = self.facts().map(|(n, v)| format!("{n}: {v}")).collect();
        parts.push(facts.join("\n"));
        if let Some((words, address)) = &self.button {
            parts.push(format!("{words}:\n{address}"));
        }
        if !self.foot.is_empty() {
            parts.push(format!("-- \n{}", self.foot.join("\n")));
        }
        parts.retain(|p| !p.is_empty());
        parts.join("\n\n") + "\n"
    }

    /// As HTML that every mail program shows: no table, no sheet, no picture, no request.
    pub fn html(&self, head: &Head<'_>) -> String {
        let (colour, on) = (head.brand.colour(), head.brand.on());
        let mut out = format!(
            "<!doctype html>\n<html lang=\"{}\" dir=\"{}\">\n<head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{}</title></head>\n\
             <body style=\"margin:0;padding:24px 12px;background:#f3f3f1;color:#1b1b1a;\
             font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif\">\n\
             <div style=\"max-width:520px;margin:0 auto;padding:24px;background:#fff;\
             border-top:4px solid {colour}\">\n\
             <p style=\"margin:0 0 20px;font-weight:600\">{}</p>\n",
            head.lang.tag(),
            head.lang.dir(),
            escape(&self.subject),
            escape(head.merchant),
        );
        let paragraphs = std::iter::once(&self.hello).chain(&self.body);
        for line in paragraphs.filter(|l| !l.is_empty()) {
            let _ = writeln!(out, "<p style=\"margin:0 0 16px\">{}</p>", escape(line));
        }
        if self.facts().next().is_some() {
            out.push_str("<dl style=\"margin:0 0 20px\">\n");
            for (name, value) in self.facts() {
                let _ = writeln!(
                    out,
                    "<dt style=\"color:#5c5c58;font-size:14px\">{}</dt>\
                     <dd style=\"margin:0 0 10px;overflow-wrap:anywhere\">{}</dd>",
                    escape(name),
                    escape(value)
                );
            }
            out.push_str("</dl>\n");
        }
        if let Some((words, address)) = &self.button {
            let (words, address) = (escape(words), escape(address));
            let _ = writeln!(
                out,
                "<p style=\"margin:0 0 12px\"><a href=\"{address}\" style=\"display:inline-block;\
                 padding:12px 20px;border-radius:6px;background:{colour};color:{on};\
                 text-decoration:none;font-weight:600\">{words}</a></p>\n\
                 <p dir=\"ltr\" style=\"margin:0 0 20px;font-size:14px;color:#5c5c58;\
                 overflow-wrap:anywhere\">{address}</p>"
            );
        }
        for line in &self.foot {
            let _ = writeln!(
                out,
                "<p style=\"margin:0 0 6px;font-size:14px;color:#5c5c58\">{}</p>",
                escape(line)
            );
        }
        out.push_str("</div>\n</body>\n</html>\n");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_typed_is_one_line_and_no_markup() {
        assert_eq!(one_line("A\r\nBcc: x@y.z\u{202e}"), "A Bcc: x@y.z");
        assert_eq!(plain("KES\u{a0}1,500 \u{2066}x\u{2069}"), "KES 1,500 x");
        let letter = Letter {
            subject: "<b>".to_owned(),
            body: vec!["<script>alert('1')</script>".to_owned()],
            button: Some(("Go".to_owned(), "https://x.example/?a=1&b=\"2".to_owned())),
            ..Letter::default()
        };
        let head = Head {
            lang: Lang::Ar,
            merchant: "A & B",
            brand: &Brand::new("#ff7a59"),
        };
        let html = letter.html(&head);
        assert!(!html.contains("<script>") && !html.contains("<b>"));
        assert!(html.contains("A &amp; B") && html.contains("dir=\"rtl\""));
        assert!(html.contains("a=1&amp;b=&quot;2") && html.contains("color:#000"));
        assert!(!html.contains("<table") && !html.contains("<img"));
    }
}
