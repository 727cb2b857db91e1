# Another total, in two phases: the MES says whether it agrees, then it is committed. Repeating either is harmless.
def path: "/jobs/\(.effect.job.job)/quantity-proposals";

def request:
  if (.answers | length) == 0 then
    { method: "POST", path: path, body: { proposal: .reference, pieces: (.effect.total | split(" ")[0] | tonumber) }, then: true }
  elif .answers[0].body.verdict == "agreed" then
    { method: "POST", path: "\(path)/\(.reference)/commit" }
  else empty end;

def outcome:
  if .answers[0].body.verdict == "refused" then { rejected: { code: .answers[0].body.code, text: "the plant does not agree" } }
  elif .status >= 200 and .status < 300 then { accepted: {} }
  elif .status == 423 then { not_done: { why: .body.detail } }
  else empty end;
