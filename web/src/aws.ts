/** The operations of AWS that the gallery uses, after the sign-in. */

import { AwsError, element } from "./answers";
import { now } from "./clock";
import type { Config } from "./config";
import { DynamoDb, fromDynamo, toDynamo, type Item } from "./dynamodb";
import { upload } from "./multipart";
import type { Precision } from "./records";
import { faultOf, ONCE, persist, UPLOADING, type Fault } from "./retry";
import { folderOf } from "./layouts";
import { Bucket, encoded, patiently, UNTAGGED, type Version } from "./s3";
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
  /** Names, or paths in maps: "thumb.key". */
  fields?: readonly string[];
}

/** A patch of one photo, or of an album: what it does not name stays as it is. */
export interface EditRequest {
  path?: string;
  /** null: as in the file. "": none. */
  title?: string | null;
  description?: string | null;
  keywords?: readonly string[] | null;
  taken?: { local: string; precision?: Precision } | "removed" | null;
  location?: { latitude: number; longitude: number } | "removed" | null;
  add_keywords?: readonly string[];
  remove_keywords?: readonly string[];
  hide_labels?: readonly string[];
  show_labels?: readonly string[];
  album?: string;
  /** The path of a photo; null: the newest one. */
  cover?: string | null;
}

/** A patch of one photo. */
export type Patch = Omit<EditRequest, "path" | "album" | "cover">;

/** What a photo's row has after an edit. */
export interface Edited {
  edits?: Record<string, unknown>;
  sort_time?: string;
}

/** The bucket has an object with this key. */
export class ExistsError extends Error {}

