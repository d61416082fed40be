/**
 * Signed requests to AWS.
 *
 * An operation of AWS is one call of `Transport.send`: dynamodb.ts and s3.ts have those of a service.
 */

import { AwsV4Signer } from "aws4fetch";
import { ask, AwsError, errorOf, type Answer, type Sent } from "./answers";
import { behindMs, now, setClock } from "./clock";
import { persist, READING, type Policy } from "./retry";
import { credentials, newCredentials } from "./session";
import type { Credentials } from "./signing";

const EXPIRED = /^(ExpiredToken|ExpiredTokenException)$/;

export interface Request extends Sent {
  service: "dynamodb" | "execute-api" | "s3";
  url: string;
}

/** Sends a signed request. @throws TypeError: the connection was lost. */
export type Sender = (url: string, request: Sent, stopped?: AbortSignal) => Promise<Answer>;

export interface Options {
  policy?: Policy;
  sender?: Sender;
  /** Whether it is sent after the sign-out too, with the credentials of before. */
  isLast?: boolean;
}

export class Transport {
  private readonly keys = new Map<string, ArrayBuffer>(); // of signatures, by credentials, day and service
  private latest: Credentials | undefined;

  constructor(
    private readonly region: string,
    /** Whose credentials sign: those of nobody else. */
    private readonly owner: string,
  ) {}

  /**
   * Send a request, again after errors that pass.
   *
   * @throws AwsError: AWS has refused it.
   */
  async send(request: Request, { policy = READING, sender = ask, isLast }: Options = {}): Promise<Answer> {
    const once = async () => this.sendOnce(request, isLast && this.latest ? this.latest : await credentials(this.owner), sender, policy);
    return persist(async () => {
      const before = behindMs();
      try {
        return await once();
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        setClock(timeIn(error.message));
        if (EXPIRED.test(error.name)) await newCredentials(this.owner);
        else if (behindMs() === before) throw error;
        return once(); // with the right time, and new credentials
      }
    }, policy);
  }

  /** Return a URL that others can GET for so many seconds. */
  async presigned(url: string, keys: Credentials, signedAt: Date, seconds: number): Promise<string> {
    const expiring = new URL(url);
    expiring.searchParams.set("X-Amz-Expires", String(seconds));
    const signer = this.signer({ service: "s3", method: "GET", url: spelled(expiring) }, keys, signedAt, true);
    return spelled((await signer.sign()).url);
  }

  private async sendOnce(request: Request, keys: Credentials, sender: Sender, { signal }: Policy): Promise<Answer> {
    signal?.throwIfAborted();
    this.latest = keys;
    const { headers } = await this.signer(request, keys, new Date(now())).sign();
    const { method, url, body } = request;
    const sent = { method, headers: Object.fromEntries(headers), ...(body !== undefined && { body }) };
    const answer = await sender(url, sent, signal);
    setClock(Date.parse(answer.headers.get("Date") ?? ""));
    const error = errorOf(answer);
    if (error) throw error;
    return answer;
  }

  private signer({ service, method, url, headers, body }: Request, keys: Credentials, at: Date, signQuery = false) {
    return new AwsV4Signer({
      service,
      region: this.region,
      method,
      url,
      ...(headers && { headers }),
      ...(body !== undefined && { body }),
      accessKeyId: keys.accessKeyId,
      secretAccessKey: keys.secretAccessKey,
      ...(keys.sessionToken && { sessionToken: keys.sessionToken }),
      datetime: at.toISOString().replace(/[:-]|\.\d{3}/g, ""),
      cache: this.keys,
      signQuery,
    });
  }
}

/** Return a URL in the spelling that is signed: browsers write some characters of a query in another way. */
export function spelled(url: URL): string {
  return url.href.replace(/\+/g, "%20").replace(/\*/g, "%2A").replace(/%7E/g, "~");
}

/**
 * Return the time at AWS that an error tells, such as "Signature expired: 20260101T000000Z is now earlier than
 * 20260101T010000Z (20260101T010500Z - 5 min.)". A page may not read the header Date of every service.
 */
function timeIn(message: string): number {
  const [, day, hour, minute, second] = /\((\d{8})T(\d\d)(\d\d)(\d\d)Z [+-]/.exec(message) ?? [];
  return day ? Date.parse(`${day.replace(/(..)(..)$/, "-$1-$2")}T${hour}:${minute}:${second}Z`) : NaN;
}
