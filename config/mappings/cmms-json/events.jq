# What the maintenance system tells. Its assets are called after their plant, `nord/PRESS-4`; its times are milliseconds since 1970.
def time: . as $ms | "\(. / 1000 | floor | todate | rtrimstr("Z")).\("00\($ms % 1000)"[-3:])Z";
def piece: .body.plant as $plant | .body.asset | ltrimstr("\($plant)/");
def told($report):
  .body.plant as $plant
  | { to: { native: { kind: "site", names: [{ system: $plant, kind: "document", id: $plant }] } }, key: { mark: { text: .body.message } },
      occurred_at: (.body.at | time), body: { site: { report: $report } } };

def state($available; $state): told({ equipment_state: { equipment: piece, available: $available, state: $state } });
def window($state):
  told({ maintenance_window: { window: .body.window, equipment: piece, from: (.body.from | time), to: (.body.to | time), state: $state } });
# A calibration that failed ends the one before.
def calibrated($until): told({ calibrated: { equipment: piece, until: ($until | time) } });

def inputs:
  if .topic == "asset.down" then
    state(false; [.body.code, .body.text] | map(select(. != null and . != "")) | if length == 0 then "DOWN" else join(" ") end)
  elif .topic == "asset.up" then state(true; "OPERATIONAL")
  elif .topic == "window.planned" then window("planned")
  elif .topic == "window.started" then window("running")
  elif .topic == "window.ended" or .topic == "window.cancelled" then window("over")
  elif .topic == "calibration.passed" then calibrated(.body.valid_until)
  elif .topic == "calibration.failed" then calibrated(.body.at)
  else error("the topic \(.topic) is not known here") end;
