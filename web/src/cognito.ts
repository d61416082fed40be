/**
 * Requests to Cognito. None has a signature.
 *
 * https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/Welcome.html
 * https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/Welcome.html
 */

import { ask, endpointOf, errorOf } from "./answers";
import { setClock } from "./clock";
import type { Config } from "./config";

const SERVICES = {
  "cognito-idp": "AWSCognitoIdentityProviderService",
  "cognito-identity": "AWSCognitoIdentityService",
} as const;

/** Call an operation. @throws AwsError: Cognito refuses it. */
export async function callCognito<Output>(
  { endpoint, region }: Pick<Config, "endpoint" | "region">,
  service: keyof typeof SERVICES,
  operation: string,
  input: object,
): Promise<Output> {
  const answer = await ask(`${endpoint ?? endpointOf(service, region)}/`, {
    method: "POST",
    headers: { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": `${SERVICES[service]}.${operation}` },
    body: JSON.stringify(input),
  });
  setClock(Date.parse(answer.headers.get("Date") ?? ""));
  const error = errorOf(answer);
  if (error) throw error;
  return JSON.parse(answer.text || "{}") as Output;
}

/** The tokens of a user who has signed in. */
export interface Tokens {
  IdToken: string;
  AccessToken: string;
  /** Absent if the one of before stays valid. */
  RefreshToken?: string;
}

/** What a token says. Cognito checks its signature. */
export interface Claims {
  issuer: string;
  issuedMs: number;
  expiresMs: number;
}

export function claimsOf(token: string): Claims {
  const payload = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
  const { iss, iat, exp } = JSON.parse(atob(payload)) as { iss: string; iat: number; exp: number };
  return { issuer: iss, issuedMs: iat * 1000, expiresMs: exp * 1000 };
}
