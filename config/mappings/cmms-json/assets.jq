# How the assets stand, read regularly: a repair that was told to nobody shows here. What stands here since before the last word
# of an asset changes nothing. Planned stops are told by themselves.
def time: . as $ms | "\(. / 1000 | floor | todate | rtrimstr("Z")).\("00\($ms % 1000)"[-3:])Z";

def inputs:
  .received_at as $at | .body.results[] | . as $asset
  | ($asset.status == "DOWN") as $down
  | { to: { native: { kind: "site", names: [{ system: $asset.plant, kind: "document", id: $asset.plant }] } },
      key: { mark: { text: "asset/\($asset.tag)/\($at)" } }, occurred_at: ($asset.since | time),
      body: { site: { report: { equipment_state: { equipment: ($asset.tag | ltrimstr("\($asset.plant)/")), available: ($down | not),
                                                   state: (if $down then "DOWN" else "OPERATIONAL" end) } } } } };
