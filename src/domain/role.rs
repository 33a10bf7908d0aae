//! What a member of a tenant may do. Checked on the server, by the services' callers' first line.
use serde::{Deserialize, Serialize};

/// A user's role in a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Owner,
    Admin,
    Staff,
    Developer,
    Viewer,
}

/// One thing that a role may or may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See orders, payments, refunds and proofs.
    ViewMoney,
    /// Make and cancel orders, start refunds, decide proofs.
    WorkOrders,
    DecideProofs,
    RequestRefunds,
    ApproveRefunds,
    /// See and change provider accounts.
    ManageProviders,
    /// See hooks with their raw bodies, and replay them.
    ManageHooks,
    /// Change endpoints and send events again. Everybody may see them.
    ManageEndpoints,
    ManageApiKeys,
    ManageTeam,
    ManageSettings,
    /// Make and change plans.
    ManagePlans,
    /// Say that two customers are one.
    MergeCustomers,
}

impl Role {
    pub const ALL: [Self; 5] = [
        Self::Owner,
        Self::Admin,
        Self::Staff,
        Self::Developer,
        Self::Viewer,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Staff => "staff",
            Self::Developer => "developer",
            Self::Viewer => "viewer",
        }
    }

    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == tag)
    }

    /// Whether this role may do it.
    pub fn may(self, what: Permission) -> bool {
        use Permission as P;
        match self {
            Self::Owner | Self::Admin => true,
            Self::Staff => matches!(
                what,
                P::ViewMoney | P::WorkOrders | P::DecideProofs | P::RequestRefunds
            ),
            Self::Developer => {
                matches!(
                    what,
                    P::ViewMoney | P::ManageHooks | P::ManageEndpoints | P::ManageApiKeys
                )
            }
            Self::Viewer => what == P::ViewMoney,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_owners_and_admins_touch_providers_team_plans_and_refund_approval() {
        for role in Role::ALL {
            let boss = matches!(role, Role::Owner | Role::Admin);
            for what in [
                Permission::ManageProviders,
                Permission::ManageTeam,
                Permission::ApproveRefunds,
                Permission::ManagePlans,
                Permission::MergeCustomers,
            ] {
                assert_eq!(role.may(what), boss, "{role:?} {what:?}");
            }
            assert!(role.may(Permission::ViewMoney));
        }
        assert!(!Role::Viewer.may(Permission::DecideProofs));
        assert!(!Role::Developer.may(Permission::RequestRefunds));
    }
}
