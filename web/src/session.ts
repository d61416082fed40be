/** Who has signed in: a Cognito user, by SRP, so that the password never leaves the page. */

import {
  confirmSignIn,
  fetchAuthSession,
  signIn as signInToPool,
  signOut as signOutOfPool,
} from "@aws-amplify/auth";
import { cognitoUserPoolsTokenProvider, cognitoCredentialsProvider } from "@aws-amplify/auth/cognito";
import { Amplify } from "@aws-amplify/core";
import { KeyValueStorage } from "./storage";
import type { Config } from "./config";

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiration?: Date;
}

/** What Cognito wants next: nothing more, a new password, or the code of an authenticator. */
export type NextStep = "DONE" | "NEW_PASSWORD" | "CODE";

export function configureSession(config: Config): void {
  // Tokens live as long as the tab does.
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

/** @throws Error: Cognito refuses; its message is for people. */
export async function signIn(username: string, password: string): Promise<NextStep> {
  await signOutOfPool().catch(() => undefined); // a half-done sign-in would stand in the way
  const { nextStep } = await signInToPool({
    username,
    password,
    options: { authFlowType: "USER_SRP_AUTH" },
  });
  return stepOf(nextStep.signInStep);
}

/** Answer with the new password, or with the code. */
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
      throw new Error(`Cognito asks for ${name}, which this page cannot do.`);
  }
}

export async function signOut(): Promise<void> {
  await signOutOfPool();
}

/** The identity that has signed in, or undefined. It is the owner's name in keys and in the table. */
export async function currentOwner(): Promise<string | undefined> {
  try {
    const { tokens, identityId } = await fetchAuthSession();
    return tokens && identityId;
  } catch {
    return undefined; // tokens that are no longer good
  }
}

/** @throws Error: nobody has signed in, or no longer. */
export async function credentials(): Promise<Credentials> {
  const { tokens, credentials } = await fetchAuthSession();
  if (!tokens || !credentials) throw new Error("You are signed out: sign in again.");
  return credentials;
}
