//! A disk that gives back other bytes than were written, and one that is full.

use crate::house::House;
use crate::journal::Journal;
use crate::street::Street;
use serde_json::json;

async fn open() -> Street {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    for name in ["one", "two", "three"] {
        let value = json!({ "value": format!("plain-{name}") });
        for path in ["courier/data", "cubbyhole"] {
            let path = format!("{path}/{name}");
            house.write(&path, value.clone()).await.unwrap();
        }
    }
    Street::of(house).await
}

/// What lies on the disk in place of an entry, for which a reader is to get a clean error.
async fn is_told_apart(street: &Street, path: &str, key: &[u8], forged: &[u8]) {
    let journal = Journal::begin();
    street.house.forge(key, forged);
    let (status, body) = street.send("GET", path, "").await;
    assert_eq!(status, 500, "{path}: {body}");
    assert_eq!(body, json!({ "errors": ["internal error"] }), "{path}");
    let text = journal.text();
    assert!(text.contains("is not authentic"), "{path}: {text}");
    assert!(!text.contains("plain-"), "{path}: {text}");
}

#[tokio::test]
async fn forged_entries_are_a_clean_error_and_hurt_no_others() {
    let street = open().await;
    for (path, ends) in [("courier/data", "data/"), ("cubbyhole", "/")] {
        let entry = |name: &str| {
            let found = street.house.stored(&format!("{ends}{name}"));
            let mine = |(key, _): &&(Vec<u8>, Vec<u8>)| {
                path == "courier/data" || !key.ends_with(format!("data/{name}").as_bytes())
            };
            found.iter().find(mine).unwrap().clone()
        };
        let ((key, whole), (_, other)) = (entry("one"), entry("two"));
        let mut flipped = whole.clone();
        *flipped.last_mut().unwrap() ^= 1;
        let read = format!("{path}/one");
        // Of another place, cut off at each end, changed, and nothing that was ever sealed.
        for forged in [
            &other[..],
            &whole[..whole.len() / 2],
            &whole[1..],
            &whole[..1],
            &[],
            &flipped,
            &b"plain-one"[..],
        ] {
            is_told_apart(&street, &read, &key, forged).await;
            let (status, body) = street.send("GET", &format!("{path}/three"), "").await;
            assert_eq!(status, 200, "beside {read}: {body}");
            assert_eq!(body["data"]["value"], "plain-three");
        }
        street.house.forge(&key, &whole);
        let (status, body) = street.send("GET", &read, "").await;
        assert_eq!((status, &body["data"]["value"]), (200, &json!("plain-one")));
    }
}

#[tokio::test]
async fn a_full_disk_is_a_clean_error_and_loses_nothing() {
    let street = open().await;
    let new = json!({ "value": "new" }).to_string();
    street.house.fill_disk();
    let journal = Journal::begin();
    let (status, body) = street.send("POST", "courier/data/one", &new).await;
    assert_eq!(status, 500, "{body}");
    assert_eq!(body, json!({ "errors": ["internal error"] }));
    let text = journal.text();
    assert!(text.contains("no space left on the disk"), "{text}");
    // It cannot know what the log has, and seals itself.
    let (status, body) = street.send("GET", "courier/data/two", "").await;
    assert_eq!(status, 503, "{body}");
    // Whether it is there shows after a restart: it is not, and all else is.
    let street = Street::of(street.house.restarted().await).await;
    for name in ["one", "two", "three"] {
        let value = street.house.value(&format!("courier/data/{name}")).await;
        assert_eq!(value, Some(json!(format!("plain-{name}"))));
    }
    assert_eq!(street.send("POST", "courier/data/one", &new).await.0, 204);
    let value = street.house.value("courier/data/one").await;
    assert_eq!(value, Some(json!("new")));
}
