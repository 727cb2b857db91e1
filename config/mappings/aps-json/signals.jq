# What a demand planning system wants. What it tells and what its list shows is the same signal, so it becomes the same words: a
# list that shows another quantity under a version that was told is noticed as such.
def plants: (.tables.plant // {}) | to_entries | map({key: .value, value: .key}) | from_entries;
def units: (.tables.unit // {}) | to_entries | map({key: .value, value: .key}) | from_entries;

def inputs:
  . as $in | plants as $plants | units as $units
  | def unit: . as $theirs | $units[$theirs] // error("the unit \($theirs) is not in the table `unit`");
    (if .body.results then .body.results[] else .body end)
  | { to: { native: { kind: "site", names: [{ system: $in.site, kind: "document", id: $in.site }] } },
      # One key for one version at one firmness, whoever shows it.
      key: { mark: { text: "\(.signal)/\(.version)/\(.firmness)" } }, occurred_at: .changed_at,
      body: { site: { report: { demand: {
        number: .signal, version: .version, plant: ($plants[.plant] // .plant), material: .item,
        total: "\(.quantity) \(.unit | unit)", due: .need_by, firmness: .firmness } } } } };
