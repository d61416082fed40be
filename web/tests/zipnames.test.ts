import { expect, test } from "vitest";
import { zipNames } from "../src/zipnames";

test("folders are those of the gallery", () => {
  expect(zipNames(["2016/tacos/a.jpg", "b.jpg"])).toEqual(["2016/tacos/a.jpg", "b.jpg"]);
});

test("names that a system takes for the same one get a number", () => {
  const composed = "caf\u00e9.jpg";
  const decomposed = "cafe\u0301.jpg";

  expect(zipNames(["a.jpg", "A.JPG", "a (2).jpg", "a.JPG"])).toEqual(["a.jpg", "A (2).JPG", "a (2) (2).jpg", "a (3).JPG"]);
  expect(zipNames([composed, decomposed])[1]).toBe("cafe\u0301 (2).jpg");
  expect(zipNames(["x/a.jpg", "y/a.jpg"])).toEqual(["x/a.jpg", "y/a.jpg"]);
  expect(zipNames([".hidden", ".hidden"])).toEqual([".hidden", ".hidden (2)"]);
});

test("no name leads out of the folder into which the ZIP is unpacked", () => {
  const names = zipNames(["../../a.jpg", "/etc/a.jpg", "a/./b.jpg", "..\\..\\a.jpg", "C:\\a.jpg", "//a.jpg"]);

  for (const name of names) {
    expect(name).not.toMatch(/(^|\/)\.{0,2}(\/|$)|^\/|\\|:/);
  }
});

test("names that Windows refuses are changed, and long names are cut", () => {
  expect(zipNames(["con.jpg", "a?.jpg", "folder. /b.jpg", "tab\t.jpg"])).toEqual([
    "_con.jpg",
    "a_.jpg",
    "folder__/b.jpg",
    "tab_.jpg",
  ]);
  const [long = ""] = zipNames([`${"😀".repeat(300)}.jpg`]);
  expect([...long].length).toBe(120);
  expect(long).toMatch(/😀\.jpg$/u);
});
