/** The signed-in Cognito user. Sign-in is by SRP, so the password never leaves the page. */

import {
  confirmSignIn,
  fetchAuthSession,
  signIn as signInToPool,
  signOut as signOutOfPool,
} from "@aws-amplify/auth";
import { cognitoUserPoolsTokenProvider, cognitoCredentialsProvider } from "@aws-amplify/auth/cognito";
import { Amplify } from "@aws-amplify/core";
import { faultOf, persist } from "./retry";
import { KeyValueStorage } from "./storage";
import type { Config } from "./config";

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiration?: Date;
}

/** The next step of the sign-in: none, a new password, or a code from an authenticator app. */
export type NextStep = "DONE" | "NEW_PASSWORD" | "CODE";

export function configureSession(config: Config): void {
  // Tokens are kept until the tab is closed.
  cognitoUserPoolsTokenProvider.setKeyValueStorage(new KeyValueStorage(sessionStorage));
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
export async function signIn(username: string, password: string): Promise<NextStep> {
  await signOutOfPool().catch(() => undefined); // an unfinished sign-in would fail the new one
  const { nextStep } = await signInToPool({
    username,
    password,
    options: { authFlowType: "USER_SRP_AUTH" },
  });
  return stepOf(nextStep.signInStep);
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
  await signOutOfPool();
}

/**
 * Return the identity that is signed in, or undefined. It is the owner in keys and in the table.
 *
 * @throws Error: Cognito could not be asked.
 */
export async function currentOwner(): Promise<string | undefined> {
  try {
    const { tokens, identityId } = await persist(() => fetchAuthSession());
    return tokens && identityId;
  } catch (error) {
    if (faultOf(error) !== "other") throw error;
    return undefined; // the tokens have expired
  }
}

/** @throws Error: nobody is signed in. */
export async function credentials(): Promise<Credentials> {
  const { tokens, credentials } = await fetchAuthSession();
  if (!tokens || !credentials) throw new Error("You are signed out: sign in again.");
  return credentials;
}
