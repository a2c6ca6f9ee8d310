//! A login is one entry of the log: after a fault its token, its entity, its groups, what is used up by
//! it and what wraps its answer are all there, or nothing of them is.

use crate::house::House;
use base::{Answer, Operation, Refusal, Request, RequestPath};
use core::time::Duration;
use serde_json::{Value, json};

const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEecXr3cINUICUlwyI4Ka8wVfjWvWO\n\
    vb7BXPWkwvhyomLZglAYWr8W1vZAMPVaKZMPALGMuGMXQS6SktrCVxICxg==\n\
    -----END PUBLIC KEY-----";

/// Of "alice", who is in the groups "a" and "b"; signed with the key's other half.
const SIGNED: &str = "eyJhbGciOiAiRVMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaXNzdWVyIiwgInN1YiI6ICJhbGl\
    jZSIsICJhdWQiOiAiaGVyZSIsICJpYXQiOiAxNzAwMDAwMDAwLCAibmJmIjogMTcwMDAwMDAwMCwgImV\
    4cCI6IDQxMDI0NDQ4MDAsICJ4IjogInkiLCAiZyI6IFsiYSIsICJiIl0sICJuIjogMSwgIm8iOiB7InA\
    iOiAicSJ9fQ.BxHrExkjW1CksGvA5rt4s0Xr1uJ4I4a6_xTSbb5U7j6QDjgbh0_-uQQ94CQYlK3JlWAY\
    gtisP2tpyE5Rl7taaw";

/// Who logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// By a role, with a secret id of this name.
    Machine(&'static str, &'static str),
    /// With a password.
    Person(&'static str),
    /// With a signed token.
    Signed,
}

use Who::{Machine, Person, Signed};

/// How the answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comes {
    Plain,
    Wrapped,
}

/// A login, the entries of the log that it is, and what there is more of afterwards, in the order of
/// [`Door::state`].
type Case = (Who, Comes, u64, [i64; 7]);

#[rustfmt::skip]
const CASES: &[Case] = &[
    // Somebody who was here before, and somebody new.
    (Machine("known", "usual"), Comes::Plain, 1, [1, 1, 0, 0, 0, 0, 0]),
    (Machine("new", "usual"), Comes::Plain, 1, [1, 1, 1, 1, 0, 0, 0]),
    (Person("ann"), Comes::Plain, 1, [1, 1, 0, 0, 0, 0, 0]),
    (Person("bob"), Comes::Plain, 1, [1, 1, 1, 1, 0, 0, 0]),
    // A new one whose groups are said by who signed.
    (Signed, Comes::Plain, 1, [1, 1, 1, 1, 1, 0, 0]),
    // A use of several, and the last one.
    (Machine("known", "thrice"), Comes::Plain, 1, [1, 1, 0, 0, 0, -1, 0]),
    (Machine("known", "once"), Comes::Plain, 1, [1, 1, 0, 0, 0, 0, -1]),
    // Nothing of a batch token is stored, and so nothing is written where its owner is known.
    (Machine("batch", "usual"), Comes::Plain, 0, [0, 0, 0, 0, 0, 0, 0]),
    (Machine("new-batch", "usual"), Comes::Plain, 1, [0, 0, 1, 1, 0, 0, 0]),
    // The token that wraps the answer comes with the one that is in it.
    (Person("ann"), Comes::Wrapped, 1, [2, 2, 0, 0, 0, 0, 0]),
    (Person("bob"), Comes::Wrapped, 1, [2, 2, 1, 1, 0, 0, 0]),
];

const ROLES: [&str; 4] = ["known", "new", "batch", "new-batch"];
const SECRETS: [(&str, u64); 3] = [("usual", 0), ("thrice", 3), ("once", 1)];

/// Methods, and whoever may come in.
struct Door {
    house: House,
    /// Role and name of a secret id, the role's id, and the secret id.
    secrets: Vec<(&'static str, &'static str, Value, Value)>,
}

