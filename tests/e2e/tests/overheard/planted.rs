//! One of each thing that is replicated, made so that every part of it is found wherever it is.

use e2e::canaries::Canaries;
use e2e::clusters::{Cluster, text, until};
use serde_json::{Value, json};

/// A mount, an auth method and a namespace with something in each, and what tells of them.
pub(crate) struct Planted {
    /// Names, values, accessors and ids.
    pub(crate) all: Canaries,
    pub(crate) mount: String,
    pub(crate) method: String,
    pub(crate) namespace: String,
    /// In the namespace.
    inner: String,
}

pub(crate) fn kv() -> Value {
    json!({ "type": "kv" })
}

impl Planted {
    pub(crate) fn plant(a: &Cluster) -> Self {
        let mut all = Canaries::default();
        let mut planted = Self {
            mount: all.hatch("name of a mount"),
            method: all.hatch("name of an auth method"),
            namespace: all.hatch("name of a namespace"),
            inner: all.hatch("name of a namespace in a namespace"),
            all,
        };
        planted.plant_mount(a);
        planted.plant_method(a);
        planted.plant_namespace(a);
        planted.grow(a);
        planted
    }

    /// Takes all of it away.
    pub(crate) fn uproot(&self, a: &Cluster) {
        a.delete(&format!("sys/mounts/{}", self.mount));
        a.delete(&format!("sys/auth/{}", self.method));
        let inner = format!("sys/namespaces/{}", self.inner);
        a.within(&self.namespace, "DELETE", &inner, &Value::Null);
        let outer = format!("sys/namespaces/{}", self.namespace);
        // The outer one goes when the inner one is gone.
        until("an empty namespace", || {
            let deleted = a.client().send("DELETE", &outer, &[], None);
            (deleted.status < 300).then_some(())
        });
        until("the end of a namespace", || {
            (a.client().send("GET", &outer, &[], None).status == 404).then_some(())
        });
    }

    /// What a filter names them by.
    pub(crate) fn paths(&self) -> [String; 3] {
        [
            format!("{}/", self.mount),
            format!("auth/{}/", self.method),
            format!("{}/", self.namespace),
        ]
    }

    fn plant_mount(&mut self, a: &Cluster) {
        let description = self.all.hatch("description of a mount");
        let mount = json!({ "type": "kv", "description": description });
        a.write(&format!("sys/mounts/{}", self.mount), &mount);
        let made = a.read(&format!("sys/mounts/{}", self.mount));
        self.watch_ids("a mount", &made["data"]);
    }

    fn plant_method(&mut self, a: &Cluster) {
        a.write(
            &format!("sys/auth/{}", self.method),
            &json!({ "type": "userpass" }),
        );
        let made = a.read(&format!("sys/auth/{}", self.method));
        self.watch_ids("an auth method", &made["data"]);
        let user = self.all.hatch("name of a user");
        let policy = self.all.hatch("name of a policy that a user has");
        let path = format!("auth/{}/users/{user}", self.method);
        a.write(&path, &json!({ "password": "p", "policies": policy }));
    }

    /// Somebody logs in by the method; what tells of them.
    pub(crate) fn log_in(&self, a: &Cluster) -> Canaries {
        let mut known = Canaries::default();
        let user = known.hatch("name of a user who logs in");
        for what in ["users", "login"] {
            let path = format!("auth/{}/{what}/{user}", self.method);
            a.write(&path, &json!({ "password": "p" }));
        }
        known
    }

    fn plant_namespace(&mut self, a: &Cluster) {
        let outer = self.namespace.clone();
        let place = self.all.hatch("metadata of a namespace");
        let wanted = json!({ "custom_metadata": { "place": place } });
        let made = a.write(&format!("sys/namespaces/{outer}"), &wanted);
        self.watch_uuid("a namespace", &text(&made, "/data/uuid"));
        let inner = self.inner.clone();
        let path = format!("sys/namespaces/{inner}");
        a.within(&outer, "POST", &path, &json!({}));
        for namespace in [outer.clone(), format!("{outer}/{inner}")] {
            let mount = self.all.hatch("name of a mount in a namespace");
            let path = format!("sys/mounts/{mount}");
            a.within(&namespace, "POST", &path, &kv());
            let made = a.within(&namespace, "GET", &path, &Value::Null);
            self.watch_ids("a mount in a namespace", &made["data"]);
            let value = self.all.hatch("value in a namespace");
            let path = format!("{mount}/x");
            a.within(&namespace, "POST", &path, &json!({ "v": value }));
            let name = self.all.hatch("name of a policy in a namespace");
            let path = format!("sys/policies/acl/{name}");
            let rule = self.all.hatch("rule of a policy in a namespace");
            let policy = json!({ "policy": format!("path \"{rule}\" {{}}") });
            a.within(&namespace, "POST", &path, &policy);
        }
    }

    /// More in what is there; what tells of that.
    pub(crate) fn grow(&mut self, a: &Cluster) -> Canaries {
        let mut more = Canaries::default();
        let (name, value) = (more.hatch("name of a key"), more.hatch("value"));
        let path = format!("{}/{name}", self.mount);
        a.put(&path, value);
        let user = more.hatch("name of a user that came later");
        let path = format!("auth/{}/users/{user}", self.method);
        a.write(&path, &json!({ "password": "p" }));
        let mount = more.hatch("name of a mount that came later");
        let path = format!("sys/mounts/{mount}");
        a.within(&self.namespace, "POST", &path, &kv());
        let value = more.hatch("value that came later");
        let path = format!("{mount}/x");
        a.within(&self.namespace, "POST", &path, &json!({ "v": value }));
        self.all.watch_all(&more);
        more
    }

    fn watch_ids(&mut self, what: &str, mount: &Value) {
        let accessor = text(mount, "/accessor");
        self.all.watch(&format!("accessor of {what}"), &accessor);
        self.watch_uuid(what, &text(mount, "/uuid"));
    }

    fn watch_uuid(&mut self, what: &str, uuid: &str) {
        self.all.watch(&format!("uuid of {what}"), uuid);
    }
}
