// Writes the verifier as one file that any browser opens, from a disk too: .quorate/verify.html, or the path given.
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { ModelNames } from "./meaning.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Of the models that are built on this machine; empty where none is. */
export async function readModelNames(): Promise<ModelNames> {
  const text = await readFile(new URL("../../.quorate/artifacts/models.json", import.meta.url), "utf8").catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "{}";
      throw error;
    },
  );
  const index = JSON.parse(text) as Readonly<Record<string, { readonly digest: string }>>;
  // In the order of the digests: the page does not depend on which model was built first.
  return Object.fromEntries(
    Object.entries(index)
      .map(([name, { digest }]) => [digest, name])
      .sort(),
  );
}

/**
 * The page, and the names by which it calls models. Its policy lets exactly this script and this style in and nothing
 * else: no request leaves it, whatever a file that it reads says.
 */
export async function createPage(names: ModelNames): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: ["web/verifier/main.ts", "web/verifier/style.css"],
    absWorkingDir: ROOT,
    outdir: "out",
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2023",
    charset: "utf8",
    legalComments: "none",
    define: { MODEL_NAMES: JSON.stringify(names) },
  });
  const textOf = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))!.text.trim();
  const [script, style] = [textOf(".js"), textOf(".css")];
  if (script.includes("</script")) throw new Error("the script would end the element that holds it");
  const policy = `default-src 'none'; script-src '${digest(script)}'; style-src '${digest(style)}'; base-uri 'none'; form-action 'none'`;
  const page = await readFile(new URL("page.html", import.meta.url), "utf8");
  return page
    .replace(
      "</title>",
      () =>
        `</title>\n    <meta http-equiv="Content-Security-Policy" content="${policy}">\n    <style>${style}</style>`,
    )
    .replace("</body>", () => `  <script>${script}</script>\n  </body>`);
}

function digest(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

const USAGE = `usage: npm run -s verifier -- [FILE]

Writes the page that checks certificates, evidence and fault proofs as FILE (default: .quorate/verify.html).`;

async function main(args: readonly string[]): Promise<void> {
  if (args.includes("--help") || args.includes("-h")) return console.log(USAGE);
  const [given = null, ...others] = args;
  if (others.length > 0 || given?.startsWith("-")) {
    console.error(`error: the verifier takes the name of one file, not ${args.join(" ")}\n\n${USAGE}`);
    process.exitCode = 1;
    return;
  }
  const path =
    given === null ? resolve(ROOT, ".quorate/verify.html") : resolve(process.env.INIT_CWD ?? ROOT, given);
  const page = await createPage(await readModelNames());
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, page);
  console.log(`${path}: ${page.length} bytes; open it in a browser, here or anywhere`);
}

if (import.meta.main) await main(process.argv.slice(2));
