//! A request of a secondary that is under way when what it is about begins to be kept from it.

use crate::hostile_secondary::thief::{begun, forwarded, robbed};
use crate::pair::Network;
use crate::replication::a_while;
use base::Operation;
use core::time::Duration;
use link::Served;
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn what_a_request_came_to_is_not_told_where_it_is_kept_from_the_secondary_by_then() {
    const FILTER: &str = "sys/replication/performance/primary/paths-filter/c";
    let network = Network::default();
    let (members, _c, _thief) = robbed(&network).await;
    let a = &members.0;
    let wish = forwarded("", Operation::Read, "shared/notes/x", json!({}));
    let (mut told, mut kept) = (0, 0);
    for polls in 1..40 {
        let open = json!({ "mode": "deny", "paths": ["canary-ns"] });
        a.write(FILTER, open).await.unwrap();
        let mut begun = begun(a, &wish, polls).await;
        // What went before the filter was written is gone.
        let early = tokio::time::timeout(Duration::ZERO, begun.channel.receive()).await;
        if early.is_ok() {
            told += 1;
            continue;
        }
        let shut = json!({ "mode": "deny", "paths": ["canary-ns", "shared"] });
        a.write(FILTER, shut).await.unwrap();
        a_while().await;
        assert_eq!(
            begun.serving.await,
            Served::BrokenOff,
            "after {polls} polls"
        );
        let said = begun.channel.receive().await.unwrap();
        assert_eq!(said, None, "after {polls} polls");
        kept += 1;
    }
    assert!(told > 0 && kept > 0, "{told} {kept}");
}
