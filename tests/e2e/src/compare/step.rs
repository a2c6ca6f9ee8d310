//! One request of a comparison, and how tables of them are written.

use super::Difference;
use core::fmt;

/// Requests that build on one another.
pub struct Script {
    /// What it is about, in a word or two.
    pub name: &'static str,
    /// In order.
    pub steps: &'static [Step],
}

/// One request.
#[derive(Clone, Copy)]
pub struct Step {
    /// HTTP verb.
    pub verb: &'static str,
    /// What follows `/v1/`.
    pub path: &'static str,
    /// The body, as it is sent.
    pub body: Option<&'static str>,
    /// Headers beside the token.
    pub headers: &'static [(&'static str, &'static str)],
    /// The name of a token that an earlier step saved; root's without.
    pub token: Option<&'static str>,
    /// Is it sent for what comes after it, and its answer not compared?
    pub only_prepares: bool,
    /// Keep a value of the answer under this name: where it stands, as a JSON pointer. Later steps name it
    /// as `${name}` in path and body.
    pub saves: [Option<(&'static str, &'static str)>; SAVES_MAX],
    /// Members whose texts are bound to differ; only how long they are is compared.
    pub hides: &'static [&'static str],
    /// Members of which only the form is compared: names within and kinds of values.
    pub forms: &'static [&'static str],
    /// Members that are meant to be in the one answer and not in the other.
    pub members: Option<Members>,
    /// Send it again until this status comes.
    pub until: Option<u16>,
    /// Where we mean to differ: why, and the status and body that we give.
    pub differs: Option<(&'static Difference, u16, &'static str)>,
}

/// Members that one server has and the other has not.
#[derive(Clone, Copy)]
pub struct Members {
    /// Why.
    pub difference: &'static Difference,
    /// Only ours has them.
    pub ours: &'static [&'static str],
    /// Only theirs has them.
    pub theirs: &'static [&'static str],
}

/// How many values a step may keep.
const SAVES_MAX: usize = 4;

/// Where the token of a login's answer stands.
pub const CLIENT_TOKEN: &str = "/auth/client_token";

const MERGE_PATCH: &[(&str, &str)] = &[("Content-Type", "application/merge-patch+json")];

/// Any verb.
pub const fn send(verb: &'static str, path: &'static str) -> Step {
    Step {
        verb,
        path,
        body: None,
        headers: &[],
        token: None,
        only_prepares: false,
        saves: [None; SAVES_MAX],
        hides: &[],
        forms: &[],
        members: None,
        until: None,
        differs: None,
    }
}

/// GET.
pub const fn get(path: &'static str) -> Step {
    send("GET", path)
}

/// LIST.
pub const fn list(path: &'static str) -> Step {
    send("LIST", path)
}

/// SCAN.
pub const fn scan(path: &'static str) -> Step {
    send("SCAN", path)
}

/// DELETE.
pub const fn delete(path: &'static str) -> Step {
    send("DELETE", path)
}

/// POST.
pub const fn post(path: &'static str, body: &'static str) -> Step {
    send("POST", path).body(body)
}

/// PUT.
pub const fn put(path: &'static str, body: &'static str) -> Step {
    send("PUT", path).body(body)
}

/// PATCH, as a JSON merge patch.
pub const fn patch(path: &'static str, body: &'static str) -> Step {
    send("PATCH", path).body(body).headers(MERGE_PATCH)
}

impl Step {
    /// With a body.
    #[must_use]
    pub const fn body(mut self, body: &'static str) -> Self {
        self.body = Some(body);
        self
    }

    /// With these headers and no others.
    #[must_use]
    pub const fn headers(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        self.headers = headers;
        self
    }

    /// With the token that an earlier step saved.
    #[must_use]
    pub const fn by(mut self, token: &'static str) -> Self {
        self.token = Some(token);
        self
    }

    /// Sent for what comes after it: its answer is not compared.
    #[must_use]
    pub const fn only_prepares(mut self) -> Self {
        self.only_prepares = true;
        self
    }

    /// Keeps the value at a JSON pointer of the answer; of several, all of them.
    #[must_use]
    pub const fn saves(mut self, name: &'static str, pointer: &'static str) -> Self {
        let mut free = 0;
        while self.saves[free].is_some() {
            free += 1;
        }
        self.saves[free] = Some((name, pointer));
        self
    }

    /// With members whose texts are bound to differ.
    #[must_use]
    pub const fn hides(mut self, members: &'static [&'static str]) -> Self {
        self.hides = members;
        self
    }

    /// With members of which only the form is compared.
    #[must_use]
    pub const fn forms(mut self, members: &'static [&'static str]) -> Self {
        self.forms = members;
        self
    }

    /// With members that only ours has, and others that only theirs has.
    #[must_use]
    pub const fn members(
        mut self,
        difference: &'static Difference,
        ours: &'static [&'static str],
        theirs: &'static [&'static str],
    ) -> Self {
        self.members = Some(Members {
            difference,
            ours,
            theirs,
        });
        self
    }

    /// The difference that it shows.
    pub(super) fn shows(&self) -> Option<&'static Difference> {
        let members = self.members.map(|members| members.difference);
        members.or_else(|| self.differs.map(|(difference, ..)| difference))
    }

    /// Sent until this status comes.
    #[must_use]
    pub const fn until(mut self, status: u16) -> Self {
        self.until = Some(status);
        self
    }

    /// We mean to differ here, and answer this.
    #[must_use]
    pub const fn but(
        mut self,
        difference: &'static Difference,
        status: u16,
        body: &'static str,
    ) -> Self {
        self.differs = Some((difference, status, body));
        self
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            verb, path, body, ..
        } = self;
        write!(f, "{verb} {path:.120} {:.160}", body.unwrap_or(""))
    }
}
