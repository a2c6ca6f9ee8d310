//! What an engine or an auth method is: a table of plain functions, made at compile time.
//!
//! A component's instance serves one request and is dropped, so nothing may be built at its start:
//! the builders are `const`, and the table lies ready in the component's memory image.

use crate::handler::{Handler, Reading};
use crate::{Ctx, FieldSpec, Fields, Grant, Lease, Login, Renewal, Reply, Result};
use core::time::Duration;
use manifest::{Access, Locality, Operation, Placement};

/// Most storage rules, kinds of secrets and outbound patterns of one component.
pub(crate) const RULES_MAX: usize = 16;

/// One pattern, one operation, one function.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    pub(crate) pattern: &'static str,
    pub(crate) operation: Operation,
    pub(crate) access: Access,
    pub(crate) placement: Placement,
    pub(crate) when: Option<When>,
    pub(crate) fields: &'static [FieldSpec],
    pub(crate) answers: &'static [FieldSpec],
    pub(crate) serve: Serve,
    pub(crate) exists: Option<Reading<bool>>,
    pub(crate) raw_body: bool,
    pub(crate) deprecated: bool,
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
}

/// What a route does.
#[derive(Clone, Copy)]
pub(crate) enum Serve {
    /// Writes, or may.
    Write(Handler<Reply>),
    /// Reads only.
    Read(Reading<Reply>),
    /// Logs in: who would it be, and who is it?
    Login(Reading<Option<String>>, Handler<Login>),
}

#[derive(Clone, Copy)]
pub(crate) struct When {
    pub(crate) option: &'static str,
    pub(crate) values: &'static [&'static str],
}

#[derive(Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) prefix: &'static str,
    pub(crate) locality: Locality,
    pub(crate) seal_wrap: bool,
}

/// A kind of leased secret, and what ends it.
#[derive(Clone, Copy)]
pub(crate) struct Gives {
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) renew: Option<RenewLease>,
    pub(crate) revoke: RevokeLease,
}

/// Called on the active node, with nobody who asks.
pub type Hook = fn(&mut Ctx) -> Result<()>;
/// Prolongs a leased secret by what the caller wants, or less.
pub type RenewLease = fn(&mut Ctx, Lease, Duration) -> Result<Renewal>;
/// Takes a leased secret back. Must succeed when it did so before.
pub type RevokeLease = fn(&mut Ctx, Lease) -> Result<()>;
/// Prolongs a token that a login granted.
pub type RenewGrant = fn(&mut Ctx, Grant, Duration) -> Result<Renewal>;

/// What engines and methods have in common.
pub(crate) struct Definition<const ROUTES: usize> {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) routes: [Option<Route>; ROUTES],
    count: usize,
    pub(crate) rules: [Option<Rule>; RULES_MAX],
    rule_count: usize,
    pub(crate) gives: [Option<Gives>; RULES_MAX],
    give_count: usize,
    pub(crate) outbound: [Option<&'static str>; RULES_MAX],
    outbound_count: usize,
    /// Of the routes that follow.
    when: Option<When>,
    pub(crate) start: Option<Hook>,
    pub(crate) tick: Option<Hook>,
    pub(crate) renew: Option<RenewGrant>,
}

#[expect(
    clippy::indexing_slicing,
    reason = "runs in the compiler, where a wrong index is an error with these words"
)]
impl<const ROUTES: usize> Definition<ROUTES> {
    const fn new(name: &'static str, version: &'static str, summary: &'static str) -> Self {
        Self {
            name,
            version,
            summary,
            routes: [None; ROUTES],
            count: 0,
            rules: [None; RULES_MAX],
            rule_count: 0,
            gives: [None; RULES_MAX],
            give_count: 0,
            outbound: [None; RULES_MAX],
            outbound_count: 0,
            when: None,
            start: None,
            tick: None,
            renew: None,
        }
    }

    const fn add(&mut self, route: Route) {
        assert!(
            self.count < ROUTES,
            "more routes than the table takes: say `Engine<200>`"
        );
        self.routes[self.count] = Some(Route {
            when: self.when,
            ..route
        });
        self.count += 1;
    }

    const fn last(&mut self) -> &mut Route {
        assert!(
            self.count > 0,
            "this is said of a route, and there is none yet"
        );
        match &mut self.routes[self.count - 1] {
            Some(route) => route,
            None => unreachable!(),
        }
    }

    const fn add_rule(&mut self, rule: Rule) {
        assert!(
            self.rule_count < RULES_MAX,
            "more storage rules than the table takes"
        );
        self.rules[self.rule_count] = Some(rule);
        self.rule_count += 1;
    }

    const fn add_gives(&mut self, gives: Gives) {
        assert!(
            self.give_count < RULES_MAX,
            "more kinds of secrets than the table takes"
        );
        self.gives[self.give_count] = Some(gives);
        self.give_count += 1;
    }

