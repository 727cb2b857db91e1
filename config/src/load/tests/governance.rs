//! Who owns what, who may what, what a workflow is and what a plant may have otherwise: each contradiction with its place and
//! remedy, and what comes of the right text.

use super::*;

pub(super) const OWNERSHIP: &str = "- {domain: orders, kind: erp}\n- {domain: inventory, kind: erp}\n- {domain: quality_status, kind: erp}\n- {domain: master_data, kind: erp}\n- {domain: dispatch, kind: mesh}\n- {domain: execution, kind: plant}\n- {domain: confirmation, kind: erp}\n- {domain: supply, kind: erp}\n- {domain: logistics, kind: plant}\n- {domain: posting, kind: mesh}\n";
pub(super) const WORKFLOWS: &str = "release: {criticality: stops_plant, latency: {class: near_time, within_ms: 30000}, sla: plant_critical, reconciliation: presence}\nbatch_completion: {criticality: delays_books, latency: {class: batch, within_ms: 60000}, sla: business, reconciliation: books}\nhold_resolution: {criticality: stops_shipment, latency: {class: real_time, within_ms: 1000}, sla: plant_critical, reconciliation: stock}\nconfirm: {criticality: delays_books, latency: {class: batch, within_ms: 60000}, sla: business, reconciliation: books}\ninspect: {criticality: informs, latency: {class: batch, within_ms: 60000}, sla: analytical, reconciliation: none}\nship: {criticality: stops_shipment, latency: {class: real_time, within_ms: 1000}, sla: plant_critical, reconciliation: presence}\n";

/// A role that may everything.
fn roles() -> String {
    format!("planning: {{may: [{}]}}\n", takt_protocol::role::VERBS.join(", "))
}

pub(super) fn all_told(table: &[(&str, String, &str)]) {
    let told = |(file, text, expected): &(&str, String, &str)| (findings(&[(file, text)]), vec![(*expected).to_owned()]);
    let wrong: Vec<_> = table.iter().map(told).filter(|(found, expected)| found != expected).collect();
    assert!(wrong.is_empty(), "told, and wanted: {wrong:#?}");
}

#[test]
fn every_domain_has_one_owner_that_is_there_and_can_be_one() {
    let file = "ownership.yaml";
    all_told(&[
        (
            file,
            OWNERSHIP.replace("- {domain: inventory, kind: erp}\n", ""),
            "ownership.yaml: nobody owns inventory. add `- {domain: inventory, kind: erp}`",
        ),
        (
            file,
            format!("{OWNERSHIP}- {{domain: orders, kind: erp}}\n"),
            "ownership.yaml:11:3: orders of every plant has two owners. delete one of the lines: what is owned twice is owned by nobody",
        ),
        (
            file,
            format!("{OWNERSHIP}- {{domain: orders, plant: nord, site: sap}}\n"),
            "ownership.yaml:11:39: there is no site sap. use one of erp, nord",
        ),
        (
            file,
            format!("{OWNERSHIP}- {{domain: orders, plant: erp, kind: erp}}\n"),
            "ownership.yaml:11:27: erp is not of kind plant, it is of kind erp. use one of nord, or write a site of kind plant",
        ),
        (
            file,
            OWNERSHIP.replace("orders, kind: erp", "orders, kind: plant"),
            "ownership.yaml:1:3: plant cannot be the owner of orders: the mesh cannot take its word for it. name the erp",
        ),
        (
            file,
            OWNERSHIP.replace("orders, kind: erp", "orders"),
            "ownership.yaml:1:3: the line about orders names no owner. add `kind:` with erp, or `site:` with its name",
        ),
        (
            file,
            OWNERSHIP.replace("orders, kind: erp", "orders, kind: erp, site: erp"),
            "ownership.yaml:1:3: the line about orders names its owner twice. keep `kind` or `site`, not both",
        ),
        (
            file,
            OWNERSHIP.replace("quality_status, kind: erp", "quality_status, kind: quality"),
            "ownership.yaml:3:3: nord has no quality, so nobody owns its quality_status. add `quality:` to sites/nord.yaml, or add `- {domain: quality_status, plant: nord, kind: erp}`",
        ),
        (file, OWNERSHIP.replace("orders", "order"), "ownership.yaml:1:12: `order` is no word for this. did you mean orders?"),
    ]);
    let two = findings(&[("sites/sap.yaml", ERP), (file, &OWNERSHIP.replace("orders, kind: erp", "orders, site: sap"))]);
    assert_eq!(
        two,
        [
            "ownership.yaml:1:26: sap owns orders of nord here, and sites/nord.yaml says `erp: erp`. a plant has one erp: name it alike in both, or write `kind: erp` here"
        ]
    );
}

