// `quorate verify`: checks certificates, evidence or a fault proof offline, and on request computes the answer again.
import { type VerifiedCertificate, verifyCertificate } from "../../client/index.ts";
import type { Bytes } from "../../protocol/bytes.ts";
import { formatBase64Url, formatHex } from "../../protocol/bytes.ts";
import { MAX_FAULT_PROOF_BYTES } from "../../protocol/limits.ts";
import {
  formatReference,
  isSameReference,
  POLICIES,
  POLICY_NAMES,
  type Policy,
  parsePolicyName,
  shortenReference,
} from "../../protocol/policy.ts";
import { type AnyTask, findTask, type TaskAnswer } from "../../tasks/tasks.ts";
import { findBuilt } from "../artifacts/artifacts.ts";
import { type GivenInput, INPUT_OPTIONS, parseInput } from "../asking/input.ts";
import { readPolicyFile } from "../asking/policy.ts";
import { checkAccusations, formatSigner, isAccusation, SIGNER_HEADING } from "../checking/accusation.ts";
import { type Certificate, decodeAlone, naming, replay } from "../checking/replay.ts";
import { type Arguments, type Command, optionalText, parseArguments } from "../command.ts";
import { CliError } from "../errors.ts";
import { readGivenFile } from "../files.ts";
import { formatMilliseconds, print, printAnswer, printJson } from "../output.ts";
import { resolveGiven, showPath } from "../state.ts";

export const verify: Command = {
  name: "verify",
  summary: "check certificates, evidence or a fault proof, offline",
  help: `usage: npm run -s quorate -- verify CERTIFICATE… [--policy NAME] [--policy-file FILE]
                                         [--image FILE | --text TEXT] [--rerun] [--json]
       npm run -s quorate -- verify EVIDENCE… [--json]
       npm run -s quorate -- verify FAULT_PROOF… [--rerun] [--json]

A certificate: checks every signature, record and digest in the file and the policy. Nobody is asked. Domains and
providers are what the signers claim; whether you believe in them is yours to say.
A task that made several requests has a certificate for each: give all of them, and its input to see the answer.
Evidence: checks that two workers signed different results for one question; judge computes who lied.
A fault proof: checks the evidence, and what a referee signed about it.
Of several files each must hold. Evidence and fault proofs that do are shown in any case, the others are errors.

  --policy NAME     the policy that each certificate must meet: fast, standard or strict (default: the one it names)
  --policy-file F   a policy of your own that each must meet; needed where a certificate was made under one
  --image FILE      the picture: check that it is the one that was asked about
  --text TEXT       the text, likewise; --text-file FILE for a file of it
  --rerun           compute it again with the local engine and compare the bytes; of a certificate, needs the input
  --json            print one JSON object; where one of several files of evidence and fault proofs does not hold, behind
                    it a second with the error`,

  async run(args) {
    const given = parseArguments(
      args,
      {
        policy: { type: "string" },
        "policy-file": { type: "string", multiple: true },
        rerun: { type: "boolean" },
        ...INPUT_OPTIONS,
        json: { type: "boolean" },
      },
      ["CERTIFICATE…"],
    );
    const options = {
      policies: await readPolicies(given),
      input: parseInput(given),
      rerun: given.values.rerun === true,
      json: given.values.json === true,
    };
    const paths = given.positionals.map(resolveGiven);
    const files = await Promise.all(
      paths.map(async (path) => ({ path, bytes: await readGivenFile(path, MAX_FAULT_PROOF_BYTES) })),
    );
    const accusations = files.filter(isAccusation);
    if (accusations.length === 0) {
      if (options.rerun && options.input === null)
        throw new CliError("option_missing", "--image or --text is missing; see --help");
      return checkCertificates(files, options);
    }
    const names = ["policy", "policy-file", "image", "text", "text-file"].filter(
      (name) => name in given.values,
    );
    if (names.length > 0)
      throw new CliError(
        "option_invalid",
        `--${names[0]} is for certificates, not for evidence; leave it out`,
      );
    if (accusations.length < files.length)
      throw new CliError(
        "option_invalid",
        "certificates are given, and evidence or fault proofs too; check either by themselves",
      );
    await checkAccusations(accusations, options);
  },
};

/** All that the reader asks for; each must hold. Throws PolicyError policy_unknown, and as readPolicyFile does. */
async function readPolicies(given: Arguments): Promise<Policy[]> {
  const name = optionalText(given, "policy");
  const files = (given.values["policy-file"] ?? []) as string[];
  const named = name === null ? [] : [POLICIES[parsePolicyName(name, POLICY_NAMES)]];
  return [...named, ...(await Promise.all(files.map(readPolicyFile)))];
}

interface CertificateOptions {
  readonly policies: readonly Policy[];
  readonly input: GivenInput | null;
  readonly rerun: boolean;
  readonly json: boolean;
}