    const fn add_outbound(&mut self, pattern: &'static str) {
        assert!(
            self.outbound_count < RULES_MAX,
            "more hosts than the table takes"
        );
        self.outbound[self.outbound_count] = Some(pattern);
        self.outbound_count += 1;
    }
}

impl<const ROUTES: usize> Definition<ROUTES> {
    pub(crate) fn routes(&self) -> impl Iterator<Item = &Route> {
        self.routes.iter().flatten()
    }

    #[cfg(target_family = "wasm")]
    pub(crate) fn route(&self, index: u32) -> Result<&Route> {
        let found = usize::try_from(index)
            .ok()
            .and_then(|index| self.routes.get(index));
        let found = found.and_then(Option::as_ref);
        found.ok_or_else(|| crate::internal("the host asks for a route that is not declared"))
    }
}

const fn route<F: Fields>(
    operation: Operation,
    pattern: &'static str,
    summary: &'static str,
    serve: Serve,
) -> Route {
    Route {
        pattern,
        operation,
        access: Access::Token,
        placement: Placement::AnyNode,
        when: None,
        fields: F::SPECS,
        answers: &[],
        serve,
        exists: None,
        raw_body: false,
        deprecated: false,
        summary,
        description: "",
    }
}

/// A secrets engine. Say what it is in a `const fn`, and give that to `sdk::export_engine!`.
///
/// The table takes 64 routes; an engine with more says `Engine<200>`.
pub struct Engine<const ROUTES: usize = 64> {
    pub(crate) definition: Definition<ROUTES>,
}

/// An auth method. Say what it is in a `const fn`, and give that to `sdk::export_method!`.
pub struct Method<const ROUTES: usize = 64> {
    pub(crate) definition: Definition<ROUTES>,
}

macro_rules! reading_routes {
    ($($name:ident, $operation:ident, $doc:literal;)*) => {
        $(#[doc = $doc]
        ///
        /// The function cannot write; one that must is given to `on`.
        #[must_use]
        pub const fn $name<F: Fields>(
            mut self,
            pattern: &'static str,
            summary: &'static str,
            function: fn(&Ctx, F) -> Result<Reply>,
        ) -> Self {
            let serve = Serve::Read(Reading::replying(function));
            let route = route::<F>(Operation::$operation, pattern, summary, serve);
            self.definition.add(route);
            self
        })*
    };
}

macro_rules! writing_routes {
    ($($name:ident, $operation:ident, $doc:literal;)*) => {
        $(#[doc = $doc]
        #[must_use]
        pub const fn $name<F: Fields>(
            self,
            pattern: &'static str,
            summary: &'static str,
            function: fn(&mut Ctx, F) -> Result<Reply>,
        ) -> Self {
            self.on(Operation::$operation, pattern, summary, function)
        })*
    };
}

