//! Changing the unseal keys and making a root token: what a quorum of shares allows, whoever
//! disturbs it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests: what goes wrong is to fail the test"
)]

use base::{Entropy, Secret, Timestamp};
use core::sync::atomic::{AtomicU64, Ordering};
use proptest::prelude::*;
use seal::{
    Backup, CANCEL_GUARD, CancelBy, Cover, GenerateRoot, Generated, Handed, Handing, HandingError,
    Hidden, Key, QuorumError, Rekey, RekeyPlan, Rekeyed, Share, ValidThreshold, Verification,
    Verified, combine, split, unwrap_root_key, wrap_root_key,
};

struct Lcg(AtomicU64);

impl Entropy for Lcg {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let next = |s: u64| s.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let state = self.0.update(Ordering::Relaxed, Ordering::Relaxed, next);
            *byte = state.to_be_bytes()[0];
        }
    }
}

const ROOT: [u8; 32] = [9; 32];
const BEGAN: Timestamp = Timestamp::from_millis(1_000_000);

/// A seal with five shares, three of them needed.
struct World {
    entropy: Lcg,
    current: ValidThreshold,
    shares: Vec<Share>,
    wrapped: Vec<u8>,
}

fn threshold(shares: i64, threshold: i64) -> ValidThreshold {
    ValidThreshold::new(shares, threshold).unwrap()
}

fn plan(shares: i64, needed: i64, verification: Verification) -> RekeyPlan {
    RekeyPlan {
        threshold: threshold(shares, needed),
        handing: Handing::default(),
        verification,
    }
}

fn open(handed: Handed) -> Vec<Share> {
    match handed {
        Handed::Open(shares) => shares,
        Handed::Encrypted(_) => panic!("nobody asked for it"),
    }
}

fn password(text: &str) -> Cover {
    Cover::Password(Secret::new(String::from(text)))
}

fn copy(share: &Share) -> Share {
    Secret::new(share.expose().clone())
}

/// Each in another byte: equal errors of two shares can cancel each other.
fn forged(share: &Share) -> Share {
    let mut bytes = share.expose().clone();
    let coordinate = bytes[32];
    bytes[usize::from(coordinate)] ^= 1;
    Secret::new(bytes)
}

impl World {
    fn new(seed: u64) -> Self {
        let entropy = Lcg(AtomicU64::new(seed));
        let current = threshold(5, 3);
        let wrapping = Secret::new([4; 32]);
        Self {
            shares: split(&wrapping, current, &entropy),
            wrapped: wrap_root_key(&wrapping, &Secret::new(ROOT), &entropy),
            entropy,
            current,
        }
    }

    fn begun(&self, verification: Verification) -> (Rekey, String) {
        let mut rekey = Rekey::default();
        let plan = plan(3, 2, verification);
        let begun = rekey.begin(plan, self.current, &self.entropy, BEGAN);
        begun.unwrap();
        let nonce = rekey.status().unwrap().nonce;
        (rekey, nonce)
    }

    fn submit(&self, rekey: &mut Rekey, nonce: &str, share: Share) -> Result<Rekeyed, QuorumError> {
        rekey.submit(nonce, share, &self.wrapped, &self.entropy, BEGAN)
    }

    fn submit_all(&self, rekey: &mut Rekey, nonce: &str) -> Rekeyed {
        for i in [0, 4] {
            let submitted = self.submit(rekey, nonce, copy(&self.shares[i]));
            assert!(matches!(submitted.unwrap(), Rekeyed::Progress));
        }
        self.submit(rekey, nonce, copy(&self.shares[2])).unwrap()
    }
}

/// Do the shares open what the key wrapped?
fn fit(shares: &[Share], wrapping: &Key, entropy: &Lcg) -> bool {
    let wrapped = wrap_root_key(wrapping, &Secret::new(ROOT), entropy);
    let key = combine(shares, threshold(3, 2)).unwrap();
    unwrap_root_key(&key, &wrapped).is_ok_and(|root| root.expose() == &ROOT)
}

