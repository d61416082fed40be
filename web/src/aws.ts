/** The calls to AWS. No other module uses an SDK. */

import { DynamoDBClient, GetItemCommand, QueryCommand, type QueryCommandInput } from "@aws-sdk/client-dynamodb";
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { Upload } from "@aws-sdk/lib-storage";
import { XhrHttpHandler } from "@aws-sdk/xhr-http-handler";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Config } from "./config";
import { persist, READING, strategyOf, UPLOADING, type Fault } from "./retry";
import { UPLOADS_PREFIX } from "./rows.gen";
import { credentials, newCredentials, sessionStore } from "./session";
import { Signings, URL_SECONDS, type Signing } from "./signing";

const PART_BYTES = 5 * 1024 * 1024; // the least that S3 allows
const ANSWER_MS = 20_000; // for an answer of at most 1 MB; then the connection is lost
const STALLED_MS = 60_000; // without a byte sent or an answer: the connection is lost
const PARTS_AT_ONCE = 2; // for one file; several files go up together

/** What DynamoDB returned: nothing is known of its types. */
export type Item = Record<string, unknown>;

export interface Page {
  items: Item[];
  /** The keys after which the next page starts; absent on the last page. */
  next?: Record<string, unknown>;
}

export interface Query {
  index?: "by_album" | "by_content" | "by_time";
  /** The condition on the sort key. Names begin with #, values with a colon. */
  where: string;
  values: Record<string, string>;
  descending?: boolean;
  limit: number;
  after?: Record<string, unknown> | undefined;
  fields?: readonly string[];
}

/**
 * Sends the requests of one upload. XMLHttpRequest reports their progress; fetch() does not.
 *
 * One handler must not serve two uploads: each Upload listens to all requests of its handler, and
 * does not stop listening after an error.
 */
class UploadHandler extends XhrHttpHandler {
  constructor(private readonly stopped: AbortSignal) {
    super({});
    this.on(XhrHttpHandler.EVENTS.BEFORE_XHR_SEND, (xhr: XMLHttpRequest) => {
      let timer: ReturnType<typeof setTimeout>;
      const watch = () => {
        clearTimeout(timer);
        timer = setTimeout(() => xhr.abort(), STALLED_MS);
      };
      xhr.upload.addEventListener("progress", watch);
      xhr.addEventListener("loadend", () => clearTimeout(timer));
      watch();
    });
  }

  override async handle(
    request: Parameters<XhrHttpHandler["handle"]>[0],
    options: Parameters<XhrHttpHandler["handle"]>[1] = {},
  ): ReturnType<XhrHttpHandler["handle"]> {
    // Upload does not stop the requests that it has sent. DELETE aborts an upload in parts.
    const stopped = request.method === "DELETE" ? {} : { abortSignal: this.stopped };
    const answer = await super.handle(request, { ...options, ...stopped });
    // A broken connection has status 0, which the SDK takes for success. It retries errors with this message.
    if (answer.response.statusCode === 0) throw new TypeError("Failed to fetch");
    return answer;
  }
}

/** The bucket has an object with this key. */
export class ExistsError extends Error {}

interface UploadOptions {
  /** Whether to replace an object with the same key. */
  replace: boolean;
  signal: AbortSignal;
  progress: (share: number) => void;
  /** Called when the upload waits to try again. */
  paused: (fault: Fault) => void;
}

export class Aws {
  private readonly s3Config: S3ClientConfig;
  private readonly s3: S3Client;
  private readonly dynamodb: DynamoDBClient;
  private readonly signings: Signings;
  private readonly signers = new WeakMap<Signing, S3Client>();

  constructor(
    private readonly config: Config,
    readonly owner: string,
  ) {
    const shared = {
      region: config.region,
      credentials: () => persist(credentials),
      retryStrategy: strategyOf(READING),
      requestHandler: { requestTimeout: ANSWER_MS },
      ...(config.endpoint && { endpoint: config.endpoint }),
    };
    this.s3Config = { ...shared, forcePathStyle: config.endpoint !== undefined };
    this.s3 = new S3Client(this.s3Config);
    this.dynamodb = new DynamoDBClient(shared);
    this.signings = new Signings(sessionStore(), owner, (isNew) => persist(isNew ? newCredentials : credentials));
  }

