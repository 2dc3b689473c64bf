// The page: files come in by choice or by drop, a card for each goes out.

import { MAX_FAULT_PROOF_BYTES } from "../../protocol/limits.ts";
import { examine, type GivenFile } from "./examine.ts";
import type { ModelNames } from "./meaning.ts";
import { render, renderFailure } from "./render.ts";

/** Put in by build.ts. */
declare const MODEL_NAMES: ModelNames;

const input = document.querySelector<HTMLInputElement>("#files")!;
const drop = document.querySelector<HTMLElement>("#drop")!;
const findings = document.querySelector<HTMLElement>("#findings")!;

input.addEventListener("change", () => {
  show([...(input.files ?? [])]);
  input.value = ""; // the same files again are a change too
});
for (const [type, isOver] of [
  ["dragover", true],
  ["dragleave", false],
  ["drop", false],
] as const)
  document.addEventListener(type, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", isOver);
    if (type === "drop") show([...(event.dataTransfer?.files ?? [])]);
  });

async function show(files: readonly File[]): Promise<void> {
  findings.replaceChildren("checking…");
  try {
    const given = await Promise.all(files.map(read));
    findings.replaceChildren(...(await examine(given)).map((finding) => render(finding, MODEL_NAMES)));
  } catch (error) {
    // A folder that was dropped, a file that is gone, or a mistake of ours: never a page that seems to go on checking.
    findings.replaceChildren(renderFailure(error));
  }
}

/** attacker-controlled: no more is read than the largest file of ours has, and one byte, which its decoder refuses. */
async function read(file: File): Promise<GivenFile> {
  const part = file.slice(0, MAX_FAULT_PROOF_BYTES + 1);
  return { name: file.name, bytes: new Uint8Array(await part.arrayBuffer()) };
}
