//! A provider account: a tenant's settings for one provider.
use super::Timestamp;
use super::ids::TenantId;
use std::collections::BTreeMap;

/// Which credentials are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    Test,
    Live,
}

impl Mode {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "test" => Some(Self::Test),
            "live" => Some(Self::Live),
            _ => None,
        }
    }

    pub const fn of(test_mode: bool) -> Self {
        if test_mode { Self::Test } else { Self::Live }
    }

    pub const fn is_test(self) -> bool {
        matches!(self, Self::Test)
    }
}

/// A tenant's settings for one provider; secrets are kept apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderAccount {
    pub tenant_id: TenantId,
    pub provider: String,
    pub enabled: bool,
    pub test_mode: bool,
    /// Options that are no secret: instructions, names, switches.
    pub options: BTreeMap<String, String>,
    pub updated_at: Timestamp,
}

impl ProviderAccount {
    pub fn mode(&self) -> Mode {
        Mode::of(self.test_mode)
    }
}
