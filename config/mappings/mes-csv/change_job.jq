# What a job is to be now: its total and its day. The MES takes no less than was begun.
def number: .effect.job.job // error("the plant has not said yet that it has the job: wait for its answer file, then send it again");
def day: "\(.[8:10]).\(.[5:7]).\(.[0:4])";
# What this MES counts in; pieces, unless the site's table `counts` says otherwise: `counts: {in: MTR}`.
def counts: (.tables.counts // {}).in // "H87";
# So many of what it counts in: of anything else it would make another quantity without a word.
def counted($in): split(" ") as $said
  | if $said[1] == $in then $said[0]
    else error("the order is now of \($said | join(" ")), and the MES counts in \($in): keep the material in \($in), or write `counts: {in: \($said[1])}` into the tables of the site if that is what it counts in") end;
def file: counts as $in | { name: "change-\(.effect.job.order)", body: [["X", number, (.effect.total | counted($in) | sub("[.]"; ",")), (.effect.end | day)]] };
