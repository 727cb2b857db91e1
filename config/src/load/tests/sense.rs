//! What each line says well and nobody can mean: nothing to use, units that are other units, two things under one name.

use super::contradictions::all_told;
use super::*;

#[test]
fn nothing_is_used_inspected_or_measured_that_cannot_be() {
    all_told(&[
        (
            "recipes/fg.yaml",
            RECIPE.replace("0.4 KGM", "0 KGM"),
            "recipes/fg.yaml:9:51: 0 KGM of STEEL is nothing that could be used. write how much the base quantity takes; what comes out is one of the `outputs`",
        ),
        (
            "materials/all.yaml",
            MATERIALS.replace("base: H87}", "base: H87, inspected: true}"),
            "materials/all.yaml:1:50: FG is inspected, and has no lots that could be. write `lot_mode: lot`, or leave out `inspected`",
        ),
        (
            "materials/all.yaml",
            MATERIALS.replace("base: KGM}", "base: KGM, conversions: {TNE: {num: 100, den: 1}}}"),
            "materials/all.yaml:2:59: one TNE of STEEL is 100 KGM here, and 1000 everywhere. leave it out: it is known",
        ),
        (
            "materials/all.yaml",
            MATERIALS.replace("base: H87}", "base: H87, conversions: {H87: {num: 2, den: 1}}}"),
            "materials/all.yaml:1:58: one H87 of FG is 2 H87 here, and 1 everywhere. leave it out: it is known",
        ),
        (
            "sites/nord.yaml",
            PLANT.replace("Berlin}", "Berlin, shifts: [{name: A, starts: '06:00:00'}, {name: A, starts: '14:00:00'}]}"),
            "sites/nord.yaml:3:11: two shifts are called `A`, so nobody could tell what belongs to which. give each shift a name of its own",
        ),
        (
            "sites/nord.yaml",
            format!("{PLANT}limits: {{rest_ms: 9000, rest_max_ms: 5000}}\n"),
            "sites/nord.yaml:5:19: nord is left alone for 9000 ms at first, and for 5000 ms at most. write a larger `rest_max_ms`, or a smaller `rest_ms`",
        ),
        (
            "plants/nord/limits.yaml",
            "rest_ms: 90000\n".to_owned(),
            "plants/nord/limits.yaml:1:10: nord is left alone for 90000 ms at first, and for 60000 ms at most. write a larger `rest_max_ms`, or a smaller `rest_ms`",
        ),
        (
            "sites/nord.yaml",
            format!("{PLANT}simulated: {{as: odoo}}\n"),
            "sites/nord.yaml:5:17: a site of kind plant is not played in the manner of odoo. leave out `as`: only ERPs are of several sorts",
        ),
        (
            "sites/erp.yaml",
            format!("{ERP}reconcile: {{at: ['22:00', '22:00:00']}}\n"),
            "sites/erp.yaml:4:12: `reconcile.at` has 22:00:00 twice. delete one of them: a run at one time is one run",
        ),
    ]);
    let right = MATERIALS.replace("base: KGM}", "base: KGM, conversions: {TNE: {num: 2000, den: 2}, H87: {num: 3, den: 7}}}");
    assert_eq!(findings(&[("materials/all.yaml", &right)]), Vec::<String>::new());
}

#[test]
fn codes_addresses_and_topics_are_told_where_they_stand() {
    let link = |words: &str| format!("{ERP}link: {{http: {{base: 'http://b', {words}}}}}\n");
    all_told(&[
        (
            "sites/erp.yaml",
            link("tables: {stock: {unrestricted: '01', blocked: '01'}}"),
            "sites/erp.yaml:4:79: the table stock has 01 for unrestricted and for blocked, so what is held would stay free there. give blocked a word of its own",
        ),
        (
            "sites/erp.yaml",
            link("tables: {stock: {unrestrictd: '01'}}"),
            "sites/erp.yaml:4:63: the table stock has a word for unrestrictd, which is no status of stock. did you mean unrestricted?",
        ),
        (
            "sites/erp.yaml",
            link("csrf: token"),
            "sites/erp.yaml:4:39: `token` stands behind the address without a slash, and would change whom is asked. begin it with a slash",
        ),
        (
            "sites/erp.yaml",
            link("inbound: {token: t, topics: {}}"),
            "sites/erp.yaml:4:61: nothing of what this system says is taken: `topics` names none. write a mapping for each topic, or for all: `\"*\": mappings/…`",
        ),
    ]);
    assert!(findings(&[("sites/erp.yaml", &link("tables: {stock: {unrestricted: '01', quality_inspection: '01', mine: x}}"))]).is_empty());
}

#[test]
fn no_two_systems_have_a_secret_or_a_folder_in_common() {
    let map = ("m.jq", "def inputs: empty; def file: { body: {} }; def request: empty; def outcome: empty;");
    let http = |text: &str, token: &str| {
        format!("{text}link: {{http: {{base: 'http://b', inbound: {{token: {token}, topics: {{'*': m.jq}}}}}}}}\n")
    };
    let both = |erp: &str, nord: &str| findings(&[("sites/erp.yaml", &http(ERP, erp)), ("sites/nord.yaml", &http(PLANT, nord)), map]);
    assert!(both("a", "b").is_empty());
    assert_eq!(
        both("a", "a"),
        [
            "sites/nord.yaml:5:50: nord shows who it is by the same secret as erp, so each could speak for the other. give each its own: `${NAME}` with a name for each"
        ]
    );
    assert_eq!(
        both("p", "b"),
        [
            "sites/erp.yaml:4:50: erp shows who it is by the same secret as the client planner, so each could speak for the other. give each its own: `${NAME}` with a name for each"
        ]
    );
    let files = |text: &str, inbox: &str, outbox: &str, verb: &str| {
        format!(
            "{text}link:\n  files:\n    inbound: {{folder: {inbox}, every_ms: 1000, topics: {{a: {{names: '*.x', mapping: m.jq}}}}}}\n    outbound: {{folder: {outbox}, archive: [/kept], send: {{{verb}: m.jq}}}}\n"
        )
    };
    let both = |(inbox, outbox): (&str, &str)| {
        let (erp, nord) = (files(ERP, "/a/in", "/a/out", "post"), files(PLANT, inbox, outbox, "dispatch_job"));
        findings(&[("sites/erp.yaml", &erp), ("sites/nord.yaml", &nord), map])
    };
    assert!(both(("/b/in", "/b/out")).is_empty(), "an archive is looked into by nobody else");
    let told = |file: &str, folder: &str, other: &str| {
        format!("sites/{file}: {other} has the folder {folder} too, so one would take what is the other's. give each system its own folder")
    };
    assert_eq!(both(("/a/in/", "/b/out")), [told("nord.yaml:7:23", "/a/in", "erp")]);
    assert_eq!(both(("/b/in", "/a/out")), [told("erp.yaml:7:24", "/a/out", "nord"), told("nord.yaml:8:24", "/a/out", "erp")]);
    assert_eq!(both(("/a/out", "/b/out")), [told("nord.yaml:7:23", "/a/out", "erp")]);
}
