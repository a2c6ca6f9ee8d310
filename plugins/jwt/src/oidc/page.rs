//! What a browser shows that comes back to this server.

use sdk::{Page, Reply};

/// Nothing but what stands in the page itself.
const HEADERS: [(&str, &str); 4] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    ),
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
];

fn page(status: u16, title: &str, content: &str) -> Reply {
    let title = escaped(title);
    let body = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <style>body {{ font-family: sans-serif; margin: 4em auto; max-width: 30em }}</style></head>\
         <body><h1>{title}</h1>{content}</body></html>\n"
    );
    Reply::Page(Page {
        status,
        content_type: "text/html; charset=utf-8".into(),
        headers: HEADERS
            .map(|(name, value)| (name.into(), value.into()))
            .to_vec(),
        body: body.into_bytes(),
    })
}

/// The login came back; the client takes over.
pub(super) fn done() -> Reply {
    page(200, "Signed in", "<p>You can close this window.</p>")
}

/// The login came to nothing.
pub(super) fn refused(why: &str) -> Reply {
    page(400, "Sign-in failed", &format!("<p>{}</p>", escaped(why)))
}

/// Asks whether it was this user who began the login: somebody else may have sent them the link.
pub(super) fn confirmation(state: &str, code: &str) -> Reply {
    let (state, code) = (escaped(state), escaped(code));
    let content = format!(
        "<p>Somebody wants to log in as you. Go on only if that was you, a moment ago, on a machine of \
         yours.</p><form method=\"get\"><input type=\"hidden\" name=\"state\" value=\"{state}\">\
         <input type=\"hidden\" name=\"code\" value=\"{code}\">\
         <input type=\"hidden\" name=\"confirmation\" value=\"true\">\
         <button>Yes, that was me</button></form>"
    );
    page(200, "Was this you?", &content)
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
