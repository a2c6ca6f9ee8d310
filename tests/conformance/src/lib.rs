//! Suites against the documented contracts: what a component may do to its host (`tests/hostile`).
