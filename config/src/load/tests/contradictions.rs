//! What each file says well alone and wrong together.

use super::*;

/// A changed file, its text, and the one finding it must give.
pub(super) type Case = (&'static str, String, &'static str);

pub(super) fn all_told(table: &[Case]) {
    let told = |(file, text, expected): &Case| (findings(&[(file, text)]), vec![(*expected).to_owned()]);
    let wrong: Vec<_> = table.iter().map(told).filter(|(found, expected)| found != expected).collect();
    assert!(wrong.is_empty(), "told, and wanted: {wrong:#?}");
}

#[test]
fn regions_clients_and_roles_are_told_apart() {
    all_told(&[
        (
            "mesh.yaml",
            format!("regions: [eu, na, eu]\n{CLIENTS}"),
            "mesh.yaml:1:19: the region eu stands twice. rename or delete one of them",
        ),
        (
            "mesh.yaml",
            format!("{MESH}clients:\n  - {{name: a, token: x, role: planning}}\n  - {{name: b, token: x, role: quality}}\n"),
            "mesh.yaml:4:5: the clients a and b have the same token. give each its own: the token is how they are told apart",
        ),
        (
            "mesh.yaml",
            format!("{MESH}clients: [{{name: a, token: x, role: planning}}, {{name: a, token: y, role: planning}}]\n"),
            "mesh.yaml:2:48: the client a stands twice. rename or delete one of them",
        ),
        (
            "mesh.yaml",
            format!("{MESH}clients: [{{name: nord, token: x, role: planning}}]\n"),
            "mesh.yaml:2:11: the client nord has the name of a site, so its word would pass for the site's own. rename the client",
        ),
        (
            "mesh.yaml",
            format!("{MESH}clients: [{{name: a, token: '', role: planning}}]\n"),
            "mesh.yaml:2:11: the client a has no token. write `token: ${NAME}` and set NAME outside",
        ),
        (
            "mesh.yaml",
            format!("{MESH}policy: {{quality_roles: [qualty]}}\nclients: [{{name: a, token: x, role: quality}}]\n"),
            "mesh.yaml:2:26: no client has the role qualty. did you mean quality?",
        ),
    ]);
}

#[test]
fn a_site_names_only_what_is_there_and_right_for_it() {
    all_told(&[
        (
            "sites/nord.yaml",
            format!("{PLANT}maintenance: erp\n"),
            "sites/nord.yaml:5:14: erp is not of kind maintenance, it is of kind erp. write a site of kind maintenance",
        ),
        (
            "sites/cmms.yaml",
            "kind: maintenance\nregion: eu\ncalendar: {zone: Europe/Berlin}\ntransport: cmms\n".to_owned(),
            "sites/cmms.yaml:4:12: a site of kind maintenance has no transport. write `transport:` in the file of each warehouse that cmms serves",
        ),
        (
            "sites/nord.yaml",
            PLANT.replace("erp: erp", "erp: erq"),
            "sites/nord.yaml:4:6: there is no site erq. use one of erp, or write sites/erq.yaml",
        ),
        (
            "sites/nord.yaml",
            PLANT.replace("erp: erp", "erp: nord"),
            "sites/nord.yaml:4:6: nord is not of kind erp, it is of kind plant. use one of erp, or write a site of kind erp",
        ),
        (
            "sites/nord.yaml",
            PLANT.replace("erp: erp\n", ""),
            "sites/nord.yaml: the plant nord has no ERP. add `erp:` with the ERP that owns its orders",
        ),
        (
            "sites/nord.yaml",
            PLANT.replace("region: eu", "region: us"),
            "sites/nord.yaml:2:9: there is no region us. add it to `regions` in mesh.yaml, or use one of eu",
        ),
        (
            "sites/nord.yaml",
            format!("{PLANT}classes: {{dispatch_jobb: dedup_by_key}}\n"),
            "sites/nord.yaml:5:26: there is no verb dispatch_jobb. did you mean dispatch_job?",
        ),
        (
            "sites/erp.yaml",
            format!("{ERP}periods: {{2026-13: closed}}\n"),
            "sites/erp.yaml:4:20: `2026-13` is not a valid month. write it as 2026-10",
        ),
        (
            "sites/nord.yaml",
            format!("{PLANT}periods: {{2026-10: closed}}\n"),
            "sites/nord.yaml:5:20: a site of kind plant has no posting periods. move `periods:` to the ERP's file",
        ),
        (
            "sites/erp.yaml",
            format!("{ERP}link: {{http: {{base: 'http://b', tables: {{unit: {{H87: EA, KGM: EA}}}}}}}}\n"),
            "sites/erp.yaml:4:63: the table unit has EA for H87 and for KGM, so neither is known when it comes in. give H87 and KGM two words, or leave out one of them",
        ),
    ]);
}

