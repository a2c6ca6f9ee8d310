//! The life of the server's process: start, signals, end.

use crate::arguments::{Arguments, USAGE, read_arguments};
use crate::banner;
use crate::config::{ClusterAddress, Config, Given, TlsConfig, read_config};
use crate::development;
use crate::error::ServerError;
use crate::logging;
use crate::surroundings::{Surroundings, log_config};
use crate::system::{SystemClock, SystemEntropy};
use crate::wiring::{Served, Wired};
use api::{Listener, Settings, Tls};
use base::Clock as _;
use base::chain;
use core::net::SocketAddr;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// `casemate server …`: returns when the server has stopped.
pub fn run(
    arguments: impl IntoIterator<Item = String>,
    environment: &dyn Fn(&str) -> Option<String>,
) -> ExitCode {
    let served = read_arguments(arguments, environment)
        .map_err(ServerError::from)
        .and_then(start);
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr(), "casemate server: {}", chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: Arguments) -> Result<(), ServerError> {
    if arguments.help {
        banner::print(USAGE);
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| ServerError::System("start threads", error))?;
    runtime.block_on(serve(arguments))
}

/// A server that listens.
struct Running {
    wired: Wired,
    listening: JoinSet<()>,
    stop: watch::Sender<bool>,
    surroundings: Arc<Surroundings>,
    pid_file: Option<PathBuf>,
}

async fn serve(arguments: Arguments) -> Result<(), ServerError> {
    let mut signals = Signals::catch()?;
    let mut config = configure(&arguments)?;
    let log = logging::start(log_config(&arguments, &config), config.log_file.as_ref());
    let log = log.map_err(|error| {
        let file = config.log_file.as_ref().map(|file| file.path.clone());
        ServerError::File("open", file.unwrap_or_default(), error)
    })?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let asked = config.listeners.first().map(|listener| listener.address);
    let listeners = bind(&mut config).await?;
    let port = match asked {
        Some(asked) => bind_cluster(&mut config, asked).await?,
        None => None,
    };
    let made = match (&arguments.development, config.listeners.first_mut()) {
        (Some(development), Some(listener)) if listener.tls == TlsConfig::Made => {
            Some(development::make_tls(development, listener)?)
        }
        _ => None,
    };
    let certificates = load_certificates(&config)?;
    let loaded = certificates.iter().flatten().cloned().collect();
    let begun = SystemClock.now().as_seconds();
    let surroundings = Surroundings::new(&arguments, &config, log, loaded, begun);
    let wired = Wired::open(&config, surroundings.clone()).await?;
    banner::print(&banner::configuration(&config));
    let keys = match &arguments.development {
        Some(development) => Some(development::begin(&wired.node, development).await?),
        None => None,
    };
    let running = Running::begin(
        &config,
        wired,
        surroundings,
        (listeners, port),
        &certificates,
    )?;
    banner::print(banner::STARTED);
    if let Some(keys) = keys {
        banner::print(&banner::development(&config, &keys, made.as_ref()));
    }
    loop {
        match signals.next().await {
            Asked::Stop => break,
            Asked::Reload => running.reload(),
        }
    }
    tokio::select! {
        () = running.end() => {}
        // Who asks twice does not want to wait: what is committed is on the disk.
        () = signals.stop() => tracing::warn!("stopping at once"),
    }
    if let (Some(made), true) = (
        made,
        arguments
            .development
            .is_some_and(|d| d.tls_folder.is_none()),
    ) {
        // A folder that was made for this run; what remains of it hurts nobody.
        let _ = made.authority.parent().map(fs::remove_dir_all);
    }
    Ok(())
}

/// Reads the configuration that the arguments name.
///
/// # Errors
/// When it cannot be.
pub(crate) fn configure(arguments: &Arguments) -> Result<Config, ServerError> {
    let given = match &arguments.development {
        Some(development) => development::given(development)?,
        None => Given::default(),
    };
    Ok(read_config(&arguments.config, given)?)
}

/// Binds all addresses before anything is opened, and notes the ports that were chosen.
async fn bind(config: &mut Config) -> Result<Vec<Listener>, ServerError> {
    let mut bound = Vec::new();
    let asked: Vec<_> = config
        .listeners
        .iter()
        .map(|listener| listener.address)
        .collect();
    for (position, asked) in asked.into_iter().enumerate() {
        let failed = |error| ServerError::Listen(asked, error);
        let socket = Listener::bind(asked).await.map_err(failed)?;
        config.note_address(position, socket.local_address().map_err(failed)?);
        bound.push(socket);
    }
    Ok(bound)
}

