/**
 * Requests to S3.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
 */

import { endpointOf, type Answer } from "./answers";
import type { Config } from "./config";
import type { Credentials } from "./signing";
import { spelled, type Options, type Request, type Transport } from "./transport";

export type Query = Record<string, string | undefined>;

interface Details extends Pick<Request, "body" | "headers">, Options {
  query?: Query;
}

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

  /** In AWS a bucket has a host name; in an embedded AWS it is the first folder. */
  private url(key: string, query: Query = {}): string {
    const { endpoint, region } = this.config;
    const bucket = endpoint ? `${endpoint}/${this.name}` : endpointOf(`${this.name}.s3`, region);
    const url = new URL(`${bucket}/${encoded(key)}`);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    return spelled(url);
  }
}

/** Return a key as it is in a URL, and in the header x-amz-copy-source after the bucket's name. */
export function encoded(key: string): string {
  const one = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(key).replace(/%2F/g, "/").replace(/[!'()*]/g, one);
}