#[test]
fn a_workflow_says_four_things_that_do_not_contradict_each_other() {
    let file = "workflows/all.yaml";
    let but = |from: &str, to: &str| WORKFLOWS.replacen(from, to, 1);
    all_told(&[
        (
            file,
            but("criticality: stops_plant, ", ""),
            "workflows/all.yaml:1:10: the workflow release does not say its criticality. add `criticality:` stops_plant, stops_shipment, delays_books or informs",
        ),
        (
            file,
            but("latency: {class: near_time, within_ms: 30000}, ", ""),
            "workflows/all.yaml:1:10: the workflow release does not say its latency. add `latency:` {class: real_time, within_ms: 1000}, or near_time or batch",
        ),
        (
            file,
            but("sla: plant_critical, ", ""),
            "workflows/all.yaml:1:10: the workflow release does not say its sla. add `sla:` plant_critical, business or analytical",
        ),
        (
            file,
            but(", reconciliation: presence", ""),
            "workflows/all.yaml:1:10: the workflow release does not say its reconciliation. add `reconciliation:` books, stock, presence or none",
        ),
        (
            file,
            but("near_time, within_ms: 30000", "real_time, within_ms: 30000"),
            "workflows/all.yaml:1:46: release is real_time and may take 30000 ms. write at most 1000 ms, or the class that it is",
        ),
        (
            file,
            but("sla: plant_critical", "sla: business"),
            "workflows/all.yaml:1:89: release stops the plant and is not served first. write `sla: plant_critical`",
        ),
        (
            file,
            but("within_ms: 1000}, sla: plant_critical", "within_ms: 1000}, sla: analytical"),
            "workflows/all.yaml:3:99: hold_resolution cannot be shed: bad stock is held everywhere at once, whatever the load. write `sla: plant_critical` or `sla: business`",
        ),
        (
            file,
            but("reconciliation: books", "reconciliation: none"),
            "workflows/all.yaml:2:121: batch_completion posts to an ERP and is said to need no reconciliation. write `reconciliation: books`",
        ),
        (
            file,
            but("ship:", "# ship:"),
            "workflows: nothing is said of the workflow ship. add `ship:` with criticality, latency, sla and reconciliation",
        ),
    ]);
}

#[test]
fn a_step_can_be_switched_where_it_is_and_a_promise_nowhere() {
    let file = "workflows/all.yaml";
    let but = |from: &str, to: &str| WORKFLOWS.replacen(from, to, 1);
    all_told(&[
        (
            file,
            but("reconciliation: presence}", "reconciliation: presence, without: [claim]}"),
            "workflows/all.yaml:1:141: nobody can do without claim: one input has one effect, and never a blind second try (T2). take it out of the list",
        ),
        (
            file,
            but("reconciliation: stock}", "reconciliation: stock, without: [equipment]}"),
            "workflows/all.yaml:3:148: equipment is a step of release, not of hold_resolution. write it under `release:`",
        ),
        (
            file,
            but("reconciliation: presence}", "reconciliation: presence, without: [calibraton]}"),
            "workflows/all.yaml:1:141: release has no step calibraton that can be left out. did you mean calibration?",
        ),
        (file, but("release:", "relase:"), "workflows/all.yaml:1:1: `relase` is no word for this. did you mean release?"),
    ]);
    let ship = WORKFLOWS.lines().last().unwrap().replace("presence}", "presence, without: [clearance]}");
    let all = format!("{}{ship}\n", WORKFLOWS.lines().take(5).flat_map(|line| [line, "\n"]).collect::<String>());
    let found = findings(&[(file, &all)]);
    assert_eq!(
        found,
        [
            "workflows/all.yaml:6:140: nobody can do without clearance: no departure is authorised unless every lot on it said yes while not held (T5). take it out of the list"
        ]
    );
    let twice = findings(&[(file, WORKFLOWS), ("workflows/more.yaml", WORKFLOWS.lines().next().unwrap())]);
    assert_eq!(twice, ["workflows/more.yaml:1:10: the workflow release stands in workflows/all.yaml too. delete one of them"]);
}