async function checkCertificates(
  files: readonly { path: string; bytes: Bytes }[],
  options: CertificateOptions,
): Promise<void> {
  const certificates: Certificate[] = [];
  let elapsedMs = 0;
  for (const { path, bytes } of files) {
    const started = performance.now();
    const verified = await naming(path, () => verifyCertificate(bytes, { policies: options.policies }));
    elapsedMs += performance.now() - started;
    certificates.push({ path, verified, entry: await findBuilt(verified.model) });
  }
  const task = findCommonTask(certificates);
  const answer =
    options.input === null
      ? decodeAlone(certificates, task)
      : await replay(certificates, task, options.input, options.rerun);
  const input = options.input === null ? "not checked" : options.rerun ? "same, computed again" : "same";
  if (options.json) return printJson(summarize(certificates, answer, input, elapsedMs));
  for (const { path, verified } of certificates) {
    if (certificates.length > 1) print(`${showPath(path)}:`);
    printCertificate(verified, options.policies);
  }
  print(`(checked in ${formatMilliseconds(elapsedMs)})`);
  print();
  if (answer !== null) printAnswer(answer);
  else if (task === null)
    print("the answer is of a model that is not built here, so its meaning is not shown");
  else print(`what was answered is shown if the ${task.input} is given too`);
  print();
  const option = task?.input === "text" ? "--text" : "--image";
  print(`input        ${options.input === null ? `not checked; give it with ${option}` : input}`);
  for (const model of new Set(certificates.map(({ verified }) => formatHex(verified.model))))
    print(`model        ${model}`);
  for (const engine of new Set(certificates.map(({ verified }) => formatHex(verified.engine))))
    print(`engine       ${engine}`);
}

/** Null where no model is built here. Throws CliError option_invalid: certificates of two tasks make no answer. */
function findCommonTask(certificates: readonly Certificate[]): AnyTask | null {
  const names = new Set(certificates.map(({ entry }) => entry?.task ?? null));
  if (names.size > 1)
    throw new CliError("option_invalid", "the certificates are not of one task; check them one by one");
  const [name] = names;
  return name ? findTask(name) : null;
}

/** The value that all have; null where they differ. */
function findShared(values: readonly string[]): string | null {
  return new Set(values).size === 1 ? values[0]! : null;
}

function summarize(
  certificates: readonly Certificate[],
  answer: TaskAnswer | null,
  input: string,
  elapsedMs: number,
): object {
  const signersOf = ({ signatures }: VerifiedCertificate) => signatures.filter(({ counted }) => counted);
  const operatorsOf = (each: VerifiedCertificate) => signersOf(each).map(({ operator }) => operator);
  const [first = [], ...others] = certificates.map(({ verified }) => operatorsOf(verified));
  const facts = certificates.map(({ verified }) => verified);
  return {
    valid: true,
    // Of all certificates together: one signed by a single liar makes an answer of seven no better than that one.
    policy: findShared(facts.map(({ policy }) => formatReference(policy))),
    answer,
    operators: first.filter((operator) => others.every((each) => each.includes(operator))),
    model: findShared(facts.map(({ model }) => formatHex(model))),
    engine: findShared(facts.map(({ engine }) => formatHex(engine))),
    certificates: certificates.map(({ path, verified: each }) => ({
      path,
      policy: formatReference(each.policy),
      policies: each.policies.map(({ policy }) => formatReference(policy)),
      operators: operatorsOf(each),
      operatorKeys: signersOf(each).map(({ operatorKey }) => formatBase64Url(operatorKey)),
      model: formatHex(each.model),
      engine: formatHex(each.engine),
    })),
    input,
    elapsedMs,
  };
}

function printCertificate({ signatures, policies }: VerifiedCertificate, given: readonly Policy[]): void {
  print(`  ${SIGNER_HEADING}`);
  for (const { operator, provider, operatorKey, time, counted, admitted } of signatures) {
    const why = admitted ? "one operator, one vote" : "the policy does not admit it";
    const note = counted ? "" : `  not counted: ${why}`;
    print(`${counted ? "✔" : "·"} ${formatSigner({ operator, provider, operatorKey, time })}${note}`);
  }
  const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? "" : "s"}`;
  for (const [index, { policy, operators, providers }] of policies.entries()) {
    const title = given.find(({ reference }) => isSameReference(reference, policy))?.title;
    const name =
      typeof policy === "string" ? `${policy} policy` : `policy ${title} (${shortenReference(policy)})`;
    const named = policies.length > 1 && index === 0 ? " (the file names it)" : "";
    const who = `${count(operators, "operator")} of ${count(providers, "provider")}, by their own words`;
    print(`the ${name} holds${named}: ${who}`);
  }
}
