# What a job is to be now: its total and its day. The MES takes no less than was begun.
def number: .effect.job.job // error("the plant has not said yet that it has the job: wait for its answer file, then send it again");
def day: "\(.[8:10]).\(.[5:7]).\(.[0:4])";
def file: { name: "change-\(.effect.job.order)", body: [["X", number, (.effect.total | split(" ")[0] | sub("[.]"; ",")), (.effect.end | day)]] };
