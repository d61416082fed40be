/**
 * The signed-in Cognito user: tokens of the user pool, and credentials of the identity pool for them.
 *
 * Sign-in and passwords are in sign-in.ts, which is loaded when it is first needed.
 */

import { signal } from "@preact/signals";
import { AwsError } from "./answers";
import { now, setClock } from "./clock";
import { callCognito, claimsOf, type Tokens } from "./cognito";
import type { Config } from "./config";
import { t } from "./language";
import { faultOf, persist } from "./retry";
import type { Outcome, Wanted } from "./sign-in";
import { forgetSigning, type Credentials } from "./signing";

/** The next step of the sign-in: none, a new password, or a code from an authenticator app. */
export type NextStep = "DONE" | "NEW_PASSWORD" | "CODE";

/** Whether the session has ended while requests wait for it: the person has to enter the password. */
export const sessionEnded = signal(false);

const STAY = "gallery.stay"; // in localStorage: the tokens are there too, and not in the storage of the tab
const KEY = "gallery.session";
const EARLIER = /^(CognitoIdentityServiceProvider\.|com\.amplify\.|amplify-)/; // keys of Amplify, which releases before had
// The session was revoked, or the user is deleted or has to do something first.
const OVER = /^(NotAuthorized|UserNotFound|UserNotConfirmed|PasswordResetRequired|RefreshTokenReuse)Exception$/;
const EARLY_MS = 5 * 60 * 1000; // tokens and credentials are renewed before they expire

/** What is stored of a session. */
interface Session extends Required<Tokens> {
  username: string;
  identityId?: string;
}

interface Identity {
  identityId: string;
  credentials: Credentials;
}

let config: Config;
let waiting: (() => void)[] = [];
let username = "";
let wanted: Wanted | undefined; // by the pool, in a sign-in
let issued: (Identity & { idToken: string }) | undefined;
let renewing: { of: string; identity: Promise<Identity | undefined> } | undefined; // by the refresh token
let hasLeft = false; // the person has signed out

/** Whether the person stays signed in when the tab is closed, until the refresh token expires. */
export function staysSignedIn(): boolean {
  return localStorage.getItem(STAY) !== null;
}

/** Where the secrets of the session are: in the browser if the person stays signed in, else in the tab. */
export function sessionStore(): Storage {
  return staysSignedIn() ? localStorage : sessionStorage;
}

/** Whether somebody has signed in, and the session may not have ended. */
export function hasSession(): boolean {
  return stored() !== undefined;
}

function stored(): Session | undefined {
  try {
    const session = JSON.parse(sessionStore().getItem(KEY) ?? "null") as Session | null;
    return session ?? undefined;
  } catch {
    return undefined;
  }
}

function store(session: Session): void {
  sessionStore().setItem(KEY, JSON.stringify(session));
}

/** Forget all secrets of the session. STAY is none: it is the wish of the person, who may enter the password again. */
function forget(): void {
  issued = undefined;
  forgetSigning(localStorage, sessionStorage);
  for (const storage of [localStorage, sessionStorage]) storage.removeItem(KEY);
}

export function configureSession(deployed: Config): void {
  config = deployed;
  // Since then somebody has signed in for the whole browser. The session of before must not come back after them.
  if (staysSignedIn()) sessionStorage.removeItem(KEY);
  forgetEarlier();
}

/** Remove the tokens that an earlier release of this page has left, and revoke the refresh tokens. */
function forgetEarlier(): void {
  for (const storage of [localStorage, sessionStorage]) {
    for (const key of Object.keys(storage).filter((one) => EARLIER.test(one))) {
      const value = storage.getItem(key);
      storage.removeItem(key);
      if (value && key.endsWith(".refreshToken")) void revoke(value);
    }
  }
}

async function revoke(refreshToken: string): Promise<void> {
  const input = { Token: refreshToken, ClientId: config.user_pool_client_id };
  await callCognito(config, "cognito-idp", "RevokeToken", input).catch(() => undefined); // such as offline
}