/** The bucket has other bytes under this key than the caller has seen, or none. */
export class ChangedError extends Error {}

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
  private readonly shares: Bucket;
  private readonly signings: Signings;

  constructor(
    readonly config: Config,
    readonly owner: string,
  ) {
    this.transport = new Transport(config.region, owner);
    this.dynamodb = new DynamoDb(this.transport, config);
    this.photos = new Bucket(this.transport, config, config.photos_bucket);
    this.derived = new Bucket(this.transport, config, config.derived_bucket);
    this.shares = new Bucket(this.transport, config, config.shares_bucket ?? "");
    this.signings = new Signings(sessionStore(), owner, (isNew) =>
      persist(() => (isNew ? newCredentials : credentials)(owner)),
    );
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
    const names = [...new Set([...(fields ?? []).flatMap((path) => path.split(".")), ...named])];
    const { Items: items = [], LastEvaluatedKey: last } = await this.dynamodb.call<QueryOutput>("Query", {
      TableName: this.config.table,
      KeyConditionExpression: `pk = :pk AND ${where}`,
      ExpressionAttributeValues: toDynamo({ ":pk": this.owner, ...values }),
      ...(names.length > 0 && {
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
      }),
      ...(fields && { ProjectionExpression: fields.map((path) => path.replace(/\w+/g, "#$&")).join(", ") }),
      ...(index && { IndexName: index }),
      ...(after && { ExclusiveStartKey: toDynamo(after) }),
      ScanIndexForward: !descending,
      Limit: limit,
    });
    return { items: items.map((item) => fromDynamo(item)), ...(last && { next: fromDynamo(last) }) };
  }

  uploadKey(path: string): string {
    return folderOf(this.config.key_layout, this.owner) + path;
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

  /**
   * Delete a photo. In a bucket with versions, S3 puts a delete marker over it.
   *
   * @returns the version id of the marker; undefined in a bucket without versions.
   */
  async delete(path: string): Promise<string | undefined> {
    return this.photos.delete(this.uploadKey(path));
  }

  /** Delete one version for good. Without its delete marker, a photo is back. */
  async deleteVersion(path: string, id: string): Promise<void> {
    await this.photos.delete(this.uploadKey(path), id);
  }

  /** Return the versions of a photo, newest first, and then its delete markers. */
  async versions(path: string): Promise<Version[]> {
    const found = await this.photos.versions(this.uploadKey(path));
    return found.sort((one, other) => Number(one.isMarker) - Number(other.isMarker));
  }

  /**
   * Make an old version of a deleted photo the current one, as a copy: S3 creates a new version.
   *
   * S3 takes a delete marker for no object, so that the condition holds for a deleted photo.
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
   *
   * @throws ExistsError: the photo is not deleted any more, or another one has its path.
   */
  async copyVersion(path: string, id: string): Promise<void> {
    const key = this.uploadKey(path);
    try {
      await this.photos.copy(key, key, id, { "If-None-Match": "*" });
    } catch (error) {
      if ((error as Error).name === "PreconditionFailed") throw new ExistsError(path, { cause: error });
      throw error;
    }
  }

  /**
   * Copy a photo within the bucket; nothing is overwritten.
   *
   * The owner may read and write all of their objects, so that a copy needs no permission of its own. S3 answers
   * 200 before the copy is complete: answers.ts reads the error in it.
   *
   * It is asked for once: the caller has to know whether an answer was lost.
   *
   * @param etag of the photo, if it is known.
   * @returns the version id of the copy; undefined in a bucket without versions.
   * @throws ExistsError: there is an object at `to`.
   * @throws ChangedError: the photo has other bytes than those of the ETag, or is gone.
   */
  async copy(from: string, to: string, etag: string | undefined): Promise<string | undefined> {
    const conditions = { "If-None-Match": "*", ...(etag && { "x-amz-copy-source-if-match": `"${etag}"` }) };
    try {
      return await this.photos.copy(this.uploadKey(from), this.uploadKey(to), undefined, conditions, ONCE);
    } catch (error) {
      const { name, text = "" } = error as Error & Partial<AwsError>;
      if (name === "NoSuchKey" || (name === "PreconditionFailed" && /copy-source/i.test(element(text, "Condition")))) {
        throw new ChangedError(from, { cause: error });
      }
      if (name === "PreconditionFailed") throw new ExistsError(to, { cause: error });
      throw error;
    }
  }

  /**
   * Delete a photo if it still has these bytes: a version of it stays in the trash.
   *
   * @param etag of the photo; it is deleted in any case if the ETag is not known.
   * @throws ChangedError: it has other bytes, or is gone.
   */
  async deleteUnchanged(path: string, etag: string | undefined): Promise<void> {
    try {
      await this.photos.delete(this.uploadKey(path), undefined, etag === undefined ? {} : { "If-Match": `"${etag}"` });
    } catch (error) {
      const { name } = error as Error;
      if (name === "PreconditionFailed" || name === "NoSuchKey") throw new ChangedError(path, { cause: error });
      throw error;
    }
  }

  /** Whether this user may delete versions of photos. */
  get deletesForGood(): boolean {
    return this.config.delete_for_good === true;
  }

  /** Return the URL of a rendition: the same one for about an hour, or a new one if that of before failed. */
  async renditionUrl(key: string, { isNew = false } = {}): Promise<string> {
    const { renditions_url: open } = this.config;
    if (open) return `${open}/${encoded(key)}`;
    const { credentials: keys, signedAt } = await (isNew ? this.signings.renew() : this.signings.get());
    return this.derived.presigned(key, keys, signedAt, URL_SECONDS);
  }

  /** Return the URL to download an original. The page never shows originals: the file may be of any type. */
  async originalUrl(key: string): Promise<string> {
    const name = encodeURIComponent(key.slice(key.lastIndexOf("/") + 1));
    const query = { "response-content-disposition": `attachment; filename*=UTF-8''${name}` };
    return this.photos.presigned(key, await persist(() => credentials(this.owner)), new Date(now()), URL_SECONDS, query);
  }

  /** How many days a deleted photo stays in the trash; undefined without a trash. */
  get trashDays(): number | undefined {
    return this.config.trash_days;
  }

  /** Whether nobody may add, move or delete photos. */
  get isReadOnly(): boolean {
    return this.config.read_only === true;
  }

  /** Whether the gallery has an API for edits. */
  get canEdit(): boolean {
    return Boolean(this.config.api_url);
  }

  /**
   * Edit a photo or an album. The same edit may be asked for again.
   *
   * @throws AwsError of status 409: the photo was changed during each try.
   * @throws Error: the edit is refused; the message is the API's.
   */
  async edit(request: EditRequest): Promise<Edited> {
    const body = JSON.stringify(request);
    const answer = (await this.callApi("POST", "/edits", body)) as { body?: Edited };
    return answer.body ?? {}; // of the state machine's output, {status, body}
  }

  /** Let the gallery note which user this owner is: API Gateway knows both, and no page can say it. */
  async introduce(): Promise<void> {
    await this.callApi("POST", "/edits", JSON.stringify({ introduce: true }));
  }

  /** The URL of the page that shows shares; undefined if nobody may share. */
  get sharesUrl(): string | undefined {
    return this.config.shares_bucket ? this.config.shares_url : undefined;
  }

  /** Copy a rendition into a share, without its metadata. The bytes stay in S3. */
  async copyToShare(rendition: string, key: string, contentType: string): Promise<void> {
    const headers = {
      "content-type": contentType,
      "x-amz-copy-source": `/${this.derived.name}/${encoded(rendition)}`,
      "x-amz-metadata-directive": "REPLACE",
      ...UNTAGGED,
    };
    await this.shares.send("PUT", key, { headers, sender: patiently });
  }

  async putShared(key: string, text: string): Promise<void> {
    await this.shares.send("PUT", key, { body: text, headers: { "content-type": "application/json" } });
  }

  /** @throws AwsError: there is no such object (its name is NoSuchKey), or S3 has failed. */
  async getShared(key: string): Promise<string> {
    const { text } = await this.shares.send("GET", key);
    return text;
  }

  async deleteShared(key: string): Promise<void> {
    await this.shares.delete(key);
  }

  /** Return the keys with a prefix; of all keys up to the next slash, this part once. */
  async listShared(prefix: string, { folders }: { folders: boolean }): Promise<string[]> {
    return this.shares.keys(prefix, folders ? "/" : undefined);
  }

  /** Return the URL of a picture of one's own share. */
  async sharedUrl(key: string): Promise<string> {
    return this.shares.presigned(key, await credentials(this.owner), new Date(now()), URL_SECONDS);
  }

  /** Return the status of an execution; undefined if the gallery has no API for it. */
  async executionStatus(arn: string): Promise<string | undefined> {
    if (!this.config.api_url) return undefined;
    try {
      const name = encodeURIComponent(arn.split(":").at(-1) ?? "");
      const { status } = (await this.callApi("GET", `/executions/${name}`)) as { status?: unknown };
      return typeof status === "string" ? status : undefined;
    } catch (error) {
      if (error instanceof AwsError && faultOf(error) === "other") return undefined; // such as an unknown execution
      throw error;
    }
  }

  /** Send a request to the API, again after errors that pass, and return the JSON of its answer. */
  private async callApi(method: "GET" | "POST", path: string, body?: string): Promise<unknown> {
    const { api_url: api = "" } = this.config;
    const url = `${api.replace(/\/$/, "")}${path}`;
    const content = body !== undefined && { body, headers: { "content-type": "application/json" } };
    const { text } = await this.transport.send({ service: "execute-api", method, url, ...content });
    return JSON.parse(text);
  }
}
