//! Alert rules: what counts as wrong, judged from figures alone. Ratios are whole percent or per
//! mille; nothing here is money.
use super::Timestamp;
use super::figures::is_above;
use super::ids::{AlertId, TenantId};
use super::input::InputProblem;
use serde::{Deserialize, Serialize};

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlertKind {
    /// Payments of a provider fail.
    FailureRate,
    /// A provider that sends hooks sends none.
    HooksSilent,
    /// Calls to a provider get no proper answer.
    ProviderErrors,
    /// The database cannot be had, or work is late. It concerns all shops alike.
    Database,
}

impl AlertKind {
    pub const ALL: [Self; 4] = [
        Self::FailureRate,
        Self::HooksSilent,
        Self::ProviderErrors,
        Self::Database,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FailureRate => "failure_rate",
            Self::HooksSilent => "hooks_silent",
            Self::ProviderErrors => "provider_errors",
            Self::Database => "database",
        }
    }

    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == tag)
    }
}

/// A tenant's thresholds. A threshold of 0 turns its rule off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlertRules {
    /// Opens above so many percent of failed payments.
    pub failure_percent: i64,
    /// Fewer ended payments than this say nothing.
    pub least_payments: i64,
    /// Opens above so many percent of calls without a proper answer.
    pub error_percent: i64,
    /// Fewer calls than this say nothing.
    pub least_calls: i64,
    /// How far back payments and calls are looked at.
    pub window_minutes: i64,
    /// Opens where payments go through and no hook came for so long.
    pub silent_hours: i64,
    /// Trouble with the database opens an alert.
    pub database: bool,
}

impl Default for AlertRules {
    fn default() -> Self {
        Self {
            failure_percent: 5,
            least_payments: 20,
            error_percent: 10,
            least_calls: 20,
            window_minutes: 60,
            silent_hours: 6,
            database: true,
        }
    }
}

impl AlertRules {
    /// # Errors
    /// The field that is out of its bounds.
    pub fn check(&self) -> Result<(), InputProblem> {
        let bounds = [
            ("failure_percent", self.failure_percent, 0, 100),
            ("least_payments", self.least_payments, 1, 10_000),
            ("error_percent", self.error_percent, 0, 100),
            ("least_calls", self.least_calls, 1, 10_000),
            ("window_minutes", self.window_minutes, 10, 1_440),
            ("silent_hours", self.silent_hours, 0, 168),
        ];
        for (field, value, least, most) in bounds {
            if !(least..=most).contains(&value) {
                let words = format!("must be from {least} to {most}");
                return Err(InputProblem::new(field, "out_of_bounds", words));
            }
        }
        Ok(())
    }
}

/// What a provider did with live money in the times that the rules name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderFigures {
    pub provider: String,
    /// Ended within the window; what customers cancelled or let expire is in neither.
    pub succeeded: i64,
    pub failed: i64,
    /// Calls within the window.
    pub calls: i64,
    pub errors: i64,
    /// Whether it is live and sends hooks.
    pub sends_hooks: bool,
    /// Payments that were started within the silent time, and those of them that succeeded.
    pub started: i64,
    pub paid: i64,
    /// Hooks that came within the silent time.
    pub hooks: i64,
}

/// What is known of the database and the work on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DatabaseFigures {
    /// Times that it could not be had, of late.
    pub troubles: i64,
    /// Jobs that are due for long and nobody runs.
    pub late_jobs: i64,
}

/// A rule that is broken now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub kind: AlertKind,
    /// Empty for the database.
    pub provider: String,
    /// So many of `all` were wrong: payments, calls; payments without a hook; late jobs.
    pub wrong: i64,
    pub all: i64,
}

/// Fewer started payments than this do not prove that hooks are missing.
const LEAST_STARTED: i64 = 3;

