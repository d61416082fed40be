/**
 * Use a gallery from JavaScript, in Node 20 or later: npm install aws4fetch.
 *
 *   export GALLERY_PASSWORD=…
 *   node gallery_client.mjs https://<gallery> <user> upload photo.jpg "2024/Lisbon/photo.jpg"
 *   node gallery_client.mjs https://<gallery> <user> record "2024/Lisbon/photo.jpg"
 *   node gallery_client.mjs https://<gallery> <user> album "2024/Lisbon"
 *   node gallery_client.mjs https://<gallery> <user> search dog beach
 */
import { createHash, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { AwsClient } from "aws4fetch";

// Group 15 of RFC 3526, and its generator: Cognito's Secure Remote Password protocol (SRP).
const N = BigInt(
  "0xFFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A0879" +
    "8E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B" +
    "0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA4836" +
    "1C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804" +
    "F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6" +
    "955817183995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64" +
    "ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D226" +
    "1AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2" +
    "08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
);
const G = 2n;

function power(base, exponent) {
  let result = 1n;
  let square = ((base % N) + N) % N; // % keeps the sign
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % N;
    square = (square * square) % N;
  }
  return result;
}

/** A number in bytes that begin with a sign bit, which is 0. */
function padded(number) {
  const digits = number.toString(16);
  const even = digits.length % 2 ? `0${digits}` : digits;
  return Buffer.from(/^[89a-f]/.test(even) ? `00${even}` : even, "hex");
}

const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();
const number = (bytes) => BigInt(`0x${bytes.toString("hex")}`);

