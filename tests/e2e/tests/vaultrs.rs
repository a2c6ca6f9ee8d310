//! A client that was written for Vault by others, with its own idea of what is answered: it reads
//! each answer into its own types, and fails where a member is missing or is of another type.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use e2e::{Durable, Server};
use serde_json::{Value, json};
use std::collections::HashMap;
use vaultrs::api::kv2::requests::SetSecretRequestOptions;
use vaultrs::api::sys::requests::EnableEngineRequest;
use vaultrs::api::token::requests::CreateTokenRequest;
use vaultrs::api::transit::requests::{CreateKeyRequest, DataKeyType, VerifySignedDataRequest};
use vaultrs::api::transit::{HashAlgorithm, KeyType};
use vaultrs::auth::{approle, userpass};
use vaultrs::client::{Client as _, VaultClient, VaultClientSettingsBuilder};
use vaultrs::error::ClientError;
use vaultrs::identity::{entity, entity_alias, group};
use vaultrs::sys::ServerStatus;
use vaultrs::{api, cubbyhole, kv1, kv2, sys, token, transit};

fn client(base: &str, token: &str) -> VaultClient {
    // The first one is the process's; another one is refused, and is the same.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let settings = VaultClientSettingsBuilder::default()
        .address(base)
        .token(token)
        .build();
    VaultClient::new(settings.unwrap()).unwrap()
}

fn root(server: &Server) -> VaultClient {
    client(&format!("http://{}", server.address()), "root")
}

