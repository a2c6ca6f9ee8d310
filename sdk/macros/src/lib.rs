//! `#[derive(Fields)]`: the schema of a handler's input, read from the struct that receives it.
//!
//! The macro only rewrites what stands in the struct. What a type means for the host is said by
//! `sdk::FieldType`, so that a new type needs no change here.

mod fields;
mod literal;

use proc_macro::TokenStream;

/// Makes a struct the input of a handler.
///
/// Every field needs a doc comment, which becomes the help. `#[field(…)]` takes
///
/// - `path`, `query`, `body` (where it stands if nothing is said) or `rest` (every other member of the body);
/// - `sensitive`: hashed in the audit log, masked in forms;
/// - `default = …`: a literal, or a list of literals, of the form that the handler sees;
/// - `allowed = […]`: the values that are taken;
/// - `name = "…"`: what it is called in JSON, where that is not the field's name;
/// - `kind = "lower-text"` (or `name`, `signed-duration`, `object`, …): another kind than the type has;
/// - `deprecated`, and `label = "…"` for forms;
/// - `flatten`: the field is itself a struct of fields, and they are the route's as well.
#[proc_macro_derive(Fields, attributes(field))]
pub fn derive_fields(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    fields::derive(&input)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}