/** @throws Error: Cognito refuses the sign-in; the page shows the message. */
export async function signIn(name: string, password: string, stay: boolean): Promise<NextStep> {
  const { signInBySrp } = await loadSignIn();
  const outcome = await signInBySrp(config, name, password);
  forget();
  if (stay) localStorage.setItem(STAY, "1");
  else localStorage.removeItem(STAY);
  username = name;
  return next(outcome);
}

/** Send the new password or the code. */
export async function answerChallenge(answer: string): Promise<NextStep> {
  const { answerWanted } = await loadSignIn();
  return next(await answerWanted(config, wanted!, answer));
}

/** Let Cognito send a code for a new password by email. */
export async function sendResetCode(name: string): Promise<void> {
  await (await loadSignIn()).sendResetCode(config, name);
}

/** @throws Error: the code is wrong, or the password too weak. */
export async function setPasswordByCode(name: string, code: string, newPassword: string): Promise<void> {
  await (await loadSignIn()).setPasswordByCode(config, name, code, newPassword);
}

/** @throws Error: the old password is wrong, or the new one too weak. */
export async function changePassword(owner: string, oldPassword: string, newPassword: string): Promise<void> {
  await credentials(owner); // renews the tokens if they have expired
  await callCognito(config, "cognito-idp", "ChangePassword", {
    AccessToken: stored()?.AccessToken,
    PreviousPassword: oldPassword,
    ProposedPassword: newPassword,
  });
}

async function loadSignIn() {
  return persist(() => import("./sign-in"));
}

function next(outcome: Outcome): NextStep {
  if ("tokens" in outcome) {
    setClock(claimsOf(outcome.tokens.IdToken).issuedMs);
    store({ RefreshToken: "", username, ...outcome.tokens });
    hasLeft = false;
    return "DONE";
  }
  wanted = outcome.wanted;
  return wanted.name === "NEW_PASSWORD_REQUIRED" ? "NEW_PASSWORD" : "CODE";
}

/** Store a session that was renewed; not if the person has signed out meanwhile. */
function replace(before: Session, after: Session): Session {
  if (stored()?.RefreshToken === before.RefreshToken) store(after);
  return after;
}

export async function signOut(): Promise<void> {
  const session = stored();
  hasLeft = true;
  waiting = []; // nobody waits for the answers any more
  sessionEnded.value = false;
  forget();
  localStorage.removeItem(STAY);
  if (session) await revoke(session.RefreshToken);
}

/**
 * Call a function when another tab signs out, or when somebody else signs in there for the whole browser.
 *
 * @param owner returns the owner of this page, if somebody is signed in.
 */
export function onSessionElsewhere(owner: () => string | undefined, changed: () => void): void {
  addEventListener("storage", ({ key, newValue }) => {
    const identityId = key === KEY ? stored()?.identityId : undefined; // a new session has none at first
    const isOther = identityId !== undefined && owner() !== undefined && identityId !== owner();
    if (isOther || (key === STAY && newValue === null)) changed();
  });
}

/** The name that the signed-in person entered. */
export function currentUsername(): string {
  return username;
}

/**
 * Return the identity that is signed in, or undefined. It is the owner in keys and in the table.
 *
 * @throws Error: Cognito could not be asked.
 */
export async function currentOwner(): Promise<string | undefined> {
  return (await persist(currentSession))?.identityId;
}

/**
 * Return credentials. If the session has ended, wait until the person has entered the password.
 *
 * The owner is the one of the page that asks. The session may be another person's, who has signed in in another tab:
 * a request of this page, such as an edit, would change the photo of the same path that the other person has.
 *
 * @throws Error: somebody else has signed in.
 */
export async function credentials(owner: string): Promise<Credentials> {
  while (!hasLeft) {
    const session = await currentSession();
    if (session && session.identityId !== owner) {
      throw new Error(t("Somebody else has signed in on this browser. Load the page again."));
    }
    if (session) return session.credentials;
    await new Promise<void>((resolve) => {
      if (hasLeft) return resolve();
      waiting.push(resolve);
      sessionEnded.value = true;
    });
  }
  throw new Error("Nobody is signed in.");
}

