# Revisions of a product data system: what a plant makes a material of, and how. Its list is read regularly, and whatever it
# tells by itself names only which revision it is, so that one is read.

def plants: (.tables.plant // {}) | to_entries | map({key: .value, value: .key}) | from_entries;
def units: (.tables.unit // {}) | to_entries | map({key: .value, value: .key}) | from_entries;

# What it tells has an item; a list has results.
def read:
  if .body.item then { path: "/revisions", query: { item: .body.item, plant: .body.plant, revision: .body.revision } } else empty end;

def standing:
  { draft: "draft", released: "approved", obsolete: "withdrawn" }[.] // error("no revision is in the state \(.)");

def inputs:
  . as $in | plants as $plants | units as $units
  | def unit: . as $theirs | $units[$theirs] // error("the unit \($theirs) is not in the table `unit`");
    (.body.results // .read[0].body.results)[]
  | . as $revision
  | ($plants[.plant] // .plant) as $plant
  | { system: $plant, kind: "recipe", id: .item } as $of
  | { to: { native: { kind: "record", names: [$of] } },
      # Said again, it is the same word only if it is the same to the letter; whatever changed is word of its own.
      key: { mark: { text: "\(.item)/\(.plant)/\(.revision)/\($in.received_at)" } },
      occurred_at: $in.received_at,
      body: { record: { report: { stated: (
        { of: $of, version: .revision, standing: (.state | standing),
          content: { recipe: {
            version: .revision,
            source: (if .approved_by then "\($in.site), approved by \(.approved_by)" else "\($in.site), not approved" end),
            base_quantity: "\(.base) \(.unit | unit)",
            operations: [.routing[] | { op, class, milestone: (.op == $revision.routing[-1].op) }],
            components: [.bom[] | { item: .pos, op, material: .item, qty: "\(.qty) \(.unit | unit)" }],
            outputs: [{ kind: "main", material: .item }] } } }
        + (if .effective_from then { from: .effective_from } else {} end)
        + (if .effective_to then { until: .effective_to } else {} end) ) } } } };
