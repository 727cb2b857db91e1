//! Roles: who may ask for what, and about which sites. Looked at where a request comes in, whatever protocol brought it; what
//! systems tell of their own is not asked for, and has no role.

use std::collections::{BTreeMap, BTreeSet};

use crate::name::SiteId;
use crate::words::Role;

/// Everything that can be asked for: the requests of the API by name, and what is more than one of them by itself: giving
/// quantities up (`write_off`), sending on what nobody could be handed (`retry_dead_letter`), and releasing a hold while the quality
/// system is not reached ([`DELEGATED`]).
pub const VERBS: [&str; 28] = [
    "act_on_exception",
    "block_shipment",
    "cancel_order",
    "change_quantity",
    "change_recipe",
    "close_order",
    "complete_technically",
    "confirm_completion",
    "correct_count",
    "hold_order",
    "issue_material",
    "place_hold",
    "reconcile",
    "record_disposition",
    "redispatch",
    "release_hold",
    "release_hold_offline",
    "release_order",
    "release_shipment",
    "reopen_order",
    "replace_component",
    "reschedule_order",
    "resume_order",
    "retry_dead_letter",
    "reverse_posting",
    "revoke_dispatch",
    "split_order",
    "write_off",
];

/// Nobody may that who was not given it: it is quality's own decision, delegated to a role at the plant.
pub const DELEGATED: &str = "release_hold_offline";

/// Anyone may place a hold, block a shipment and act on what is theirs; only its owner lifts a hold.
const EVERYONE: [&str; 3] = ["act_on_exception", "block_shipment", "place_hold"];

/// The five roles that are there when the configuration has none of its own, each with what it may beside [`EVERYONE`].
const BUILT_IN: [(&str, &[&str]); 5] = [
    (
        "planning",
        &[
            "cancel_order",
            "change_quantity",
            "change_recipe",
            "close_order",
            "complete_technically",
            "hold_order",
            "redispatch",
            "release_order",
            "release_shipment",
            "reopen_order",
            "replace_component",
            "reschedule_order",
            "resume_order",
            "revoke_dispatch",
            "split_order",
        ],
    ),
    ("production", &["confirm_completion", "correct_count", "hold_order", "issue_material", "redispatch", "resume_order"]),
    ("quality", &["correct_count", "record_disposition", "release_hold", "release_shipment"]),
    ("finance", &["close_order", "reconcile", "release_shipment", "reopen_order", "reverse_posting", "write_off"]),
    ("it", &["reconcile", "redispatch", "retry_dead_letter", "revoke_dispatch"]),
];

/// The roles that exceptions are opened for: built-in ones, whatever else a configuration has.
pub const OWNERS: [&str; 5] = ["finance", "it", "planning", "production", "quality"];

/// What logs of before call the owners of exceptions by words that were no roles, and the role each of them is.
const BEFORE: [(&str, &str); 4] = [("plant-it", "it"), ("planner", "planning"), ("process", "production"), ("warehouse", "planning")];

/// What a role may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// What it may ask for, each one of [`VERBS`].
    pub verbs: BTreeSet<String>,
    /// About which sites; `None` for all.
    pub sites: Option<BTreeSet<SiteId>>,
}

/// All roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    grants: BTreeMap<Role, Grant>,
}

impl Default for Roles {
    fn default() -> Self {
        let grant = |own: &[&str]| Grant { verbs: own.iter().chain(&EVERYONE).map(ToString::to_string).collect(), sites: None };
        Self::new(BUILT_IN.iter().filter_map(|(role, own)| Some((Role::parse(role).ok()?, grant(own)))).collect())
    }
}

impl Roles {
    /// The roles of a configuration.
    pub fn new(grants: BTreeMap<Role, Grant>) -> Self {
        Self { grants }
    }

    /// Each role and what it may.
    pub fn grants(&self) -> &BTreeMap<Role, Grant> {
        &self.grants
    }

    /// Gives a role something more to ask for.
    pub fn allow(&mut self, role: &Role, verbs: &[&str]) {
        let grant = self.grants.entry(role.clone()).or_default();
        grant.verbs.extend(EVERYONE.iter().chain(verbs).map(ToString::to_string));
    }

    /// Whether a role may ask for that.
    pub fn may(&self, role: &Role, verb: &str) -> bool {
        self.grants.get(role).is_some_and(|grant| grant.verbs.contains(verb))
    }

    /// Every role that may ask for that.
    pub fn who_may(&self, verb: &str) -> Vec<Role> {
        self.grants.iter().filter(|(_, grant)| grant.verbs.contains(verb)).map(|(role, _)| role.clone()).collect()
    }

    /// Every role that an exception may be with: those that there are, and those that exceptions are opened for.
    pub fn owners(&self) -> BTreeSet<Role> {
        self.grants.keys().cloned().chain(OWNERS.iter().filter_map(|role| Role::parse(role).ok())).collect()
    }

    /// Who answers for an exception, in the words of today: where its log says a word of before that is no role, the role that
    /// it means.
    pub fn answering(&self, owner: &Role) -> Role {
        let meant = BEFORE.iter().find(|(word, _)| *word == owner.as_str() && !self.grants.contains_key(owner));
        meant.and_then(|(_, role)| Role::parse(role).ok()).unwrap_or_else(|| owner.clone())
    }

    /// The sites a role is for; `None` for all.
    pub fn sites(&self, role: &Role) -> Option<&BTreeSet<SiteId>> {
        self.grants.get(role)?.sites.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_can_be_asked_for_is_somebody_s_and_no_role_may_what_cannot_be_asked_for() {
        let roles = Roles::default();
        assert!(VERBS.is_sorted());
        for verb in VERBS {
            assert_eq!(roles.who_may(verb).is_empty(), verb == DELEGATED, "{verb}");
        }
        for grant in roles.grants().values() {
            assert!(grant.verbs.iter().all(|verb| VERBS.contains(&verb.as_str())), "{grant:?}");
        }
        assert_eq!(roles.grants().len(), 5);
        assert!(!roles.may(&Role::parse("king").unwrap(), "place_hold"));
    }

    #[test]
    fn an_exception_is_with_a_role_also_where_an_old_log_has_another_word_for_it() {
        let (mut roles, role) = (Roles::default(), |word: &str| Role::parse(word).unwrap());
        assert_eq!(roles.owners(), OWNERS.map(role).into(), "the built-in ones");
        for (word, meant) in BEFORE {
            assert_eq!(roles.answering(&role(word)), role(meant));
            assert!(OWNERS.contains(&meant));
        }
        assert_eq!(roles.answering(&role("quality")), role("quality"));
        roles.allow(&role("warehouse"), &[]);
        assert_eq!(roles.answering(&role("warehouse")), role("warehouse"), "here it is a role of its own");
        assert!(roles.owners().contains(&role("warehouse")));
    }
}
