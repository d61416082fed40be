/**
 * Requests to S3.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
 */

import { ask, element, elements, endpointOf, type Answer } from "./answers";
import type { Config } from "./config";
import { t } from "./language";
import { READING, type Policy } from "./retry";
import type { Credentials } from "./signing";
import { spelled, type Options, type Request, type Sender, type Transport } from "./transport";

export type Query = Record<string, string | undefined>;

interface Details extends Pick<Request, "body" | "headers">, Options {
  query?: Query;
}

/** A version of an object. */
export interface Version {
  id: string;
  /** Whether it is a delete marker, which has no bytes. */
  isMarker: boolean;
  /** Whether it is the current version. */
  isLatest: boolean;
  /** Its size and its ETag, without quotation marks; a delete marker has none. */
  bytes?: number;
  etag?: string;
}

/**
 * Let a copy have no tags. S3 copies them by default, and then refuses the copy of an object that another program has
 * tagged: a user has neither s3:GetObjectTagging nor s3:PutObjectTagging, since tags can decide who reads an object.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export const UNTAGGED = { "x-amz-tagging-directive": "REPLACE" };

const JOINED_MS = 10 * 60 * 1000;

/**
 * Send a request after which S3 copies an object or joins its parts.
 *
 * It can take minutes, in which S3 sends white space.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
 */
export const patiently: Sender = (url, request, stopped) => ask(url, request, stopped, JOINED_MS);

/** One bucket. */
export class Bucket {
  constructor(
    private readonly transport: Transport,
    private readonly config: Pick<Config, "endpoint" | "region">,
    readonly name: string,
  ) {}

  /** Send a request about an object, or about the bucket if the key is empty. */
  async send(method: Request["method"], key: string, { query, body, headers, ...options }: Details = {}): Promise<Answer> {
    const request: Request = {
      service: "s3",
      method,
      url: this.url(key, query),
      ...(headers && { headers }),
      ...(body !== undefined && { body }),
    };
    return this.transport.send(request, options);
  }

  /** Return a URL that others can GET for so many seconds. */
  async presigned(key: string, keys: Credentials, signedAt: Date, seconds: number, query?: Query): Promise<string> {
    return this.transport.presigned(this.url(key, query), keys, signedAt, seconds);
  }

  /**
   * Delete an object, by a delete marker over it; or one version of it, or one marker, for good.
   *
   * @param headers such as If-Match.
   * @returns the version id of the marker; undefined in a bucket without versions.
   */
  async delete(key: string, version?: string, headers: Record<string, string> = {}): Promise<string | undefined> {
    return versionOf(await this.send("DELETE", key, { query: { versionId: version }, headers }));
  }

  /**
   * Copy an object, or a version of it, within the bucket, without its tags.
   *
   * @param headers such as If-None-Match.
   * @param policy by default that of a view.
   * @returns the version id of the copy; undefined in a bucket without versions.
   */
  async copy(
    from: string,
    to: string,
    version?: string,
    headers: Record<string, string> = {},
    policy: Policy = READING,
  ): Promise<string | undefined> {
    const source = `/${this.name}/${encoded(from)}${version ? `?versionId=${encodeURIComponent(version)}` : ""}`;
    const asked = { ...headers, ...UNTAGGED, "x-amz-copy-source": source };
    return versionOf(await this.send("PUT", to, { headers: asked, policy, sender: patiently }));
  }

  /** Return the versions of an object and its delete markers, newest first of each kind. */
  async versions(key: string, policy?: Policy): Promise<Version[]> {
    const found: Version[] = [];
    for (let after: Query = {}; ; ) {
      // The prefix also matches longer keys, which S3 lists after this one.
      const { text } = await this.send("GET", "", { query: { versions: "", prefix: key, ...after }, ...(policy && { policy }) });
      for (const { name, xml } of elements(text, "Version", "DeleteMarker")) {
        if (element(xml, "Key") !== key) continue;
        const isLatest = element(xml, "IsLatest") === "true";
        const isMarker = name === "DeleteMarker";
        const content = !isMarker && { bytes: Number(element(xml, "Size")), etag: element(xml, "ETag").replaceAll('"', "") };
        found.push({ id: element(xml, "VersionId"), isMarker, isLatest, ...content });
      }
      if (element(text, "IsTruncated") !== "true" || element(text, "NextKeyMarker") !== key) return found;
      after = { "key-marker": key, "version-id-marker": element(text, "NextVersionIdMarker") };
    }
  }

  /** Return the keys with a prefix; of all keys up to the next delimiter, this part once. */
  async keys(prefix: string, delimiter?: string): Promise<string[]> {
    const found: string[] = [];
    for (let token: string | undefined; ; ) {
      const query = { "list-type": "2", prefix, delimiter, "continuation-token": token };
      const { text } = await this.send("GET", "", { query });
      found.push(...elements(text, "CommonPrefixes").map(({ xml }) => element(xml, "Prefix")));
      found.push(...elements(text, "Contents").map(({ xml }) => element(xml, "Key")));
      token = element(text, "NextContinuationToken");
      if (!token) return found;
    }
  }

  /** In AWS a bucket has a host name; in an embedded AWS it is the first folder. */
  private url(key: string, query: Query = {}): string {
    const { endpoint, region } = this.config;
    const bucket = endpoint ? `${endpoint}/${this.name}` : endpointOf(`${this.name}.s3`, region);
    const url = new URL(`${bucket}/${encoded(key)}`);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    return spelled(url);
  }
}

/**
 * Return a key as it is in a URL, and in the header x-amz-copy-source after the bucket's name.
 *
 * @throws Error: no URL of a browser can name the key. A folder "." or ".." is resolved: the URL of "a/../b.jpg" is
 *   that of "b.jpg", another object.
 */
export function encoded(key: string): string {
  const one = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  const path = `/${encodeURIComponent(key).replace(/%2F/g, "/").replace(/[!'()*]/g, one)}`;
  if (new URL(`https://s3${path}`).pathname !== path) {
    throw new Error(t("A browser cannot use the name {key}: its folder . or .. leads to another one.", { key }));
  }
  return path.slice(1);
}

/** Return the version id that an answer tells; undefined in a bucket without versions. */
export function versionOf({ headers }: Answer): string | undefined {
  return headers.get("x-amz-version-id") ?? undefined;
}
