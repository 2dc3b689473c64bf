// `print-verdicts.ts FILE`: judges the cases of a JSON file on this runtime and prints the verdicts as JSON.

import { readFileSync } from "node:fs";
import process from "node:process";
import { judge, type SignatureCase } from "./verdicts.ts";

const cases = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as SignatureCase[];
console.log(JSON.stringify(await judge(cases)));