#[test]
fn a_role_may_what_can_be_asked_for_and_everything_is_somebody_s() {
    let file = "roles.yaml";
    all_told(&[
        (
            file,
            roles().replace("[act_on", "[frobnicate, act_on"),
            "roles.yaml:1:18: nobody can ask for frobnicate. use one of act_on_exception, block_shipment, cancel_order, change_quantity, change_recipe, close_order, complete_technically, confirm_completion, correct_count, hold_order, issue_material, place_hold, reconcile, record_disposition, redispatch, release_hold, release_hold_offline, release_order, release_shipment, reopen_order",
        ),
        (file, roles().replace(", write_off", ""), "roles.yaml: nobody may write_off. add it to the `may` of a role"),
        (
            file,
            format!("{}idle: {{may: []}}\n", roles()),
            "roles.yaml:2:7: the role idle may do nothing. give it something to ask for under `may`, or delete it: everybody known may look",
        ),
        (
            file,
            roles().replace("[act_on_exception", "[write_off, act_on_exception"),
            "roles.yaml:1:462: the verb write_off stands twice. rename or delete one of them",
        ),
        (file, roles().replace("]}", "], sites: [nrod]}"), "roles.yaml:1:471: there is no site nrod. use one of erp, nord"),
        (
            "mesh.yaml",
            format!("{MESH}clients: [{{name: a, token: x, role: king}}]\n"),
            "mesh.yaml:2:11: the client a has the role king, which is none. use one of finance, it, planning, production, quality",
        ),
        (
            "mesh.yaml",
            MESH.to_owned(),
            "mesh.yaml: there is no client, so nobody could ask for anything. add one under `clients`, such as `{name: planner, token: \"${PLANNER_TOKEN}\", role: planning}`",
        ),
    ]);
    let mesh = format!("{MESH}policy: {{finance_roles: [planning]}}\n{CLIENTS}");
    let found = findings(&[(file, &roles()), ("mesh.yaml", &mesh)]);
    assert_eq!(
        found,
        [
            "mesh.yaml:2:26: `finance_roles` and roles.yaml both say who may write_off and reverse_posting. delete `finance_roles`, and give planning those verbs in roles.yaml"
        ]
    );
    let unknown = format!("{MESH}clients: [{{name: a, token: x, role: quality}}]\n");
    let found = findings(&[(file, &roles()), ("mesh.yaml", &unknown)]);
    assert_eq!(
        found,
        ["mesh.yaml:2:11: the client a has the role quality, which is none. use one of planning; or write `quality:` in roles.yaml"]
    );
}

#[test]
fn a_plant_overrides_what_is_its_own_and_nothing_that_is_one_for_all() {
    all_told(&[
        (
            "plants/sued/limits.yaml",
            "at_once: 2\n".to_owned(),
            "plants/sued: there is no plant sued for this folder. rename it after one of nord",
        ),
        (
            "plants/erp/limits.yaml",
            "at_once: 2\n".to_owned(),
            "plants/erp: erp is of kind erp, and only plants have a folder of their own. rename it after one of nord",
        ),
        (
            "plants/nord/contracts.yaml",
            "a: b\n".to_owned(),
            "plants/nord/contracts.yaml: contracts is one for the whole mesh: nord cannot have its own. say it in the file or folder of that name at the top, for everybody",
        ),
        (
            "plants/nord/ownership.yaml",
            OWNERSHIP.to_owned(),
            "plants/nord/ownership.yaml: ownership is one for the whole mesh: nord cannot have its own. say it in the file or folder of that name at the top, for everybody",
        ),
        (
            "plants/nord/limit.yaml",
            "at_once: 2\n".to_owned(),
            "plants/nord/limit.yaml: nothing reads this file. a plant's folder may hold limits.yaml, recipes.yaml, rules.yaml, workflows.yaml and mappings/",
        ),
        (
            "plants/nord/mappings/x.jq",
            "def inputs: empty;\n".to_owned(),
            "plants/nord/mappings/x.jq: this mapping is in the place of nothing: the link of nord does not name mappings/x.jq. name mappings/x.jq in sites/nord.yaml, or delete this file",
        ),
        (
            "plants/nord/rules.yaml",
            RULES.replace("use: produced", "use: produced, material: FG"),
            "plants/nord/rules.yaml:1:3: the rule receipt is for other reports than the central one of that name. leave `match` out, or give it a name of its own",
        ),
        (
            "plants/nord/recipes.yaml",
            "- {material: FG, version: '8', source: note}\n".to_owned(),
            "plants/nord/recipes.yaml:1:3: nord has no recipe 8 of FG to note this on. correct material and version, or write the recipe in recipes/",
        ),
        (
            "plants/nord/workflows.yaml",
            "release: {sla: business}\n".to_owned(),
            "plants/nord/workflows.yaml:1:16: the sla of release is one for the whole mesh: nord cannot have its own. a plant may switch steps only, under `without` and `with`",
        ),
        (
            "plants/nord/workflows.yaml",
            "ship: {without: [clearance]}\n".to_owned(),
            "plants/nord/workflows.yaml:1:18: nobody can do without clearance: no departure is authorised unless every lot on it said yes while not held (T5). take it out of the list",
        ),
        (
            "plants/nord/workflows.yaml",
            "release: {without: [equipment], with: [equipment]}\n".to_owned(),
            "plants/nord/workflows.yaml:1:40: nord is to have equipment and to do without it. take it out of one of the lists",
        ),
    ]);
}
