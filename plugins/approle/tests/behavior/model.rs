//! Secret ids against a model: any requests in any order, time going by.

use crate::{login, look_up, with_role};
use proptest::prelude::*;
use sdk::testing::TestMount;
use sdk::{Reply, json};
use std::time::Duration;

/// Few texts, so that requests meet.
const TEXTS: [&str; 3] = ["one", "two", "three"];

#[derive(Clone, Debug)]
enum Act {
    Make { text: usize, uses: u32, ttl: u64 },
    Login(usize),
    Destroy(usize),
    Wait(u64),
    Tick,
}

fn act() -> impl Strategy<Value = Act> {
    let text = 0..TEXTS.len();
    prop_oneof![
        3 => (text.clone(), 0_u32..4, 0_u64..20).prop_map(|(text, uses, ttl)| Act::Make { text, uses, ttl }),
        5 => text.clone().prop_map(Act::Login),
        1 => text.prop_map(Act::Destroy),
        2 => (1_u64..15).prop_map(Act::Wait),
        1 => Just(Act::Tick),
    ]
}

/// What should be true of one text.
#[derive(Clone, Copy, Default)]
struct Expected {
    is_there: bool,
    /// 0 for any number.
    uses: u32,
    /// Seconds; none for no end.
    ends: Option<u64>,
}

#[derive(Default)]
struct Model {
    now: u64,
    texts: [Expected; TEXTS.len()],
}

impl Model {
    fn lives(&self, text: usize) -> bool {
        let one = self.texts[text];
        one.is_there && one.ends.is_none_or(|ends| self.now < ends)
    }

    fn login(&mut self, text: usize) -> bool {
        let lives = self.lives(text);
        let one = &mut self.texts[text];
        if lives && one.uses > 0 {
            one.uses -= 1;
            one.is_there = one.uses > 0;
        }
        lives
    }
}

fn step(mount: &TestMount, model: &mut Model, act: &Act) {
    match *act {
        Act::Make { text, uses, ttl } => {
            let body = json!({ "secret_id": TEXTS[text], "num_uses": uses, "ttl": ttl });
            let made = mount.update("role/r/custom-secret-id", body);
            assert_eq!(made.is_ok(), !model.lives(text), "{act:?} {made:?}");
            if made.is_ok() {
                let ends = (ttl > 0).then_some(model.now + ttl);
                model.texts[text] = Expected {
                    is_there: true,
                    uses,
                    ends,
                };
            }
        }
        Act::Login(text) => {
            let granted = login(mount, TEXTS[text]);
            assert_eq!(granted.is_ok(), model.login(text), "{act:?} {granted:?}");
        }
        Act::Destroy(text) => {
            let body = json!({ "secret_id": TEXTS[text] });
            mount.update("role/r/secret-id/destroy", body).unwrap();
            model.texts[text].is_there = false;
        }
        Act::Wait(seconds) => {
            mount.after(Duration::from_secs(seconds));
            model.now += seconds;
        }
        Act::Tick => mount.tick().unwrap(),
    }
    for (text, name) in TEXTS.iter().enumerate() {
        let is_found = look_up(mount, name).unwrap() != Reply::Empty;
        assert_eq!(is_found, model.lives(text), "{act:?} {name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn secret_ids_live_as_the_model_says(
        is_local in any::<bool>(),
        acts in proptest::collection::vec(act(), 1..60),
    ) {
        let mount = with_role(json!({ "local_secret_ids": is_local }));
        let empty = mount.stored().len();
        let mut model = Model::default();
        for act in &acts {
            step(&mount, &mut model, act);
        }
        // In the end nothing is left but what has no end.
        mount.after(Duration::from_secs(100));
        mount.tick().unwrap();
        let endless = model.texts.iter().filter(|one| one.is_there && one.ends.is_none());
        prop_assert_eq!(mount.stored().len(), empty + 2 * endless.count());
    }
}
