/**
 * Say of each simulation on stdin whether AWS would allow it: node simulate.mjs < simulations.json
 *
 * Read is a JSON list of the package's `Simulation`s; written is a list of "Allowed",
 * "ImplicitlyDenied" or "ExplicitlyDenied". What AWS would not take (a policy, an action, a resource
 * of another kind, a context key that the action has not) ends it with an error.
 */

import { text } from "node:stream/consumers";
import { runSimulation } from "@cloud-copilot/iam-simulate";

const verdicts = [];
for (const simulation of JSON.parse(await text(process.stdin))) {
  const { resultType, overallResult, result, errors } = await runSimulation(simulation, {});
  if (resultType !== "single" || result.ignoredContextKeys.length > 0) {
    const ignored = result?.ignoredContextKeys;
    throw new Error(JSON.stringify({ request: simulation.request, errors, ignored }));
  }
  verdicts.push(overallResult);
}
console.log(JSON.stringify(verdicts));
