use crate::mail::Part;
pub(super) fn mismatch(_p: &Part, _n: &str, _raw: &[u8]) -> Option<String> {
    None
}