#[test]
fn enough_old_shares_make_new_ones() {
    let world = World::new(1);
    let (mut rekey, nonce) = world.begun(Verification::Unneeded);
    let Rekeyed::Ready(handed, seal) = world.submit_all(&mut rekey, &nonce) else {
        panic!("three of five are enough");
    };
    let shares = open(handed);
    assert_eq!((shares.len(), seal.threshold), (3, threshold(3, 2)));
    assert!(fit(&shares[1..], &seal.wrapping, &world.entropy));
    // It counts once it is stored; until then the attempt can be repeated.
    assert_eq!(rekey.status().unwrap().progress, 0);
    rekey.finish();
    assert_eq!(rekey.status(), None);
}

#[test]
fn one_attempt_at_a_time() {
    let world = World::new(2);
    let (mut rekey, nonce) = world.begun(Verification::Unneeded);
    let plan = plan(1, 1, Verification::Unneeded);
    let again = rekey.begin(plan, world.current, &world.entropy, BEGAN);
    assert_eq!(again, Err(QuorumError::InProgress));
    assert_eq!(rekey.status().unwrap().nonce, nonce);
    let mut none = Rekey::default();
    let submitted = world.submit(&mut none, &nonce, copy(&world.shares[0]));
    assert_eq!(submitted.unwrap_err(), QuorumError::NotInProgress);
    let verified = none.verify(&nonce, copy(&world.shares[0]), &world.entropy);
    assert_eq!(verified.unwrap_err(), QuorumError::NotInProgress);
}

#[test]
fn what_goes_wrong_with_a_share() {
    let world = World::new(3);
    let (mut rekey, nonce) = world.begun(Verification::Unneeded);
    let mut submit = |nonce: &str, share: Share| world.submit(&mut rekey, nonce, share).err();
    let wrong = Some(QuorumError::WrongNonce(nonce.clone()));
    assert_eq!(submit("other", copy(&world.shares[0])), wrong);
    assert_eq!(submit("", copy(&world.shares[0])), wrong);
    let short = submit(&nonce, Secret::new(vec![1; 5]));
    assert!(matches!(short, Some(QuorumError::Share(_))), "{short:?}");
    assert_eq!(submit(&nonce, copy(&world.shares[0])), None);
    let repeated = Some(QuorumError::Repeated);
    assert_eq!(submit(&nonce, copy(&world.shares[0])), repeated);
    assert_eq!(submit(&nonce, copy(&world.shares[1])), None);
    let not = Some(QuorumError::NotTheKey);
    assert_eq!(submit(&nonce, forged(&world.shares[2])), not);
    // The attempt goes on from its beginning, under its nonce.
    assert_eq!(rekey.status().unwrap().progress, 0);
    assert!(matches!(
        world.submit_all(&mut rekey, &nonce),
        Rekeyed::Ready(..)
    ));
}

#[test]
fn new_shares_count_once_they_are_verified() {
    let world = World::new(4);
    let (mut rekey, nonce) = world.begun(Verification::Required);
    assert_eq!(rekey.verification(), None);
    let Rekeyed::ToVerify(handed) = world.submit_all(&mut rekey, &nonce) else {
        panic!("to be verified");
    };
    let shares = open(handed);
    let first = rekey.verification().unwrap().nonce;
    let late = world.submit(&mut rekey, &nonce, copy(&world.shares[1]));
    assert_eq!(late.unwrap_err(), QuorumError::ToVerify(first.clone()));

    let entropy = &world.entropy;
    let wrong = rekey.verify(&nonce, copy(&shares[0]), entropy);
    assert_eq!(
        wrong.unwrap_err(),
        QuorumError::WrongNonce(first.clone()),
        "the nonce of the attempt is not that of the verification"
    );
    let one = rekey.verify(&first, copy(&shares[0]), entropy);
    assert!(matches!(one.unwrap(), Verified::Progress));
    let same = rekey.verify(&first, copy(&shares[0]), entropy);
    assert_eq!(same.unwrap_err(), QuorumError::Repeated);
    let old = rekey.verify(&first, copy(&world.shares[4]), entropy);
    assert_eq!(old.unwrap_err(), QuorumError::NotTheKey);
    let second = rekey.verification().unwrap().nonce;
    assert_ne!(first, second);
    let known = rekey.restart_verification(CancelBy::Known, entropy, BEGAN);
    known.unwrap();
    let third = rekey.verification().unwrap().nonce;
    assert_ne!(second, third);

    assert!(matches!(
        rekey.verify(&third, copy(&shares[2]), entropy).unwrap(),
        Verified::Progress
    ));
    let Verified::Ready(seal) = rekey.verify(&third, copy(&shares[1]), entropy).unwrap() else {
        panic!("two of three are enough");
    };
    assert!(fit(&shares, &seal.wrapping, entropy));
}

