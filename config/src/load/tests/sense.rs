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
fn no_two_systems_have_a_folder_in_common() {
    let map = ("m.jq", "def inputs: empty; def file: { body: {} }; def request: empty; def outcome: empty;");
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

#[test]
fn what_is_said_twice_empty_or_too_late_is_told() {
    let rule = |from: &str, to: &str| RULES.replace(from, to);
    let link = |words: &str| format!("{ERP}link: {{http: {{{words}}}}}\n");
    let on = "sites/erp.yaml:4:21: ";
    let cases: [(&str, String, String); 22] = [
        ("rules/all.yaml", rule("[each_report]", "[shift_end, shift_end]"), "rules/all.yaml:1:3: the `trigger` of the rule receipt says something twice. delete one of them".into()),
        ("rules/all.yaml", rule("movement:", "group_by: [unit, unit], movement:"), "rules/all.yaml:1:3: the `group_by` of the rule receipt says something twice. delete one of them".into()),
        ("rules/all.yaml", rule("id: receipt", "id: ''"), "rules/all.yaml:1:3: a rule has no name. write `id:`: postings name the rule they were made by".into()),
        ("recipes/fg.yaml", RECIPE.replace("source: PLM", "source: ''"), "recipes/fg.yaml:4:9: nobody approved version 7 of FG. write who approved it and when, such as \"PLM, approved 12 Nov 2026\"".into()),
        ("materials/more.yaml", "'OIL ': {description: oil, base: LTR}\n".into(), "materials/more.yaml:1:9: the material `OIL ` begins or ends with a blank, so nobody else would call it so. take the blank away".into()),
        ("sites/nord.yaml", PLANT.replace("Berlin}", "Berlin, shifts: [{name: '', starts: '06:00:00'}]}"), "sites/nord.yaml:3:11: `06:00:00` is the start of a shift without a name. write `name:`, such as A".into()),
        ("sites/erp.yaml", format!("{ERP}periods: {{2026-1: closed, 2026-01: open}}\n"), "sites/erp.yaml:4:19: 2026-01 and 2026-1 are one month. delete one of them".into()),
        ("sites/erp.yaml", format!("{ERP}reconcile: {{settle_ms: 600, patience_ms: 500}}\n"), "sites/erp.yaml:4:12: a run ends after 500 ms, and what differs is read again after 600 ms: nothing would ever differ twice. write a longer `patience_ms`, or a shorter `settle_ms`".into()),
        ("sites/erp.yaml", format!("{ERP}classes: {{post: {{probe_with_settle: {{settle_ms: 0}}}}}}\n"), "sites/erp.yaml:4:17: erp would be asked what became of post before it can know. write under `settle_ms` how long it takes until what was sent is seen there".into()),
        ("sites/erp.yaml", format!("{ERP}erp: erp\n"), "sites/erp.yaml:4:6: a site of kind erp has no erp. write `erp:` in the file of each plant that erp serves".into()),
        ("sites/wms.yaml", ERP.replace("kind: erp", "kind: warehouse") + "quality: nobody\n", "sites/wms.yaml:4:10: a site of kind warehouse has no quality. write `quality:` in the file of each plant that nobody serves".into()),
        ("workflows/all.yaml", governance::WORKFLOWS.replacen("presence}", "presence, without: [equipment, equipment]}", 1), "workflows/all.yaml:1:152: the step equipment stands twice. rename or delete one of them".into()),
        ("workflows/all.yaml", governance::WORKFLOWS.replacen("real_time, within_ms: 1000", "batch, within_ms: 1000", 1), "workflows/all.yaml:3:57: hold_resolution cannot wait for its time to come: bad stock is held everywhere at once. write `class: real_time` or `class: near_time`".into()),
        ("plants/nord/recipes.yaml", "- {material: FG, version: '7', source: a}\n- {material: FG, version: '7', source: b}\n".into(), "plants/nord/recipes.yaml:2:3: version 7 of FG is noted twice. delete one of them".into()),
        ("sites/erp.yaml", link("base: 'http://erp example.com'"), format!("{on}`http://erp example.com` under `link.http.base` is no address. begin it with http:// or https://, such as https://erp.example.com")),
        ("sites/erp.yaml", link("base: 'http://erp:80x'"), format!("{on}`http://erp:80x` under `link.http.base` is no address. begin it with http:// or https://, such as https://erp.example.com")),
        ("sites/erp.yaml", link("base: 'https://u:s3cret@erp'"), format!("{on}an address has credentials in it, and addresses stand in logs. write `bearer: ${{NAME}}` beside it, and set NAME outside")),
        ("sites/erp.yaml", link("base: 'https://erp/api?x=1'"), format!("{on}`https://erp/api?x=1` under `link.http.base` goes on behind its path, where what is asked for is added. end it with the host or a path; the rest is the mapping's")),
        ("sites/erp.yaml", link("base: 'http://b', tables: {unit: {H87: ''}}"), "sites/erp.yaml:4:54: the table unit has no letters for H87. write the system's own word, or leave the line out".into()),
        ("sites/erp.yaml", link("base: 'http://b', tables: {plant: {nord: ' '}}"), "sites/erp.yaml:4:56: the table plant has no letters for nord. write the system's own word, or leave the line out".into()),
        ("sites/erp.yaml", format!("{ERP}---\nkind: erp\n"), "sites/erp.yaml:5:1: a second document begins here. delete the line `---`, or write what is behind it into a file of its own".into()),
        ("sites/erp.yaml", format!("{ERP}periods: {{2026-13: closed}}\n"), "sites/erp.yaml:4:20: `2026-13` is not a valid month. write it as 2026-10".into()),
    ];
    let told = cases.map(|(file, text, wanted)| (findings(&[(file, &text)]), wanted));
    let wrong: Vec<_> = told.iter().filter(|(found, wanted)| found.as_slice() != std::slice::from_ref(wanted)).collect();
    assert!(wrong.is_empty(), "told, and wanted: {wrong:#?}");
}

#[test]
fn a_topic_is_one_word_and_a_folder_has_no_files_of_others() {
    let map = ("m.jq", "def inputs: empty;");
    for topic in ["", "a/b", "a?b", "a b"] {
        let erp = format!("{ERP}link: {{http: {{base: 'http://b', inbound: {{token: t, topics: {{'{topic}': m.jq}}}}}}}}\n");
        let found = findings(&[("sites/erp.yaml", &erp), map]);
        assert!(
            found.len() == 1 && found[0].contains(&format!("nobody can post under the topic `{topic}`. write one word without a slash")),
            "{found:#?}"
        );
    }
    for names in ["x/*.csv", ".*"] {
        let files = format!(
            "{ERP}link: {{files: {{inbound: {{folder: /a, every_ms: 1000, topics: {{t: {{names: '{names}', mapping: m.jq}}}}}}}}}}\n"
        );
        let found = findings(&[("sites/erp.yaml", &files), map]);
        assert!(
            found.len() == 1 && found[0].contains(&format!("no file that is taken is called {names}: what lies in folders below")),
            "{found:#?}"
        );
    }
    for (delimiter, wrong) in [("a", true), ("7", true), ("\\\"", true), ("\\t", false), ("|", false), (" ", false)] {
        let format = format!("format: {{csv: {{delimiter: \"{delimiter}\"}}}}");
        let erp = format!("{ERP}link: {{http: {{base: 'http://b', inbound: {{token: t, {format}, topics: {{x: m.jq}}}}}}}}\n");
        let found = findings(&[("sites/erp.yaml", &erp), map]);
        assert!(
            found.len() == usize::from(wrong) && found.iter().all(|one| one.contains("cannot stand between fields")),
            "{delimiter}: {found:#?}"
        );
    }
}
