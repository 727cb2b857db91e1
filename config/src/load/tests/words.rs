//! Words that are wrong where they stand: misspelled keys, words our types refuse, variables, mapping files.

use super::*;

#[test]
fn a_wrong_word_is_told_where_it_stands() {
    let table: &[(&str, String, &str)] = &[
        (
            "sites/erp.yaml",
            ERP.replace("calendar:", "calender:"),
            "sites/erp.yaml:3:1: there is no key `calender` here. did you mean calendar?",
        ),
        ("sites/erp.yaml", ERP.replace("zone:", "zones:"), "sites/erp.yaml:3:12: there is no key `zones` here. did you mean zone?"),
        (
            "sites/erp.yaml",
            ERP.replace("Europe/Berlin", "Europe/Berlim"),
            "sites/erp.yaml:3:11: `Europe/Berlim` is not a valid time zone. use an IANA name such as Europe/Berlin, America/Chicago or Asia/Shanghai",
        ),
        ("sites/erp.yaml", ERP.replace("kind: erp", "kind: eep"), "sites/erp.yaml:1:7: `eep` is no word for this. did you mean erp?"),
        ("sites/erp.yaml", ERP.replace("kind: erp\n", ""), "sites/erp.yaml:2:1: the key `kind` is missing. add `kind:`"),
        ("sites/erp.yaml", format!("{ERP}region: eu\n"), "sites/erp.yaml:4:1: the key `region` stands twice. delete one of them"),
        (
            "sites/erp.yaml",
            format!("{ERP}limits: {{at_once: 0}}\n"),
            "sites/erp.yaml:4:10: integer `0` cannot stand here. write a number from 1 on",
        ),
        (
            "recipes/fg.yaml",
            RECIPE.replace("milestone", "milestne"),
            "recipes/fg.yaml:7:32: there is no key `milestne` here. did you mean milestone?",
        ),
        (
            "recipes/fg.yaml",
            RECIPE.replace("0.4 KGM", "0.4KGM"),
            "recipes/fg.yaml:9:51: `0.4KGM` is not a valid quantity. send a number, one blank and a unit, such as `40 H87`",
        ),
        ("equipment/nord.yaml", EQUIPMENT.replace("id:", "idd:"), "equipment/nord.yaml:2:14: there is no key `idd` here. did you mean id?"),
        (
            "rules/all.yaml",
            RULES.replace("movement:", "move:"),
            "rules/all.yaml:1:77: there is no key `move` here. use one of id, version, match, ",
        ),
        ("mesh.yaml", "regions: [e u]\n".to_owned(), "mesh.yaml:1:11: `e u` is not a valid name. "),
    ];
    let told = |(file, text, expected): &(&str, String, &str)| (findings(&[(file, text)]), (*expected).to_owned());
    let right = |(found, expected): &(Vec<String>, String)| found.len() == 1 && found[0].starts_with(expected);
    let wrong: Vec<_> = table.iter().map(told).filter(|one| !right(one)).collect();
    assert!(wrong.is_empty(), "told, and wanted: {wrong:#?}");
}

#[test]
fn every_wrong_word_of_a_file_is_told_not_only_the_first() {
    let text = "FG: {description: bracket, base: PCE}\nSTEEL:\n  description: steel\n  base: KGM\n  lotmode: lot\n  inspected: true\nOIL: {description: oil, base: LTR, lot_mode: lots}\n";
    let found = findings(&[("materials/all.yaml", text)]);
    let places: Vec<&str> = found.iter().map(|one| one.split(": ").next().unwrap()).collect();
    assert_eq!(places, ["materials/all.yaml:1:34", "materials/all.yaml:5:3", "materials/all.yaml:7:46"], "{found:#?}");
}

#[test]
fn what_is_only_misspelled_is_not_called_missing() {
    let found = findings(&[("materials/all.yaml", "FG: {description: bracket, base: PCE}\nSTEEL: {description: steel, base: KGM}\n")]);
    assert_eq!(found.len(), 1, "{found:#?}");
    let found =
        findings(&[("sites/erp.yaml", &ERP.replace("kind:", "kinds:")), ("rules/all.yaml", &RULES.replace("version:", "versoin:"))]);
    assert_eq!(found.len(), 2, "{found:#?}");
}

#[test]
fn a_file_that_nothing_reads_is_told() {
    let found = findings(&[("material/mine.yaml", "A: {description: a, base: H87}\n"), ("sites/x.yml", ERP), (".git/x.yaml", "")]);
    assert_eq!(
        found,
        [
            "material/mine.yaml: nothing reads this file. move it into one of the folders equipment, materials, recipes, rules, sites, workflows",
            "sites/x.yml: nothing reads this file. rename it so that it ends in .yaml",
        ]
    );
}

