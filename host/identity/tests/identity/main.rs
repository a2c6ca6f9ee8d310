//! Who is who, against small models.

mod directory;
mod models;
mod oidc;
mod world;
