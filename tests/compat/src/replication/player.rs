//! A primary that says what was recorded of one.

use super::{Answered, BUNDLE_PURPOSE, Frame, KEYS_PURPOSE, Recording, TOKEN_PREFIX};
use crate::house::entropy;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use link::{Channel, DialError, Dialer, Identity, Later, Link, LinkError, Protocol};
use replication::{
    Event, Follow, Hello, KeyPackage, Method, Position, Question, Told, Versions, decode, encode,
};
use seal::sealed_box;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// The primary. Its clones are the same one.
#[derive(Clone)]
pub struct Player(Arc<Shared>);

struct Shared {
    recording: Recording,
    /// What it has heard of requests that it is to run.
    wishes: Mutex<Vec<Vec<u8>>>,
    /// What they come to.
    outcomes: Mutex<VecDeque<Vec<u8>>>,
    /// What it was asked that nothing was recorded of.
    unknown: Mutex<Vec<String>>,
}

impl Player {
    /// Plays this.
    pub fn of(recording: Recording) -> Self {
        Self(Arc::new(Shared {
            recording,
            wishes: Mutex::default(),
            outcomes: Mutex::default(),
            unknown: Mutex::default(),
        }))
    }

    /// An activation token for the secondary that has this public key.
    pub fn activation(&self, public_key: &str) -> String {
        let public = STANDARD.decode(public_key).unwrap();
        let plain = serde_json::to_vec(&self.0.recording.bundle).unwrap();
        let sealed = sealed_box::seal_to(&public, &plain, BUNDLE_PURPOSE, entropy().as_ref());
        format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(sealed.unwrap()))
    }

    /// The next request that it is to run comes to this.
    pub fn will_answer(&self, outcome: Vec<u8>) {
        self.0.outcomes.lock().unwrap().push_back(outcome);
    }

    /// The requests that it was to run since this was asked last.
    pub fn wishes(&self) -> Vec<Vec<u8>> {
        core::mem::take(&mut *self.0.wishes.lock().unwrap())
    }

    /// What it was asked that nothing was recorded of.
    pub fn unknown(&self) -> Vec<String> {
        self.0.unknown.lock().unwrap().clone()
    }
}

impl Dialer for Player {
    fn dial<'a>(
        &'a self,
        _protocol: Protocol,
        _addresses: &'a [String],
        _identity: &'a Identity,
    ) -> Later<'a, Result<Arc<dyn Link>, DialError>> {
        Box::pin(async move { Ok(Arc::new(self.clone()) as Arc<dyn Link>) })
    }
}

impl Link for Player {
    fn address(&self) -> &'static str {
        "a.test:8201"
    }

    fn open<'a>(&'a self, method: &'a str) -> Later<'a, Result<Channel, LinkError>> {
        Box::pin(async move {
            let (near, far) = link::pair();
            match Method::from_name(method) {
                Some(method) => drop(tokio::spawn(Arc::clone(&self.0).serve(method, far))),
                None => self.0.knows_nothing_of(format!("method {method}")),
            }
            Ok(near)
        })
    }

    fn closed(&self) -> Later<'_, LinkError> {
        Box::pin(core::future::pending())
    }
}

impl Shared {
    fn knows_nothing_of(&self, what: String) {
        self.unknown.lock().unwrap().push(what);
    }

    async fn serve(self: Arc<Self>, method: Method, mut channel: Channel) {
        // An end that leaves ends the call.
        let _ = match method {
            Method::Bootstrap => self.bootstrap(&mut channel).await,
            Method::Compare => self.compare(&mut channel).await,
            Method::Follow => self.follow(&mut channel).await,
            Method::Forward => self.forward(&mut channel).await,
            Method::Greet => self.greet(&mut channel).await,
        };
    }

    async fn greet(&self, channel: &mut Channel) -> Option<()> {
        decode::<Versions>(&received(channel).await?).unwrap();
        channel.send(self.recording.greets.0.clone()).await.ok()
    }

    async fn bootstrap(&self, channel: &mut Channel) -> Option<()> {
        let hello: Hello = decode(&received(channel).await?).unwrap();
        let package = decode(&self.recording.bootstrap.0).unwrap();
        say(channel, &self.sealed_anew(&package, &hello)).await
    }

    async fn compare(&self, channel: &mut Channel) -> Option<()> {
        while let Some(question) = received(channel).await {
            let asked = decode(&question).unwrap();
            let Some(answered) = self.answer_to(&asked, &question) else {
                self.knows_nothing_of(format!("{asked:?}"));
                return None;
            };
            for Frame(frame) in &answered.told {
                match (&asked, decode(frame).unwrap()) {
                    (Question::Begin(hello), Told::Begun { position, keys }) => {
                        let keys = self.sealed_anew(&keys, hello);
                        say(channel, &Told::Begun { position, keys }).await?;
                    }
                    _ => channel.send(frame.clone()).await.ok()?,
                }
            }
        }
        Some(())
    }

    fn answer_to(&self, asked: &Question, frame: &[u8]) -> Option<&Answered> {
        let all = &self.recording.compare;
        match asked {
            Question::Begin(_) => all.first(),
            _ => all.iter().find(|one| one.question.0 == frame),
        }
    }

    /// Where the recorded comparison leads to.
    fn compared(&self) -> Position {
        match decode(&self.recording.compare[0].told[0].0).unwrap() {
            Told::Begun { position, .. } => position,
            other => panic!("a comparison begins with its position, not with {other:?}"),
        }
    }

    async fn follow(&self, channel: &mut Channel) -> Option<()> {
        let Follow { hello, position } = decode(&received(channel).await?).unwrap();
        let compared = self.compared();
        if position.relation != compared.relation || position.index < compared.index {
            return channel.send(self.recording.begins.0.clone()).await.ok();
        }
        for Frame(frame) in &self.recording.follow {
            match decode(frame).unwrap() {
                Event::Entry { index, .. } | Event::Keys { index, .. }
                    if index <= position.index => {}
                Event::Keys { index, package } => {
                    let package = self.sealed_anew(&package, &hello);
                    say(channel, &Event::Keys { index, package }).await?;
                }
                _ => channel.send(frame.clone()).await.ok()?,
            }
        }
        // It says how far it is, now and then, until it leaves.
        while received(channel).await.is_some() {}
        Some(())
    }

    async fn forward(&self, channel: &mut Channel) -> Option<()> {
        let wish = received(channel).await?;
        let outcome = self.outcomes.lock().unwrap().pop_front();
        let outcome = outcome.expect("a test says what a request comes to before it is sent");
        self.wishes.lock().unwrap().push(wish);
        channel.send(outcome).await.ok()
    }

    /// Recorded keys, for whoever asks now.
    fn sealed_anew(&self, package: &KeyPackage, hello: &Hello) -> KeyPackage {
        let opened = self.recording.keys().open(&package.sealed, KEYS_PURPOSE);
        let opened = opened.unwrap();
        let entropy = entropy();
        let public = &hello.public_key;
        let sealed = sealed_box::seal_to(public, opened.expose(), KEYS_PURPOSE, entropy.as_ref());
        KeyPackage {
            sealed: sealed.unwrap(),
        }
    }
}

async fn received(channel: &mut Channel) -> Option<Vec<u8>> {
    channel.receive().await.ok()?.map(|frame| frame.to_vec())
}

async fn say(channel: &Channel, message: &impl serde::Serialize) -> Option<()> {
    channel.send(encode(message).unwrap()).await.ok()
}
