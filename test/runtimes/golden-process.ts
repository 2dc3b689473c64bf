// The program as a process: `<runtime> golden-process.ts ORIGIN`.

import process from "node:process";
import { runJob } from "./golden-program.ts";

await runJob(process.argv[2]!);
