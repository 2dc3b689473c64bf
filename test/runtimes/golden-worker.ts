// The program on workerd, which takes the kernels as a module: nothing can be compiled there. The body names the origin.

import kernels from "../../wasm/kernels.wasm";
import { runJob } from "./golden-program.ts";

export default {
  async fetch(request: Request): Promise<Response> {
    await runJob(await request.text(), kernels);
    return new Response();
  },
};
