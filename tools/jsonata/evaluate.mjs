/**
 * Evaluate JSONata as Step Functions does, by its reference implementation: node evaluate.mjs
 *
 * Reads a line of JSON, {"expression", "variables"}, and writes one, {"value"} or {"error"}; undefined
 * is an error, as in Step Functions. Functions of Step Functions' own are added.
 * Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
 */

import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import jsonata from "jsonata";

const parsed = new Map();

function parse(expression) {
  if (!parsed.has(expression)) {
    const one = jsonata(expression);
    one.registerFunction("hash", (text, algorithm) =>
      text === undefined
        ? undefined
        : createHash(algorithm.toLowerCase().replace("-", "")).update(text, "utf8").digest("hex"),
    );
    one.registerFunction("parse", (text) => (text === undefined ? undefined : JSON.parse(text)));
    parsed.set(expression, one);
  }
  return parsed.get(expression);
}

async function evaluate({ expression, variables }) {
  try {
    const value = await parse(expression).evaluate(undefined, variables);
    return value === undefined ? { error: "undefined" } : { value };
  } catch (error) {
    return { error: `${error.code ?? ""} ${error.message}` };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await evaluate(JSON.parse(line))));
}
