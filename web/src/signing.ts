/**
 * The credentials and the time by which URLs of pictures are signed.
 *
 * The same credentials and time give the same URL, so that the browser finds a picture in its cache, after a
 * reload too. They are kept where the tokens are, which are valid for longer.
 */

import { now } from "./clock";

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiration?: Date;
}

export interface Signing {
  readonly credentials: Credentials;
  readonly signedAt: Date;
}

export const URL_SECONDS = 3600;
const KEY = "gallery.signing";
const LEFT_MS = 5 * 60 * 1000; // a picture is loaded within this time after its URL is signed
const LEAST_MS = 60 * 1000; // many pictures are signed, or fail, at once; this clock may be wrong

export class Signings {
  private current: Signing | undefined;
  private renewed: Promise<Signing> | undefined;
  private renewedMs = 0;

  constructor(
    private readonly storage: Pick<Storage, "getItem" | "setItem">,
    private readonly owner: string,
    /** Return credentials; if `isNew`, not those of before. */
    private readonly issue: (isNew: boolean) => Promise<Credentials>,
  ) {
    this.current = this.read();
  }

  /** Return those of before, until they are about to expire. */
  async get(): Promise<Signing> {
    if (!this.current || !isValid(this.current)) {
      const fresh = signingWith(await this.issue(false));
      // While this call waited, another one may have ended.
      if (!this.current || !isValid(this.current)) this.write(fresh);
    }
    return this.current!;
  }

  /** Return new ones for pictures that failed: the credentials may have been revoked. */
  async renew(): Promise<Signing> {
    if (!this.renewed || Date.now() - this.renewedMs > LEAST_MS) {
      this.renewedMs = Date.now();
      const renewed = this.issue(true).then(signingWith);
      this.renewed = renewed;
      renewed.catch(() => (this.renewed = undefined));
    }
    return this.renewed;
  }

  private read(): Signing | undefined {
    try {
      const { owner, signedAt, credentials } = JSON.parse(this.storage.getItem(KEY) ?? "");
      const { accessKeyId, secretAccessKey, sessionToken, expiration } = credentials;
      const texts = [accessKeyId, secretAccessKey, sessionToken, expiration, signedAt];
      if (owner !== this.owner || texts.some((one) => typeof one !== "string")) return undefined;
      return {
        credentials: { accessKeyId, secretAccessKey, sessionToken, expiration: new Date(expiration) },
        signedAt: new Date(signedAt),
      };
    } catch {
      return undefined;
    }
  }

  private write(signing: Signing): void {
    this.current = signing;
    try {
      this.storage.setItem(KEY, JSON.stringify({ owner: this.owner, ...signing }));
    } catch {
      // the storage is full, or forbidden
    }
  }
}

/** Forget the credentials: the person has signed out. */
export function forgetSigning(...storages: Pick<Storage, "removeItem">[]): void {
  for (const storage of storages) storage.removeItem(KEY);
}

function signingWith(credentials: Credentials): Signing {
  return { credentials, signedAt: new Date(now()) };
}

function isValid({ credentials: { expiration }, signedAt }: Signing): boolean {
  const sinceMs = now() - signedAt.getTime(); // NaN if the stored date is invalid
  const lifeMs = Math.min((expiration?.getTime() ?? Infinity) - signedAt.getTime(), URL_SECONDS * 1000);
  return sinceMs >= 0 && sinceMs < Math.max(lifeMs - LEFT_MS, LEAST_MS);
}
