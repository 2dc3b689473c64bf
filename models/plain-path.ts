/** Policy: names of files are plain relative paths, so that no resolver can be led out of the model's own folder. */
export function isPlainPath(path: string): boolean {
  const parts = path.split("/");
  return parts.every((part) => part !== "" && part !== "." && part !== "..") && !/[\\:\0]/.test(path);
}
