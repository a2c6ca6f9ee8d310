//! The one line that makes a component of a crate.

/// Exports the engine that a `const fn` gives. Natively the compiler makes the table, and that is all.
#[macro_export]
macro_rules! export_engine {
    ($engine:path) => {
        #[cfg(not(target_family = "wasm"))]
        const _: $crate::Engine = $engine();
        #[cfg(target_family = "wasm")]
        const _: () = {
            static ENGINE: $crate::Engine = $engine();
            $crate::export_engine!(@component ENGINE);
        };
    };
    ($engine:path, $routes:literal) => {
        #[cfg(not(target_family = "wasm"))]
        const _: $crate::Engine<$routes> = $engine();
        #[cfg(target_family = "wasm")]
        const _: () = {
            static ENGINE: $crate::Engine<$routes> = $engine();
            $crate::export_engine!(@component ENGINE);
        };
    };
    (@component $engine:ident) => {
        use $crate::guest as g;
        #[global_allocator]
        static ALLOCATOR: $crate::bump::Bump = $crate::bump::Bump;
        struct Component;
        impl g::engine::Lifecycle for Component {
            fn describe() -> g::Manifest {
                g::engine::describe(&$engine)
            }
            fn start() -> ::core::result::Result<(), g::WitFailure> {
                g::engine::start(&$engine)
            }
            fn tick() -> ::core::result::Result<(), g::WitFailure> {
                g::engine::tick(&$engine)
            }
        }
        impl g::engine::Guest for Component {
            fn exists(request: g::Request) -> ::core::result::Result<bool, g::WitFailure> {
                g::engine::exists(&$engine, request)
            }
            fn handle(request: g::Request) -> ::core::result::Result<g::engine::Answer, g::WitFailure> {
                g::engine::handle(&$engine, request)
            }
            fn renew(lease: g::engine::WitLease, increment: u64) -> ::core::result::Result<g::WitRenewal, g::WitFailure> {
                g::engine::renew(&$engine, lease, increment)
            }
            fn revoke(lease: g::engine::WitLease) -> ::core::result::Result<(), g::WitFailure> {
                g::engine::revoke(&$engine, lease)
            }
        }
        $crate::bindings::host::export_component_lifecycle!(Component with_types_in $crate::bindings::host);
        $crate::bindings::engine::export_component_engine!(Component with_types_in $crate::bindings::engine);
    };
}

/// Exports the auth method that a `const fn` gives. Natively the compiler makes the table, and that is all.
#[macro_export]
macro_rules! export_method {
    ($method:path) => {
        #[cfg(not(target_family = "wasm"))]
        const _: $crate::Method = $method();
        #[cfg(target_family = "wasm")]
        const _: () = {
            static METHOD: $crate::Method = $method();
            $crate::export_method!(@component METHOD);
        };
    };
    ($method:path, $routes:literal) => {
        #[cfg(not(target_family = "wasm"))]
        const _: $crate::Method<$routes> = $method();
        #[cfg(target_family = "wasm")]
        const _: () = {
            static METHOD: $crate::Method<$routes> = $method();
            $crate::export_method!(@component METHOD);
        };
    };
    (@component $method:ident) => {
        use $crate::guest as g;
        #[global_allocator]
        static ALLOCATOR: $crate::bump::Bump = $crate::bump::Bump;
        struct Component;
        impl g::method::Lifecycle for Component {
            fn describe() -> g::Manifest {
                g::method::describe(&$method)
            }
            fn start() -> ::core::result::Result<(), g::WitFailure> {
                g::method::start(&$method)
            }
            fn tick() -> ::core::result::Result<(), g::WitFailure> {
                g::method::tick(&$method)
            }
        }
        impl g::method::Guest for Component {
            fn identify(request: g::Request) -> ::core::option::Option<::std::string::String> {
                g::method::identify(&$method, request)
            }
            fn exists(request: g::Request) -> ::core::result::Result<bool, g::WitFailure> {
                g::method::exists(&$method, request)
            }
            fn handle(request: g::Request) -> ::core::result::Result<g::method::Answer, g::WitFailure> {
                g::method::handle(&$method, request)
            }
            fn renew(grant: g::method::WitGrant, increment: u64) -> ::core::result::Result<g::WitRenewal, g::WitFailure> {
                g::method::renew(&$method, grant, increment)
            }
        }
        $crate::bindings::host::export_component_lifecycle!(Component with_types_in $crate::bindings::host);
        $crate::bindings::method::export_component_method!(Component with_types_in $crate::bindings::method);
    };
}
