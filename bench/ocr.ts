// The models of read-text against onnxruntime-web f32.
import { loadArtifact } from "../cli/artifacts/artifacts.ts";
import { prepareOrt } from "./ort-ocr.ts";
import { compareTimes, interleave, quantile, type Row } from "./report.ts";
import { createRequest } from "./requests.ts";

const RUNS = { count: 31, warmUp: 4 };
/** Name, shape, and how much faster than the peer it has to be; null where nothing is asked. */
const CASES = [
  ["ocr-recognise", [1, 48, 320, 3], 2.5],
  ["ocr-detect", [1, 480, 480, 3], null],
  ["ocr-orient", [1, 48, 192, 3], null],
] as const;

export async function benchOcrSpeed(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, shape, target] of CASES) {
    const model = await loadArtifact(name, "simd128");
    const input = createRequest("u8", shape);
    const [ours, theirs] = await interleave(
      [() => model.execute([input]), await prepareOrt(name, input)],
      RUNS,
    );
    const title = `${name}, ${shape.join("×")}`;
    rows.push(
      compareTimes(title, quantile(ours!, 0.5), "onnxruntime-web f32", quantile(theirs!, 0.5), target),
    );
  }
  return rows;
}
