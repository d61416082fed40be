import { expect, test } from "vitest";
import type { Aws } from "../src/aws";
import { readOnlyInWords } from "../src/views/read-only";

test.each([
  [{ prefix: "photos/" }, "This gallery only reads its photos"],
  [{ prefix: "photos/", owner: "ada" }, "This gallery only reads its photos"],
  [{ prefix: "photos/", owner: "bob" }, "The photos of this gallery belong to another user."],
])("with the layout %o, ada reads why", (layout, said) => {
  expect(readOnlyInWords({ config: { key_layout: layout }, owner: "ada" } as Aws)).toContain(said);
});
