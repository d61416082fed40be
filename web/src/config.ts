/** The names of the deployment's resources, from config.json beside the page. */

import type { Layout } from "./layouts";
import { HttpError, persist } from "./retry";

export interface Config {
  region: string;
  photos_bucket: string;
  derived_bucket: string;
  table: string;
  user_pool_id: string;
  user_pool_client_id: string;
  identity_pool_id: string;
  /** The endpoint of an embedded AWS; absent for AWS. */
  endpoint?: string;
  /** GET <api_url>/executions/<name>; absent if the page can query the table only. */
  api_url?: string;
  /** The base URL of renditions that need no signature; absent for signed URLs of S3. */
  renditions_url?: string;
  /** The layout of the photos' keys; absent for that of the gallery's own bucket. */
  key_layout?: Layout;
  /** Whether the gallery only reads its photos: nobody may add, move or delete any. */
  read_only?: boolean;
  /** How many days a deleted photo can be restored; absent for a bucket without versions. */
  trash_days?: number;
  /** Whether a user may delete photos for good; absent: only the bucket does, after `trash_days`. */
  delete_for_good?: boolean;
  /** The bucket for shared photos, and the URL of the page that shows them; absent if nobody may share. */
  shares_bucket?: string;
  shares_url?: string;
  /** The tiles of the map: https, with {z}, {x} and {y}; absent: the page's own shapes of land. */
  map_tiles_url?: string;
  /** Whose tiles they are, and what their license wants to be shown. */
  map_tiles_attribution?: string;
  /** The account of an embedded AWS, filled in on the sign-in page. */
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

/** @throws Error: a field is missing; the message names it. */
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

/** @throws Error: there is no config.json, or a field is missing. */
export async function loadConfig(): Promise<Config> {
  return persist(async () => {
    const answer = await fetch("./config.json", { cache: "no-cache" });
    if (!answer.ok) throw new HttpError(`config.json: HTTP status ${answer.status}`, answer.status);
    return parseConfig(await answer.json());
  });
}
