/** Where the gallery's parts are: config.json, which lies beside the page. */

export interface Config {
  region: string;
  photos_bucket: string;
  derived_bucket: string;
  table: string;
  user_pool_id: string;
  user_pool_client_id: string;
  identity_pool_id: string;
  /** Where all of AWS answers; absent means AWS itself. */
  endpoint?: string;
  /** GET <api_url>/executions/<name>; absent means that only the table is asked. */
  api_url?: string;
  /** Where renditions can be had without a signature; absent means from S3, with one. */
  renditions_url?: string;
  /** The account of an embedded AWS, filled in for whoever signs in. */
  local_credentials?: { username: string; password: string };
}

const REQUIRED = [
  "region",
  "photos_bucket",
  "derived_bucket",
  "table",
  "user_pool_id",
  "user_pool_client_id",
  "identity_pool_id",
] as const;

/** @throws Error naming the field that is missing. */
export function parseConfig(value: unknown): Config {
  const config = value as Record<string, unknown> | null;
  for (const name of REQUIRED) {
    const text = config?.[name];
    if (typeof text !== "string" || text === "") {
      throw new Error(`config.json: ${name} wants text, got ${JSON.stringify(text)}`);
    }
  }
  return config as unknown as Config;
}

/** @throws Error: there is none, or it is not complete. */
export async function loadConfig(): Promise<Config> {
  const answer = await fetch("./config.json", { cache: "no-cache" });
  if (!answer.ok) throw new Error(`config.json: HTTP status ${answer.status}`);
  return parseConfig(await answer.json());
}
