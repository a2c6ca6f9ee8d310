//! Random histories of one secret, against a model that is too simple to be wrong.

use core::time::Duration;
use proptest::prelude::{Just, ProptestConfig, Strategy, prop_oneof, proptest};
use sdk::testing::TestMount;
use sdk::{Json, Operation, Reply, Result, json, not_found};
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Act {
    Write(u8),
    Patch(u8),
    DeleteNewest,
    Delete(Vec<i64>),
    Undelete(Vec<i64>),
    Destroy(Vec<i64>),
    LimitSecret(u32),
    LimitMount(u32),
    LifeOfMount(u32),
    Erase,
    Wait(u32),
    Upgrade,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let numbers = || proptest::collection::vec(-1..15_i64, 1..4);
    let act = prop_oneof![
        6 => proptest::num::u8::ANY.prop_map(Act::Write),
        2 => proptest::num::u8::ANY.prop_map(Act::Patch),
        2 => Just(Act::DeleteNewest),
        2 => numbers().prop_map(Act::Delete),
        2 => numbers().prop_map(Act::Undelete),
        2 => numbers().prop_map(Act::Destroy),
        1 => (0..6_u32).prop_map(Act::LimitSecret),
        1 => (0..6_u32).prop_map(Act::LimitMount),
        1 => (0..4_u32).prop_map(Act::LifeOfMount),
        1 => Just(Act::Erase),
        1 => (0..4_u32).prop_map(Act::Wait),
        1 => Just(Act::Upgrade),
    ];
    proptest::collection::vec(act, 1..40)
}

#[derive(Clone, Debug)]
struct Version {
    data: Json,
    ends: Option<u64>,
    destroyed: bool,
}

impl Version {
    fn is_readable(&self, now: u64) -> bool {
        !self.destroyed && self.ends.is_none_or(|ends| ends > now)
    }
}

#[derive(Debug, Default)]
struct Model {
    /// Versions that are kept; none where there is no secret.
    versions: BTreeMap<i64, Version>,
    newest: i64,
    limit_of_secret: u32,
    limit_of_mount: u32,
    life: u32,
    now: u64,
}

impl Model {
    fn ends(&self) -> Option<u64> {
        (self.life > 0).then(|| self.now + u64::from(self.life) * 1000)
    }

    fn write(&mut self, data: Json) {
        self.newest += 1;
        let version = Version {
            data,
            ends: self.ends(),
            destroyed: false,
        };
        self.versions.insert(self.newest, version);
        let limit = match self.limit_of_secret.max(self.limit_of_mount) {
            0 => 10,
            limit => i64::from(limit),
        };
        let newest = self.newest;
        self.versions.retain(|number, _| *number > newest - limit);
    }

    fn patch(&mut self, name: &str) {
        let newest = self.versions.get(&self.newest).cloned();
        if let Some(newest) = newest.filter(|newest| newest.is_readable(self.now)) {
            let mut data = newest.data;
            data[name] = json!(true);
            self.write(data);
        }
    }

    fn each(&mut self, numbers: &[i64], change: impl Fn(&mut Version)) {
        for number in numbers {
            if let Some(version) = self.versions.get_mut(number)
                && !version.destroyed
            {
                change(version);
            }
        }
    }
}

/// Does the same to both.
fn act(kv: &TestMount, model: &mut Model, act: Act) -> Result<()> {
    let (now, ends) = (model.now, model.ends());
    let delete = |version: &mut Version| {
        if version.is_readable(now) {
            version.ends = Some(now);
        }
    };
    match act {
        Act::Write(n) => {
            model.write(json!({ "n": n }));
            kv.update("data/a/b", json!({"data": {"n": n}}))?;
        }
        Act::Patch(n) => {
            let name = format!("p{n}");
            model.patch(&name);
            // Refused where nothing can be patched, which the comparison sees.
            let _ = kv.patch("data/a/b", json!({"data": {name: true}}));
        }
        Act::DeleteNewest => {
            model.each(&[model.newest], delete);
            kv.delete("data/a/b")?;
        }
        Act::Delete(numbers) => {
            model.each(&numbers, delete);
            kv.update("delete/a/b", json!({ "versions": numbers }))?;
        }
        Act::Undelete(numbers) => {
            model.each(&numbers, |version| version.ends = ends);
            kv.update("undelete/a/b", json!({ "versions": numbers }))?;
        }
        Act::Destroy(numbers) => {
            model.each(&numbers, |version| version.destroyed = true);
            kv.update("destroy/a/b", json!({ "versions": numbers }))?;
        }
        Act::LimitSecret(limit) => {
            model.limit_of_secret = limit;
            kv.update("metadata/a/b", json!({ "max_versions": limit }))?;
        }
        Act::LimitMount(limit) => {
            model.limit_of_mount = limit;
            kv.update("config", json!({ "max_versions": limit }))?;
        }
        Act::LifeOfMount(seconds) => {
            model.life = seconds;
            kv.update("config", json!({ "delete_version_after": seconds }))?;
        }
        Act::Erase => {
            *model = Model {
                limit_of_mount: model.limit_of_mount,
                life: model.life,
                now: model.now,
                ..Model::default()
            };
            kv.delete("metadata/a/b")?;
        }
        Act::Wait(seconds) => {
            model.now += u64::from(seconds) * 1000;
            kv.after(Duration::from_secs(u64::from(seconds)));
        }
        Act::Upgrade => upgrade(kv, model)?,
    }
    Ok(())
}

/// As if the secret had been written in version 1, where there is none yet.
fn upgrade(kv: &TestMount, model: &mut Model) -> Result<()> {
    if kv.read("metadata/a/b") == Err(not_found()) {
        kv.with_option("version", "1")?;
        kv.update("a/b", json!({"old": true}))?;
        kv.with_option("version", "2")?;
        model.newest = 1;
        let version = Version {
            data: json!({"old": true}),
            ends: None,
            destroyed: false,
        };
        model.versions.insert(1, version);
    }
    Ok(())
}

fn compare(kv: &TestMount, model: &Model) {
    for number in 1..=model.newest + 1 {
        let read = kv.call(Operation::Read, "data/a/b", json!({ "version": number }));
        match (model.versions.get(&number), read) {
            (None, read) => assert_eq!(read, Err(not_found()), "version {number}"),
            (Some(version), Ok(Reply::Data(answer))) => {
                assert!(version.is_readable(model.now), "version {number}");
                assert_eq!(answer.to_value()["data"], version.data, "version {number}");
            }
            (Some(version), read) => {
                assert!(!version.is_readable(model.now), "version {number}");
                let answer = read.unwrap().to_value();
                assert_eq!(answer["data"], Json::Null);
                assert_eq!(answer["metadata"]["destroyed"], json!(version.destroyed));
            }
        }
    }
    // No data is kept that no version owns, and none is kept of destroyed versions.
    let with_data = model
        .versions
        .iter()
        .filter(|(_, version)| !version.destroyed);
    let stored = kv.stored();
    let kept = stored
        .keys()
        .filter(|key| key.starts_with("data/") || key.starts_with("plain/"));
    assert_eq!(kept.count(), with_data.count(), "{:?}", stored.keys());
}

proptest! {
    // Each builds a matcher per request: enough to meet every pair of acts, and no more.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_secret_does_as_its_model(acts in acts()) {
        let kv = TestMount::with_options(kv::engine(), &[("version", "2")]);
        let mut model = Model { now: 1_000_000, ..Model::default() };
        kv.at_time(model.now);
        for one in acts {
            act(&kv, &mut model, one).unwrap();
            compare(&kv, &model);
        }
    }
}
