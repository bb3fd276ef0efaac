// receiver.mjs PORT SECRET_FILE: takes gflow's webhooks, each once.
import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const TOLERANCE = 300; // seconds between the sender's clock and ours
const LARGEST = 1 << 20;
const REMEMBERED = 10_000;

const key = Buffer.from(readFileSync(process.argv[3], "utf8").trim().replace(/^whsec_/, ""), "base64");
const seen = new Set();

function genuine(headers, body) {
  const id = headers["webhook-id"] ?? "", stamp = headers["webhook-timestamp"] ?? "";
  if (!/^\d+$/.test(stamp) || Math.abs(Date.now() / 1000 - Number(stamp)) > TOLERANCE) return false;
  const mac = createHmac("sha256", key).update(`${id}.${stamp}.`).update(body).digest("base64");
  const right = Buffer.from(`v1,${mac}`);
  return (headers["webhook-signature"] ?? "").split(" ").some((one) => {
    const given = Buffer.from(one);
    return given.length === right.length && timingSafeEqual(given, right);
  });
}

async function receive(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > LARGEST) return 413;
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  if (!genuine(request.headers, body)) return 401;
  const id = request.headers["webhook-id"];
  if (seen.has(id)) {
    console.log("repeated", id);
    return 204;
  }
  console.log("taken", JSON.parse(body).event, id); // your work goes here
  seen.add(id);
  if (seen.size > REMEMBERED) seen.delete(seen.values().next().value);
  return 204;
}

createServer(async (request, response) => {
  response.statusCode = await receive(request).catch(() => 500);
  response.end();
}).listen(Number(process.argv[2]), "127.0.0.1");
