//! `sys/audit`.
use crate::native::{Ask, Told};
pub(super) fn list(_ask: &mut Ask<'_>) -> Told {
    Err(base::Refusal::not_found())
}
pub(super) fn enable(_ask: &mut Ask<'_>) -> Told {
    Err(base::Refusal::not_found())
}
pub(super) fn disable(_ask: &mut Ask<'_>) -> Told {
    Err(base::Refusal::not_found())
}
pub(super) fn hash(_ask: &mut Ask<'_>) -> Told {
    Err(base::Refusal::not_found())
}
