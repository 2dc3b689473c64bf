// Certificates checked in a process that has seen none of their keys: `node bench/verify-certificates.ts native|noble`
// reads them from standard input and prints the times as JSON; bench/certificates.ts asks. `noble` takes Ed25519 away
// from the platform before anything uses it.
import { text } from "node:stream/consumers";
import { verifyCertificate } from "../client/verify.ts";
import { parseBase64Url } from "../protocol/bytes.ts";
import { decodeCertificateFile } from "../protocol/certificate-file.ts";
import { verifyReceipt } from "../protocol/receipt.ts";

/** Certificate files in base64url: of the first only the three signatures are checked, of the second everything. */
export interface ToCheck {
  readonly certificates: readonly string[];
  readonly files: readonly string[];
}

/** Milliseconds of each, in order. */
export interface Checked {
  readonly certificates: readonly number[];
  readonly files: readonly number[];
}

if (process.argv[2] === "noble") {
  const importKey = crypto.subtle.importKey.bind(crypto.subtle) as (
    ...given: unknown[]
  ) => Promise<CryptoKey>;
  crypto.subtle.importKey = ((...given: unknown[]) =>
    given[2] === "Ed25519"
      ? Promise.reject(new DOMException("not there", "NotSupportedError"))
      : importKey(...given)) as typeof crypto.subtle.importKey;
}

async function measure(check: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await check();
  return performance.now() - start;
}

const given = JSON.parse(await text(process.stdin)) as ToCheck;
const checked: { certificates: number[]; files: number[] } = { certificates: [], files: [] };
for (const encoded of given.certificates) {
  const { statement, signatures } = decodeCertificateFile(parseBase64Url(encoded)).certificate;
  checked.certificates.push(
    await measure(async () => {
      for (const signature of signatures) await verifyReceipt({ statement, ...signature });
    }),
  );
}
for (const encoded of given.files) {
  const bytes = parseBase64Url(encoded);
  checked.files.push(await measure(() => verifyCertificate(bytes, { policies: [] })));
}
console.log(JSON.stringify(checked satisfies Checked));
