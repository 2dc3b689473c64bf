// `print-call.ts MODULE FILE`: calls the module's default export with the JSON of the file, and prints what it gives.

import { readFileSync } from "node:fs";
import process from "node:process";
import { pathToFileURL } from "node:url";

const [module, file] = process.argv.slice(2) as [string, string];
const { default: call } = await import(pathToFileURL(module).href);
console.log(JSON.stringify(await call(JSON.parse(readFileSync(file, "utf8")))));