impl Door {
    async fn open() -> Self {
        let house = House::open().await;
        for method in ["approle", "userpass", "jwt"] {
            let path = format!("sys/auth/{method}");
            let body = json!({ "type": method });
            house.write(&path, body).await.unwrap();
        }
        for user in ["ann", "bob"] {
            let path = format!("auth/userpass/users/{user}");
            let body = json!({ "password": "pw" });
            house.write(&path, body).await.unwrap();
        }
        let mut door = Self {
            house,
            secrets: Vec::new(),
        };
        door.make_roles().await;
        door.know_groups().await;
        for who in [
            Machine("known", "usual"),
            Machine("batch", "usual"),
            Person("ann"),
        ] {
            door.log_in(&door.house, who, Comes::Plain).await.unwrap();
        }
        door
    }

    async fn make_roles(&mut self) {
        for role in ROLES {
            let path = format!("auth/approle/role/{role}");
            let kind = match role.ends_with("batch") {
                true => "batch",
                false => "service",
            };
            let body = json!({ "token_type": kind, "token_ttl": "1h" });
            self.house.write(&path, body).await.unwrap();
            let id = self.house.read(&format!("{path}/role-id")).await.unwrap();
            for (name, uses) in SECRETS {
                let body = json!({ "num_uses": uses });
                let made = self.house.write(&format!("{path}/secret-id"), body).await;
                let secret = made.unwrap()["secret_id"].clone();
                let id = id["role_id"].clone();
                self.secrets.push((role, name, id, secret));
            }
        }
    }

    /// The group "a" of who signs is one here.
    async fn know_groups(&self) {
        let config = json!({ "jwt_validation_pubkeys": [PUBLIC_KEY] });
        self.house.write("auth/jwt/config", config).await.unwrap();
        let role = json!({
            "role_type": "jwt", "user_claim": "sub", "bound_audiences": "here", "groups_claim": "g",
        });
        self.house.write("auth/jwt/role/r", role).await.unwrap();
        let group = json!({ "name": "a", "type": "external" });
        let group = self.house.write("identity/group", group).await.unwrap();
        let methods = self.house.read("sys/auth").await.unwrap();
        let alias = json!({
            "name": "a",
            "canonical_id": group["id"],
            "mount_accessor": methods["jwt/"]["accessor"],
        });
        self.house
            .write("identity/group-alias", alias)
            .await
            .unwrap();
    }

    fn secret(&self, role: &str, name: &str) -> &(&'static str, &'static str, Value, Value) {
        let mut all = self.secrets.iter();
        all.find(|secret| (secret.0, secret.1) == (role, name))
            .unwrap()
    }

    fn request(&self, who: Who) -> (String, Value) {
        match who {
            Machine(role, name) => {
                let (_, _, id, secret) = self.secret(role, name);
                let body = json!({ "role_id": id, "secret_id": secret });
                ("auth/approle/login".into(), body)
            }
            Person(name) => {
                let path = format!("auth/userpass/login/{name}");
                (path, json!({ "password": "pw" }))
            }
            Signed => {
                let body = json!({ "role": "r", "jwt": SIGNED });
                ("auth/jwt/login".into(), body)
            }
        }
    }

    /// The token of a login, or the one that wraps it.
    async fn log_in(&self, house: &House, who: Who, comes: Comes) -> Result<String, Refusal> {
        let (path, Value::Object(body)) = self.request(who) else {
            panic!("an object")
        };
        let path = RequestPath::parse(&path).unwrap();
        let mut request = Request::new(Operation::Update, path, "", body);
        if comes == Comes::Wrapped {
            request.wrap_ttl = Some(Duration::from_secs(60));
        }
        let Answer::Envelope(envelope) = house.node.handle(request).await.outcome? else {
            panic!("a login has an envelope")
        };
        let token = match (&envelope.auth, &envelope.wrap) {
            (Some(auth), None) => &auth.client_token,
            (None, Some(wrap)) => &wrap.token,
            other => panic!("{other:?}"),
        };
        Ok(token.expose().clone())
    }

