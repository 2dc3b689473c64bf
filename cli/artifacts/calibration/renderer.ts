// Text drawn by resvg, which is WebAssembly and reads its fonts from a package: the same pixels on every machine.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { initWasm, Resvg } from "@resvg/resvg-wasm";
import type { RgbImage } from "../../../tasks/image.ts";

const require = createRequire(import.meta.url);
const fonts = new Map<string, Uint8Array>();
let ready: Promise<void> | null = null;

/** One line of an SVG text: its font is a file name of DejaVu without its ending, such as `DejaVuSerif-Bold`. */
export interface TextSpan {
  readonly text: string;
  readonly font: string;
  /** Pixels of an em. */
  readonly size: number;
  /** Left end of the base line. */
  readonly x: number;
  readonly y: number;
}

export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly spans: readonly TextSpan[];
  readonly ink: string;
  readonly paper: string;
  /** Degrees, clockwise about the middle. */
  readonly turn: number;
}

/** Of the drawn letters, in pixels. */
export async function measureText(text: string, font: string, size: number): Promise<number> {
  const box = (
    await open({
      width: 10,
      height: 10,
      spans: [{ text, font, size, x: 0, y: 0 }],
      ink: "#000",
      paper: "none",
      turn: 0,
    })
  ).getBBox();
  return box === undefined ? 0 : Math.ceil(box.width);
}

export async function drawText(drawing: Drawing): Promise<RgbImage> {
  const { width, height, pixels } = (await open(drawing)).render();
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++)
    data.set(pixels.subarray(4 * pixel, 4 * pixel + 3), 3 * pixel);
  return { width, height, data };
}

async function open(drawing: Drawing): Promise<InstanceType<typeof Resvg>> {
  ready ??= initWasm(readFileSync(require.resolve("@resvg/resvg-wasm/index_bg.wasm")));
  await ready;
  const fontBuffers = [...new Set(drawing.spans.map(({ font }) => font))].map(readFont);
  return new Resvg(formatSvg(drawing), { font: { fontBuffers, loadSystemFonts: false } });
}

function readFont(name: string): Uint8Array {
  const known = fonts.get(name);
  if (known !== undefined) return known;
  const bytes = new Uint8Array(readFileSync(require.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`)));
  fonts.set(name, bytes);
  return bytes;
}

function formatSvg({ width, height, spans, ink, paper, turn }: Drawing): string {
  const texts = spans.map(
    ({ text, font, size, x, y }) =>
      `<text x="${x}" y="${y}" font-size="${size}" ${formatFont(font)} xml:space="preserve">${escapeXml(text)}</text>`,
  );
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
    `<rect width="100%" height="100%" fill="${paper}"/>` +
    `<g fill="${ink}" transform="rotate(${turn} ${width / 2} ${height / 2})">${texts.join("")}</g></svg>`
  );
}

/** `DejaVuSansMono-BoldOblique` → the attributes that select it among the fonts that were loaded. */
function formatFont(name: string): string {
  const [family = "", style = ""] = name.split("-");
  const isCondensed = family.endsWith("Condensed");
  const words = family
    .replace("Condensed", "")
    .replace(/(?<=[a-z])(?=[A-Z])/g, " ")
    .replace("Deja Vu", "DejaVu");
  return [
    `font-family="${words}"`,
    isCondensed ? 'font-stretch="condensed"' : "",
    style.startsWith("Bold") ? 'font-weight="bold"' : "",
    style.endsWith("Oblique") || style.endsWith("Italic") ? 'font-style="italic"' : "",
  ].join(" ");
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
