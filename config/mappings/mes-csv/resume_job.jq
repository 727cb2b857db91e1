# Asks the plant to go on with a job that waits. Saying so again is harmless.
def number: .effect.job // error("the plant has not said yet that it has the job: wait for its answer file, then send it again");
def file: { name: "resume-\(.effect.order)", body: [["W", number]] };