#[test]
fn a_recipe_can_be_made_where_it_says() {
    all_told(&[
        (
            "recipes/fg.yaml",
            RECIPE.replace("material: STEEL", "material: STEL"),
            "recipes/fg.yaml:9:39: there is no material STEL. did you mean STEEL?",
        ),
        (
            "recipes/fg.yaml",
            RECIPE.replace("0.4 KGM", "0.4 MTR"),
            "recipes/fg.yaml:9:51: MTR is no unit of STEEL. use its base unit, or add MTR to its conversions",
        ),
        (
            "recipes/fg.yaml",
            RECIPE.replace("class: PRESS", "class: WELD"),
            "recipes/fg.yaml:7:25: nord has no equipment of class WELD. add one to equipment/nord.yaml",
        ),
        (
            "rules/all.yaml",
            RULES.replace("produced", "consumed, op: '0010'").replace("goods_receipt", "goods_issue"),
            "recipes/fg.yaml:11:28: no posting rule receives FG made at nord. add a rule with `match: {use: produced}` to rules/",
        ),
        (
            "materials/more.yaml",
            "FG: {description: again, base: H87}\n".to_owned(),
            "materials/more.yaml:1:5: the material FG stands in materials/all.yaml too. delete one of them",
        ),
    ]);
}

#[test]
fn master_data_stands_in_one_place_and_agrees() {
    all_told(&[
        (
            "equipment/more.yaml",
            EQUIPMENT.to_owned(),
            "equipment/nord.yaml:1:8: the equipment of nord stands in equipment/more.yaml too. put both into one file",
        ),
        (
            "equipment/nord.yaml",
            EQUIPMENT.replace("}]", "}, {id: P1, class: WELD}]"),
            "equipment/nord.yaml:2:60: the equipment P1 stands twice. rename or delete one of them",
        ),
        (
            "recipes/more.yaml",
            RECIPE.to_owned(),
            "recipes/more.yaml:3:10: version 7 of FG at nord stands in recipes/fg.yaml too. raise the version, or delete one of them",
        ),
        (
            "recipes/fg.yaml",
            RECIPE.replace("item: '1', op: '0010'", "item: '1', op: '0011'"),
            "recipes/fg.yaml:9:21: the routing has no operation 0011. did you mean 0010?",
        ),
        (
            "recipes/fg.yaml",
            RECIPE.replace("kind: main", "kind: co_product"),
            "recipes/fg.yaml:11:3: a recipe for FG makes it as its one main output. write `{kind: main, material: FG}` once",
        ),
        (
            "recipes/fg.yaml",
            RECIPE.replace("base_quantity: 1 H87", "base_quantity: 1 KGM"),
            "recipes/fg.yaml:5:16: KGM is no unit of FG. use its base unit, or add KGM to its conversions",
        ),
    ]);
}

#[test]
fn a_base_quantity_is_exactly_so_many_of_the_unit_its_material_is_kept_in() {
    let told = |base: &str| {
        let recipe = RECIPE.replace("base_quantity: 1 H87", &format!("base_quantity: {base}"));
        let materials = MATERIALS.replace("base: H87}", "base: H87, conversions: {BX: {num: 10, den: 3}}}");
        findings(&[("recipes/fg.yaml", &recipe), ("materials/all.yaml", &materials)])
    };
    assert_eq!(told("3 BX"), Vec::<String>::new());
    let expected =
        "recipes/fg.yaml:5:16: 1 BX of FG are not exactly so many H87. write the base quantity, and the components for it, in H87";
    assert_eq!(told("1 BX"), [expected]);
}

