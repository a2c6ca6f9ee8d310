//! Tells the tests which kind of machine they were built for.

fn main() {
    let target = std::env::var("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=TIDY_HOST={target}");
}