#[test]
fn a_secret_stands_outside_and_a_missing_one_is_named() {
    let with = format!("{MESH}clients: [{{name: p, token: '${{TOKEN}}', role: planning}}]\n");
    let dir = folder(&[("mesh.yaml", &with)]);
    let found = load(dir.path(), &BTreeMap::new()).unwrap_err();
    assert_eq!(found[0].to_string(), "mesh.yaml:2:29: the variable TOKEN is not set. set it in the environment: TOKEN=… takt …");
    let mesh = load(dir.path(), &BTreeMap::from([("TOKEN".to_owned(), "s3cret".to_owned())])).unwrap();
    assert_eq!(mesh.clients[0].token, "s3cret");
}

#[test]
fn a_secret_may_have_any_letters_and_moves_no_place() {
    let link = format!("{PLANT}link: {{http: {{base: '${{URL}}', bearer: \"${{KEY}}\", send: {{nosuch: x.jq}}}}}}\n");
    let dir = folder(&[("sites/nord.yaml", &link)]);
    let variables =
        BTreeMap::from([("URL".to_owned(), "http://a-long-name.example:8443".to_owned()), ("KEY".to_owned(), "'\": {#".to_owned())]);
    let found: Vec<String> = load(dir.path(), &variables).unwrap_err().iter().map(ToString::to_string).collect();
    assert!(found[1].starts_with("sites/nord.yaml:5:64: there is no verb nosuch. use one of "), "{found:#?}");
    assert!(found[0].starts_with("sites/nord.yaml:5:64: there is no mapping file x.jq. "), "{found:#?}");
    std::fs::write(dir.path().join("sites/nord.yaml"), link.replace("nosuch: x.jq", "")).unwrap();
    let mesh = load(dir.path(), &variables).unwrap();
    let TransportText::Http(http) = &mesh.links.values().next().unwrap().transport else { panic!("no link over HTTP") };
    assert_eq!((http.base.as_str(), http.bearer.as_deref()), ("http://a-long-name.example:8443", Some("'\": {#")));
}

#[test]
fn a_variable_in_a_comment_is_not_wanted() {
    let dir = folder(&[("mesh.yaml", &format!("# token: ${{NOBODY}}\nregions: [eu]\n{CLIENTS}"))]);
    assert!(load(dir.path(), &BTreeMap::new()).is_ok());
}

#[test]
fn a_mistake_in_a_mapping_is_told_in_the_mapping_s_own_file() {
    let link = format!("{PLANT}link: {{http: {{base: 'http://127.0.0.1:1', send: {{dispatch_job: mappings/job.jq}}}}}}\n");
    let found = findings(&[("sites/nord.yaml", &link)]);
    assert_eq!(
        found,
        ["sites/nord.yaml:5:64: there is no mapping file mappings/job.jq. name a .jq file by its path from this configuration's folder"]
    );
    let found = findings(&[("sites/nord.yaml", &link), ("mappings/job.jq", "def request:\n  .a | nosuch;\n")]);
    assert_eq!(found, ["mappings/job.jq:2:8: there is no filter nosuch. see the jq manual"]);
}

#[test]
fn a_mapping_must_be_able_to_do_what_its_link_promises() {
    let site = |class: &str| {
        format!(
            "{PLANT}classes: {{dispatch_job: {class}}}\nlink:\n  http:\n    base: http://127.0.0.1:1\n    send: {{dispatch_job: m.jq}}\n    inbound: {{token: t, topics: {{a: m.jq}}}}\n"
        )
    };
    let sends = "def request: {path: \"/\"};\ndef outcome: {accepted: {}};\n";
    let found = findings(&[("sites/nord.yaml", &site("{probe_with_settle: {settle_ms: 1}}")), ("m.jq", sends)]);
    assert_eq!(
        found,
        [
            "sites/nord.yaml:9:26: m.jq has no `probe` and no `probed`, which the class probe_with_settle needs. define it there, or name another mapping",
            "sites/nord.yaml:10:37: m.jq has no `inputs`, which what is received needs. define it there, or name another mapping",
        ]
    );
    let both = format!("{sends}def inputs: empty;\n");
    assert!(findings(&[("sites/nord.yaml", &site("dedup_by_key")), ("m.jq", &both)]).is_empty());
}