/// With the right nonce.
fn anybody(nonce: &str) -> CancelBy<'_> {
    CancelBy::Anybody(nonce)
}

#[test]
fn who_has_no_name_and_no_nonce_ends_no_young_attempt() {
    let world = World::new(5);
    let later = BEGAN.plus(CANCEL_GUARD);
    let just_before = Timestamp::from_millis(later.as_millis() - 1);
    let needed = Err(QuorumError::NonceNeeded);
    let check = |by: fn(&str) -> CancelBy<'_>, now, expected: &Result<(), QuorumError>| {
        let (mut rekey, nonce) = world.begun(Verification::Unneeded);
        assert_eq!(&rekey.cancel(by(&nonce), now), expected);
        assert_eq!(rekey.status().is_none(), expected.is_ok());
        let mut generate = GenerateRoot::default();
        let begun = generate.begin(password("p"), world.current, &world.entropy, BEGAN);
        begun.unwrap();
        let nonce = generate.status().unwrap().nonce;
        assert_eq!(&generate.cancel(by(&nonce), now), expected);
        assert_eq!(generate.status().is_none(), expected.is_ok());
    };
    check(|_| CancelBy::Anybody(""), BEGAN, &needed);
    check(|_| CancelBy::Anybody("x"), just_before, &needed);
    check(|_| CancelBy::Anybody(""), later, &Ok(()));
    check(anybody, BEGAN, &Ok(()));
    check(|_| CancelBy::Known, BEGAN, &Ok(()));
    // To end what is not there changes nothing.
    Rekey::default()
        .cancel(CancelBy::Anybody(""), BEGAN)
        .unwrap();
}

#[test]
fn a_quorum_makes_one_root_token() {
    let world = World::new(6);
    let mut generate = GenerateRoot::default();
    assert_eq!(generate.hide("token", &world.entropy), None);
    let begun = generate.begin(password("abcde"), world.current, &world.entropy, BEGAN);
    begun.unwrap();
    let again = generate.begin(password("other"), world.current, &world.entropy, BEGAN);
    assert_eq!(again, Err(QuorumError::InProgress));
    let nonce = generate.status().unwrap().nonce;
    let mut submit = |share| generate.submit(&nonce, share, &world.wrapped, &world.entropy);
    for share in &world.shares[..2] {
        assert_eq!(submit(copy(share)), Ok(Generated::Progress));
    }
    let last = copy(&world.shares[3]);
    assert_eq!(submit(last), Ok(Generated::Authorized));
    let hide = |token| generate.hide(token, &world.entropy);
    let hidden = Hidden::ByPassword(vec![0, 0, 0, 0, 3]);
    assert_eq!(hide("abcdf"), Some(hidden));
    assert_eq!(hide("abcd"), None);
    generate.finish();
    assert_eq!(generate.status(), None);
}

#[test]
fn shares_are_for_as_many_holders_or_for_nobody() {
    let key = include_str!("../../openpgp/tests/keys/curve25519.asc");
    let entropy = Lcg(AtomicU64::new(7));
    let made = Timestamp::from_rfc3339("2025-06-15T00:00:00Z").unwrap();
    let recipient = openpgp::Recipient::read(key, made, &entropy).unwrap();
    let check = |keys, backup, expected: Result<Option<usize>, HandingError>| {
        let recipients = vec![recipient.clone(); keys];
        let handing = Handing::to(recipients, backup, threshold(3, 2));
        let count = |handing: Handing| handing.fingerprints().map(|prints| prints.len());
        assert_eq!(handing.map(count), expected);
    };
    check(0, Backup::None, Ok(None));
    check(0, Backup::Kept, Err(HandingError::OpenBackup));
    check(2, Backup::None, Err(HandingError::Count));
    check(3, Backup::None, Ok(Some(3)));
    check(3, Backup::Kept, Ok(Some(3)));
    check(4, Backup::Kept, Err(HandingError::Count));
}