  async get(sk: string): Promise<Item | undefined> {
    const { Item: item } = await this.dynamodb.send(
      new GetItemCommand({
        TableName: this.config.table,
        Key: marshall({ pk: this.owner, sk }),
        ConsistentRead: true,
      }),
    );
    return item && unmarshall(item);
  }

  async query({ index, where, values, descending, limit, after, fields }: Query): Promise<Page> {
    const named = [...where.matchAll(/#(\w+)/g)].map(([, name = ""]) => name);
    const names = [...new Set([...(fields ?? []), ...named])];
    const input: QueryCommandInput = {
      TableName: this.config.table,
      KeyConditionExpression: `pk = :pk AND ${where}`,
      ExpressionAttributeValues: marshall({ ":pk": this.owner, ...values }),
      ...(names.length > 0 && {
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
      }),
      ...(fields && { ProjectionExpression: fields.map((name) => `#${name}`).join(", ") }),
      ...(index && { IndexName: index }),
      ...(after && { ExclusiveStartKey: marshall(after) }),
      ScanIndexForward: !descending,
      Limit: limit,
    };
    const { Items: items = [], LastEvaluatedKey: last } = await this.dynamodb.send(new QueryCommand(input));
    return { items: items.map((item) => unmarshall(item)), ...(last && { next: unmarshall(last) }) };
  }

  uploadKey(path: string): string {
    return `${UPLOADS_PREFIX}${this.owner}/${path}`;
  }

  /**
   * Put a file into the photos bucket.
   *
   * @returns the version id; undefined in a bucket without versions.
   * @throws ExistsError: there is an object with the same key, and `replace` is false.
   */
  async upload(
    path: string,
    file: File,
    { replace, signal, progress, paused }: UploadOptions,
  ): Promise<string | undefined> {
    const patience = { ...UPLOADING, onPause: paused, signal };
    const upload = new Upload({
      client: new S3Client({
        ...this.s3Config,
        credentials: () => persist(credentials, patience),
        requestHandler: new UploadHandler(signal),
        retryStrategy: strategyOf(patience),
      }),
      params: {
        Bucket: this.config.photos_bucket,
        Key: this.uploadKey(path),
        Body: file,
        ContentType: file.type || "application/octet-stream",
        ...(!replace && { IfNoneMatch: "*" }),
      },
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
    });
    upload.on("httpUploadProgress", ({ loaded = 0 }) => progress(Math.min(1, loaded / Math.max(1, file.size))));
    const abort = () => void upload.abort();
    signal.addEventListener("abort", abort);
    try {
      const { VersionId: version } = await upload.done();
      return version;
    } catch (error) {
      if ((error as Error).name === "PreconditionFailed") throw new ExistsError(path, { cause: error });
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  async delete(path: string): Promise<void> {
    await this.s3.send(
      new DeleteObjectCommand({ Bucket: this.config.photos_bucket, Key: this.uploadKey(path) }),
    );
  }

  /** Return the URL of a rendition: the same one for about an hour, or a new one if that of before failed. */
  async renditionUrl(key: string, { isNew = false } = {}): Promise<string> {
    const { renditions_url: open, derived_bucket: bucket } = this.config;
    if (open) return `${open}/${key.split("/").map(encodeURIComponent).join("/")}`;
    const signing = await (isNew ? this.signings.renew() : this.signings.get());
    const signer = this.signers.get(signing) ?? new S3Client({ ...this.s3Config, credentials: signing.credentials });
    this.signers.set(signing, signer);
    const command = new GetObjectCommand({ Bucket: bucket, Key: key });
    return getSignedUrl(signer, command, { expiresIn: URL_SECONDS, signingDate: signing.signedAt });
  }

  /** Return the URL to download an original. The page never shows originals: the file may be of any type. */
  async originalUrl(key: string): Promise<string> {
    const name = encodeURIComponent(key.slice(key.lastIndexOf("/") + 1));
    const command = new GetObjectCommand({
      Bucket: this.config.photos_bucket,
      Key: key,
      ResponseContentDisposition: `attachment; filename*=UTF-8''${name}`,
    });
    return getSignedUrl(this.s3, command, { expiresIn: URL_SECONDS });
  }

  /** The URL of the page that shows shares; undefined if nobody may share. */
  get sharesUrl(): string | undefined {
    return this.config.shares_bucket ? this.config.shares_url : undefined;
  }

  /** Copy a rendition into a share, without its metadata. The bytes stay in S3. */
  async copyToShare(rendition: string, key: string, contentType: string): Promise<void> {
    const { derived_bucket: from, shares_bucket: to } = this.config;
    await this.s3.send(
      new CopyObjectCommand({
        Bucket: to,
        Key: key,
        CopySource: `${from}/${rendition.split("/").map(encodeURIComponent).join("/")}`,
        MetadataDirective: "REPLACE",
        ContentType: contentType,
      }),
    );
  }

  async putShared(key: string, text: string): Promise<void> {
    const type = "application/json";
    await this.s3.send(new PutObjectCommand({ Bucket: this.config.shares_bucket, Key: key, Body: text, ContentType: type }));
  }

  /** @throws Error: there is no such object (its name is NoSuchKey), or S3 has failed. */
  async getShared(key: string): Promise<string> {
    const { Body: body } = await this.s3.send(new GetObjectCommand({ Bucket: this.config.shares_bucket, Key: key }));
    return (await body?.transformToString()) ?? "";
  }

  async deleteShared(key: string): Promise<void> {
    await this.s3.send(new DeleteObjectCommand({ Bucket: this.config.shares_bucket, Key: key }));
  }

  /** Return the keys with a prefix; of all keys up to the next slash, this part once. */
  async listShared(prefix: string, { folders }: { folders: boolean }): Promise<string[]> {
    const found: string[] = [];
    let token: string | undefined;
    do {
      const { Contents: objects = [], CommonPrefixes: parts = [], NextContinuationToken: next } = await this.s3.send(
        new ListObjectsV2Command({
          Bucket: this.config.shares_bucket,
          Prefix: prefix,
          ...(folders && { Delimiter: "/" }),
          ...(token && { ContinuationToken: token }),
        }),
      );
      found.push(...parts.flatMap(({ Prefix: part }) => part ?? []), ...objects.flatMap(({ Key: key }) => key ?? []));
      token = next;
    } while (token);
    return found;
  }

  /** Return the URL of a picture of one's own share. */
  async sharedUrl(key: string): Promise<string> {
    return getSignedUrl(this.s3, new GetObjectCommand({ Bucket: this.config.shares_bucket, Key: key }), {
      expiresIn: URL_SECONDS,
    });
  }

  /** Return the status of an execution; undefined if the gallery has no API for it. */
  async executionStatus(arn: string): Promise<string | undefined> {
    const { api_url: api, region } = this.config;
    if (!api) return undefined;
    const url = new URL(`${api.replace(/\/$/, "")}/executions/${encodeURIComponent(arn.split(":").at(-1) ?? "")}`);
    const signer = new SignatureV4({ service: "execute-api", region, credentials, sha256: Sha256 });
    return persist(async () => {
      const { headers } = await signer.sign({
        method: "GET",
        protocol: url.protocol,
        hostname: url.hostname,
        ...(url.port && { port: Number(url.port) }),
        path: url.pathname,
        headers: { host: url.host },
      });
      const { host: _, ...sent } = headers; // the browser sets it
      const answer = await fetch(url, { headers: sent });
      const { status: httpStatusCode } = answer;
      if (httpStatusCode === 429 || httpStatusCode >= 500) {
        throw Object.assign(new Error(`HTTP status ${httpStatusCode}`), { $metadata: { httpStatusCode } });
      }
      if (!answer.ok) return undefined;
      const { status } = (await answer.json()) as { status?: unknown };
      return typeof status === "string" ? status : undefined;
    });
  }
}
