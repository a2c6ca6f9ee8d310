//! Replies on the wire, byte by byte.

use super::{Fake, ID, get, setting_up, talk};
use crate::listener::Settings;
use base::{
    Answer, AuthBlock, Envelope, HealthReport, Json, LeaseBlock, Raw, Refusal, RefusalKind, Secret,
    TokenKind, WrapBlock,
};
use core::time::Duration;
use std::sync::Arc;

async fn answered(
    request: &[u8],
    script: impl Fn() -> Result<Answer, Refusal> + Send + Sync + 'static,
) -> String {
    let shared = setting_up(Fake::new(move |_| script()), Settings::default());
    talk(&shared, request).await
}

async fn body_of(script: impl Fn() -> Answer + Send + Sync + 'static) -> String {
    let answer = answered(&get("/v1/a", ""), move || Ok(script())).await;
    answer.split_once("\n\n").unwrap().1.to_owned()
}

fn json(text: &str) -> Json {
    Json::parse(text.to_owned()).unwrap()
}

#[tokio::test]
async fn a_whole_response() {
    let answer = answered(&get("/v1/a", "X-Vault-Namespace: team/\r\n"), || {
        Ok(Answer::Bare(json(r#"{"a":1.50}"#)))
    })
    .await;
    assert_eq!(
        answer,
        "HTTP/1.1 200 OK\n\
         cache-control: no-store\n\
         content-type: application/json\n\
         strict-transport-security: max-age=31536000; includeSubDomains\n\
         x-vault-namespace: team/\n\
         connection: close\n\
         content-length: 11\n\n\
         {\"a\":1.50}\n"
    );
}

#[tokio::test]
async fn the_envelope_has_its_keys_in_order() {
    let body =
        body_of(|| Answer::Envelope(Box::new(Envelope::with_data(json(r#"{"z":1,"a":[]}"#)))));
    assert_eq!(
        body.await,
        format!(
            "{{\"request_id\":\"{ID}\",\"lease_id\":\"\",\"renewable\":false,\"lease_duration\":0,\
             \"data\":{{\"z\":1,\"a\":[]}},\"wrap_info\":null,\"warnings\":null,\"auth\":null,\
             \"mount_type\":\"\"}}\n"
        )
    );
    let body = body_of(|| {
        Answer::Envelope(Box::new(Envelope {
            lease: LeaseBlock {
                id: String::from("a/b/\"x"),
                renewable: true,
                duration: Duration::from_millis(3_600_500),
            },
            warnings: vec![String::from("<care>")],
            mount_type: String::from("kv"),
            ..Envelope::default()
        }))
    });
    assert_eq!(
        body.await,
        format!(
            "{{\"request_id\":\"{ID}\",\"lease_id\":\"a/b/\\\"x\",\"renewable\":true,\
             \"lease_duration\":3600,\"data\":null,\"wrap_info\":null,\"warnings\":[\"<care>\"],\
             \"auth\":null,\"mount_type\":\"kv\"}}\n"
        )
    );
}

#[tokio::test]
async fn data_is_repeated_beside_the_envelope_without_its_own_names() {
    let body = body_of(|| {
        Answer::Envelope(Box::new(Envelope {
            repeats_data: true,
            ..Envelope::with_data(json(r#"{"keys":["a"],"n":1.50,"auth":{"x":1}}"#))
        }))
    });
    let body = body.await;
    assert!(
        body.ends_with(",\"auth\":null,\"mount_type\":\"\",\"keys\":[\"a\"],\"n\":1.50}\n"),
        "{body}"
    );
}

fn token(kind: TokenKind) -> AuthBlock {
    AuthBlock {
        client_token: Secret::new(String::from("hvs.x")),
        accessor: String::from("acc"),
        policies: vec![String::from("default")],
        token_policies: vec![String::from("default")],
        identity_policies: Vec::new(),
        metadata: None,
        lease_duration: Duration::from_secs(60),
        renewable: true,
        entity_id: String::new(),
        kind,
        orphan: true,
        uses: 3,
    }
}

#[tokio::test]
async fn tokens() {
    let body = body_of(|| {
        Answer::Envelope(Box::new(Envelope {
            auth: Some(Box::new(token(TokenKind::Service))),
            ..Envelope::default()
        }))
    });
    let body = body.await;
    let expected = "\"auth\":{\"client_token\":\"hvs.x\",\"accessor\":\"acc\",\
        \"policies\":[\"default\"],\"token_policies\":[\"default\"],\"metadata\":null,\
        \"lease_duration\":60,\"renewable\":true,\"entity_id\":\"\",\"token_type\":\"service\",\
        \"orphan\":true,\"mfa_requirement\":null,\"num_uses\":3},";
    assert!(body.contains(expected), "{body}");
    let body = body_of(|| {
        Answer::Envelope(Box::new(Envelope {
            auth: Some(Box::new(AuthBlock {
                identity_policies: vec![String::from("team")],
                metadata: Some(vec![
                    (String::from("a"), String::from("1")),
                    (String::from("b"), String::from("2")),
                ]),
                ..token(TokenKind::Batch)
            })),
            ..Envelope::default()
        }))
    });
    let body = body.await;
    let expected = "\"token_policies\":[\"default\"],\"identity_policies\":[\"team\"],\
        \"metadata\":{\"a\":\"1\",\"b\":\"2\"},";
    assert!(body.contains(expected), "{body}");
    assert!(body.contains("\"token_type\":\"batch\""), "{body}");
}

#[tokio::test]
async fn a_wrapped_answer_names_no_request() {
    let body = body_of(|| {
        Answer::Envelope(Box::new(Envelope {
            wrap: Some(Box::new(WrapBlock {
                token: Secret::new(String::from("hvs.w")),
                accessor: String::from("acc"),
                ttl: Duration::from_secs(60),
                creation_time: String::from("2026-01-02T03:04:05Z"),
                creation_path: String::from("secret/data/x"),
                wrapped_accessor: String::new(),
            })),
            ..Envelope::default()
        }))
    });
    assert_eq!(
        body.await,
        "{\"request_id\":\"\",\"lease_id\":\"\",\"renewable\":false,\"lease_duration\":0,\
         \"data\":null,\"wrap_info\":{\"token\":\"hvs.w\",\"accessor\":\"acc\",\"ttl\":60,\
         \"creation_time\":\"2026-01-02T03:04:05Z\",\"creation_path\":\"secret/data/x\"},\
         \"warnings\":null,\"auth\":null,\"mount_type\":\"\"}\n"
    );
}

#[tokio::test]
async fn statuses() {
    async fn check(
        script: impl Fn() -> Result<Answer, Refusal> + Send + Sync + 'static,
        status: &str,
        body: &str,
    ) {
        let answer = answered(&get("/v1/a", ""), script).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
        assert!(answer.ends_with(&format!("\n\n{body}")), "{answer}");
    }
    let refuse = |kind, message: &'static str| move || Err(Refusal::new(kind, message));
    let none = "{\"errors\":[]}\n";
    check(|| Ok(Answer::Empty), "204", "").await;
    check(|| Err(Refusal::not_found()), "404", none).await;
    let denied = "{\"errors\":[\"permission denied\"]}\n";
    check(|| Err(Refusal::denied()), "403", denied).await;
    let quoted = "{\"errors\":[\"a \\\"b\\\"\\n\"]}\n";
    check(|| Err(Refusal::invalid("a \"b\"\n")), "400", quoted).await;
    let internal = "{\"errors\":[\"internal error\"]}\n";
    check(|| Err(Refusal::internal("the disk")), "500", internal).await;
    check(refuse(RefusalKind::UnsupportedOperation, ""), "405", none).await;
    check(refuse(RefusalKind::PreconditionFailed, ""), "412", none).await;
    check(refuse(RefusalKind::TooLarge, ""), "413", none).await;
    check(refuse(RefusalKind::UnsupportedMediaType, ""), "415", none).await;
    check(refuse(RefusalKind::TooMany, ""), "429", none).await;
    check(refuse(RefusalKind::Unavailable, ""), "503", none).await;
    check(refuse(RefusalKind::WrongPlace, ""), "503", none).await;
    let sealed = "{\"errors\":[\"Vault is sealed\"]}\n";
    check(
        refuse(RefusalKind::Sealed, "Vault is sealed"),
        "503",
        sealed,
    )
    .await;
    let empty = format!(
        "{{\"request_id\":\"{ID}\",\"lease_id\":\"\",\"renewable\":false,\"lease_duration\":0,\
         \"data\":null,\"wrap_info\":null,\"warnings\":null,\"auth\":null,\"mount_type\":\"\"}}\n"
    );
    check(|| Ok(Answer::Missing(Box::default())), "404", &empty).await;
    check(|| Ok(Answer::Accepted(Box::default())), "202", &empty).await;
}

#[tokio::test]
async fn the_position_in_the_log() {
    let fake = Fake {
        index: Some(String::from("djE6YzE6MzU=")),
        cross_origin: None,
        rate: base::RateReport::default(),
        script: Box::new(|_| Ok(Answer::Empty)),
        asked: Default::default(),
    };
    let shared = setting_up(Arc::new(fake), Settings::default());
    let answer = talk(&shared, &get("/v1/a", "")).await;
    let expected = "x-vault-index: djE6YzE6MzU=";
    assert!(answer.contains(expected), "{answer}");
}

fn raw(status: u16, headers: &[(&str, &str)]) -> Answer {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Answer::Raw(Raw {
        status,
        content_type: String::from("application/pkix-cert"),
        headers: headers.iter().map(own).collect(),
        body: b"der".to_vec(),
    })
}

#[tokio::test]
async fn raw_answers() {
    let headers = [
        ("Cache-Control", "max-age=60"),
        ("Content-Length", "99999"),
        ("Transfer-Encoding", "chunked"),
        ("bad name", "x"),
        ("x-bad-value", "a\r\nb: c"),
    ];
    let answer = answered(&get("/v1/pki/ca", ""), move || Ok(raw(203, &headers))).await;
    assert_eq!(
        answer,
        "HTTP/1.1 203 Non Authoritative Information\n\
         cache-control: max-age=60\n\
         strict-transport-security: max-age=31536000; includeSubDomains\n\
         content-type: application/pkix-cert\n\
         connection: close\n\
         content-length: 3\n\n\
         der"
    );
    for status in [0, 99, 101, 1000] {
        let answer = answered(&get("/v1/pki/ca", ""), move || Ok(raw(status, &[]))).await;
        assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    }
}

fn health(sealed: bool) -> Answer {
    Answer::Health(Box::new(HealthReport {
        performance_mode: if sealed { "unknown" } else { "disabled" },
        recovery_mode: if sealed { "unknown" } else { "disabled" },
        replicated: None,
        initialized: true,
        sealed,
        standby: sealed,
        server_time_utc: 1_700_000_000,
        version: String::from("0.1.0"),
        cluster: (!sealed).then(|| (String::from("n"), String::from("c1"))),
    }))
}

#[tokio::test]
async fn health_and_its_overrides() {
    let answer = answered(&get("/v1/sys/health", ""), || Ok(health(false))).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(
        answer.ends_with(
            "\n\n{\"initialized\":true,\"sealed\":false,\"standby\":false,\
             \"performance_standby\":false,\"replication_performance_mode\":\"disabled\",\
             \"replication_dr_mode\":\"disabled\",\"server_time_utc\":1700000000,\
             \"version\":\"0.1.0\",\"enterprise\":false,\"cluster_name\":\"n\",\
             \"cluster_id\":\"c1\",\"echo_duration_ms\":0,\"clock_skew_ms\":0,\
             \"replication_primary_canary_age_ms\":0}\n"
        ),
        "{answer}"
    );
    let check = async |query: &str, sealed: bool, status: &str| {
        let request = get(&format!("/v1/sys/health?{query}"), "");
        let answer = answered(&request, move || Ok(health(sealed))).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{query}: {answer}"
        );
    };
    check("", true, "503").await;
    check("sealedcode=299&frob=1", true, "299").await;
    check("activecode=zz", false, "400").await;
    let head = b"HEAD /v1/sys/health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answer = answered(head, || Ok(health(true))).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("content-length: 294"), "{answer}");
    assert!(answer.ends_with("\n\n"), "{answer}");
}

#[tokio::test]
async fn what_a_rate_limit_lets_a_client_know() {
    let room = base::RateRoom {
        limit: 5,
        remaining: 0,
        reset: 9,
    };
    let check = |room, retry_after, expected: [Option<&'static str>; 4]| async move {
        let fake = Fake {
            cross_origin: None,
            index: None,
            rate: base::RateReport { room, retry_after },
            script: Box::new(|_| Err(base::Refusal::new(base::RefusalKind::TooMany, "no"))),
            asked: Default::default(),
        };
        let shared = setting_up(Arc::new(fake), Settings::default());
        let answer = talk(&shared, &get("/v1/a", "")).await;
        assert!(answer.starts_with("HTTP/1.1 429"), "{answer}");
        let names = [
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
            "retry-after",
        ];
        for (name, value) in names.into_iter().zip(expected) {
            let line = answer.lines().find(|line| line.starts_with(name));
            let wanted = value.map(|value| format!("{name}: {value}"));
            assert_eq!(line, wanted.as_deref(), "{answer}");
        }
    };
    let all = [Some("5"), Some("0"), Some("9"), Some("4")];
    check(Some(room), Some(4), all).await;
    check(None, Some(3), [None, None, None, Some("3")]).await;
    check(None, None, [None; 4]).await;
}