/// What somebody does to an attempt.
#[derive(Clone, Copy, Debug)]
enum Act {
    Begin,
    Share(usize),
    Forged(usize),
    WrongNonce(usize),
    Cancel,
    CancelByNobody,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        Just(Act::Begin),
        (0_usize..5).prop_map(Act::Share),
        (0_usize..5).prop_map(Act::Share),
        (0_usize..5).prop_map(Act::Forged),
        (0_usize..5).prop_map(Act::WrongNonce),
        Just(Act::Cancel),
        Just(Act::CancelByNobody),
    ]
}

proptest! {
    /// Against a model: new shares come only after three different right ones in a row.
    #[test]
    fn only_a_quorum_of_right_shares_makes_new_ones(
        acts in prop::collection::vec(act(), 0..60), seed: u64,
    ) {
        let world = World::new(seed);
        let mut rekey = Rekey::default();
        let mut model: Option<(Vec<usize>, bool)> = None;
        for act in acts {
            let nonce = rekey.status().map(|status| status.nonce).unwrap_or_default();
            match (act, &mut model) {
                (Act::Begin, model) => {
                    let begun = rekey.begin(
                        plan(3, 2, Verification::Unneeded), world.current, &world.entropy, BEGAN,
                    );
                    prop_assert_eq!(begun.is_ok(), model.is_none());
                    model.get_or_insert_default();
                }
                (Act::Cancel, model) => {
                    prop_assert!(rekey.cancel(CancelBy::Known, BEGAN).is_ok());
                    *model = None;
                }
                (Act::CancelByNobody, model) => {
                    let ended = rekey.cancel(CancelBy::Anybody("?"), BEGAN);
                    prop_assert_eq!(ended.is_ok(), model.is_none());
                }
                (Act::Share(i) | Act::Forged(i) | Act::WrongNonce(i), None) => {
                    let submitted = world.submit(&mut rekey, &nonce, copy(&world.shares[i]));
                    prop_assert_eq!(submitted.unwrap_err(), QuorumError::NotInProgress);
                }
                (Act::WrongNonce(i), Some(_)) => {
                    let submitted = world.submit(&mut rekey, "?", copy(&world.shares[i]));
                    prop_assert_eq!(submitted.unwrap_err(), QuorumError::WrongNonce(nonce));
                }
                (Act::Share(i) | Act::Forged(i), Some((given, is_spoilt))) => {
                    let is_forged = matches!(act, Act::Forged(_));
                    let name = if is_forged { i + 5 } else { i };
                    let share = &world.shares[i];
                    let share = if is_forged { forged(share) } else { copy(share) };
                    let submitted = world.submit(&mut rekey, &nonce, share);
                    if given.contains(&name) {
                        prop_assert_eq!(submitted.unwrap_err(), QuorumError::Repeated);
                        continue;
                    }
                    given.push(name);
                    *is_spoilt |= is_forged;
                    if given.len() < 3 {
                        prop_assert!(matches!(submitted.unwrap(), Rekeyed::Progress));
                        continue;
                    }
                    let right = !*is_spoilt;
                    prop_assert_eq!(submitted.is_ok(), right);
                    (*given, *is_spoilt) = (Vec::new(), false);
                    if let Ok(done) = submitted {
                        let Rekeyed::Ready(handed, seal) = done else { panic!("{done:?}") };
                        prop_assert!(fit(&open(handed), &seal.wrapping, &world.entropy));
                        rekey.finish();
                        model = None;
                    }
                }
            }
            let progress = rekey.status().map(|status| usize::from(status.progress));
            prop_assert_eq!(progress, model.as_ref().map(|(given, _)| given.len()));
        }
    }
}