fn status(error: &ClientError) -> u16 {
    match error {
        ClientError::APIError { code, .. } => *code,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn it_initializes_unseals_and_seals() {
    let mut server = Durable::new("");
    server.start();
    let nobody = client(&server.url(), "");
    assert!(matches!(
        nobody.status().await.unwrap(),
        ServerStatus::UNINITIALIZED
    ));
    let made = sys::start_initialization(&nobody, 3, 2, None)
        .await
        .unwrap();
    assert_eq!((made.keys.len(), made.keys_base64.len()), (3, 3));
    assert!(matches!(
        nobody.status().await.unwrap(),
        ServerStatus::SEALED
    ));
    for (key, is_sealed) in made.keys.iter().zip([true, false]) {
        let told = sys::unseal(&nobody, Some(key.clone()), None, None)
            .await
            .unwrap();
        assert_eq!(told.sealed, is_sealed);
    }
    assert!(matches!(nobody.status().await.unwrap(), ServerStatus::OK));
    let health = sys::health(&nobody).await.unwrap();
    assert!(health.initialized && !health.sealed);
    sys::seal(&client(&server.url(), &made.root_token))
        .await
        .unwrap();
    assert!(matches!(
        nobody.status().await.unwrap(),
        ServerStatus::SEALED
    ));
}

#[tokio::test]
async fn it_keeps_secrets() {
    let server = Server::start_casemate();
    let client = root(&server);
    let secret = json!({ "user": "app", "password": "x" });
    let made = kv2::set(&client, "secret", "a/b", &secret).await.unwrap();
    assert_eq!((made.version, made.destroyed), (1, false));
    let read: Value = kv2::read(&client, "secret", "a/b").await.unwrap();
    assert_eq!(read, secret);
    let once = SetSecretRequestOptions { cas: 0 };
    let taken = kv2::set_with_options(&client, "secret", "a/b", &secret, once).await;
    assert_eq!(status(&taken.unwrap_err()), 400);
    kv2::set(&client, "secret", "a/b", &json!({}))
        .await
        .unwrap();
    let first: Value = kv2::read_version(&client, "secret", "a/b", 1)
        .await
        .unwrap();
    assert_eq!(first, secret);
    let metadata = kv2::read_metadata(&client, "secret", "a/b").await.unwrap();
    assert_eq!((metadata.current_version, metadata.versions.len()), (2, 2));
    assert_eq!(kv2::list(&client, "secret", "a").await.unwrap(), ["b"]);
    kv2::delete_versions(&client, "secret", "a/b", vec![1])
        .await
        .unwrap();
    kv2::undelete_versions(&client, "secret", "a/b", vec![1])
        .await
        .unwrap();
    kv2::destroy_versions(&client, "secret", "a/b", vec![1])
        .await
        .unwrap();
    kv2::config::set(&client, "secret", None).await.unwrap();
    assert!(
        !kv2::config::read(&client, "secret")
            .await
            .unwrap()
            .cas_required
    );
    kv2::delete_latest(&client, "secret", "a/b").await.unwrap();
    kv2::delete_metadata(&client, "secret", "a/b")
        .await
        .unwrap();
    let gone = kv2::read::<Value>(&client, "secret", "a/b").await;
    assert_eq!(status(&gone.unwrap_err()), 404);

    sys::mount::enable(&client, "old", "kv", None)
        .await
        .unwrap();
    let secret = HashMap::from([("user", "app")]);
    kv1::set(&client, "old", "a", &secret).await.unwrap();
    let read: HashMap<String, String> = kv1::get(&client, "old", "a").await.unwrap();
    assert_eq!(read["user"], "app");
    assert_eq!(
        kv1::list(&client, "old", "").await.unwrap().data.keys,
        ["a"]
    );
    kv1::delete(&client, "old", "a").await.unwrap();
    cubbyhole::set(&client, "cubbyhole", "a", &secret)
        .await
        .unwrap();
    let read: HashMap<String, String> = cubbyhole::get(&client, "cubbyhole", "a").await.unwrap();
    assert_eq!(read["user"], "app");
}

#[tokio::test]
async fn it_administers() {
    let server = Server::start_casemate();
    let client = root(&server);
    let mut options = EnableEngineRequest::builder();
    let options = options.description("keys");
    sys::mount::enable(&client, "transit", "transit", Some(options))
        .await
        .unwrap();
    let mounts = sys::mount::list(&client).await.unwrap();
    assert_eq!(mounts["transit/"].description, "keys");
    let moved = sys::remount::remount(&client, "transit", "moved")
        .await
        .unwrap();
    let moved = sys::remount::remount_status(&client, &moved.migration_id).await;
    moved.unwrap();
    sys::mount::disable(&client, "moved").await.unwrap();
    let text = "path \"secret/*\" { capabilities = [\"read\"] }";
    sys::policy::set(&client, "reader", text).await.unwrap();
    assert_eq!(
        sys::policy::read(&client, "reader").await.unwrap().rules,
        text
    );
    let policies = sys::policy::list(&client).await.unwrap().policies;
    assert!(policies.contains(&String::from("reader")));
    sys::policy::delete(&client, "reader").await.unwrap();
    let random = sys::tools::random(&client, None).await.unwrap();
    assert!(!random.random_bytes.is_empty());
}

#[tokio::test]
async fn it_handles_tokens() {
    let server = Server::start_casemate();
    let client = root(&server);
    let mut options = CreateTokenRequest::builder();
    let options = options
        .ttl("1h")
        .policies(vec!["default".into()])
        .renewable(true);
    let made = token::new(&client, Some(options)).await.unwrap();
    assert!(made.renewable && !made.orphan);
    let told = token::lookup(&client, &made.client_token).await.unwrap();
    assert_eq!(told.policies, ["default"]);
    let told = token::lookup_accessor(&client, &made.accessor)
        .await
        .unwrap();
    assert_eq!(told.creation_ttl, 3600);
    token::renew(&client, &made.client_token, Some("30m"))
        .await
        .unwrap();
    token::renew_accessor(&client, &made.accessor, None)
        .await
        .unwrap();
    token::role::set(&client, "app", None).await.unwrap();
    assert_eq!(token::role::list(&client).await.unwrap().keys, ["app"]);
    assert!(token::role::read(&client, "app").await.unwrap().renewable);
    let own = token::new_role(&client, "app", None).await.unwrap();
    token::revoke_accessor(&client, &own.accessor)
        .await
        .unwrap();
    let orphan = token::new_orphan(&client, None).await.unwrap();
    assert!(orphan.orphan);
    token::revoke(&client, &orphan.client_token).await.unwrap();
    token::revoke(&client, &made.client_token).await.unwrap();
    let gone = token::lookup(&client, &made.client_token).await;
    assert_eq!(status(&gone.unwrap_err()), 403);
    token::tidy(&client).await.unwrap();
}

#[tokio::test]
async fn it_logs_in() {
    let server = Server::start_casemate();
    let client = root(&server);
    sys::auth::enable(&client, "userpass", "userpass", None)
        .await
        .unwrap();
    userpass::user::set(&client, "userpass", "ann", "secret", None)
        .await
        .unwrap();
    let login = userpass::login(&client, "userpass", "ann", "secret")
        .await
        .unwrap();
    assert_eq!(login.metadata.unwrap()["username"], "ann");
    let wrong = userpass::login(&client, "userpass", "ann", "other").await;
    assert_eq!(status(&wrong.unwrap_err()), 400);
    assert_eq!(
        userpass::user::list(&client, "userpass")
            .await
            .unwrap()
            .keys,
        ["ann"]
    );
    userpass::user::read(&client, "userpass", "ann")
        .await
        .unwrap();
    userpass::user::update_password(&client, "userpass", "ann", "other")
        .await
        .unwrap();

    sys::auth::enable(&client, "approle", "approle", None)
        .await
        .unwrap();
    approle::role::set(&client, "approle", "app", None)
        .await
        .unwrap();
    let role = approle::role::read_id(&client, "approle", "app")
        .await
        .unwrap();
    let secret = approle::role::secret::generate(&client, "approle", "app", None);
    let secret = secret.await.unwrap();
    let login = approle::login(&client, "approle", &role.role_id, &secret.secret_id);
    assert_eq!(login.await.unwrap().token_type, "service");
    let accessors = approle::role::secret::list(&client, "approle", "app").await;
    assert_eq!(accessors.unwrap().keys, [secret.secret_id_accessor]);
    approle::role::secret::read(&client, "approle", "app", &secret.secret_id)
        .await
        .unwrap();
    approle::role::read(&client, "approle", "app")
        .await
        .unwrap();
    approle::tidy(&client, "approle").await.unwrap();

    let accessor = sys::auth::list(&client).await.unwrap()["userpass/"]
        .accessor
        .clone();
    entity::create_or_update_by_name(&client, "bob", None)
        .await
        .unwrap();
    let bob = entity::read_by_name(&client, "bob").await.unwrap();
    let alias = entity_alias::create(&client, "bob", &bob.id, &accessor, None);
    let alias = alias.await.unwrap();
    let read = entity_alias::read_by_id(&client, &alias.id).await.unwrap();
    assert_eq!(read.canonical_id, bob.id);
    group::create_or_update_by_name(&client, "team", None)
        .await
        .unwrap();
    group::read_by_name(&client, "team").await.unwrap();
    assert_eq!(group::list_by_name(&client).await.unwrap().keys, ["team"]);
}

#[tokio::test]
async fn it_lets_the_server_encrypt() {
    let server = Server::start_casemate();
    let client = root(&server);
    sys::mount::enable(&client, "transit", "transit", None)
        .await
        .unwrap();
    transit::key::create(&client, "transit", "a", None)
        .await
        .unwrap();
    let sealed = transit::data::encrypt(&client, "transit", "a", "YQ==", None)
        .await
        .unwrap();
    transit::key::rotate(&client, "transit", "a").await.unwrap();
    let sealed = transit::data::rewrap(&client, "transit", "a", &sealed.ciphertext, None);
    let sealed = sealed.await.unwrap().ciphertext;
    assert!(sealed.starts_with("vault:v2:"));
    let opened = transit::data::decrypt(&client, "transit", "a", &sealed, None)
        .await
        .unwrap();
    assert_eq!(opened.plaintext, "YQ==");
    let mut options = CreateKeyRequest::builder();
    let options = options.key_type(KeyType::EcdsaP256);
    transit::key::create(&client, "transit", "ec", Some(options))
        .await
        .unwrap();
    let signed = transit::data::sign(&client, "transit", "ec", "YQ==", None)
        .await
        .unwrap();
    let mut options = VerifySignedDataRequest::builder();
    let options = options.signature(signed.signature);
    let verified = transit::data::verify(&client, "transit", "ec", "YQ==", Some(options));
    assert!(verified.await.unwrap().valid);
    for name in ["a", "ec"] {
        transit::key::read(&client, "transit", name).await.unwrap();
    }
    assert_eq!(
        transit::key::list(&client, "transit").await.unwrap().keys,
        ["a", "ec"]
    );
    let key = transit::generate::data_key(&client, "transit", "a", DataKeyType::Plaintext, None);
    assert!(key.await.unwrap().plaintext.is_some());
    let mut options = api::transit::requests::HashDataRequest::builder();
    let options = options.algorithm(HashAlgorithm::Sha2_256);
    transit::generate::hash(&client, "transit", "YQ==", Some(options))
        .await
        .unwrap();
    transit::generate::hmac(&client, "transit", "a", "YQ==", None)
        .await
        .unwrap();
    transit::wrapping_key::get(&client, "transit")
        .await
        .unwrap();
}

#[tokio::test]
async fn it_wraps_answers() {
    let server = Server::start_casemate();
    let client = root(&server);
    kv2::set(&client, "secret", "a", &json!({ "user": "app" }))
        .await
        .unwrap();
    let read = api::kv2::requests::ReadSecretRequest::builder()
        .mount("secret")
        .path("a")
        .build();
    let wrapped = api::wrap(&client, read.unwrap()).await.unwrap();
    let told = wrapped.lookup(&client).await.unwrap();
    assert_eq!(
        (told.creation_path.as_str(), told.creation_ttl),
        ("secret/data/a", 600)
    );
    let unwrapped: Value = sys::wrapping::unwrap(&client, Some(&wrapped.info.token))
        .await
        .unwrap();
    assert_eq!(unwrapped["data"]["user"], "app");
    let again = sys::wrapping::unwrap::<Value>(&client, Some(&wrapped.info.token)).await;
    assert_eq!(status(&again.unwrap_err()), 400);
}
