//! A clear value on its way between client and sealed form.

use zeroize::Zeroizing;

/// A protected value's canonical text. Wiped on drop; it has no Debug, Clone or Serialize on purpose.
pub struct Plaintext(Zeroizing<String>);

impl Plaintext {
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The value itself. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }
}
