//! Where a device sends its lines, and one connection to it.

use core::time::Duration;
use socket2::{Domain, SockAddr, Socket, Type};
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Where a device sends its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Address {
    /// A stream to a host and a port.
    Tcp(String),
    /// Datagrams to a host and a port.
    Udp(String),
    /// A stream to a socket in the file system.
    Unix(PathBuf),
    /// Datagrams to a socket in the file system.
    UnixDatagram(PathBuf),
    /// The system's log: the first of these sockets that is there, as datagrams or as a stream.
    SystemLog(Vec<PathBuf>),
}

/// One that is open.
#[derive(Debug)]
pub(crate) enum Connection {
    Tcp(TcpStream),
    Udp(UdpSocket),
    Unix(UnixStream),
    UnixDatagram(UnixDatagram),
}

impl Address {
    /// Connects. Takes no longer than `duration_max` for each address that a name stands for.
    pub(crate) fn connect(&self, duration_max: Duration) -> io::Result<Connection> {
        match self {
            Self::Tcp(text) => {
                let connect = |address| TcpStream::connect_timeout(&address, duration_max);
                first(text.to_socket_addrs()?, connect).map(Connection::Tcp)
            }
            Self::Udp(text) => first(text.to_socket_addrs()?, connect_udp).map(Connection::Udp),
            Self::Unix(path) => connect_stream(path).map(Connection::Unix),
            Self::UnixDatagram(path) => connect_datagram(path).map(Connection::UnixDatagram),
            Self::SystemLog(paths) => first(paths.iter(), |path| {
                connect_datagram(path)
                    .map(Connection::UnixDatagram)
                    .or_else(|_| connect_stream(path).map(Connection::Unix))
            }),
        }
    }
}

/// The first attempt that succeeds, or why the last one failed.
fn first<A, T>(
    candidates: impl IntoIterator<Item = A>,
    mut attempt: impl FnMut(A) -> io::Result<T>,
) -> io::Result<T> {
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for candidate in candidates {
        match attempt(candidate) {
            Ok(done) => return Ok(done),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

fn connect_udp(address: SocketAddr) -> io::Result<UdpSocket> {
    let any: SocketAddr = match address {
        SocketAddr::V4(_) => (core::net::Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (core::net::Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any)?;
    socket.connect(address)?;
    Ok(socket)
}

fn connect_datagram(path: &Path) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.connect(path)?;
    Ok(socket)
}

/// Does not wait where many others wait to be accepted: the library's own `connect` would, for ever.
fn connect_stream(path: &Path) -> io::Result<UnixStream> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.connect(&SockAddr::unix(path)?)?;
    let stream = UnixStream::from(OwnedFd::from(socket));
    stream.set_nonblocking(false)?;
    Ok(stream)
}

impl Connection {
    /// Sends `bytes` whole, in `duration_max` at the most. What a stream took of bytes that were not
    /// sent whole cannot be taken back: the connection is of no more use.
    pub(crate) fn send(&mut self, bytes: &[u8], duration_max: Duration) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => send_all(bytes, duration_max, |rest, left| {
                stream.set_write_timeout(Some(left))?;
                stream.write(rest)
            }),
            Self::Unix(stream) => send_all(bytes, duration_max, |rest, left| {
                stream.set_write_timeout(Some(left))?;
                stream.write(rest)
            }),
            Self::Udp(socket) => {
                socket.set_write_timeout(Some(duration_max))?;
                socket.send(bytes).and_then(|sent| whole(sent, bytes))
            }
            Self::UnixDatagram(socket) => {
                socket.set_write_timeout(Some(duration_max))?;
                socket.send(bytes).and_then(|sent| whole(sent, bytes))
            }
        }
    }
}

fn whole(sent: usize, bytes: &[u8]) -> io::Result<()> {
    match sent == bytes.len() {
        true => Ok(()),
        false => Err(io::ErrorKind::WriteZero.into()),
    }
}

/// Writes until nothing is left; who reads a little now and then gets no more time than others.
fn send_all(
    mut bytes: &[u8],
    duration_max: Duration,
    mut write: impl FnMut(&[u8], Duration) -> io::Result<usize>,
) -> io::Result<()> {
    let begun = Instant::now();
    while !bytes.is_empty() {
        let left = duration_max.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        match write(bytes, left) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(sent) => bytes = bytes.get(sent..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
