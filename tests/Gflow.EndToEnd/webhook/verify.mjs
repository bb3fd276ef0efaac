// node verify.mjs FILE: which of the secrets verify a request, by each of two libraries.
// FILE: { "secrets": [...], "headers": {...}, "body": "base64" }. Prints { "standardwebhooks": [...], "svix": [...] } with the positions.
import { readFileSync } from "node:fs";
import { Webhook as Standard } from "standardwebhooks";
import { Webhook as Svix } from "svix";

const { secrets, headers, body } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const payload = Buffer.from(body, "base64").toString("utf8");

function verified(Webhook) {
  return secrets.flatMap((secret, position) => {
    try {
      new Webhook(secret).verify(payload, headers);
      return [position];
    } catch {
      return [];
    }
  });
}

console.log(JSON.stringify({ standardwebhooks: verified(Standard), svix: verified(Svix) }));