/** Return credentials that are new, even if those of before have not expired. */
export async function newCredentials(owner: string): Promise<Credentials> {
  issued = undefined;
  return credentials(owner);
}

/** Let the requests go on that wait for the password. */
export function resumeSession(): void {
  sessionEnded.value = false;
  for (const resolve of waiting.splice(0)) resolve();
}

/** Return the session, renewed if it has to be; undefined if nobody is signed in, or not any more. */
async function currentSession(): Promise<Identity | undefined> {
  const session = stored();
  if (!session) return undefined;
  username = session.username;
  if (issued?.idToken === session.IdToken && !isOver(issued.credentials.expiration?.getTime())) return issued;
  const { RefreshToken: of } = session;
  if (renewing?.of !== of) renewing = { of, identity: renewed(session).finally(() => renewing?.of === of && (renewing = undefined)) };
  return renewing.identity;
}

/** Return new credentials, with new tokens if those that are stored have expired. */
async function renewed(session: Session): Promise<Identity | undefined> {
  const isExpired = isOver(claimsOf(session.IdToken).expiresMs);
  try {
    try {
      return await identityOf(isExpired ? await withNewTokens(session) : session);
    } catch (error) {
      // This computer's clock may be wrong: Cognito knows better whether a token has expired.
      if (isExpired || faultOf(error) !== "other") throw error;
      return await identityOf(await withNewTokens(session));
    }
  } catch (error) {
    if (faultOf(error) !== "other") throw error;
    const isStored = stored()?.RefreshToken === session.RefreshToken; // nobody has signed in meanwhile
    if (error instanceof AwsError && OVER.test(error.name) && isStored) forget();
    return undefined;
  }
}

/** Return the session with new tokens. Several tabs may do it at once: the pool does not rotate refresh tokens. */
async function withNewTokens(session: Session): Promise<Session> {
  const input = { RefreshToken: session.RefreshToken, ClientId: config.user_pool_client_id };
  type Output = { AuthenticationResult: Tokens };
  const output = await callCognito<Output>(config, "cognito-idp", "GetTokensFromRefreshToken", input);
  setClock(claimsOf(output.AuthenticationResult.IdToken).issuedMs);
  return replace(session, { ...session, ...output.AuthenticationResult });
}

async function identityOf(session: Session): Promise<Identity> {
  const { IdToken: idToken, identityId = await identityIdOf(session) } = session;
  type Output = { Credentials: { AccessKeyId: string; SecretKey: string; SessionToken: string; Expiration: number } };
  const { Credentials: keys } = await callCognito<Output>(config, "cognito-identity", "GetCredentialsForIdentity", {
    IdentityId: identityId,
    Logins: loginsOf(session),
  });
  const credentials = {
    accessKeyId: keys.AccessKeyId,
    secretAccessKey: keys.SecretKey,
    sessionToken: keys.SessionToken,
    expiration: new Date(keys.Expiration * 1000),
  };
  issued = { identityId, credentials, idToken };
  return issued;
}

/** Return the ID of the user in the identity pool: the same one each time. */
async function identityIdOf(session: Session): Promise<string> {
  const input = { IdentityPoolId: config.identity_pool_id, Logins: loginsOf(session) };
  const { IdentityId: identityId } = await callCognito<{ IdentityId: string }>(config, "cognito-identity", "GetId", input);
  replace(session, { ...session, identityId });
  return identityId;
}

/** https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-integrating-user-pools-with-identity-pools.html */
function loginsOf({ IdToken: idToken }: Session): Record<string, string> {
  return { [claimsOf(idToken).issuer.replace("https://", "")]: idToken };
}

function isOver(expiresMs: number | undefined): boolean {
  return now() > (expiresMs ?? Infinity) - EARLY_MS;
}
