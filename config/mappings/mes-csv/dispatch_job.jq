# A job as an order file of a MES that speaks in files: the order, its operations, its materials. Decimals have a comma. Its number
# there is our own order and the attempt, so that every row it reports leads straight to it; the file's name says the same, because the
# MES answers to a file by its name alone.
def decimal: split(" ")[0] | sub("[.]"; ",");
def day: "\(.[8:10]).\(.[5:7]).\(.[0:4])";

def file:
  .tables.unit as $units | .effect as $job | "\($job.order)/\($job.attempt)" as $number
  | { name: "dispatch-\($job.order)_\($job.attempt)",
      body: ([["A", $number, $job.material, $job.recipe, ($job.total | decimal), ($job.lot // ""), ($job.end | day)]]
             + [$job.operations[] | ["G", $number, .op, .equipment[0]]]
             + [$job.components[]
                | ["M", $number, .item, .op, .material, (.required | decimal), (.required | split(" ")[1] | $units[.] // .), (.lot // "")]]) };
