# Asks for a job back. The MES keeps it when it was begun, and says so in an answer file.
def number: .effect.job // error("the plant has not said yet that it has the job: wait for its answer file, then send it again");
def file: { name: "revoke-\(.effect.order)", body: [["S", number]] };