/// Binds the port for other clusters. Where nobody asked for it by name, a server goes on without.
async fn bind_cluster(
    config: &mut Config,
    asked: SocketAddr,
) -> Result<Option<cluster::Port>, ServerError> {
    let (address, is_given) = match config.cluster_address(asked) {
        Some(ClusterAddress::Given(address)) => (address, true),
        Some(ClusterAddress::Derived(address)) => (address, false),
        None => return Ok(None),
    };
    let bound = cluster::Port::bind(address).await;
    match bound.and_then(|port| Ok((port.local_address()?, port))) {
        Ok((address, port)) => {
            config.note_cluster_address(address);
            Ok(Some(port))
        }
        Err(error) if is_given => Err(ServerError::Listen(address, error)),
        Err(error) => {
            tracing::warn!(%address, %error, "no cluster port: other clusters cannot connect");
            Ok(None)
        }
    }
}

/// One for each listener, in their order.
fn load_certificates(config: &Config) -> Result<Vec<Option<Tls>>, ServerError> {
    let load = |listener: &crate::config::ListenerConfig| match &listener.tls {
        TlsConfig::Files(files) => Tls::load(files.clone())
            .map(Some)
            .map_err(|error| ServerError::Tls(listener.address, error)),
        TlsConfig::Off | TlsConfig::Made => Ok(None),
    };
    config.listeners.iter().map(load).collect()
}

impl Running {
    fn begin(
        config: &Config,
        wired: Wired,
        surroundings: Arc<Surroundings>,
        (listeners, port): (Vec<Listener>, Option<cluster::Port>),
        certificates: &[Option<Tls>],
    ) -> Result<Self, ServerError> {
        if let Some(file) = &config.pid_file {
            let written = fs::write(file, format!("{}\n", std::process::id()));
            written.map_err(|error| ServerError::File("write", file.clone(), error))?;
        }
        let (stop, stopped) = watch::channel(false);
        let mut listening = JoinSet::new();
        if let Some(port) = port {
            let stop = until_stopped(stopped.clone());
            let node = Arc::clone(&wired.node);
            listening.spawn(async move { port.serve(node, stop).await });
        }
        let each = listeners
            .into_iter()
            .zip(&config.listeners)
            .zip(certificates);
        for ((listener, listener_config), tls) in each {
            let settings = Settings {
                tls: tls.clone(),
                limits: listener_config.limits.clone(),
                forwarded: listener_config.forwarded.clone(),
                has_ui: config.has_ui,
                headers: listener_config.headers.clone(),
            };
            let stop = until_stopped(stopped.clone());
            let service = Arc::new(Served {
                node: Arc::clone(&wired.node),
                without_token: listener_config.without_token,
            });
            listening.spawn(listener.serve(settings, service, Arc::new(SystemEntropy), stop));
        }
        Ok(Self {
            wired,
            listening,
            stop,
            surroundings,
            pid_file: config.pid_file.clone(),
        })
    }

    /// Reads again what can change while the server runs.
    fn reload(&self) {
        self.surroundings.reload_all();
        self.wired.node.reopen_audit_files();
        tracing::info!("reloaded");
    }

    /// Answers what has begun, drops the keys, ends the log.
    async fn end(mut self) {
        tracing::info!("stopping");
        self.surroundings.log.end_monitors();
        self.stop.send_replace(true);
        while self.listening.join_next().await.is_some() {}
        self.wired.close().await;
        if let Some(file) = &self.pid_file
            && let Err(error) = fs::remove_file(file)
        {
            tracing::warn!(%error, "the file with the process id stays");
        }
        tracing::info!("stopped");
    }
}

async fn until_stopped(mut stopped: watch::Receiver<bool>) {
    // An error means that the server is gone, which is a stop as well.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// What a signal asks for.
enum Asked {
    Stop,
    Reload,
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn catch() -> Result<Self, ServerError> {
        let catch =
            |kind| signal(kind).map_err(|error| ServerError::System("catch signals", error));
        Ok(Self {
            terminate: catch(SignalKind::terminate())?,
            interrupt: catch(SignalKind::interrupt())?,
            hangup: catch(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::Stop,
            _ = self.interrupt.recv() => Asked::Stop,
            _ = self.hangup.recv() => Asked::Reload,
        }
    }

    /// Waits until it is to stop, whatever else is asked.
    async fn stop(&mut self) {
        while !matches!(self.next().await, Asked::Stop) {}
    }
}
