//! Records a primary of today.

use super::{Answered, BUNDLE_PURPOSE, Frame, Recording, TOKEN_PREFIX};
use crate::house::{House, entropy};
use base::Operation;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use link::{Acceptor as _, Channel, Peer, Protocol};
use replication::{
    Event, Follow, Hello, Method, Position, Question, Told, Versions, decode, encode,
};
use seal::sealed_box::KeyPair;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

const ADMIN: &str =
    r#"path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }"#;
const PRIMARY: &str = "sys/replication/performance/primary";

/// Makes a primary with something of everything, and writes down what it says.
pub async fn record() -> Recording {
    let (house, share) = House::with(Arc::new(link::Nowhere)).await;
    fill(&house).await;
    let token = shared_token(&house).await;
    let keys = KeyPair::make(entropy().as_ref());
    let bundle = activated(&house, &keys).await;
    let caller = Caller::of(&house, &bundle, &keys);
    let greets = caller.first(Method::Greet, &Versions::OURS).await;
    let bootstrap = caller.first(Method::Bootstrap, &caller.hello).await;
    let begins = Follow {
        hello: caller.hello.clone(),
        position: Position::default(),
    };
    let begins = caller.first(Method::Follow, &begins).await;
    let compare = caller.compare().await;
    change(&house).await;
    let follow = caller.follow(&compare).await;
    let status = house.read("sys/replication/performance/status").await;
    Recording {
        bundle,
        token,
        share: Frame(share.expose().clone()),
        private_key: Frame(keys.private().expose().clone()),
        greets,
        bootstrap,
        begins,
        compare,
        follow,
        merkle_root: text(&status.unwrap(), "merkle_root"),
    }
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap().to_owned()
}

/// What is there when the secondary comes.
async fn fill(house: &House) {
    for (path, body) in [
        ("sys/policies/acl/admin", json!({ "policy": ADMIN })),
        ("sys/policies/acl/before", json!({ "policy": "# before" })),
        ("sys/policies/acl/goes", json!({ "policy": "# goes" })),
        ("sys/mounts/notes", json!({ "type": "notes" })),
        ("sys/mounts/own", json!({ "type": "notes", "local": true })),
        ("sys/auth/reception", json!({ "type": "reception" })),
        ("notes/notes/a", json!({ "text": "before" })),
        ("notes/notes/goes", json!({ "text": "goes" })),
        ("own/notes/a", json!({ "text": "stays" })),
        ("identity/entity", json!({ "name": "ann" })),
        ("sys/namespaces/team", json!({})),
    ] {
        house.write(path, body).await.unwrap();
    }
}

/// What happens while it follows.
async fn change(house: &House) {
    for (path, body) in [
        ("sys/policies/acl/before", json!({ "policy": "# after" })),
        ("notes/notes/b", json!({ "text": "streamed" })),
        ("own/notes/b", json!({ "text": "stays" })),
        ("sys/rotate", json!({})),
        ("sys/policies/acl/rotated", json!({ "policy": "# rotated" })),
        ("sys/rotate/root", json!({})),
        ("sys/policies/acl/rooted", json!({ "policy": "# rooted" })),
        ("sys/namespaces/later", json!({})),
        ("sys/mounts/more", json!({ "type": "notes" })),
        ("more/notes/a", json!({ "text": "of a new mount" })),
        ("identity/group", json!({ "name": "readers" })),
    ] {
        house.write(path, body).await.unwrap();
    }
    for path in ["sys/policies/acl/goes", "notes/notes/goes"] {
        let gone = house.ask(Operation::Delete, path, json!({}));
        gone.await.unwrap();
    }
}

async fn shared_token(house: &House) -> String {
    let wanted = json!({ "type": "batch", "policies": ["admin"], "no_parent": true, "ttl": "24h" });
    let made = house.write("auth/token/create", wanted).await;
    text(&made.unwrap(), "client_token")
}

