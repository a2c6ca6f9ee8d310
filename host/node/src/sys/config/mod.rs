//! `sys/config/`: what the server as a whole is told at run time.

mod cors;
mod request_headers;
mod ui_headers;

pub(crate) use cors::stored as stored_cross_origin;

use crate::native::NativeRoute;

/// The tables.
pub(super) const CORS: &[NativeRoute] = cors::ROUTES;
pub(super) const REQUEST_HEADERS: &[NativeRoute] = request_headers::ROUTES;
pub(super) const UI_HEADERS: &[NativeRoute] = ui_headers::ROUTES;

/// Names of headers that one of these settings may hold.
const NAMES_COUNT_MAX: usize = 256;
/// Letters of a name, and of a value.
const NAME_BYTES_MAX: usize = 256;
const VALUE_BYTES_MAX: usize = 8192;
