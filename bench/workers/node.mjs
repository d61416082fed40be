// A worker of bench/rounds.py: sharp and exifr as in their documentation.
// The folder of node_modules is the first argument.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(`${process.argv[2]}/`);
const sharp = require("sharp");
const exifr = require("exifr");
sharp.cache(false); // each photo is new to it anyway

const SIDE_PX = 256;
const fit = (photo) =>
  sharp(photo, { sequentialRead: true })
    .rotate()
    .resize(SIDE_PX, SIDE_PX, { fit: "inside", withoutEnlargement: true });

const operations = {
  fit: (photo) => fit(photo).jpeg({ quality: 80 }).toBuffer(),
  "fit-png": (photo) => fit(photo).png({ compressionLevel: 1 }).toBuffer(),
  exifr: async (photo) => Buffer.from(JSON.stringify((await exifr.parse(photo)) ?? {})),
};

let known, body;
for await (const line of createInterface({ input: process.stdin })) {
  const [operation, path, output] = line.split("\t");
  let answer;
  try {
    if (path !== known) [known, body] = [path, readFileSync(path)];
    const wall = performance.now();
    const cpu = process.cpuUsage();
    const made = await operations[operation](body);
    const { user, system } = process.cpuUsage(cpu);
    answer = {
      cpu_ms: (user + system) / 1000,
      wall_ms: performance.now() - wall,
      bytes: made.length,
    };
    if (output) writeFileSync(output, made);
  } catch (error) {
    answer = { error: String(error).slice(-200) };
  }
  console.log(JSON.stringify(answer));
}
