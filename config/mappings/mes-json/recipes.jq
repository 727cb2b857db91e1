# The recipes that the MES has itself: an order whose recipe is not among them is not sent.
def inputs:
  . as $in | .body.recipes | to_entries[]
  | { to: { native: { kind: "site", names: [{ system: $in.site, kind: "document", id: $in.site }] } },
      key: { mark: { text: "recipe/\(.key)/\($in.received_at)" } }, occurred_at: $in.received_at,
      body: { site: { report: { plant_recipes: { material: .key, versions: [.value.version] } } } } };