    /// What tells of logins: tokens, leases, entities, aliases, members of the group, and uses that
    /// are left of secret ids.
    async fn state(&self, house: &House, who: Who) -> [Value; 7] {
        let leases = format!("sys/leases/lookup/{}", self.request(who).0);
        let listed = async |path: &str| {
            let told = house.ask(Operation::List, path, json!({})).await;
            told.map_or(json!([]), |told| told["keys"].clone())
        };
        let tokens = listed("auth/token/accessors").await;
        for accessor in tokens.as_array().unwrap() {
            let body = json!({ "accessor": accessor });
            let whole = house.write("auth/token/lookup-accessor", body).await;
            whole.unwrap();
        }
        let group = house.read("identity/group/name/a").await.unwrap();
        let uses = async |name: &str| {
            let (_, _, _, secret) = self.secret("known", name);
            let path = "auth/approle/role/known/secret-id/lookup";
            let told = house.write(path, json!({ "secret_id": secret })).await;
            told.unwrap()["secret_id_num_uses"].clone()
        };
        [
            tokens,
            listed(&leases).await,
            listed("identity/entity/id").await,
            listed("identity/entity-alias/id").await,
            group["member_entity_ids"].clone(),
            uses("thrice").await,
            uses("once").await,
        ]
    }

    fn counted(state: &[Value; 7]) -> [i64; 7] {
        state.each_ref().map(|told| match told {
            Value::Array(items) => i64::try_from(items.len()).unwrap(),
            Value::Null => 0,
            number => number.as_i64().unwrap(),
        })
    }
}

async fn index(house: &House) -> u64 {
    let leader = house.read("sys/leader").await.unwrap();
    leader["raft_applied_index"].as_u64().unwrap()
}

#[tokio::test]
async fn a_login_is_one_entry_of_the_log() {
    let door = Door::open().await;
    for (who, comes, entries, _) in CASES {
        let house = door.house.restarted().await;
        // With its first write a node that was started stores how far its keys are used as well.
        let policy = json!({ "policy": r#"path "a" { capabilities = ["read"] }"# });
        house.write("sys/policies/acl/p", policy).await.unwrap();
        let before = index(&house).await;
        door.log_in(&house, *who, *comes).await.unwrap();
        let written = index(&house).await - before;
        assert_eq!(written, *entries, "{who:?} {comes:?}");
    }
}

#[tokio::test]
async fn after_a_fault_all_of_a_login_is_there_or_nothing() {
    let door = Door::open().await;
    for (who, comes, entries, more) in CASES {
        let (mut well, mut refused) = (0, 0);
        loop {
            let house = door.house.restarted().await;
            let (before, stored) = (door.state(&house, *who).await, house.entries());
            house.fail_write(well);
            let told = door.log_in(&house, *who, *comes).await;
            let after = house.restarted().await;
            let state = door.state(&after, *who).await;
            let Ok(token) = told else {
                assert_eq!(state, before, "{who:?} {comes:?} after {well}");
                assert_eq!(after.entries(), stored, "{who:?} {comes:?} after {well}");
                (well, refused) = (well + 1, refused + 1);
                assert!(well < 4, "{who:?} {comes:?}: {told:?}");
                continue;
            };
            let (counted, before) = (Door::counted(&state), Door::counted(&before));
            let found = core::array::from_fn(|at| counted[at] - before[at]);
            assert_eq!(found, *more, "{who:?} {comes:?} after {well}");
            let (operation, path) = match comes {
                Comes::Plain => (Operation::Read, "auth/token/lookup-self"),
                Comes::Wrapped => (Operation::Update, "sys/wrapping/unwrap"),
            };
            let used = after.ask_as(&token, operation, path, json!({})).await;
            used.unwrap();
            break;
        }
        // Where anything is written, a fault came in its way.
        assert_eq!(refused > 0, *entries > 0, "{who:?} {comes:?}");
    }
}
