# What a job is to be now. Its total in two phases: the MES says whether it agrees, then it is committed; then the people at
# the line see its new date. Repeating any of it is harmless. A job whose number we were never told is looked up by our order.
def of_order(order): [.answers[]? | .body.jobs? // empty | .[] | select(.externalKey | startswith("\(order)/"))] | last | .job;
def job: .effect.job.order as $order | .effect.job.job // of_order($order);
def path: "/jobs/\(job)";
# What this MES counts in; pieces, unless the site's table `counts` says otherwise: `counts: {in: MTR}`.
def counts: (.tables.counts // {}).in // "H87";
# So many of what it counts in: of anything else it would make another quantity without a word.
def counted($in): split(" ") as $said
  | if $said[1] == $in then $said[0]
    else error("the order is now of \($said | join(" ")), and the MES counts in \($in): keep the material in \($in), or write `counts: {in: \($said[1])}` into the tables of the site if that is what it counts in") end;
def pieces: counts as $in | .effect.total | counted($in) | tonumber;
def said(word): [.answers[]? | .body.verdict?] | any(. == word);
def committed: [.answers[]? | .body.pieces?] | any(. != null);

def request:
  if job == null and (.answers | length) == 0 then { method: "GET", path: "/jobs", then: true }
  elif job == null or said("refused") or .status >= 300 then empty
  elif committed then { method: "PUT", path: "\(path)/notes", body: { notes: "due \(.effect.end)" } }
  elif said("agreed") then { method: "POST", path: "\(path)/quantity-proposals/\(.reference)/commit", then: true }
  else { method: "POST", path: "\(path)/quantity-proposals", body: { proposal: .reference, pieces: pieces }, then: true } end;

def outcome:
  ([.answers[]? | select(.body.verdict? == "refused")] | last) as $refused
  | if $refused then { rejected: { code: $refused.body.code, text: "the plant does not agree" } }
    elif .status == 423 then { not_done: { why: .body.detail } }
    elif .status == 404 then { rejected: { code: .body.fault, text: (.body.detail // "") } }
    elif job == null and .status == 200 then { rejected: { code: "UNKNOWN_JOB", text: "the plant has no job of this order" } }
    elif .status >= 200 and .status < 300 and committed then { accepted: {} }
    else empty end;
