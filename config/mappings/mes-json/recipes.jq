# The recipes that the MES has itself, all of them: an order whose recipe is not among them is not sent. To have none is an answer.
def inputs:
  { to: { native: { kind: "site", names: [{ system: .site, kind: "document", id: .site }] } },
    key: { mark: { text: "recipes/\(.received_at)" } }, occurred_at: .received_at,
    body: { site: { report: { plant_recipe_list: { recipes: (.body.recipes | map_values([.version])) } } } } };
