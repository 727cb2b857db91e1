# A job as an order file of a MES that speaks in files: the order, its operations, its materials. Decimals have a comma. Its number
# there is our own order and the attempt, so that every row it reports leads straight to it; the file's name says the same, because the
# MES answers to a file by its name alone.
def decimal: split(" ")[0] | sub("[.]"; ",");
# What this MES counts in; pieces, unless the site's table `counts` says otherwise: `counts: {in: MTR}`.
def counts: (.tables.counts // {}).in // "H87";
# So many of what it counts in: of anything else it would make another quantity without a word.
def counted($in): split(" ") as $said
  | if $said[1] == $in then $said[0]
    else error("the order is of \($said | join(" ")), and the MES counts in \($in): keep the material in \($in), or write `counts: {in: \($said[1])}` into the tables of the site if that is what it counts in") end;
def day: "\(.[8:10]).\(.[5:7]).\(.[0:4])";

def file:
  .tables.unit as $units | counts as $in | .effect as $job | "\($job.order)/\($job.attempt)" as $number
  | { name: "dispatch-\($job.order)_\($job.attempt)",
      body: ([["A", $number, $job.material, $job.recipe, ($job.total | counted($in) | decimal), ($job.lot // ""), ($job.end | day)]]
             + [$job.operations[] | ["G", $number, .op, .equipment[0]]]
             + [$job.components[]
                | ["M", $number, .item, .op, .material, (.required | decimal), (.required | split(" ")[1] | $units[.] // .), (.lot // "")]]) };
