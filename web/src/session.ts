/** The signed-in Cognito user. Sign-in is by SRP, so the password never leaves the page. */

import {
  confirmResetPassword,
  confirmSignIn,
  fetchAuthSession,
  resetPassword,
  signIn as signInToPool,
  signOut as signOutOfPool,
  updatePassword,
} from "@aws-amplify/auth";
import { signal } from "@preact/signals";
import { cognitoUserPoolsTokenProvider, cognitoCredentialsProvider } from "@aws-amplify/auth/cognito";
import { Amplify } from "@aws-amplify/core";
import { faultOf, persist } from "./retry";
import { forgetSigning, type Credentials } from "./signing";
import { KeyValueStorage } from "./storage";
import type { Config } from "./config";

/** The next step of the sign-in: none, a new password, or a code from an authenticator app. */
export type NextStep = "DONE" | "NEW_PASSWORD" | "CODE";

/** Whether the session has ended while requests wait for it: the person has to enter the password. */
export const sessionEnded = signal(false);

const STAY = "gallery.stay"; // in localStorage: tokens are there too, and not in the storage of the tab
let waiting: (() => void)[] = [];
let username = "";

/** Whether the person stays signed in when the tab is closed, until the refresh token expires. */
export function staysSignedIn(): boolean {
  return localStorage.getItem(STAY) !== null;
}

/** Where the secrets of the session are: in the browser if the person stays signed in, else in the tab. */
export function sessionStore(): Storage {
  return staysSignedIn() ? localStorage : sessionStorage;
}

function keepTokens(): void {
  cognitoUserPoolsTokenProvider.setKeyValueStorage(new KeyValueStorage(sessionStore()));
}

export function configureSession(config: Config): void {
  keepTokens();
  const auth = {
    Cognito: {
      userPoolId: config.user_pool_id,
      userPoolClientId: config.user_pool_client_id,
      identityPoolId: config.identity_pool_id,
      ...(config.endpoint && {
        userPoolEndpoint: `${config.endpoint}/`,
        identityPoolEndpoint: `${config.endpoint}/`,
      }),
    },
  };
  cognitoUserPoolsTokenProvider.setAuthConfig(auth);
  Amplify.configure(
    { Auth: auth },
    { Auth: { tokenProvider: cognitoUserPoolsTokenProvider, credentialsProvider: cognitoCredentialsProvider } },
  );
}

/** @throws Error: Cognito refuses the sign-in; the page shows the message. */
export async function signIn(name: string, password: string, stay: boolean): Promise<NextStep> {
  forgetSigning(localStorage, sessionStorage);
  await signOutOfPool().catch(() => undefined); // an unfinished sign-in would fail the new one
  if (stay) localStorage.setItem(STAY, "1");
  else localStorage.removeItem(STAY);
  keepTokens();
  const { nextStep } = await signInToPool({
    username: name,
    password,
    options: { authFlowType: "USER_SRP_AUTH" },
  });
  return stepOf(nextStep.signInStep);
}

/** Let Cognito send a code for a new password by email. */
export async function sendResetCode(name: string): Promise<void> {
  await resetPassword({ username: name });
}

/** @throws Error: the code is wrong, or the password too weak. */
export async function setPasswordByCode(name: string, code: string, newPassword: string): Promise<void> {
  await confirmResetPassword({ username: name, confirmationCode: code, newPassword });
}

/** @throws Error: the old password is wrong, or the new one too weak. */
export async function changePassword(oldPassword: string, newPassword: string): Promise<void> {
  await updatePassword({ oldPassword, newPassword });
}

/** Send the new password or the code. */
export async function answerChallenge(answer: string): Promise<NextStep> {
  const { nextStep } = await confirmSignIn({ challengeResponse: answer });
  return stepOf(nextStep.signInStep);
}

function stepOf(name: string): NextStep {
  switch (name) {
    case "DONE":
      return "DONE";
    case "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED":
      return "NEW_PASSWORD";
    case "CONFIRM_SIGN_IN_WITH_TOTP_CODE":
      return "CODE";
    default:
      throw new Error(`Cognito asks for ${name}, which this page does not support.`);
  }
}

export async function signOut(): Promise<void> {
  waiting = []; // nobody waits for the answers any more
  sessionEnded.value = false;
  forgetSigning(localStorage, sessionStorage);
  await signOutOfPool();
  localStorage.removeItem(STAY);
}

/** Call a function when another tab signs out. */
export function onSignOutElsewhere(signedOut: () => void): void {
  addEventListener("storage", ({ key, newValue }) => {
    if (key === STAY && newValue === null) signedOut();
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

/** Return credentials. If the session has ended, wait until the person has entered the password. */
export async function credentials(): Promise<Credentials> {
  for (;;) {
    const session = await currentSession();
    if (session) return session.credentials;
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      sessionEnded.value = true;
    });
  }
}

/** Return credentials that are new, even if those of before have not expired. */
export async function newCredentials(): Promise<Credentials> {
  await cognitoCredentialsProvider.clearCredentials();
  return credentials();
}

/** Let the requests go on that wait for the password. */
export function resumeSession(): void {
  sessionEnded.value = false;
  for (const resolve of waiting.splice(0)) resolve();
}

/** Return the session, renewed if it has to be; undefined if nobody is signed in, or not any more. */
async function currentSession(): Promise<{ identityId: string; credentials: Credentials } | undefined> {
  try {
    const { tokens, credentials: keys, identityId } = await fetchAuthSession();
    username = tokens?.signInDetails?.loginId ?? username;
    return tokens && keys && identityId ? { identityId, credentials: keys } : undefined;
  } catch (error) {
    if (faultOf(error) !== "other") throw error;
    return undefined; // the session was revoked, or the user deleted
  }
}
