//! The derive itself.

use crate::literal;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Error, Expr, ExprLit, Field, Fields, Lit, Meta, Result};

/// What `#[field(…)]` says.
#[derive(Default)]
struct Said {
    source: Option<Ident>,
    name: Option<String>,
    kind: Option<Ident>,
    label: Option<String>,
    /// JSON text.
    default: Option<String>,
    /// JSON texts.
    allowed: Option<Vec<String>>,
    sensitive: bool,
    deprecated: bool,
    flatten: bool,
}

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let named = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Some(fields),
            Fields::Unit | Fields::Unnamed(_) => None,
        },
        Data::Enum(_) | Data::Union(_) => None,
    };
    let Some(named) = named else {
        let message = "`Fields` reads a struct with named fields";
        return Err(Error::new_spanned(&input.ident, message));
    };
    let mut specs = Vec::new();
    let mut nested = Vec::new();
    let mut takes = Vec::new();
    for field in &named.named {
        match said(&field.attrs)?.flatten {
            true => {
                let (ident, ty) = (&field.ident, &field.ty);
                nested.push(quote!(<#ty as ::sdk::Fields>::SPECS));
                takes.push(quote!(#ident: <#ty as ::sdk::Fields>::take(input)?));
            }
            false => {
                let (spec, take) = field_code(field)?;
                specs.push(spec);
                takes.push(take);
            }
        }
    }
    let own = quote!(&[#(#specs),*]);
    let specs = match nested.is_empty() {
        true => own,
        false => {
            let count = specs.len();
            quote!(&::sdk::all_specs::<{ #count #(+ #nested.len())* }>(&[#own, #(#nested),*]))
        }
    };
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #generics ::sdk::Fields for #name #arguments #bounds {
            const SPECS: &'static [::sdk::FieldSpec] = #specs;

            fn take(input: &::sdk::Input<'_>) -> ::sdk::Result<Self> {
                Ok(Self { #(#takes),* })
            }
        }
    })
}

fn field_code(field: &Field) -> Result<(TokenStream, TokenStream)> {
    let Some(ident) = &field.ident else {
        return Err(Error::new_spanned(field, "the field has no name"));
    };
    let ty = &field.ty;
    let said = said(&field.attrs)?;
    let summary = summary(&field.attrs);
    if summary.is_empty() {
        let message = "every field needs a doc comment: it becomes the help";
        return Err(Error::new_spanned(ident, message));
    }
    let label = said.name.unwrap_or_else(|| raw_name(ident));
    let source = said
        .source
        .unwrap_or_else(|| Ident::new("Body", Span::call_site()));
    let is_rest = source == "Rest";
    let kind = match said.kind {
        Some(kind) => quote!(::sdk::FieldKind::#kind),
        None if is_rest => quote!(::sdk::FieldKind::Object),
        None => quote!(<#ty as ::sdk::FieldType>::KIND),
    };
    let has_default = said.default.is_some();
    let required = match is_rest || has_default {
        true => quote!(false),
        false => quote!(<#ty as ::sdk::FieldType>::REQUIRED),
    };
    let take = match &said.default {
        Some(default) => quote!(#ident: input.take_or(#label, #default)?),
        None => quote!(#ident: input.take(#label)?),
    };
    let default = option(said.default.as_ref());
    let display = said
        .label
        .map(|label| format!("{{\"name\":{}}}", literal::quoted(&label)));
    let display = option(display.as_ref());
    let allowed = match said.allowed {
        Some(allowed) => quote!(&[#(#allowed),*]),
        None => quote!(<#ty as ::sdk::FieldType>::ALLOWED),
    };
    let (sensitive, deprecated) = (said.sensitive, said.deprecated);
    let spec = quote! {
        ::sdk::FieldSpec {
            name: #label,
            kind: #kind,
            source: ::sdk::FieldSource::#source,
            required: #required,
            sensitive: #sensitive,
            deprecated: #deprecated,
            default: #default,
            allowed: #allowed,
            summary: #summary,
            display: #display,
        }
    };
    Ok((spec, take))
}

fn option(text: Option<&String>) -> TokenStream {
    match text {
        Some(text) => quote!(::core::option::Option::Some(#text)),
        None => quote!(::core::option::Option::None),
    }
}

fn raw_name(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#")
        .map_or_else(|| name.clone(), str::to_owned)
}

fn said(attributes: &[Attribute]) -> Result<Said> {
    let mut said = Said::default();
    for attribute in attributes.iter().filter(|one| one.path().is_ident("field")) {
        attribute.parse_nested_meta(|meta| {
            let word = meta.path.require_ident()?.to_string();
            match word.as_str() {
                "path" | "query" | "body" | "rest" => {
                    let source = Ident::new(&camel(&word), meta.path.require_ident()?.span());
                    if said.source.replace(source).is_some() {
                        return Err(meta.error("a field stands in one place"));
                    }
                }
                "sensitive" => said.sensitive = true,
                "deprecated" => said.deprecated = true,
                "flatten" => said.flatten = true,
                "name" => said.name = Some(text(&meta.value()?.parse()?)?),
                "label" => said.label = Some(text(&meta.value()?.parse()?)?),
                "kind" => {
                    let value: Expr = meta.value()?.parse()?;
                    said.kind = Some(kind(&text(&value)?, &value)?);
                }
                "default" => said.default = Some(literal::json(&meta.value()?.parse()?)?),
                "allowed" => said.allowed = Some(literal::list(&meta.value()?.parse()?)?),
                _ => {
                    return Err(meta.error(
                        "expected path, query, body, rest, sensitive, deprecated, flatten, name, label, \
                         kind, default or allowed",
                    ));
                }
            }
            Ok(())
        })?;
    }
    Ok(said)
}

const KINDS: [&str; 17] = [
    "text",
    "lower-text",
    "name",
    "integer",
    "float",
    "boolean",
    "duration",
    "signed-duration",
    "text-list",
    "integer-list",
    "text-map",
    "object",
    "any-list",
    "bytes",
    "time",
    "header-map",
    "json",
];

fn kind(name: &str, at: &Expr) -> Result<Ident> {
    match KINDS.contains(&name) {
        true => Ok(Ident::new(&camel(name), Span::call_site())),
        false => Err(Error::new_spanned(
            at,
            format!("expected one of {}", KINDS.join(", ")),
        )),
    }
}

fn camel(name: &str) -> String {
    let mut upper = true;
    let mut camel = String::new();
    for c in name.chars() {
        match c {
            '-' => upper = true,
            c if upper => {
                camel.extend(c.to_uppercase());
                upper = false;
            }
            c => camel.push(c),
        }
    }
    camel
}

fn text(expression: &Expr) -> Result<String> {
    match expression {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Ok(text.value()),
        other => Err(Error::new_spanned(other, "expected text")),
    }
}

/// The doc comment, in one line.
fn summary(attributes: &[Attribute]) -> String {
    let mut lines = Vec::new();
    for attribute in attributes.iter().filter(|one| one.path().is_ident("doc")) {
        if let Meta::NameValue(pair) = &attribute.meta
            && let Ok(line) = text(&pair.value)
            && !line.trim().is_empty()
        {
            lines.push(line.trim().to_owned());
        }
    }
    lines.join(" ")
}