#[test]
fn a_word_of_the_calendar_or_the_clock_that_is_none_is_told_in_words_of_this_house() {
    let calendar = |words: &str| ERP.replace("Berlin}", &format!("Berlin, {words}}}"));
    let reconcile = |at: &str| format!("{ERP}reconcile: {{at: [{at}]}}\n");
    for (text, word, kind) in [
        (calendar("closed: ['2026-02-30']"), "2026-02-30", "no day of the calendar. write year, month and day, such as 2026-12-25"),
        (calendar("closed: ['24.12.2026']"), "24.12.2026", "no day of the calendar"),
        (calendar("closed: [2026-13-01]"), "2026-13-01", "no day of the calendar"),
        (calendar("closed: [tomorrow]"), "tomorrow", "no day of the calendar"),
        (calendar("shifts: [{name: A, starts: '24:30'}]"), "24:30", "no time of day. write it as 06:00 or 22:30, in quotes"),
        (calendar("shifts: [{name: A, starts: noon}]"), "noon", "no time of day"),
        (calendar("shifts: [{name: A, starts: '6:00'}]"), "6:00", "no time of day"),
        (reconcile("'25:00'"), "25:00", "no time of day"),
        (reconcile("'22:61'"), "22:61", "no time of day"),
    ] {
        let found = findings(&[("sites/erp.yaml", &text)]);
        assert!(found.len() == 1 && found[0].contains(&format!(": `{word}` is {kind}")), "{text}: {found:#?}");
        assert!(found[0].split(':').nth(1).unwrap().parse::<u32>().is_ok(), "no line: {found:?}");
    }
    let half = MATERIALS.replace("base: KGM}", "base: KGM, conversions: {H87: {num: 1, den: 0}}}");
    let found = findings(&[("materials/all.yaml", &half)]);
    assert!(found.len() == 1 && found[0].contains("from 1 to 99999. write how many base units one of it is"), "{found:#?}");
}

#[test]
fn what_is_not_even_yaml_is_told_in_words_of_this_house() {
    let cases = [
        ("kind: erp\n\tregion: eu\n", "1:7: while scanning a plain scalar, found a tab. indent with blanks, never with tabs"),
        ("kind: \"erp\nregion: eu\n", "1:7: unclosed quote. close it where the text ends"),
        ("", "1:1: the file says nothing. fill it, or delete it"),
        ("- kind: erp\n", "1:1: keys are wanted here. write `key: value`, one a line, or several between { and }"),
        ("kind: erp\nregion: [eu]\n", "2:9: one word or number is wanted here. take the brackets away"),
        ("kind: erp\nlimits: {at_once: many}\n", "2:19: `many` cannot be read here. write a whole number"),
        (
            "kind: erp\nlimits: {at_once: -4, window_ms: 1}\n",
            "2:19: `-4` cannot be read here. write a whole number, which is never below 0",
        ),
        ("kind: erp\nlimits:\n  at_once: 4 a minute # so many\n", "3:12: `4 a minute` cannot be read here. write a whole number"),
        (
            "kind: erp\nregion: eu\ncalendar: {zone: Europe/Berlin, shifts: [{name: A, starts: '06:00:00'}, {name: B, starts: '06:00:00'}]}\n",
            "3:11: the shifts `A` and `B` both start at 06:00:00. give each shift a start of its own",
        ),
        (
            "kind: erp\nregion: eu\ncalendar: {zone: Europe/Berlin, shifts: [{name: B, starts: '14:00:00'}, {name: A, starts: '06:00:00'}]}\n",
            "3:11: the shift `A` starts at 06:00:00 and stands behind `B`, which starts at 14:00:00. list the shifts in the order of their start times",
        ),
        (
            "link: {http: {base: 'http://b'}, files: {}}\n",
            "1:34: one of the words that are known here is wanted, and no other beside it. write the one that is meant, and what belongs to it indented below",
        ),
        (
            "link: {}\n",
            "1:8: one of the words that are known here is wanted, and no other beside it. write the one that is meant, and what belongs to it indented below",
        ),
        (
            "kind: erp\nlimits: {at_once: 99999999999999999999}\n",
            "2:19: `99999999999999999999` cannot be read here. write a whole number that is smaller",
        ),
        (
            "kind: erp\nlimits: {window_ms: 4294967296}\n",
            "2:21: `4294967296` cannot be read here. write a whole number of at most 4294967295",
        ),
        ("link: {ftp: {}}\n", "1:8: `ftp` is no word for this. use one of http, files, sql, mqtt"),
    ];
    let told = |text: &str| findings(&[("sites/erp.yaml", text)]);
    let wrong: Vec<_> = cases.iter().filter(|(text, wanted)| told(text) != [format!("sites/erp.yaml:{wanted}")]).collect();
    assert!(wrong.is_empty(), "{:#?}", wrong.iter().map(|(text, _)| told(text)).collect::<Vec<_>>());
}
