import { beforeEach, describe, expect, test, vi } from "vitest";
import { Aws } from "../src/aws";
import type { Config } from "../src/config";
import { configureSession, hasSession, onSessionElsewhere } from "../src/session";
import { storageOf } from "./storage";

const CONFIG = {
  region: "eu-west-1",
  identity_pool_id: "pool",
  user_pool_client_id: "client",
  api_url: "https://api.example/v1",
} as Config;
const HOUR_S = 3600;

/** What a tab stores of the session of a person. */
function sessionOf(person: string): string {
  const nowS = Date.now() / 1000;
  const claims = { iss: "https://cognito-idp.eu-west-1.amazonaws.com/pool", iat: nowS, exp: nowS + HOUR_S, person };
  const identityId = `eu-west-1:${person}`;
  return JSON.stringify({ IdToken: `x.${btoa(JSON.stringify(claims))}.y`, AccessToken: "", RefreshToken: person, username: person, identityId });
}

let edits: string[]; // the person whose credentials signed it, and what it says
let revoked: string[];
let changed: (event: { key: string; newValue: string | null }) => void;

beforeEach(() => {
  [edits, revoked] = [[], []];
  vi.stubGlobal("localStorage", storageOf());
  vi.stubGlobal("sessionStorage", storageOf());
  vi.stubGlobal("addEventListener", (_: string, listener: typeof changed) => (changed = listener));
  vi.stubGlobal("fetch", async (url: string, { headers, body }: { headers: Record<string, string>; body: string }) => {
    const said = JSON.parse(body);
    if (headers["X-Amz-Target"]?.endsWith("RevokeToken")) revoked.push(said.Token);
    if (url.includes("cognito-identity")) {
      const Credentials = { AccessKeyId: said.IdentityId.split(":")[1], SecretKey: "s", SessionToken: "t", Expiration: Date.now() / 1000 + HOUR_S };
      return Response.json({ Credentials });
    }
    if (url.includes("/edits")) edits.push(`${/Credential=([^/]+)/.exec(headers["authorization"] ?? "")?.[1]}: ${said.title}`);
    return Response.json({ status: 200, body: {} });
  });
});

/** Somebody signs in for the whole browser. */
function signedIn(person: string): void {
  localStorage.setItem("gallery.stay", "1");
  localStorage.setItem("gallery.session", sessionOf(person));
}

describe("somebody else who signs in in another tab", () => {
  test("signs no edit of a page that is open, also if the session of its owner has ended before", async () => {
    configureSession(CONFIG);
    signedIn("ada");
    const aws = new Aws(CONFIG, "eu-west-1:ada");
    await aws.edit({ path: "Inbox/a.jpg", title: "one" });

    localStorage.removeItem("gallery.session");
    signedIn("bob");
    const refused = aws.edit({ path: "Inbox/a.jpg", title: "two" });

    await expect(refused).rejects.toThrow(/somebody else/i);
    expect(edits).toEqual(["ada: one"]);
  });

  test("is no reason to refuse a page of their own", async () => {
    configureSession(CONFIG);
    signedIn("bob");

    await new Aws(CONFIG, "eu-west-1:bob").edit({ path: "Inbox/a.jpg", title: "three" });

    expect(edits).toEqual(["bob: three"]);
  });

  test("lets the page be loaded again; the same person does not", () => {
    configureSession(CONFIG);
    const reload = vi.fn();
    onSessionElsewhere(() => "eu-west-1:ada", reload);
    const store = (person: string) => {
      signedIn(person);
      changed({ key: "gallery.session", newValue: sessionOf(person) });
    };

    store("ada");
    expect(reload).not.toHaveBeenCalled();
    store("bob");
    expect(reload).toHaveBeenCalledOnce();
  });

  test("leaves no session of before in a tab, which would come back after the sign-out", () => {
    sessionStorage.setItem("gallery.session", sessionOf("ada"));
    signedIn("bob");
    configureSession(CONFIG);

    for (const key of ["gallery.session", "gallery.stay"]) localStorage.removeItem(key); // in bob's tab

    expect(hasSession()).toBe(false);
  });
});

test("Tokens of an earlier release are removed from both storages, and revoked", () => {
  const before = "CognitoIdentityServiceProvider.client";
  for (const [name, storage] of Object.entries({ local: localStorage, session: sessionStorage })) {
    storage.setItem(`${before}.ada.refreshToken`, `${name} token`);
    storage.setItem(`${before}.ada.idToken`, "x.y.z");
    storage.setItem(`${before}.LastAuthUser`, "ada");
    storage.setItem("com.amplify.Cognito.pool.identityId", "eu-west-1:ada");
    storage.setItem("gallery.language", "de");
  }

  configureSession(CONFIG);

  expect([Object.keys(localStorage), Object.keys(sessionStorage)]).toEqual([["gallery.language"], ["gallery.language"]]);
  expect(revoked.sort()).toEqual(["local token", "session token"]);
});