macro_rules! builder {
    ($builder:ident) => {
        impl<const ROUTES: usize> $builder<ROUTES> {
            /// Nothing yet but its name (the type of its mounts), version (`env!("CARGO_PKG_VERSION")`)
            /// and one sentence.
            pub const fn new(
                name: &'static str,
                version: &'static str,
                summary: &'static str,
            ) -> Self {
                let definition = Definition::new(name, version, summary);
                Self { definition }
            }

            /// It may store below this prefix. What it stores outside every prefix is refused.
            #[must_use]
            pub const fn keeps(mut self, prefix: &'static str, locality: Locality) -> Self {
                self.definition.add_rule(Rule {
                    prefix,
                    locality,
                    seal_wrap: false,
                });
                self
            }

            /// As `keeps`, and what is stored there is wrapped by the seal as well.
            #[must_use]
            pub const fn keeps_wrapped(mut self, prefix: &'static str, locality: Locality) -> Self {
                self.definition.add_rule(Rule {
                    prefix,
                    locality,
                    seal_wrap: true,
                });
                self
            }

            /// It asks to reach these hosts: `host`, `host:port`, `*.host`, or `*`. The operator grants it.
            #[must_use]
            pub const fn reaches(mut self, pattern: &'static str) -> Self {
                self.definition.add_outbound(pattern);
                self
            }

            reading_routes! {
                read, Read, "GET of `pattern`.";
                list, List, "LIST of `pattern`: the direct children.";
                scan, Scan, "SCAN of `pattern`: everything below.";
            }
            writing_routes! {
                update, Update, "POST and PUT to `pattern`.";
                patch, Patch, "PATCH of `pattern`.";
                delete, Delete, "DELETE of `pattern`.";
            }

            /// Any operation at `pattern`; for reads that write, such as those that make a secret.
            #[must_use]
            pub const fn on<F: Fields>(
                mut self,
                operation: Operation,
                pattern: &'static str,
                summary: &'static str,
                function: fn(&mut Ctx, F) -> Result<Reply>,
            ) -> Self {
                let serve = Serve::Write(Handler::replying(function));
                let route = route::<F>(operation, pattern, summary, serve);
                self.definition.add(route);
                self
            }

            /// Of the last route: its policy must grant `sudo`.
            #[must_use]
            pub const fn sudo(mut self) -> Self {
                self.definition.last().access = Access::Sudo;
                self
            }

            /// Of the last route: nobody is asked for a token.
            #[must_use]
            pub const fn public(mut self) -> Self {
                self.definition.last().access = Access::Public;
                self
            }

            /// Of the last route: it runs on the active node.
            #[must_use]
            pub const fn on_active_node(mut self) -> Self {
                self.definition.last().placement = Placement::ActiveNode;
                self
            }

            /// Of the last route: it runs on the primary cluster.
            #[must_use]
            pub const fn on_primary_cluster(mut self) -> Self {
                self.definition.last().placement = Placement::PrimaryCluster;
                self
            }

            /// Of the last route: tells whether what it would write is there already, so that policies can
            /// tell create from update.
            #[must_use]
            pub const fn exists<F: Fields>(
                mut self,
                function: fn(&Ctx, F) -> Result<bool>,
            ) -> Self {
                self.definition.last().exists = Some(Reading::existing(function));
                self
            }

            /// Of the last route: the body is kept as it came, for `Ctx::raw_body`.
            #[must_use]
            pub const fn raw_body(mut self) -> Self {
                self.definition.last().raw_body = true;
                self
            }

            /// Of the last route: nobody should use it any longer.
            #[must_use]
            pub const fn deprecated(mut self) -> Self {
                self.definition.last().deprecated = true;
                self
            }

            /// Of the last route: more than its one sentence.
            #[must_use]
            pub const fn describe(mut self, description: &'static str) -> Self {
                self.definition.last().description = description;
                self
            }

            /// Of the last route: the members of its data.
            #[must_use]
            pub const fn answers<A: Fields>(mut self) -> Self {
                self.definition.last().answers = A::SPECS;
                self
            }

            /// Of the routes that follow: they are there only in mounts whose option has one of these
            /// values. The empty text stands for an option that is not set.
            #[must_use]
            pub const fn only_with(
                mut self,
                option: &'static str,
                values: &'static [&'static str],
            ) -> Self {
                self.definition.when = Some(When { option, values });
                self
            }

            /// Of the routes that follow: they are there in every mount.
            #[must_use]
            pub const fn always(mut self) -> Self {
                self.definition.when = None;
                self
            }

            /// After mount, unseal, a change of the mount's options and a change of version, before any
            /// request. Must be idempotent.
            #[must_use]
            pub const fn on_start(mut self, function: Hook) -> Self {
                self.definition.start = Some(function);
                self
            }

            /// About once a minute.
            #[must_use]
            pub const fn on_tick(mut self, function: Hook) -> Self {
                self.definition.tick = Some(function);
                self
            }
        }
    };
}

builder!(Engine);
builder!(Method);

impl<const ROUTES: usize> Engine<ROUTES> {
    /// It gives secrets of this kind under a lease that cannot be renewed.
    #[must_use]
    pub const fn gives(
        mut self,
        kind: &'static str,
        summary: &'static str,
        revoke: RevokeLease,
    ) -> Self {
        self.definition.add_gives(Gives {
            name: kind,
            summary,
            renew: None,
            revoke,
        });
        self
    }

    /// It gives secrets of this kind under a lease that can be renewed.
    #[must_use]
    pub const fn gives_renewable(
        mut self,
        kind: &'static str,
        summary: &'static str,
        renew: RenewLease,
        revoke: RevokeLease,
    ) -> Self {
        self.definition.add_gives(Gives {
            name: kind,
            summary,
            renew: Some(renew),
            revoke,
        });
        self
    }
}

impl<const ROUTES: usize> Method<ROUTES> {
    /// The login at `pattern`. `identify` says whom the request claims to be, before any secret is
    /// checked; the host counts failures by it.
    #[must_use]
    pub const fn login<F: Fields>(
        self,
        pattern: &'static str,
        summary: &'static str,
        identify: fn(&Ctx, F) -> Result<Option<String>>,
        login: fn(&mut Ctx, F) -> Result<Login>,
    ) -> Self {
        self.login_on(Operation::Update, pattern, summary, identify, login)
    }

    /// As `login`, by another operation; for logins that end in a browser, which can only GET.
    #[must_use]
    pub const fn login_on<F: Fields>(
        mut self,
        operation: Operation,
        pattern: &'static str,
        summary: &'static str,
        identify: fn(&Ctx, F) -> Result<Option<String>>,
        login: fn(&mut Ctx, F) -> Result<Login>,
    ) -> Self {
        let serve = Serve::Login(Reading::identifying(identify), Handler::granting(login));
        let mut route = route::<F>(operation, pattern, summary, serve);
        route.access = Access::Login;
        self.definition.add(route);
        self
    }

    /// Asked when a token of this method is renewed. Without it the host renews as the token's terms
    /// say.
    #[must_use]
    pub const fn renews(mut self, function: RenewGrant) -> Self {
        self.definition.renew = Some(function);
        self
    }
}
