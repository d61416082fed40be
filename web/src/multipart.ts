/**
 * Uploads to S3, in parts if the file is large.
 *
 * S3 compares the SHA-256 of what it receives: of each part, and at the end of all parts together.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */

import { AwsError, element } from "./answers";
import type { Fault, Policy } from "./retry";
import { patiently, versionOf, type Bucket, type Query } from "./s3";
import type { Sender } from "./transport";

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
const PART_BYTES = 5 * 1024 * 1024; // the least that S3 allows
const MAX_PARTS = 10_000;
const PARTS_AT_ONCE = 2; // for one file; several files go up together
const STALLED_MS = 60_000; // without a byte sent or an answer: the connection is lost

export interface UploadOptions {
  /** Whether to replace an object with the same key. */
  replace: boolean;
  policy: Policy & { signal: AbortSignal };
  progress: (share: number) => void;
}

/**
 * Put a file into a bucket.
 *
 * @returns the version id; undefined in a bucket without versions.
 * @throws AwsError: PreconditionFailed if there is an object with the same key, and `replace` is false.
 */
export async function upload(
  bucket: Bucket,
  key: string,
  file: Blob,
  { replace, policy, progress }: UploadOptions,
): Promise<string | undefined> {
  const once = replace ? {} : { "If-None-Match": "*" };
  const type = { "Content-Type": file.type || "application/octet-stream" };
  const sent = new Map<number, number>(); // bytes, by part
  const put = async (number: number, part: Blob, query: Query, headers: object, stopped: AbortSignal) => {
    const body = new Uint8Array(await part.arrayBuffer());
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
    const sum = btoa(String.fromCharCode(...digest));
    const sender = byXhr((bytes) => {
      sent.set(number, bytes);
      progress([...sent.values()].reduce((all, one) => all + one, 0) / file.size);
    });
    const answer = await bucket.send("PUT", key, {
      query,
      body,
      headers: { ...headers, "x-amz-checksum-sha256": sum },
      policy: { ...policy, signal: stopped },
      sender,
    });
    return { answer, sum };
  };

  if (file.size <= PART_BYTES) {
    const { answer } = await put(1, file, {}, { ...type, ...once }, policy.signal);
    return versionOf(answer);
  }
  const begun = await bucket.send("POST", key, {
    query: { uploads: "" },
    headers: { ...type, "x-amz-checksum-algorithm": "SHA256" },
    policy,
  });
  const uploadId = element(begun.text, "UploadId");
  try {
    const parts = await eachPart(file, policy.signal, async (number, part, stopped) => {
      const { answer, sum } = await put(number, part, { uploadId, partNumber: String(number) }, {}, stopped);
      const tag = answer.headers.get("ETag") ?? "";
      return `<Part><PartNumber>${number}</PartNumber><ETag>${tag}</ETag><ChecksumSHA256>${sum}</ChecksumSHA256></Part>`;
    });
    const list = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join("")}</CompleteMultipartUpload>`;
    const headers = { ...once, "Content-Type": "application/xml" };
    let isAgain = false; // S3 may have joined the parts, and the answer was lost
    const onPause = (fault: Fault) => {
      isAgain = true;
      policy.onPause?.(fault);
    };
    try {
      const options = { policy: { ...policy, onPause }, sender: patiently };
      return versionOf(await bucket.send("POST", key, { query: { uploadId }, headers, body: list, ...options }));
    } catch (error) {
      const isGone = error instanceof AwsError && error.name === "NoSuchUpload";
      const versions = isGone && isAgain ? await bucket.versions(key, policy) : [];
      const latest = versions.find(({ isLatest }) => isLatest);
      if (!latest || latest.isMarker || latest.bytes !== file.size) throw error;
      return latest.id === "null" ? undefined : latest.id; // as in a bucket without versions
    }
  } catch (error) {
    // Otherwise a lifecycle rule of the bucket deletes the parts later.
    void bucket.send("DELETE", key, { query: { uploadId }, isLast: true }).catch(() => undefined);
    throw error;
  }
}

/** Do something with each part of a file, some at once. @throws the first error; the other parts are stopped. */
async function eachPart<T>(
  file: Blob,
  signal: AbortSignal,
  task: (number: number, part: Blob, stopped: AbortSignal) => Promise<T>,
): Promise<T[]> {
  const partBytes = Math.max(PART_BYTES, Math.ceil(file.size / MAX_PARTS));
  const failed = new AbortController();
  const stopped = AbortSignal.any([signal, failed.signal]);
  const results: T[] = [];
  let next = 0;
  const work = async () => {
    while (next * partBytes < file.size) {
      const index = next++;
      const part = file.slice(index * partBytes, (index + 1) * partBytes);
      results[index] = await task(index + 1, part, stopped);
    }
  };
  try {
    await Promise.all(Array.from({ length: PARTS_AT_ONCE }, work));
  } finally {
    failed.abort();
  }
  return results;
}

/** Return a sender that reports progress: XMLHttpRequest does, fetch() does not. */
function byXhr(progress: (bytes: number) => void): Sender {
  return (url, { method, headers = {}, body = null }, stopped) =>
    new Promise((resolve, reject) => {
      stopped?.throwIfAborted();
      const xhr = new XMLHttpRequest();
      let timer: ReturnType<typeof setTimeout>;
      const watch = () => {
        clearTimeout(timer);
        timer = setTimeout(() => xhr.abort(), STALLED_MS);
      };
      const stop = () => xhr.abort();
      xhr.open(method, url);
      for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
      xhr.upload.addEventListener("progress", ({ loaded }) => {
        watch();
        progress(loaded);
      });
      xhr.addEventListener("loadend", () => {
        clearTimeout(timer);
        stopped?.removeEventListener("abort", stop);
        if (stopped?.aborted) reject(stopped.reason);
        else if (xhr.status === 0) reject(new TypeError("Failed to fetch"));
        else resolve({ status: xhr.status, headers: headersOf(xhr), text: xhr.responseText });
      });
      stopped?.addEventListener("abort", stop);
      watch();
      xhr.send(body);
    });
}

function headersOf(xhr: XMLHttpRequest): Headers {
  const headers = new Headers();
  for (const line of xhr.getAllResponseHeaders().split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1));
  }
  return headers;
}