/// Becomes a primary, and gives a token to a secondary with these keys: what it holds.
async fn activated(house: &House, keys: &KeyPair) -> Value {
    let address = json!({ "primary_cluster_addr": "https://a.test:8201" });
    let enable = format!("{PRIMARY}/enable");
    house.write(&enable, address).await.unwrap();
    let wanted = json!({ "id": "c", "secondary_public_key": STANDARD.encode(keys.public()) });
    let path = format!("{PRIMARY}/secondary-token");
    let made = house.write(&path, wanted).await;
    let token = text(&made.unwrap(), "token");
    let sealed = token.strip_prefix(TOKEN_PREFIX).unwrap();
    let sealed = URL_SAFE_NO_PAD.decode(sealed).unwrap();
    let opened = keys.open(&sealed, BUNDLE_PURPOSE).unwrap();
    serde_json::from_slice(opened.expose()).unwrap()
}

/// Whoever asks the primary, as a secondary would.
struct Caller<'a> {
    house: &'a House,
    peer: Peer,
    hello: Hello,
}

impl<'a> Caller<'a> {
    fn of(house: &'a House, bundle: &Value, keys: &KeyPair) -> Self {
        let certificate = STANDARD.decode(text(&bundle["client"], "certificate"));
        let admitted = house
            .node
            .admit(Protocol::Performance, &certificate.unwrap());
        let hello = Hello {
            relation: text(bundle, "cluster_id"),
            generation: bundle["generation"].as_u64().unwrap(),
            ..Hello::of_stranger(keys.public().to_vec())
        };
        Self {
            house,
            peer: admitted.unwrap(),
            hello,
        }
    }

    fn open(&self, method: Method) -> Channel {
        let (near, far) = link::pair();
        let node = Arc::clone(&self.house.node);
        let (peer, method) = (self.peer.clone(), method.name().to_owned());
        tokio::spawn(node.serve(Protocol::Performance, peer, method, far));
        near
    }

    /// The first frame that a call brings.
    async fn first(&self, method: Method, message: &impl Serialize) -> Frame {
        let mut channel = self.open(method);
        channel.send(encode(message).unwrap()).await.unwrap();
        received(&mut channel).await
    }

    /// Asks for everything, tree by tree.
    async fn compare(&self) -> Vec<Answered> {
        let mut channel = self.open(Method::Compare);
        let begun = asked(&mut channel, &Question::Begin(self.hello.clone())).await;
        let roots = begun.told.iter().flat_map(|frame| match decode(&frame.0) {
            Ok(Told::Roots(roots)) => roots,
            _ => Vec::new(),
        });
        let trees: Vec<_> = roots.map(|(tree, _)| tree).collect();
        let mut all = vec![begun];
        for tree in trees {
            all.push(asked(&mut channel, &Question::AllEntries(tree)).await);
        }
        all
    }

    /// Everything from the end of a comparison up to now.
    async fn follow(&self, compare: &[Answered]) -> Vec<Frame> {
        let Told::Begun { position, .. } = decode(&compare[0].told[0].0).unwrap() else {
            panic!("a comparison begins with its position");
        };
        let mut channel = self.open(Method::Follow);
        let hello = self.hello.clone();
        let follow = encode(&Follow { hello, position }).unwrap();
        channel.send(follow).await.unwrap();
        let mut frames = Vec::new();
        loop {
            let frame = received(&mut channel).await;
            let event = decode(&frame.0).unwrap();
            frames.push(frame);
            if let Event::Upto { index, head, .. } = event
                && index == head
            {
                return frames;
            }
        }
    }
}

async fn received(channel: &mut Channel) -> Frame {
    let frame = channel.receive().await.unwrap();
    Frame(frame.expect("the primary has something to say").to_vec())
}

async fn asked(channel: &mut Channel, question: &Question) -> Answered {
    let question = Frame(encode(question).unwrap());
    channel.send(question.0.clone()).await.unwrap();
    let mut told = Vec::new();
    loop {
        let frame = received(channel).await;
        let is_end = decode::<Told>(&frame.0).unwrap() == Told::End;
        told.push(frame);
        if is_end {
            return Answered { question, told };
        }
    }
}
