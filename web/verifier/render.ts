// Findings as parts of a page. Whatever comes from a file becomes text, never markup.

import type { VerifiedEvidence } from "../../client/evidence.ts";
import type { VerifiedCertificate } from "../../client/verify.ts";
import { formatBase64Url, formatHex } from "../../protocol/bytes.ts";
import { formatIdentity } from "../../protocol/named-quorum.ts";
import { formatReference } from "../../protocol/policy.ts";
import type { SignerFacts } from "../../protocol/signer.ts";
import type { Tensor } from "../../protocol/tensor.ts";
import type { Finding, PolicyFinding } from "./examine.ts";
import { type ModelNames, readMeaning } from "./meaning.ts";
import { readValues } from "./values.ts";

type Part = Node | string;
type Tone = "good" | "bad" | "warn";

const SHOWN_VALUES = 16; // of an output

/** One card for one file. */
export function render(finding: Finding, names: ModelNames): HTMLElement {
  switch (finding.kind) {
    case "certificate": {
      const { verified, policies } = finding;
      const { operators, providers } = verified;
      return createCard(
        "good",
        finding.name,
        `✔ Holds: ${count(operators, "operator")} of ${count(providers, "provider")} signed the same bytes.`,
        [heading("The answer"), ...answer(verified, names)],
        [heading("Policies"), policyTable(policies)],
        [
          heading("Who signed"),
          signerTable(verified.signatures, "Counted", ({ counted, admitted }) =>
            counted ? "yes" : admitted ? "no: one operator, one vote" : "no: the policy does not admit it",
          ),
        ],
        origin(verified, names),
      );
    }
    case "evidence":
      return createCard(
        "warn",
        finding.name,
        finding.evidence.contradictsItself
          ? "✔ Holds: one question, two signed results of one worker. It is at fault."
          : "✔ Holds: one question, two signed results. At least one of the two is at fault.",
        [heading("Who signed what"), sidesTable(finding.evidence)],
        [createElement("p", describeOpening(finding.evidence.opened))],
        origin(finding.evidence, names),
      );
    case "fault proof": {
      const { evidence, atFault, referee, finding: computed } = finding.proof;
      const basis = computed.scope === "model" ? "by the whole model" : `by block ${computed.block}`;
      const guilty = atFault.map(formatIdentity).join(" and ");
      return createCard(
        "warn",
        finding.name,
        `✔ Holds: a referee signed that ${guilty || "neither side"} is at fault.`,
        [
          createElement(
            "p",
            `Judged by ${formatIdentity(referee)}, ${basis}. It rests on that signature until somebody computes it again.`,
          ),
        ],
        [heading("Who signed what"), sidesTable(evidence)],
        [createElement("p", describeOpening(evidence.opened))],
        origin(evidence, names),
      );
    }
    case "policy":
      return createCard("good", finding.name, "✔ A policy; certificates beside it are checked against it.", [
        field("Policy digest", formatReference(finding.policy.reference)),
      ]);
    case "none of ours":
      return createCard(
        "warn",
        finding.name,
        "Not a certificate, evidence, fault proof or policy.",
        finding.isPicture
          ? [
              createElement(
                "p",
                "This page does not compute answers; ",
                createElement("code", "quorate verify CERTIFICATE --rerun --image PICTURE"),
                " does.",
              ),
            ]
          : [],
      );
    case "invalid":
      return createCard(
        "bad",
        finding.name,
        finding.damaged ? "✘ No file of Quorate, or a damaged one." : "✘ Not valid: do not rely on it.",
        [createElement("p", finding.message), createElement("code", finding.code)],
      );
  }
}

/** What the page says when it cannot say anything of the files. */
export function renderFailure(error: unknown): HTMLElement {
  return createCard("bad", "No file was checked", `✘ This page failed: ${error}`);
}

function describeOpening(opened: VerifiedEvidence["opened"]): string {
  if (opened === "input") return "It holds the question: keep it, or close it before you publish it.";
  if (opened === "block") return "It holds an inner result of the model and no input.";
  return "It is closed: it holds neither input nor outputs.";
}

