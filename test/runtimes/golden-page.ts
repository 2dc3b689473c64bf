// The program in a page that the job server delivers.

import { runJob } from "./golden-program.ts";

await runJob(location.origin);
