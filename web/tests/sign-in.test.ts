import { afterEach, expect, test, vi } from "vitest";
import type { Config } from "../src/config";
import { answerWanted, signInBySrp } from "../src/sign-in";
import vectors from "./srp.json";

const CONFIG = { region: "eu-central-1", user_pool_id: "eu-central-1_Ab3dEf7Gh", user_pool_client_id: "client" } as Config;
const { challenge } = vectors[0]!;
const VERIFY = { ChallengeName: "PASSWORD_VERIFIER", ChallengeParameters: challenge, Session: "s1" };
const TOKENS = { IdToken: "id", AccessToken: "access", RefreshToken: "refresh" };

interface Asked {
  operation: string;
  input: Record<string, unknown>;
}

/** Answer as Cognito does, one request after the other; return what it is asked. */
function answering(...answers: object[]): Asked[] {
  const asked: Asked[] = [];
  vi.stubGlobal("fetch", async (_url: string, { headers, body }: { headers: Record<string, string>; body: string }) => {
    asked.push({ operation: headers["X-Amz-Target"]?.split(".")[1] ?? "", input: JSON.parse(body) });
    const answer = answers.shift()!;
    return Response.json(answer, { status: "__type" in answer ? 400 : 200 });
  });
  return asked;
}

afterEach(() => void vi.unstubAllGlobals());

test("A sign-in proves the password, and never sends it", async () => {
  const asked = answering(VERIFY, { AuthenticationResult: TOKENS });

  expect(await signInBySrp(CONFIG, "ada", "my secret")).toEqual({ tokens: TOKENS });

  expect(asked.map(({ operation }) => operation)).toEqual(["InitiateAuth", "RespondToAuthChallenge"]);
  expect(asked[0]?.input).toMatchObject({ AuthFlow: "USER_SRP_AUTH", ClientId: "client" });
  expect(asked[1]?.input).toMatchObject({ Session: "s1", ChallengeResponses: { USERNAME: challenge.USER_ID_FOR_SRP } });
  expect(JSON.stringify(asked)).not.toContain("my secret");
});

test.each([
  ["NEW_PASSWORD_REQUIRED", "NEW_PASSWORD"],
  ["SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA_CODE"],
])("%s is answered by the person", async (name, field) => {
  const asked = answering(VERIFY, { ChallengeName: name, Session: "s2" }, { AuthenticationResult: TOKENS });
  const outcome = await signInBySrp(CONFIG, "ada", "password");
  if (!("wanted" in outcome)) throw new Error("nothing is wanted");

  expect(await answerWanted(CONFIG, outcome.wanted, "answer")).toEqual({ tokens: TOKENS });

  expect(asked[2]).toEqual({
    operation: "RespondToAuthChallenge",
    input: {
      ChallengeName: name,
      ClientId: "client",
      Session: "s2",
      ChallengeResponses: { USERNAME: challenge.USER_ID_FOR_SRP, [field]: "answer" },
    },
  });
});

test("A challenge that the page does not know is named", async () => {
  answering(VERIFY, { ChallengeName: "SMS_MFA" });

  await expect(signInBySrp(CONFIG, "ada", "password")).rejects.toThrow("Cognito asks for SMS_MFA");
});

test("A wrong password is said once, in Cognito's words", async () => {
  const asked = answering(VERIFY, { __type: "NotAuthorizedException", message: "Incorrect username or password." });

  await expect(signInBySrp(CONFIG, "ada", "wrong")).rejects.toThrow("Incorrect username or password.");
  expect(asked).toHaveLength(2);
});