function policyTable(policies: readonly PolicyFinding[]): HTMLElement {
  return createTable(
    ["Policy", "Holds"],
    policies.map(({ title, isNamed, unmet }) => [
      `${title}${isNamed ? " (the asker's)" : ""}`,
      unmet === null ? createElement("span", { className: "holds" }, "✔ yes") : `no: ${unmet}`,
    ]),
  );
}

function sidesTable({ sides }: VerifiedEvidence): HTMLElement {
  return signerTable(sides, "Signed output", ({ outputDigest }) =>
    createElement("code", formatHex(outputDigest).slice(0, 16), "…"),
  );
}

function signerTable<S extends SignerFacts>(
  signers: readonly S[],
  last: string,
  cell: (signer: S) => Part,
): HTMLElement {
  return createTable(
    ["Operator as claimed, and its key", "Where", "Signed at", last],
    signers.map((signer) => [
      createElement(
        "td",
        signer.operator,
        createElement("code", { className: "below" }, formatBase64Url(signer.operatorKey)),
      ),
      createElement("td", signer.provider, createElement("small", { className: "below" }, signer.region)),
      timeCell(signer.time),
      cell(signer),
    ]),
  );
}

function timeCell(milliseconds: number): HTMLElement {
  const [day, time] = new Date(milliseconds).toISOString().split("T") as [string, string];
  return createElement(
    "td",
    day,
    createElement("small", { className: "below" }, time.replace(/\.\d+Z/, " UTC")),
  );
}

function answer({ model, outputs }: VerifiedCertificate, names: ModelNames): Part[] {
  const meaning = readMeaning(names[formatHex(model)], outputs);
  if (meaning === null) return [outputTable(outputs)];
  const words = createElement("p", { className: "words" }, meaning.words);
  const shares = meaning.shares.length > 0 ? [createTable(["Label", "Share"], meaning.shares)] : [];
  return [words, ...shares, outputTable(outputs)];
}

function outputTable(outputs: readonly Tensor[]): HTMLElement {
  return createTable(
    ["Output", "Values"],
    outputs.map((tensor) => {
      const values = readValues(tensor, SHOWN_VALUES);
      const isWhole = values.length === tensor.shape.reduce((product, size) => product * size, 1);
      return [
        createElement("code", `${tensor.dtype} [${tensor.shape.join(", ")}]`),
        `${values.join(", ")}${isWhole ? "" : ", …"}`,
      ];
    }),
  );
}

function origin({ model, engine }: Pick<VerifiedEvidence, "model" | "engine">, names: ModelNames): Part[] {
  const name = names[formatHex(model)];
  const named = name === undefined ? "" : `: ${name}, by the names of the machine that made this page`;
  return [field(`Model${named}`, formatHex(model)), field("Engine", formatHex(engine))];
}

function field(name: string, value: string): HTMLElement {
  return createElement("div", heading(name), createElement("code", value));
}

function heading(text: string): HTMLElement {
  return createElement("h3", text);
}

function createCard(
  tone: Tone,
  name: string,
  verdict: string,
  ...sections: readonly (readonly Part[])[]
): HTMLElement {
  return createElement(
    "article",
    { className: tone },
    createElement("h2", name),
    createElement("p", { className: "verdict" }, verdict),
    ...sections.flat(),
  );
}

function createTable(head: readonly string[], rows: readonly (readonly Part[])[]): HTMLElement {
  const toCell = (part: Part, column: number) => {
    const cell = part instanceof HTMLTableCellElement ? part : createElement("td", part);
    cell.dataset.column = head[column]!; // said beside the cell where there is no room for columns
    return cell;
  };
  return createElement(
    "table",
    createElement("thead", createElement("tr", ...head.map((title) => createElement("th", title)))),
    createElement("tbody", ...rows.map((cells) => createElement("tr", ...cells.map(toCell)))),
  );
}

function createElement(
  tag: string,
  ...parts: readonly (Part | { readonly className: string })[]
): HTMLElement {
  const element = document.createElement(tag);
  for (const part of parts)
    if (typeof part === "string" || part instanceof Node) element.append(part);
    else element.className = part.className;
  return element;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
