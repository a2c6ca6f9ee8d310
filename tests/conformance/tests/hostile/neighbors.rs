//! What others notice: nothing.

use crate::world::World;
use core::time::Duration;
use plugin::{CallError, Outcome};
use std::cell::Cell;
use std::rc::Rc;

#[tokio::test]
async fn a_loop_yields_to_its_neighbors() {
    let mut world = World::engine();
    // Long enough that only yielding can explain what the neighbor gets done before it.
    world.limits.deadline = Duration::from_secs(3);
    let looping_ended = Rc::new(Cell::new(false));
    let looping = async {
        let ended = world.run("loops").await;
        looping_ended.set(true);
        ended
    };
    let neighbor = async {
        for _ in 0..200 {
            let answer = world.run("read").await.unwrap();
            assert!(matches!(answer.outcome, Outcome::Data(_)));
        }
        looping_ended.get()
    };
    let (ended, too_late) = tokio::join!(looping, neighbor);
    assert!(matches!(ended, Err(CallError::Deadline(_))));
    assert!(!too_late, "the neighbor waited for the loop to end");
}

#[tokio::test]
async fn an_instance_keeps_nothing_for_the_next() {
    let world = World::engine();
    let first = world.run("read").await.unwrap();
    let second = world.run("read").await.unwrap();
    let (Outcome::Data(first), Outcome::Data(second)) = (first.outcome, second.outcome) else {
        panic!("both answer");
    };
    assert_eq!(first.as_str(), second.as_str());
}

#[tokio::test]
async fn more_calls_than_there_is_room_for_are_told_so() {
    use plugin::{Runtime, RuntimeConfig};
    let config = RuntimeConfig {
        calls_max: 2,
        ..RuntimeConfig::default()
    };
    let runtime = Runtime::new(
        config,
        std::sync::Arc::new(crate::world::Counter::default()),
    )
    .unwrap();
    let bytes = &crate::world::HOSTILE;
    let digest = runtime.inspect(bytes).unwrap().digest;
    let world = World::of(runtime.compile(bytes, &digest).unwrap()).impatient();
    let (first, second, third) =
        tokio::join!(world.run("loops"), world.run("loops"), world.run("read"));
    assert!(matches!(first, Err(CallError::Deadline(_))));
    assert!(matches!(second, Err(CallError::Deadline(_))));
    assert!(matches!(third, Err(CallError::Busy)), "{third:?}");
    world.run("read").await.unwrap();
}
