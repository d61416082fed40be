/** Sign-in to the user pool by SRP, and passwords. It is loaded when it is first needed. */

import { callCognito, type Tokens } from "./cognito";
import { now } from "./clock";
import type { Config } from "./config";
import { persist, READING } from "./retry";
import { begin, claim, timestamp, type Challenge } from "./srp";

const POLICY = { ...READING, tries: 3 };

/** The challenges that this page can answer, with the name of the answer. */
const ANSWERS = { NEW_PASSWORD_REQUIRED: "NEW_PASSWORD", SOFTWARE_TOKEN_MFA: "SOFTWARE_TOKEN_MFA_CODE" } as const;

interface Answer {
  AuthenticationResult?: Tokens;
  ChallengeName?: string;
  ChallengeParameters?: Record<string, string>;
  Session?: string;
}

/** What the pool still wants: a new password, or a code from an authenticator app. */
export interface Wanted {
  name: keyof typeof ANSWERS;
  user: string;
  session: string | undefined;
}

export type Outcome = { tokens: Tokens } | { wanted: Wanted };

/**
 * Sign in by SRP.
 *
 * https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-authentication-flow-methods.html
 *
 * @throws Error: Cognito refuses it, or wants something that this page does not support.
 */
export async function signInBySrp(config: Config, name: string, password: string): Promise<Outcome> {
  const secret = begin();
  const answer = await call<Answer>(config, "InitiateAuth", {
    AuthFlow: "USER_SRP_AUTH",
    AuthParameters: { USERNAME: name, SRP_A: secret.A },
  });
  if (answer.ChallengeName !== "PASSWORD_VERIFIER") return outcomeOf(answer, name);
  const challenge = answer.ChallengeParameters as unknown as Challenge;
  const user = challenge.USER_ID_FOR_SRP;
  const time = timestamp(new Date(now()));
  const responses = {
    USERNAME: user,
    PASSWORD_CLAIM_SECRET_BLOCK: challenge.SECRET_BLOCK,
    PASSWORD_CLAIM_SIGNATURE: await claim(secret, challenge, config.user_pool_id, password, time),
    TIMESTAMP: time,
  };
  return respond(config, user, "PASSWORD_VERIFIER", answer.Session, responses);
}

/** Send the new password or the code. */
export async function answerWanted(config: Config, { name, user, session }: Wanted, answer: string): Promise<Outcome> {
  return respond(config, user, name, session, { USERNAME: user, [ANSWERS[name]]: answer });
}

/** Let Cognito send a code for a new password by email. */
export async function sendResetCode(config: Config, name: string): Promise<void> {
  await call(config, "ForgotPassword", { Username: name });
}

export async function setPasswordByCode(config: Config, name: string, code: string, password: string): Promise<void> {
  await call(config, "ConfirmForgotPassword", { Username: name, ConfirmationCode: code, Password: password });
}

async function respond(config: Config, user: string, challenge: string, session: string | undefined, responses: object) {
  const input = { ChallengeName: challenge, ChallengeResponses: responses, Session: session };
  return outcomeOf(await call<Answer>(config, "RespondToAuthChallenge", input), user);
}

function outcomeOf({ AuthenticationResult: tokens, ChallengeName: name, Session: session }: Answer, user: string): Outcome {
  if (tokens) return { tokens };
  if (name && name in ANSWERS) return { wanted: { name: name as Wanted["name"], user, session } };
  throw new Error(`Cognito asks for ${name}, which this page does not support.`);
}

async function call<Output>(config: Config, operation: string, input: object): Promise<Output> {
  const all = { ClientId: config.user_pool_client_id, ...input };
  return persist(() => callCognito<Output>(config, "cognito-idp", operation, all), POLICY);
}
