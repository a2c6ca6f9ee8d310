//! Suites against the documented contracts: what a component may do to its host (`tests/hostile`), and
//! what becomes of a login (`tests/logins`).
