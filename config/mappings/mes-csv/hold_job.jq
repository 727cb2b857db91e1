# Asks the plant to stop a job for a while. Saying so again is harmless.
def number: .effect.job.job // error("the plant has not said yet that it has the job: wait for its answer file, then send it again");
def file: { name: "hold-\(.effect.job.order)", body: [["H", number, .effect.reason]] };