#[test]
fn no_two_rules_fight_and_none_is_void() {
    all_told(&[
        (
            "rules/all.yaml",
            format!("{RULES}{}", RULES.replace("id: receipt", "id: twice")),
            "rules/all.yaml:1:3: rule `receipt` matches the same reports as twice and is no more specific. narrow one of them",
        ),
        (
            "rules/more.yaml",
            RULES.replace("id: receipt", "id: issue").replace("use: produced", "use: consumed, material: STEEL"),
            "rules/more.yaml:1:3: rule `issue` posts a use as a goods_receipt that such a document does not take. write goods_issue as its `movement`",
        ),
        (
            "rules/more.yaml",
            RULES.replace("id: receipt", "id: all").replace("use: produced", "material: STEEL"),
            "rules/more.yaml:1:3: rule `all` would post every use as one kind of document. say under `match` which `use` it is for",
        ),
        (
            "rules/more.yaml",
            RULES.replace("use: produced", "use: produced, site: nord"),
            "rules/more.yaml:1:3: the rule receipt stands in rules/all.yaml already. rename one of them: postings name the rule they were made by",
        ),
        (
            "rules/more.yaml",
            RULES.replace("id: receipt", "id: other").replace("use: produced", "use: produced, site: erp"),
            "rules/more.yaml:1:3: erp is not of kind plant, it is of kind erp. use one of nord, or write a site of kind plant",
        ),
        (
            "rules/all.yaml",
            RULES.replace("[each_report]", "[]"),
            "rules/all.yaml:1:3: rule `receipt` has no trigger, so nothing would ever be posted. add `completion`, or `hold` if that is meant",
        ),
    ]);
}

#[test]
fn goods_are_received_at_one_point_only() {
    let at = |id: &str, op: &str| {
        RULES.replace("id: receipt", &format!("id: {id}")).replace("use: produced", &format!("use: yield, op: '{op}'"))
    };
    let twice = |points: &str| {
        format!(
            "recipes/fg.yaml:11:28: FG made at nord is received at more than one point: {points}. keep one goods receipt point, and let the other rules `method: skip`"
        )
    };
    let first = "  - {op: '0010', class: PRESS, milestone: true}";
    let ops = RECIPE.replace(first, "  [{op: '0010', class: PRESS, milestone: true}, {op: '0020', class: PRESS}]");
    assert_ne!(ops, RECIPE);
    let findings = |files: &[(&str, &str)]| findings(&[files, &[("recipes/fg.yaml", ops.as_str())]].concat());
    let two = findings(&[("rules/all.yaml", &format!("{}{}", at("press", "0010"), at("weld", "0020")))]);
    assert_eq!(two, [twice("operation 0010 (rule press), operation 0020 (rule weld)")]);
    let both = findings(&[("rules/all.yaml", &format!("{RULES}{}", at("press", "0010")))]);
    assert_eq!(both, [twice("its output (rule receipt), operation 0010 (rule press)")]);
    let one = format!("{}{}", at("press", "0010").replace("movement:", "method: skip, movement:"), at("weld", "0020"));
    assert!(findings(&[("rules/all.yaml", &one)]).is_empty());
}

#[test]
fn a_unit_that_the_erp_s_decimals_cannot_hold_is_refused() {
    let materials = MATERIALS.replace("base: KGM", "base: TNE");
    let rules = format!(
        "{RULES}{}",
        RULES
            .replace("id: receipt", "id: issue")
            .replace("use: produced", "use: consumed, op: '0010'")
            .replace("goods_receipt", "goods_issue")
    );
    let recipe = RECIPE.replace("0.4 KGM", "400 GRM");
    let found = findings(&[("materials/all.yaml", &materials), ("rules/all.yaml", &rules), ("recipes/fg.yaml", &recipe)]);
    assert_eq!(
        found,
        [
            "recipes/fg.yaml:9:51: one GRM of STEEL is nothing in TNE with 3 decimals, so small quantities would vanish. keep the material in a smaller base unit, or post more decimals"
        ]
    );
}

