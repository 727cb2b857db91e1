# A session of Tryton: by name and password once, and a header from then on. The address of the site ends with the database.
def login: { method: "POST", path: "/", body: { id: "login", method: "common.db.login", params: [.secrets.user, { password: .secrets.password }, null] } };

def session:
  if .status != 200 then empty
  elif .body.error then { refused: { why: "\(.body.error[0])" } }
  elif .body.result | type == "array" then
    { headers: { authorization: ("Session " + ("\(.secrets.user):\(.body.result[0]):\(.body.result[1])" | @base64)) } }
  else { not_done: { why: "it gives no session" } } end;
