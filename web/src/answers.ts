/** Answers of AWS, and its errors. */

import { HttpError } from "./retry";

const ANSWER_MS = 20_000; // for an answer of at most 1 MB; then the connection is lost

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

/** What fetch() and XMLHttpRequest send. */
export interface Sent {
  method: "DELETE" | "GET" | "POST" | "PUT";
  headers?: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
}

/** AWS has refused a request, or could not answer it. `name` is AWS's code for it. */
export class AwsError extends HttpError {
  constructor(
    name: string,
    message: string,
    status: number,
    /** The whole answer: `element(text, "Condition")` is the condition of S3 that was not met. */
    readonly text = "",
  ) {
    super(message, status);
    this.name = name;
  }
}

/** Return the endpoint of a service. */
export function endpointOf(service: string, region: string): string {
  return `https://${service}.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}

/** Send a request, whatever the status of its answer. @throws TypeError: the connection was lost. */
export async function ask(url: string, request: Sent, stopped?: AbortSignal, answerMs = ANSWER_MS): Promise<Answer> {
  const tooLate = AbortSignal.timeout(answerMs);
  const answer = await fetch(url, {
    ...request,
    cache: "no-store",
    signal: stopped ? AbortSignal.any([stopped, tooLate]) : tooLate,
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

/** Return the error that an answer tells: in JSON, or in XML as S3 does. */
export function errorOf({ status, headers, text }: Answer): AwsError | undefined {
  const isXml = /^\s*(<\?xml[^>]*>\s*)?<Error[ >]/.test(text);
  if (status >= 200 && status < 300) {
    // S3 sends the head before it has copied an object or joined its parts. The SDKs too take it for a 503.
    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
    return isXml ? new AwsError(element(text, "Code"), element(text, "Message"), 503, text) : undefined;
  }
  if (isXml) return new AwsError(element(text, "Code"), element(text, "Message"), status, text);
  const said = json(text);
  const name = String(said["__type"] ?? headers.get("x-amzn-errortype") ?? "Error");
  const message = said["message"] ?? said["Message"] ?? `HTTP status ${status}`;
  return new AwsError(name.replace(/^.*#|:.*$/g, ""), String(message), status, text);
}

function json(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) as Record<string, unknown> | null) ?? {};
  } catch {
    return {};
  }
}

/** Return the text of the first element with a name. S3's elements have no attributes. */
export function element(xml: string, name: string): string {
  return plain(new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? "");
}

/** Return what is in each element with one of the names, and its name. */
export function elements(xml: string, ...names: string[]): { name: string; xml: string }[] {
  const found = xml.matchAll(new RegExp(`<(${names.join("|")})>(.*?)</\\1>`, "gs"));
  return [...found].map(([, name = "", inside = ""]) => ({ name, xml: inside }));
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function plain(text: string): string {
  return text.replace(/&(?:#(x?)([\da-f]+)|(\w+));/gi, (all, hex: string, number: string, name: string) =>
    number ? String.fromCodePoint(Number.parseInt(number, hex ? 16 : 10)) : (ENTITIES[name] ?? all),
  );
}