#[test]
fn only_a_system_that_has_books_and_can_be_asked_is_compared_with_ours() {
    let reads = "link: {http: {base: 'http://x', send: {read_books: mappings/books.jq}}}\n";
    all_told(&[
        (
            "sites/nord.yaml",
            format!("{PLANT}reconcile: {{at: ['22:00']}}\n"),
            "sites/nord.yaml:5:12: a site of kind plant keeps no books that are compared with ours. move `reconcile:` to the file of the ERP or of the warehouse",
        ),
        (
            "sites/erp.yaml",
            format!("{ERP}reconcile: {{}}\nlink: {{http: {{base: 'http://x', send: {{}}}}}}\n"),
            "sites/erp.yaml:4:12: nobody can ask erp what is in its books. add `read_books:` to `send` of a link over HTTP or SQL, with a mapping that has `request` and `outcome`",
        ),
        (
            "sites/erp.yaml",
            format!("{ERP}reconcile: {{settle_ms: 0}}\n"),
            "sites/erp.yaml:4:12: `reconcile.settle_ms` is 0, so nothing would ever be read twice or at all. write 1 or more under `settle_ms`",
        ),
        (
            "sites/erp.yaml",
            format!("{ERP}reconcile: {{at: ['25:00']}}\n"),
            "sites/erp.yaml:4:18: `25:00` is no time of day. write it as 06:00 or 22:30, in quotes",
        ),
        (
            "sites/erp.yaml",
            format!("{ERP}reconcile: {{every: 60000}}\n"),
            "sites/erp.yaml:4:13: there is no key `every` here. use one of at, every_ms, settle_ms, at_once, patience_ms, by_itself_within_percent",
        ),
    ]);
    let books = "def request: { path: \"/books\" };\ndef outcome: { read: { entries: [] } };\n";
    let erp = format!("{ERP}reconcile: {{at: ['06:00', '22:00'], settle_ms: 60000, at_once: 4, patience_ms: 600000}}\n{reads}");
    assert_eq!(findings(&[("sites/erp.yaml", &erp), ("mappings/books.jq", books)]), Vec::<String>::new());
}

#[test]
fn what_could_never_be_made_posted_or_told_is_said_where_it_stands() {
    all_told(&[
        (
            "recipes/fg.yaml",
            RECIPE.replace("base_quantity: 1 H87", "base_quantity: 0 H87"),
            "recipes/fg.yaml:5:16: 0 H87 of FG is nothing that an order could be scaled by. write how much of it the components below are for, such as `1000 H87`",
        ),
        (
            "recipes/fg.yaml",
            format!("{RECIPE}  - {{kind: co_product, material: FG}}\n"),
            "recipes/fg.yaml:12:34: FG stands twice among what is made. delete one of them: what is counted would be received as either",
        ),
        (
            "rules/more.yaml",
            RULES
                .replace("id: receipt", "id: late")
                .replace("use: produced", "use: scrap, op: '0077'")
                .replace("goods_receipt", "confirmation"),
            "rules/more.yaml:1:3: the rule late is for operation 0077, which no recipe has. use one of 0010",
        ),
        (
            "sites/erp.yaml",
            format!("{ERP}link: {{http: {{base: 'http://b', tables: {{plant: {{nrd: '1010'}}}}}}}}\n"),
            "sites/erp.yaml:4:55: the table plant has a word for nrd, and there is no such site. did you mean nord?",
        ),
        (
            "sites/erp.yaml",
            format!("{ERP}link: {{http: {{base: 'http://b', tables: {{unit: {{H78: EA}}}}}}}}\n"),
            "sites/erp.yaml:4:54: the table unit has a word for `H78`, which is not a valid unit of measure. send a UNECE Rec 20 common code such as H87, KGM or MIN, in capitals",
        ),
        (
            "sites/erp.yaml",
            format!("{ERP}link: {{http: {{base: 'erp.local:80'}}}}\n"),
            "sites/erp.yaml:4:21: `erp.local:80` under `link.http.base` is no address. begin it with http:// or https://, such as https://erp.example.com",
        ),
        (
            "sites/takt.yaml",
            ERP.to_owned(),
            "sites/takt.yaml: the site takt has the name that the mesh's own words carry, and would pass for it. rename the file: it is the site's name",
        ),
        (
            "mesh.yaml",
            format!("{MESH}clients: [{{name: takt, token: x, role: planning}}]\n"),
            "mesh.yaml:2:11: the client takt has the name that the mesh's own words carry, and would pass for it. rename the client",
        ),
    ]);
}
