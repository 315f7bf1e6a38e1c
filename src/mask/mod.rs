//! Mask presets: what a caller sees in place of a value it may not see.

/// A preset with its parameters, ready to apply.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    /// The preset's name in the policy, for example `phone-3-4`.
    pub name: String,
}