/** Send a request of the JSON protocol; `send` signs it, if need be. */
async function call(send, url, target, input, version = "1.1") {
  const answer = await send(url, {
    method: "POST",
    headers: { "Content-Type": `application/x-amz-json-${version}`, "X-Amz-Target": target },
    body: JSON.stringify(input),
  });
  if (!answer.ok) throw new Error(`${target}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Return an ID token. The password does not leave this machine. */
async function signIn(config, pool, user, password) {
  const ask = (operation, input) =>
    call(fetch, pool, `AWSCognitoIdentityProviderService.${operation}`, {
      ...input,
      ClientId: config.user_pool_client_id,
    });
  const a = number(randomBytes(128));
  const A = power(G, a);
  const { ChallengeParameters: asked } = await ask("InitiateAuth", {
    AuthFlow: "USER_SRP_AUTH",
    AuthParameters: { USERNAME: user, SRP_A: A.toString(16) },
  });
  const B = BigInt(`0x${asked.SRP_B}`);
  const name = Buffer.from(config.user_pool_id.split("_")[1] + asked.USER_ID_FOR_SRP);
  const u = number(sha256(padded(A), padded(B)));
  const k = number(sha256(padded(N), padded(G)));
  const identity = sha256(name, Buffer.from(`:${password}`));
  const x = number(sha256(padded(BigInt(`0x${asked.SALT}`)), identity));
  const shared = power(B - k * power(G, x), a + u * x);
  const key = hkdfSync("sha256", padded(shared), padded(u), "Caldera Derived Key", 16);
  const [day, date, month, year, time] = new Date().toUTCString().replace(",", "").split(" ");
  const moment = `${day} ${month} ${Number(date)} ${time} UTC ${year}`;
  const signed = Buffer.concat([name, Buffer.from(asked.SECRET_BLOCK, "base64"), Buffer.from(moment)]);
  const answer = await ask("RespondToAuthChallenge", {
    ChallengeName: "PASSWORD_VERIFIER",
    ChallengeResponses: {
      USERNAME: asked.USER_ID_FOR_SRP,
      TIMESTAMP: moment,
      PASSWORD_CLAIM_SECRET_BLOCK: asked.SECRET_BLOCK,
      PASSWORD_CLAIM_SIGNATURE: createHmac("sha256", Buffer.from(key)).update(signed).digest("base64"),
    },
  });
  // A second factor, or a password to change.
  if (!answer.AuthenticationResult) throw new Error(`sign in on the page first: ${answer.ChallengeName}`);
  return answer.AuthenticationResult.IdToken;
}

/** What one user may do. Credentials last an hour: then open another one. */
export class Gallery {
  static async open(url, user, password) {
    const config = await (await fetch(`${url.replace(/\/$/, "")}/config.json`)).json();
    const domain = config.region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
    const host = (service) => config.endpoint ?? `https://${service}.${config.region}.${domain}`;
    const token = await signIn(config, `${host("cognito-idp")}/`, user, password);
    const login = { Logins: { [`cognito-idp.${config.region}.${domain}/${config.user_pool_id}`]: token } };
    const identities = (operation, input) =>
      call(fetch, `${host("cognito-identity")}/`, `AWSCognitoIdentityService.${operation}`, { ...input, ...login });
    const { IdentityId: owner } = await identities("GetId", { IdentityPoolId: config.identity_pool_id });
    const { Credentials: keys } = await identities("GetCredentialsForIdentity", { IdentityId: owner });
    const client = (service) =>
      new AwsClient({
        accessKeyId: keys.AccessKeyId,
        secretAccessKey: keys.SecretKey,
        sessionToken: keys.SessionToken,
        region: config.region,
        service,
      });
    return new Gallery(config, host, owner, client);
  }

  constructor(config, host, owner, client) {
    Object.assign(this, { config, host, owner, client });
  }

  /** Upload a file as <album>/<name>; return its version. */
  async upload(file, path) {
    const key = `uploads/${this.owner}/${path}`
      .split("/")
      .map((part) => encodeURIComponent(part).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`))
      .join("/");
    const answer = await this.client("s3").fetch(`${this.host("s3")}/${this.config.photos_bucket}/${key}`, {
      method: "PUT",
      headers: { "If-None-Match": "*" }, // do not replace another photo
      body: await readFile(file),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.headers.get("x-amz-version-id");
  }

  /** Return everything that is known of a photo, with the types of DynamoDB. */
  async record(path) {
    const key = { pk: { S: this.owner }, sk: { S: `photo#${path}` } };
    return (await this.dynamodb("GetItem", { Key: key, ConsistentRead: true })).Item;
  }

  /** Wait until the uploaded version is READY, REJECTED or FAILED; return its record. */
  async follow(path, version, seconds = 300) {
    for (const end = Date.now() + 1000 * seconds; Date.now() < end; await sleep(1000)) {
      const row = await this.record(path);
      if (row?.claimed_version.S !== version) continue;
      if (row.status.S !== "PROCESSING") return row;
      console.error(`${path}: ${await this.execution(row.execution_arn.S)}`);
    }
    throw new Error(`${path} is not processed after ${seconds} s`);
  }

  /** Return the state of an execution: RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED. */
  async execution(arn) {
    const url = `${this.config.api_url}/executions/${arn.split(":").at(-1)}`;
    const answer = await this.client("execute-api").fetch(url);
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()).status;
  }

  /** Return the photos of an album, without those of albums in it, oldest first. */
  async album(album) {
    const digest = createHash("sha256").update(album).digest("hex").slice(0, 24);
    return this.query({
      IndexName: "by_album",
      KeyConditionExpression: "pk = :pk AND begins_with(album_key, :prefix)",
      ExpressionAttributeValues: { ":pk": { S: this.owner }, ":prefix": { S: `${digest}#` } },
    });
  }

  /** Return the paths of the photos that have all of these labels, newest first. */
  async search(...labels) {
    const found = [];
    for (const label of labels) {
      const rows = await this.query({
        KeyConditionExpression: "pk = :pk AND begins_with(sk, :prefix)",
        ExpressionAttributeValues: { ":pk": { S: this.owner }, ":prefix": { S: `label#${label.toLowerCase()}#` } },
        ScanIndexForward: false,
      });
      found.push(rows.map((row) => row.photo.S.slice("photo#".length)));
    }
    return found[0].filter((path) => found.every((paths) => paths.includes(path)));
  }

  /** Return all rows of a query, page after page. */
  async query(question) {
    const rows = [];
    let more;
    do {
      const page = await this.dynamodb("Query", { ...question, ExclusiveStartKey: more });
      rows.push(...page.Items);
      more = page.LastEvaluatedKey;
    } while (more);
    return rows;
  }

  async dynamodb(operation, input) {
    const client = this.client("dynamodb");
    const body = { ...input, TableName: this.config.table };
    return call(client.fetch.bind(client), `${this.host("dynamodb")}/`, `DynamoDB_20120810.${operation}`, body, "1.0");
  }
}

const [url, user, command, ...given] = process.argv.slice(2);
const gallery = await Gallery.open(url, user, process.env.GALLERY_PASSWORD);
const commands = {
  upload: async (file, path) => gallery.follow(path, await gallery.upload(file, path)),
  execution: async (path) => gallery.execution((await gallery.record(path)).execution_arn.S),
  record: (path) => gallery.record(path),
  album: (album) => gallery.album(album),
  search: (...labels) => gallery.search(...labels),
};
const run = commands[command];
console.log(JSON.stringify(await run(...given), null, 2));
