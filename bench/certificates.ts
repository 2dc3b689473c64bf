// Certificates of three signers: their size, and what a stranger takes to check one, by native crypto and by curve
// arithmetic alone. Each is checked once, as strangers do, so admitting its keys is in the time.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Bytes, formatBase64Url } from "../protocol/bytes.ts";
import { encodeCertificate } from "../protocol/certificate.ts";
import { decodeCertificateFile } from "../protocol/certificate-file.ts";
import { createCertificateFile, createWorker } from "../test/protocol/fixtures.ts";
import type { Effort } from "./quorum.ts";
import { judge, quantile, type Row } from "./report.ts";
import type { Checked, ToCheck } from "./verify-certificates.ts";

/** Of each verifier, the most milliseconds that three signatures may take. */
const VERIFIERS = [
  ["native", 3],
  ["noble", 10],
] as const;
const MAX_CERTIFICATE_SIZE = 1200;
const SIGNERS = ["a", "b", "c"] as const;

export async function benchCertificates({ count, warmUp }: Effort): Promise<Row[]> {
  const certificates = await createFiles(warmUp + count, "certificate");
  const files = await createFiles(warmUp + count, "file");
  const [file] = files;
  const { certificate } = decodeCertificateFile(file!);
  const size = encodeCertificate(certificate).length;
  const given: ToCheck = {
    certificates: certificates.map(formatBase64Url),
    files: files.map(formatBase64Url),
  };
  return [
    judge("certificate, 3 signatures", size, "bytes", "at most", MAX_CERTIFICATE_SIZE),
    judge("its file, with records", file!.length, "bytes", null, null),
    ...VERIFIERS.flatMap(([verifier, target]) => {
      const checked = check(verifier, given);
      const median = (times: readonly number[]) =>
        quantile(
          times.slice(warmUp).sort((a, b) => a - b),
          0.5,
        );
      const [signatures, whole] = [median(checked.certificates), median(checked.files)];
      return [
        judge(`verify a certificate, 3 signatures, ${verifier}`, signatures, "ms", "at most", target),
        judge(`verify its file, 9 signatures, ${verifier}`, whole, "ms", null, null),
      ];
    }),
  ];
}

/** Certificate files of signers that no other has. */
function createFiles(count: number, name: string): Promise<Bytes[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const workers = await Promise.all(SIGNERS.map((signer) => createWorker(`${signer}-${name}-${index}`)));
      return createCertificateFile(workers, "standard");
    }),
  );
}

function check(verifier: (typeof VERIFIERS)[number][0], given: ToCheck): Checked {
  const program = fileURLToPath(new URL("verify-certificates.ts", import.meta.url));
  const input = JSON.stringify(given);
  return JSON.parse(execFileSync(process.execPath, [program, verifier], { input, encoding: "utf8" }));
}
