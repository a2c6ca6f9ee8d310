//! One cluster: a server, and the relay in front of its cluster port.

use super::{Host, Relay, fine, text, until};
use crate::{Client, Durable};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};

/// A cluster.
pub struct Cluster {
    /// The server.
    pub server: Durable,
    /// In front of its cluster port.
    pub relay: Relay,
    /// The token that tests use.
    pub token: String,
    /// What unseals it.
    pub shares: Vec<String>,
}

impl Cluster {
    /// A new one, unsealed. `more` is added to its configuration.
    pub fn start(host: &Host, more: &str) -> Self {
        let mut server = Durable::at(host.casemate(), host.addresses(), more);
        server.start();
        server.initialize(1, 1);
        server.unseal();
        let address = server.cluster_address().parse().expect("an address");
        let relay = Relay::to(host.relays(), address);
        let (token, shares) = (server.token().to_owned(), server.shares().to_vec());
        Self {
            server,
            relay,
            token,
            shares,
        }
    }

    /// With the token of the tests.
    pub fn client(&self) -> Client {
        self.client_as(&self.token)
    }

    /// With any token.
    pub fn client_as(&self, token: &str) -> Client {
        Client::new(&self.server.url(), token)
    }

    /// Reads; must work.
    #[track_caller]
    pub fn read(&self, path: &str) -> Value {
        fine(&self.client().read(path))
    }

    /// Writes; must work.
    #[track_caller]
    pub fn write(&self, path: &str, body: &Value) -> Value {
        fine(&self.client().write(path, body))
    }

    /// Deletes; must work.
    #[track_caller]
    pub fn delete(&self, path: &str) {
        fine(&self.client().delete(path));
    }

    /// A request within a namespace; must work.
    #[track_caller]
    pub fn within(&self, namespace: &str, verb: &str, path: &str, body: &Value) -> Value {
        let headers = [("X-Vault-Namespace", namespace)];
        let body = (!body.is_null()).then(|| body.to_string());
        let answer = self.client().send(verb, path, &headers, body.as_deref());
        fine(&answer)
    }

    /// How performance replication is here.
    pub fn status(&self) -> Value {
        let answer = self
            .client_as("")
            .read("sys/replication/performance/status");
        fine(&answer)["data"].clone()
    }

    /// Waits for a status, but not for ever.
    ///
    /// # Panics
    /// When it does not come, with the one that is there.
    #[track_caller]
    pub fn until_status(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let deadline = std::time::Instant::now() + super::WITHIN;
        while std::time::Instant::now() < deadline {
            let client = self.client_as("");
            let path = "sys/replication/performance/status";
            // While it becomes a secondary it may not answer.
            if let Ok(answer) = client.try_send("GET", path, &[], None)
                && answer.status == 200
            {
                last = answer.json()["data"].clone();
                if is_so(&last) {
                    return last;
                }
            }
            std::thread::sleep(core::time::Duration::from_millis(10));
        }
        panic!(
            "waited in vain until {what}: {last:#}\n{}",
            self.server.log()
        );
    }

    /// Waits until it receives what its primary writes.
    #[track_caller]
    pub fn until_it_streams(&self) {
        self.until_status("it streams", |status| {
            status["state"] == "stream-wals" && status["mode"] == "secondary"
        });
    }

    /// Waits until it does not reach its primary; the status then.
    #[track_caller]
    pub fn until_it_is_cut_off(&self) -> Value {
        self.until_status("it is cut off", |status| {
            status["connection_state"] == "transient_failure"
        })
    }

    /// How often it has compared itself with its primary, since it could not simply go on.
    pub fn compared(&self) -> usize {
        let log = self.server.log();
        log.matches("comparing with the primary").count()
    }

    /// Waits until everything that `primary` has is here.
    #[track_caller]
    pub fn until_it_has_all_of(&self, primary: &Self) {
        let wanted = primary.status()["last_wal"].as_u64().expect("a number");
        self.until_status("it has everything", |status| {
            status["state"] == "stream-wals"
                && status["last_remote_wal"]
                    .as_u64()
                    .is_some_and(|has| has >= wanted)
        });
    }

    /// Waits until both have the same.
    #[track_caller]
    pub fn until_equal(&self, other: &Self) {
        until("equal roots", || {
            let root = |cluster: &Self| cluster.status()["merkle_root"].clone();
            (root(self) == root(other)).then_some(())
        });
    }

    /// An activation token for a secondary, as a response wraps it.
    #[track_caller]
    pub fn activation(&self, id: &str, more: &Value) -> String {
        let path = "sys/replication/performance/primary/secondary-token";
        let mut body = json!({ "id": id });
        if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
            body.extend(more.clone());
        }
        let made = self.write(path, &body);
        match made.pointer("/data/token") {
            Some(sealed) => sealed.as_str().expect("a text").to_owned(),
            None => text(&made, "/wrap_info/token"),
        }
    }

    /// The id of this cluster.
    pub fn id(&self) -> String {
        text(&self.client_as("").read("sys/health").json(), "/cluster_id")
    }

    /// Lets a secondary in no more.
    #[track_caller]
    pub fn revoke(&self, id: &str) {
        let path = "sys/replication/performance/primary/revoke-secondary";
        self.write(path, &json!({ "id": id }));
    }

    /// Becomes a secondary, whatever it holds.
    #[track_caller]
    pub fn enable_secondary(&self, token: &str, more: &Value) {
        let mut body = json!({ "token": token, "confirm_wipe": self.id() });
        if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
            body.extend(more.clone());
        }
        self.write("sys/replication/performance/secondary/enable", &body);
    }

    /// Unseals it with what unseals it now.
    pub fn unseal(&self) {
        self.server.unseal_with(&self.shares);
    }

    /// Kills it and starts it again.
    pub fn restart(&mut self) {
        self.server.kill();
        self.server.start();
        self.unseal();
    }

    /// A root token of this cluster alone, made with the shares.
    pub fn root_token(&self) -> String {
        let nobody = self.client_as(&self.token);
        let begun = fine(&nobody.write("sys/generate-root/attempt", &json!({})));
        let mut encoded = String::new();
        for share in &self.shares {
            let given = json!({ "nonce": begun["nonce"], "key": share });
            let done = fine(&nobody.write("sys/generate-root/update", &given));
            if done["complete"] == true {
                encoded = text(&done, "/encoded_token");
            }
        }
        let otp = text(&begun, "/otp");
        let encoded = STANDARD_NO_PAD.decode(encoded).expect("Base64");
        let decoded = encoded.into_iter().zip(otp.bytes());
        String::from_utf8(decoded.map(|(one, other)| one ^ other).collect()).expect("a token")
    }
}
