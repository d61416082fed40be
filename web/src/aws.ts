/** The operations of AWS that the gallery uses, after the sign-in. */

import { AwsError } from "./answers";
import { now } from "./clock";
import type { Config } from "./config";
import { DynamoDb, fromDynamo, toDynamo, type Item } from "./dynamodb";
import { upload } from "./multipart";
import { faultOf, persist, UPLOADING, type Fault } from "./retry";
import { UPLOADS_PREFIX } from "./rows.gen";
import { Bucket } from "./s3";
import { credentials, newCredentials, sessionStore } from "./session";
import { Signings, URL_SECONDS } from "./signing";
import { Transport } from "./transport";

export type { Item } from "./dynamodb";

export interface Page {
  items: Item[];
  /** The keys after which the next page starts; absent on the last page. */
  next?: Record<string, unknown>;
}

type DynamoItem = Parameters<typeof fromDynamo>[0];

interface QueryOutput {
  Items?: DynamoItem[];
  LastEvaluatedKey?: DynamoItem;
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
  private readonly transport: Transport;
  private readonly dynamodb: DynamoDb;
  private readonly photos: Bucket;
  private readonly derived: Bucket;
  private readonly signings: Signings;

  constructor(
    private readonly config: Config,
    readonly owner: string,
  ) {
    this.transport = new Transport(config.region);
    this.dynamodb = new DynamoDb(this.transport, config);
    this.photos = new Bucket(this.transport, config, config.photos_bucket);
    this.derived = new Bucket(this.transport, config, config.derived_bucket);
    this.signings = new Signings(sessionStore(), owner, (isNew) => persist(isNew ? newCredentials : credentials));
  }

  async get(sk: string): Promise<Item | undefined> {
    const { Item: item } = await this.dynamodb.call<{ Item?: DynamoItem }>("GetItem", {
      TableName: this.config.table,
      Key: toDynamo({ pk: this.owner, sk }),
      ConsistentRead: true,
    });
    return item && fromDynamo(item);
  }

  async query({ index, where, values, descending, limit, after, fields }: Query): Promise<Page> {
    const named = [...where.matchAll(/#(\w+)/g)].map(([, name = ""]) => name);
    const names = [...new Set([...(fields ?? []), ...named])];
    const { Items: items = [], LastEvaluatedKey: last } = await this.dynamodb.call<QueryOutput>("Query", {
      TableName: this.config.table,
      KeyConditionExpression: `pk = :pk AND ${where}`,
      ExpressionAttributeValues: toDynamo({ ":pk": this.owner, ...values }),
      ...(names.length > 0 && {
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
      }),
      ...(fields && { ProjectionExpression: fields.map((name) => `#${name}`).join(", ") }),
      ...(index && { IndexName: index }),
      ...(after && { ExclusiveStartKey: toDynamo(after) }),
      ScanIndexForward: !descending,
      Limit: limit,
    });
    return { items: items.map((item) => fromDynamo(item)), ...(last && { next: fromDynamo(last) }) };
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
    const policy = { ...UPLOADING, onPause: paused, signal };
    try {
      return await upload(this.photos, this.uploadKey(path), file, { replace, policy, progress });
    } catch (error) {
      if (error instanceof AwsError && error.name === "PreconditionFailed") throw new ExistsError(path, { cause: error });
      throw error;
    }
  }

  async delete(path: string): Promise<void> {
    await this.photos.delete(this.uploadKey(path));
  }

  /** Return the URL of a rendition: the same one for about an hour, or a new one if that of before failed. */
  async renditionUrl(key: string, { isNew = false } = {}): Promise<string> {
    const { renditions_url: open } = this.config;
    if (open) return `${open}/${key.split("/").map(encodeURIComponent).join("/")}`;
    const { credentials: keys, signedAt } = await (isNew ? this.signings.renew() : this.signings.get());
    return this.derived.presigned(key, keys, signedAt, URL_SECONDS);
  }

  /** Return the URL to download an original. The page never shows originals: the file may be of any type. */
  async originalUrl(key: string): Promise<string> {
    const name = encodeURIComponent(key.slice(key.lastIndexOf("/") + 1));
    const query = { "response-content-disposition": `attachment; filename*=UTF-8''${name}` };
    return this.photos.presigned(key, await persist(credentials), new Date(now()), URL_SECONDS, query);
  }

  /** Return the status of an execution; undefined if the gallery has no API for it. */
  async executionStatus(arn: string): Promise<string | undefined> {
    const { api_url: api } = this.config;
    if (!api) return undefined;
    const url = `${api.replace(/\/$/, "")}/executions/${encodeURIComponent(arn.split(":").at(-1) ?? "")}`;
    try {
      const { text } = await this.transport.send({ service: "execute-api", method: "GET", url });
      const { status } = JSON.parse(text) as { status?: unknown };
      return typeof status === "string" ? status : undefined;
    } catch (error) {
      if (error instanceof AwsError && faultOf(error) === "other") return undefined; // such as an unknown execution
      throw error;
    }
  }
}