/// The rules that are broken.
pub fn judge(
    rules: &AlertRules,
    providers: &[ProviderFigures],
    database: DatabaseFigures,
) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut add = |kind, provider: &str, wrong, all| {
        found.push(Finding {
            kind,
            provider: provider.to_owned(),
            wrong,
            all,
        });
    };
    for p in providers {
        let ended = p.succeeded + p.failed;
        if rules.failure_percent > 0
            && ended >= rules.least_payments
            && is_above(p.failed, ended, rules.failure_percent)
        {
            add(AlertKind::FailureRate, &p.provider, p.failed, ended);
        }
        if rules.silent_hours > 0
            && p.sends_hooks
            && p.hooks == 0
            && p.started >= LEAST_STARTED
            && p.paid > 0
        {
            add(AlertKind::HooksSilent, &p.provider, p.paid, p.started);
        }
        if rules.error_percent > 0
            && p.calls >= rules.least_calls
            && is_above(p.errors, p.calls, rules.error_percent)
        {
            add(AlertKind::ProviderErrors, &p.provider, p.errors, p.calls);
        }
    }
    if rules.database && (database.troubles > 0 || database.late_jobs > 0) {
        let (wrong, all) = (database.late_jobs, database.troubles);
        add(AlertKind::Database, "", wrong, all);
    }
    found
}

/// A broken rule, from when it was first seen until it was over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    pub id: AlertId,
    pub tenant_id: TenantId,
    pub kind: AlertKind,
    pub provider: String,
    /// The figures when it was last looked at and still broken; see [`Finding`].
    pub wrong: i64,
    pub all: i64,
    pub opened_at: Timestamp,
    pub seen_at: Timestamp,
    pub closed_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> ProviderFigures {
        ProviderFigures {
            provider: "paystack".to_owned(),
            ..ProviderFigures::default()
        }
    }

    fn kinds(rules: &AlertRules, p: &ProviderFigures) -> Vec<AlertKind> {
        let database = DatabaseFigures::default();
        let found = judge(rules, std::slice::from_ref(p), database);
        found.into_iter().map(|f| f.kind).collect()
    }

    #[test]
    fn one_failure_of_one_is_no_alarm_and_five_percent_is_not_above_five() {
        let rules = AlertRules::default();
        for (succeeded, failed, alarms) in [
            (0, 1, false),
            (0, 19, false),
            (95, 5, false),
            (94, 6, true),
            (0, 20, true),
        ] {
            let p = ProviderFigures {
                succeeded,
                failed,
                ..figures()
            };
            let found = kinds(&rules, &p);
            assert_eq!(found == [AlertKind::FailureRate], alarms, "{failed}");
            assert_eq!(found.is_empty(), !alarms, "{failed}");
        }
        let off = AlertRules {
            failure_percent: 0,
            ..rules
        };
        let p = ProviderFigures {
            failed: 50,
            ..figures()
        };
        assert!(kinds(&off, &p).is_empty());
    }

    #[test]
    fn silence_is_told_only_where_a_hook_should_have_come() {
        let rules = AlertRules::default();
        let silent = ProviderFigures {
            sends_hooks: true,
            started: 3,
            paid: 1,
            ..figures()
        };
        assert_eq!(kinds(&rules, &silent), [AlertKind::HooksSilent]);
        for quiet in [
            ProviderFigures {
                hooks: 1,
                ..silent.clone()
            },
            ProviderFigures {
                paid: 0,
                ..silent.clone()
            },
            ProviderFigures {
                started: 2,
                ..silent.clone()
            },
            ProviderFigures {
                sends_hooks: false,
                ..silent
            },
        ] {
            assert!(kinds(&rules, &quiet).is_empty(), "{quiet:?}");
        }
    }

    #[test]
    fn the_database_is_told_once_for_late_work_and_for_errors() {
        let rules = AlertRules::default();
        let late = DatabaseFigures {
            late_jobs: 4,
            troubles: 0,
        };
        let found = judge(&rules, &[], late);
        assert_eq!((found[0].kind, found[0].wrong), (AlertKind::Database, 4));
        assert!(judge(&rules, &[], DatabaseFigures::default()).is_empty());
    }

    #[test]
    fn a_threshold_out_of_bounds_is_named() {
        let rules = AlertRules {
            window_minutes: 5,
            ..AlertRules::default()
        };
        assert_eq!(rules.check().unwrap_err().field, "window_minutes");
        assert!(AlertRules::default().check().is_ok());
    }
}
